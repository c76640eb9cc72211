package users_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/users"

// fixture is an installation with one replica and one company whose users have logged in.
type fixture struct {
	*testkit.Installation
	replica *testkit.Replica
	acme    testkit.Company
	as      map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	h := fixture{installation, installation.Replica(), installation.Company("acme"), map[api.Role]*testkit.Client{}}
	for role, user := range h.acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

// newUserBody returns a request that creates a user, with some members replaced or, if their value is "absent", left out.
func newUserBody(changes map[string]any) map[string]any {
	body := map[string]any{
		"email": "nora@acme.example", "password": testkit.Password, "first_name": "Nora", "last_name": "Lind",
	}
	for name, value := range changes {
		body[name] = value
		if value == "absent" {
			delete(body, name)
		}
	}
	return body
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	answer := h.as[api.RoleHr].Post(collection, newUserBody(map[string]any{
		"email": "Nora.LIND@Acme.Example", "first_name": " Nóra ", "last_name": "Lind\u00a0", "department": " Sales ",
	})).Expect(http.StatusCreated)
	created := testkit.Decode[api.User](answer)
	if created.Email != "nora.lind@acme.example" || created.FirstName != "Nóra" || created.LastName != "Lind" ||
		created.Role != api.RoleEmployee || !created.IsActive || created.CompanyID != h.acme.ID ||
		created.Department.MustGet() != "Sales" || created.Language != api.LanguageEn || !created.LastLoginAt.IsNull() {
		t.Errorf("created = %+v, want the active employee Nóra Lind of Sales who has not logged in", created)
	}
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("Location = %q, want %q", got, path(created.ID))
	}
	read := h.as[api.RoleHr].Get(answer.Header.Get("Location")).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("read %s %s, want the response of the creation %s %s", read.Header.Get("ETag"), read.Body, answer.Header.Get("ETag"), answer.Body)
	}
	nora := h.replica.SignIn(t, testkit.User{Email: "NORA.lind@acme.example"})
	if me := testkit.Decode[api.Me](nora.Get(collection + "/me").Expect(http.StatusOK)); me.ID != created.ID {
		t.Errorf("the login is of user %s, want %s", me.ID, created.ID)
	}
}

func TestCreateUserRefuses(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	globex := h.Company("globex")
	for _, test := range []struct {
		name    string
		by      api.Role
		changes map[string]any
		status  int
		code    string
	}{
		{"no email", api.RoleHr, map[string]any{"email": "absent"}, 400, "malformed_request"},
		{"no password", api.RoleHr, map[string]any{"password": "absent"}, 400, "malformed_request"},
		{"no first name", api.RoleHr, map[string]any{"first_name": "absent"}, 400, "malformed_request"},
		{"no last name", api.RoleHr, map[string]any{"last_name": "absent"}, 400, "malformed_request"},
		{"an invalid email", api.RoleHr, map[string]any{"email": "nora"}, 400, "malformed_request"},
		{"an email too long", api.RoleHr, map[string]any{"email": strings.Repeat("a", 250) + "@b.example"}, 400, "malformed_request"},
		{"letters beyond ASCII in the email", api.RoleHr, map[string]any{"email": "nóra@acme.example"}, 400, "malformed_request"},
		{"an empty name", api.RoleHr, map[string]any{"first_name": ""}, 400, "malformed_request"},
		{"a name too long", api.RoleHr, map[string]any{"first_name": strings.Repeat("é", 101)}, 400, "malformed_request"},
		{"NUL in a name", api.RoleHr, map[string]any{"first_name": "No\x00ra"}, 422, "rule_violated"},
		{"null for a name", api.RoleHr, map[string]any{"first_name": nil}, 400, "malformed_request"},
		{"a blank name", api.RoleHr, map[string]any{"first_name": "\u00a0\u3000"}, 422, "rule_violated"},
		{"a blank department", api.RoleHr, map[string]any{"department": "\u2003"}, 422, "rule_violated"},
		{"a department too long", api.RoleHr, map[string]any{"department": strings.Repeat("x", 101)}, 400, "malformed_request"},
		{"an unknown role", api.RoleHr, map[string]any{"role": "owner"}, 400, "malformed_request"},
		{"a company", api.RoleHr, map[string]any{"company_id": globex.ID}, 400, "malformed_request"},
		{"an id", api.RoleHr, map[string]any{"id": uuid.New()}, 400, "malformed_request"},
		{"a hash", api.RoleHr, map[string]any{"password_hash": "x"}, 400, "malformed_request"},
		{"a member in upper case", api.RoleHr, map[string]any{"Role": "admin"}, 400, "malformed_request"},
		{"a short password", api.RoleHr, map[string]any{"password": "short"}, 400, "malformed_request"},
		{"a common password", api.RoleHr, map[string]any{"password": "password1234"}, 422, "password_refused"},
		{"a password of 73 bytes", api.RoleHr, map[string]any{"password": strings.Repeat("äb", 24) + "cd"}, 422, "password_refused"},
		{"a password made of the email", api.RoleHr, map[string]any{"password": "nora@acme.example"}, 422, "password_refused"},
		{"a used email", api.RoleHr, map[string]any{"email": "employee@acme.example"}, 409, "email_taken"},
		{"a used email in capitals", api.RoleHr, map[string]any{"email": "EMPLOYEE@ACME.example"}, 409, "email_taken"},
		{"an email of another company", api.RoleHr, map[string]any{"email": string("Hr@globex.example")}, 409, "email_taken"},
		{"an HR user by HR", api.RoleHr, map[string]any{"role": "hr"}, 403, "role_not_allowed"},
		{"an admin by HR", api.RoleHr, map[string]any{"role": "admin"}, 403, "role_not_allowed"},
		{"an employee by an employee", api.RoleEmployee, nil, 403, "permission_denied"},
		{"an employee by a team lead", api.RoleTeamLead, nil, 403, "permission_denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := h.replica.Bearer(t, h.as[test.by].Token)
			client.Post(collection, newUserBody(test.changes)).Refused(test.status, test.code)
		})
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		for _, by := range []api.Role{api.RoleHr, api.RoleAdmin} {
			t.Run(fmt.Sprintf("%s by %s", role, by), func(t *testing.T) {
				want := http.StatusCreated
				if by == api.RoleHr && role != api.RoleEmployee && role != api.RoleTeamLead {
					want = http.StatusForbidden
				}
				h.as[by].In(t).Post(collection, newUserBody(map[string]any{
					"email": fmt.Sprintf("%s-by-%s@acme.example", strings.ReplaceAll(string(role), "_", "-"), by), "role": role,
				})).Expect(want)
			})
		}
	}
}

