package server_test

import (
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// restricted creates a user with an initial password and signs in with it.
func restricted(t *testing.T, r *testkit.Replica, creator *testkit.Client, email string, role api.Role) *testkit.Client {
	t.Helper()
	const initial = "amber-kettle-whistles-west"
	creator.In(t).Post("/api/v1/users", map[string]any{
		"email": email, "password": initial, "first_name": "Nora", "last_name": "Lind", "role": role,
	}).Expect(http.StatusCreated)
	c := r.Anonymous(t)
	answer := c.Post("/api/v1/auth/login", map[string]string{"email": email, "password": initial}).Expect(http.StatusOK)
	if !testkit.Decode[api.TokenPair](answer).PasswordChangeRequired {
		t.Error("password_change_required of the first tokens is false, want true")
	}
	c.Adopt(answer)
	return c
}

// TestInitialPasswordPermitsNothingElse calls every operation with the tokens of a user who has not changed the initial
// password: a person who created an account cannot act as its owner.
func TestInitialPasswordPermitsNothingElse(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	admin := replica.SignIn(t, installation.Company("acme").Users[api.RoleAdmin])
	nora := restricted(t, replica, admin, "nora@acme.example", api.RoleAdmin)
	permitted, parameter := []string{}, regexp.MustCompile(`\{[^}]+\}`)
	for _, op := range loadContract(t).Operations() {
		if op.Public {
			continue
		}
		if op.Unrestricted {
			permitted = append(permitted, op.ID)
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			nora.In(t).Do(op.Method, parameter.ReplaceAllString(op.Path, uuid.NewString()), exampleBody(op)).
				Refused(http.StatusForbidden, "password_change_required")
		})
	}
	if want := []string{"ChangePassword", "GetMe", "Logout"}; !slices.Equal(permitted, want) {
		t.Errorf("operations before the change of the password: got %v, want %v", permitted, want)
	}
	if !testkit.Decode[api.Me](nora.Get("/api/v1/users/me").Expect(http.StatusOK)).PasswordChangeRequired {
		t.Error("password_change_required of the profile is false, want true")
	}
	nora.Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
}

// exampleBody returns a body of a media type that the operation takes, so that only the rights decide.
func exampleBody(op *gate.Operation) any {
	if op.Upload || op.Method == http.MethodGet || op.Method == http.MethodDelete {
		return nil
	}
	return map[string]any{}
}

// TestChangeOfInitialPassword changes an initial password at one replica. Access tokens from before are refused at both,
// and those from after permit everything at both.
func TestChangeOfInitialPassword(t *testing.T) {
	t.Parallel()
	const initial, changed, path = "amber-kettle-whistles-west", "violet-harbor-counts-seven", "/api/v1/auth/password"
	installation := testkit.New(t)
	replicas := []*testkit.Replica{installation.Replica(), installation.Replica()}
	admin := replicas[0].SignIn(t, installation.Company("acme").Users[api.RoleAdmin])
	nora := restricted(t, replicas[0], admin, "nora@acme.example", api.RoleHr)
	nora.At(replicas[1]).Get("/api/v1/users").Refused(http.StatusForbidden, "password_change_required")

	nora.Adopt(nora.Post("/api/v1/auth/refresh", map[string]string{"refresh_token": nora.RefreshToken}).Expect(http.StatusOK))
	nora.Get("/api/v1/users").Refused(http.StatusForbidden, "password_change_required")
	other := replicas[1].Anonymous(t)
	other.Adopt(other.Post("/api/v1/auth/login", map[string]string{"email": "nora@acme.example", "password": initial}).
		Expect(http.StatusOK))

	nora.Post(path, map[string]string{"current_password": initial, "new_password": initial}).
		Refused(http.StatusUnprocessableEntity, "password_refused")
	nora.Post(path, map[string]string{"current_password": initial, "new_password": changed}).Expect(http.StatusNoContent)
	nora.Get("/api/v1/users/me").Refused(http.StatusUnauthorized, "invalid_token")
	testkit.Eventually(t, time.Second, "the tokens are refused at the other replica", func() bool {
		return nora.At(replicas[1]).Get("/api/v1/users/me").Status == http.StatusUnauthorized &&
			other.Get("/api/v1/users/me").Status == http.StatusUnauthorized
	})
	answer := nora.At(replicas[1]).Post("/api/v1/auth/refresh", map[string]string{"refresh_token": nora.RefreshToken}).
		Expect(http.StatusOK)
	if testkit.Decode[api.TokenPair](answer).PasswordChangeRequired {
		t.Error("password_change_required after the change is true, want false")
	}
	nora.Adopt(answer)
	for _, replica := range replicas {
		nora.At(replica).Get("/api/v1/users").Expect(http.StatusOK)
	}
	again := replicas[1].Anonymous(t)
	again.Adopt(again.Post("/api/v1/auth/login", map[string]string{"email": "nora@acme.example", "password": changed}).
		Expect(http.StatusOK))
	if testkit.Decode[api.Me](again.Get("/api/v1/users/me").Expect(http.StatusOK)).PasswordChangeRequired {
		t.Error("password_change_required of the profile after the change is true, want false")
	}
}
