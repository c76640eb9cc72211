package users_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// key creates an API key with all scopes for users that the company's keys can have, as an admin who then knows its
// secret.
func key(t *testing.T, replica *testkit.Replica, admin *testkit.Client, scopes ...string) *testkit.Client {
	t.Helper()
	created := testkit.Decode[api.APIKeyWithSecret](admin.Post("/api/v1/api-keys", map[string]any{
		"name": "Sync", "scopes": append(scopes, "users:read", "users:update", "users:deactivate"),
	}).Expect(http.StatusCreated))
	return replica.Bearer(t, created.Secret)
}

// TestKeysAndFormerAdmins shows that an API key gives its holder, an admin who became an employee, no right over
// themselves that an employee does not have, while it keeps its rights over others.
func TestKeysAndFormerAdmins(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	former, colleague := h.User(h.acme, "former", api.RoleAdmin), h.acme.Users[api.RoleEmployee]
	program := key(t, h.replica, h.replica.SignIn(t, former))
	admin := h.as[api.RoleAdmin]
	admin.Post(path(former.ID, "change-role"), `{"role":"employee"}`).Expect(http.StatusOK)

	actions := func(id uuid.UUID) []api.UserAction {
		t.Helper()
		return testkit.Decode[api.User](program.Get(path(id)).Expect(http.StatusOK)).AllowedActions
	}
	if got := actions(former.ID); len(got) != 0 {
		t.Errorf("for its holder the key is allowed %v, want nothing", got)
	}
	program.Patch(path(former.ID), `{"email":"other@acme.example"}`).Refused(http.StatusForbidden, "role_not_allowed")
	program.Post(path(former.ID, "deactivate"), nil).Refused(http.StatusForbidden, "role_not_allowed")
	admin.Post(path(former.ID, "deactivate"), nil).Expect(http.StatusOK)
	program.Post(path(former.ID, "reactivate"), nil).Refused(http.StatusForbidden, "role_not_allowed")
	if response := testkit.Decode[api.User](admin.Get(path(former.ID)).Expect(http.StatusOK)); response.IsActive || response.Email != "former@acme.example" {
		t.Errorf("holder after the refused requests = %+v, want inactive with the email former@acme.example", response)
	}

	if got, want := actions(colleague.ID), []api.UserAction{"update", "deactivate"}; !slices.Equal(got, want) {
		t.Errorf("for another employee the key is allowed %v, want %v", got, want)
	}
	program.Patch(path(colleague.ID), `{"email":"other@acme.example"}`).Expect(http.StatusOK)
	program.Post(path(colleague.ID, "deactivate"), nil).Expect(http.StatusOK)
	program.Post(path(colleague.ID, "reactivate"), nil).Expect(http.StatusOK)
}

// TestKeysOfTestCompaniesAndTheirHolders shows that a key that acts as admin neither changes the role of an admin who
// knows its secret, nor reactivates them, nor takes the last admin away.
func TestKeysOfTestCompaniesAndTheirHolders(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	opened := testkit.Decode[api.NewTestCompany](
		h.as[api.RoleAdmin].Post("/api/v1/test-companies", map[string]any{"name": "Nightly"}).Expect(http.StatusCreated))
	first := h.replica.Bearer(t, opened.Secret)
	const initial = "amber-kettle-whistles-west"
	create := func(email string) uuid.UUID {
		t.Helper()
		body := newUserBody(map[string]any{"email": email, "role": "admin", "password": initial})
		return testkit.Decode[api.User](first.Post(collection, body).Expect(http.StatusCreated)).ID
	}
	holder, second := create("holder@partner.example"), create("second@partner.example")
	signIn := func(email string) *testkit.Client {
		t.Helper()
		return h.replica.FirstSignIn(t, testkit.User{Email: email, Test: opened.TestCompany.Slug}, initial)
	}
	program := key(t, h.replica, signIn("holder@partner.example"), "users:change_role")
	other := signIn("second@partner.example")

	program.Post(path(holder, "change-role"), `{"role":"hr"}`).Refused(http.StatusForbidden, "own_role")
	program.Patch(path(holder), `{"first_name":"Hanna"}`).Expect(http.StatusOK) // an admin may edit themselves
	other.Post(path(holder, "deactivate"), nil).Expect(http.StatusOK)
	program.Post(path(holder, "reactivate"), nil).Refused(http.StatusForbidden, "role_not_allowed")
	program.Post(path(second, "deactivate"), nil).Refused(http.StatusConflict, "last_admin")
	program.Post(path(second, "change-role"), `{"role":"hr"}`).Refused(http.StatusConflict, "last_admin")
	other.Post(path(holder, "reactivate"), nil).Expect(http.StatusOK)
	program.Post(path(second, "change-role"), `{"role":"hr"}`).Expect(http.StatusOK)
	program.Post(path(holder, "deactivate"), nil).Refused(http.StatusConflict, "last_admin")
	// The key that came with the company has no holder in it, and may change any admin's role but the last one's.
	first.Post(path(second, "change-role"), `{"role":"admin"}`).Expect(http.StatusOK)
	first.Post(path(holder, "change-role"), `{"role":"hr"}`).Expect(http.StatusOK)
}