func TestAllowedEmailDomains(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.as[api.RoleAdmin].Patch("/api/v1/company", `{"settings":{"allowed_email_domains":["acme.test"]}}`).Expect(http.StatusOK)
	p := h.as[api.RoleHr].Post(collection, newUserBody(nil)).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if len(p.Errors) != 1 || *p.Errors[0].Pointer != "/email" || p.Errors[0].Code != "domain_not_allowed" {
		t.Errorf("errors = %+v, want domain_not_allowed at /email", p.Errors)
	}
	created := testkit.Decode[api.User](h.as[api.RoleHr].
		Post(collection, newUserBody(map[string]any{"email": "nora@ACME.test"})).Expect(http.StatusCreated))
	h.as[api.RoleHr].Patch(path(created.ID), `{"email":"nora@acme.example"}`).Refused(http.StatusUnprocessableEntity, "rule_violated")
	h.as[api.RoleHr].Patch(path(created.ID), `{"email":"nora2@acme.test"}`).Expect(http.StatusOK)
	// A user with an email of another domain can be changed, as long as the email stays the same.
	h.as[api.RoleHr].Patch(path(h.acme.Users[api.RoleEmployee].ID), `{"first_name":"Emil"}`).Expect(http.StatusOK)
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	globex := h.Company("globex")
	for by, client := range h.as {
		for role, user := range h.acme.Users {
			want := http.StatusOK
			if by == api.RoleEmployee && role != api.RoleEmployee {
				want = http.StatusNotFound
			}
			client.Get(path(user.ID)).Expect(want)
		}
		foreign := client.Get(path(globex.Users[api.RoleHr].ID)).Refused(http.StatusNotFound, "not_found")
		random := client.Get(path(uuid.Must(uuid.NewV7()))).Refused(http.StatusNotFound, "not_found")
		foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
		if !reflect.DeepEqual(foreign, random) {
			t.Errorf("%s: the problem for a foreign id = %+v, want %+v as for a random id", by, foreign, random)
		}
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	target, hr := path(h.acme.Users[api.RoleEmployee].ID), h.as[api.RoleHr]
	patched := func(body string) api.User {
		t.Helper()
		return testkit.Decode[api.User](hr.Patch(target, body).Expect(http.StatusOK))
	}
	if u := patched(`{"department":"Sales"}`); u.Department.MustGet() != "Sales" || u.FirstName != "employee" {
		t.Errorf("user after setting the department = %+v, want the department Sales and the first name employee", u)
	}
	if u := patched(`{"first_name":"Emil"}`); u.Department.MustGet() != "Sales" || u.FirstName != "Emil" {
		t.Errorf("user after setting the name = %+v, want the department Sales and the first name Emil", u)
	}
	if u := patched(`{"department":null,"email":"EMIL@acme.example"}`); !u.Department.IsNull() || u.Email != "emil@acme.example" {
		t.Errorf("user after clearing the department = %+v, want no department and the email emil@acme.example", u)
	}
	if u := patched(`{"language":"fr"}`); u.Language != api.LanguageFr || u.FirstName != "Emil" {
		t.Errorf("user after setting the language = %+v, want French and the first name Emil", u)
	}
	hr.Patch(target, `{"language":"tlh"}`).Refused(http.StatusBadRequest, "malformed_request")
	hr.Do(http.MethodPatch, target, `{"last_name":"Stone"}`, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	h.replica.SignIn(t, testkit.User{Email: "emil@acme.example"})
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no member":             {`{}`, 400},
		"array":                 {`[]`, 400},
		"null first name":       {`{"first_name":null}`, 400},
		"null email":            {`{"email":null}`, 400},
		"role":                  {`{"role":"admin"}`, 400},
		"is_active":             {`{"is_active":false}`, 400},
		"version":               {`{"version":1}`, 400},
		"first name twice":      {`{"first_name":"a","first_name":"b"}`, 400},
		"two values":            {`{"first_name":"a"}{}`, 400},
		"blank first name":      {`{"first_name":"\u00a0"}`, 422},
		"blank department":      {`{"department":"\u00a0"}`, 422},
		"email of another user": {`{"email":"hr@acme.example"}`, 409},
	} {
		t.Run(name, func(t *testing.T) {
			if got := hr.In(t).Patch(target, c.body).Status; got != c.status {
				t.Errorf("status = %d, want %d", got, c.status)
			}
		})
	}
	for role, status := range map[api.Role]int{api.RoleEmployee: 403, api.RoleTeamLead: 403} {
		t.Run(string(role), func(t *testing.T) {
			h.as[role].In(t).Patch(target, `{"first_name":"X"}`).Expect(status)
		})
	}
	for _, role := range []api.Role{api.RoleHr, api.RoleAdmin} {
		hr.Patch(path(h.acme.Users[role].ID), `{"first_name":"X"}`).Refused(http.StatusForbidden, "role_not_allowed")
		h.as[api.RoleAdmin].Patch(path(h.acme.Users[role].ID), `{"first_name":"X"}`).Expect(http.StatusOK)
	}
	hr.Patch(path(h.Company("globex").Users[api.RoleEmployee].ID), `{"first_name":"X"}`).Refused(http.StatusNotFound, "not_found")
}

func TestVersions(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	target, hr := path(h.acme.Users[api.RoleEmployee].ID), h.as[api.RoleHr]
	first := hr.Get(target).Expect(http.StatusOK).Header.Get("ETag")
	hr.Do(http.MethodGet, target, nil, "If-None-Match", first).Expect(http.StatusNotModified)
	hr.Do(http.MethodGet, target, nil, "If-None-Match", `"x", W/`+first).Expect(http.StatusNotModified)

	same := hr.Do(http.MethodPatch, target, `{"first_name":"employee"}`, "If-Match", first).Expect(http.StatusOK)
	if got := same.Header.Get("ETag"); got != first {
		t.Errorf("ETag after a patch without changes = %s, want %s", got, first)
	}
	second := hr.Do(http.MethodPatch, target, `{"first_name":"Emil"}`, "If-Match", first).Expect(http.StatusOK).Header.Get("ETag")
	if second == first {
		t.Errorf("ETag after a change = %s, want another", second)
	}
	hr.Do(http.MethodPatch, target, `{"first_name":"Other"}`, "If-Match", first).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodGet, target, nil, "If-None-Match", first).Expect(http.StatusOK)
	hr.Do(http.MethodPatch, target, `{"first_name":"Other"}`, "If-Match", "*").Expect(http.StatusOK)
	hr.Do(http.MethodPatch, target, `{"first_name":"Third"}`, "If-Match", "W/"+second).Expect(http.StatusPreconditionFailed)

	// The tag depends on the representation, which depends on the actor's allowed actions.
	if hr, admin := hr.Get(target).Header.Get("ETag"), h.as[api.RoleEmployee].Get(target).Header.Get("ETag"); hr == admin {
		t.Errorf("tag for HR and for the employee = %s, want different tags, because their allowed actions differ", hr)
	}
}

// TestConcurrentPatches sends patches that are all based on the same version.
func TestConcurrentPatches(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	target := path(h.acme.Users[api.RoleEmployee].ID)
	version := h.as[api.RoleHr].Get(target).Expect(http.StatusOK).Header.Get("ETag")
	statuses := make([]int, 12)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = h.as[api.RoleHr].Do(http.MethodPatch, target, fmt.Sprintf(`{"first_name":"N%d"}`, i), "If-Match", version).Status
		})
	}
	all.Wait()
	succeeded := 0
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			succeeded++
		case http.StatusPreconditionFailed:
		default:
			t.Errorf("status of a patch = %d, want 200 or 412", status)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d patches succeeded, want 1: %v", succeeded, statuses)
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	me := collection + "/me"
	for role, client := range h.as {
		t.Run(string(role), func(t *testing.T) {
			answer := client.In(t).Get(me).Expect(http.StatusOK)
			response := testkit.Decode[api.Me](answer)
			if response.Role != role || response.ID != h.acme.Users[role].ID || response.Company.ID != h.acme.ID || len(response.Permissions) == 0 ||
				response.Email != openapi_types.Email(h.acme.Users[role].Email) || response.LastLoginAt.IsNull() {
				t.Errorf("read %+v, want the own role, id, company, email, permissions and time of login", response)
			}
			tag := answer.Header.Get("ETag")
			client.In(t).Do(http.MethodGet, me, nil, "If-None-Match", tag).Expect(http.StatusNotModified)
			changed := client.In(t).Do(http.MethodPatch, me, `{"first_name":" Neu ","department":"D"}`, "If-Match", tag).Expect(http.StatusOK)
			if got := testkit.Decode[api.Me](changed); got.FirstName != "Neu" || got.Department.MustGet() != "D" {
				t.Errorf("changed = %+v, want the first name Neu and the department D", got)
			}
			client.In(t).Do(http.MethodPatch, me, `{"first_name":"X"}`, "If-Match", tag).Expect(http.StatusPreconditionFailed)
			client.In(t).Patch(me, `{"department":null}`).Expect(http.StatusOK)
			client.In(t).Patch(me, `{"email":"x@acme.example"}`).Expect(http.StatusBadRequest)
			client.In(t).Patch(me, `{"role":"admin"}`).Expect(http.StatusBadRequest)
			client.In(t).Patch(me, `{"first_name":"\u2003"}`).Expect(http.StatusUnprocessableEntity)
		})
	}
	tag := h.as[api.RoleHr].Get(me).Header.Get("ETag")
	h.as[api.RoleAdmin].Patch("/api/v1/company", `{"name":"Acme Renamed"}`).Expect(http.StatusOK)
	h.as[api.RoleHr].Do(http.MethodGet, me, nil, "If-None-Match", tag).Expect(http.StatusOK)
}

// TestControlCharacters shows that names with control characters or changes of the text direction are refused.
func TestControlCharacters(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hr := installation.Replica().SignIn(t, acme.Users[api.RoleHr])
	for _, text := range []string{`a\u0007b`, `a\u202eb`, `a\u2066b`, `a\u009bb`, `a\nb`} {
		body := `{"first_name":"` + text + `"}`
		hr.Patch("/api/v1/users/me", body).Refused(http.StatusUnprocessableEntity, "rule_violated")
		hr.Patch("/api/v1/users/"+acme.Users[api.RoleEmployee].ID.String(), body).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
	}
	hr.Patch("/api/v1/users/me", `{"first_name":"Zoë 👩‍🚀","last_name":"بن علي"}`).Expect(http.StatusOK)
}

// TestTakenEmailNamesUser expects the user with the email in the error, except for one of another company.
func TestTakenEmailNamesUser(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.Company("globex")
	employee, hr := h.acme.Users[api.RoleEmployee], h.as[api.RoleHr]
	other := testkit.Decode[api.User](hr.Post(collection, newUserBody(nil)).Expect(http.StatusCreated))
	for name, problem := range map[string]api.Problem{
		"create": hr.Post(collection, newUserBody(map[string]any{"email": " EMPLOYEE@acme.example"})).
			Refused(http.StatusConflict, "email_taken"),
		"update": hr.Patch(path(other.ID), `{"email":"employee@acme.example"}`).Refused(http.StatusConflict, "email_taken"),
	} {
		if len(problem.Conflicts) != 1 || problem.Conflicts[0].ID != employee.ID || problem.Conflicts[0].Type != "user" {
			t.Errorf("%s: the conflicts are %+v, want the user %s", name, problem.Conflicts, employee.ID)
		}
	}
	problem := hr.Post(collection, newUserBody(map[string]any{"email": "hr@globex.example"})).Refused(http.StatusConflict, "email_taken")
	if len(problem.Conflicts) != 0 {
		t.Errorf("the conflicts are %+v, want no user of another company", problem.Conflicts)
	}
}
