package users_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func roles() []api.Role {
	return []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin}
}

func TestDeactivateAndReactivate(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	other := h.Replica()
	employee := h.acme.Users[api.RoleEmployee]
	there := h.as[api.RoleEmployee].At(other)
	there.Get(collection + "/me").Expect(http.StatusOK)

	out := testkit.Decode[api.User](h.as[api.RoleHr].Post(path(employee.ID, "deactivate"), nil).Expect(http.StatusOK))
	if out.IsActive {
		t.Errorf("still active: %+v", out)
	}
	h.as[api.RoleEmployee].Get(collection+"/me").Refused(http.StatusUnauthorized, "invalid_token")
	testkit.Eventually(t, time.Second, "the other replica refuses the deactivated user", func() bool {
		return there.Get(collection+"/me").Status == http.StatusUnauthorized
	})
	login := api.LoginRequest{Email: "employee@acme.example", Password: testkit.Password}
	h.replica.Anonymous(t).Post("/api/v1/auth/login", login).Refused(http.StatusUnauthorized, "invalid_credentials")
	h.as[api.RoleHr].Post(path(employee.ID, "deactivate"), nil).Refused(http.StatusConflict, "state_conflict")

	back := testkit.Decode[api.User](h.as[api.RoleHr].Post(path(employee.ID, "reactivate"), nil).Expect(http.StatusOK))
	if !back.IsActive {
		t.Errorf("still inactive: %+v", back)
	}
	h.as[api.RoleHr].Post(path(employee.ID, "reactivate"), nil).Refused(http.StatusConflict, "state_conflict")
	h.as[api.RoleEmployee].Get(collection+"/me").Refused(http.StatusUnauthorized, "invalid_token")
	h.replica.SignIn(t, employee).Get(collection + "/me").Expect(http.StatusOK)

	globex := h.Company("globex")
	for _, action := range []string{"deactivate", "reactivate"} {
		h.as[api.RoleAdmin].Post(path(globex.Users[api.RoleEmployee].ID, action), nil).Refused(http.StatusNotFound, "not_found")
		h.as[api.RoleAdmin].Post(path(uuid.New(), action), nil).Refused(http.StatusNotFound, "not_found")
	}
}

func TestChangeRoleEndsAccessTokens(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	employee := h.acme.Users[api.RoleEmployee]
	h.as[api.RoleHr].Post(path(employee.ID, "change-role"), `{"role":"team_lead"}`).Expect(http.StatusOK)
	client := h.as[api.RoleEmployee]
	client.Get(collection).Refused(http.StatusUnauthorized, "invalid_token")
	client.Adopt(h.replica.Anonymous(t).Post("/api/v1/auth/refresh", api.RefreshRequest{RefreshToken: &client.RefreshToken}).
		Expect(http.StatusOK))
	client.Get(collection).Expect(http.StatusOK)
	h.as[api.RoleHr].Post(path(employee.ID, "change-role"), `{"role":"team_lead"}`).Refused(http.StatusConflict, "state_conflict")
	h.as[api.RoleHr].Post(path(employee.ID, "change-role"), `{"role":"owner"}`).Refused(http.StatusBadRequest, "malformed_request")
	h.as[api.RoleHr].Post(path(employee.ID, "change-role"), `{}`).Refused(http.StatusBadRequest, "malformed_request")
	h.as[api.RoleAdmin].Post(path(h.acme.Users[api.RoleAdmin].ID, "change-role"), `{"role":"hr"}`).Refused(http.StatusForbidden, "own_role")
}

// TestAllowedActions performs every action as every role on users of every role and state, and compares the result with
// allowed_actions.
func TestAllowedActions(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	conn, n := h.Connect(), 0
	fresh := func(role api.Role, active bool) testkit.User {
		t.Helper()
		n++
		user := testkit.User{ID: uuid.Must(uuid.NewV7()), Email: fmt.Sprintf("u%d@acme.example", n), Role: role}
		_, err := conn.Exec(t.Context(), `INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, role, is_active)
			SELECT company_id, $2, $3, password_hash, 'U', 'U', $4, $5 FROM users WHERE id = $1`,
			h.acme.Users[api.RoleEmployee].ID, user.ID, user.Email, role, active)
		if err != nil {
			t.Fatal(err)
		}
		return user
	}
	attempts := map[api.UserAction][]func(c *testkit.Client, id uuid.UUID) int{
		api.UserActionUpdate: {func(c *testkit.Client, id uuid.UUID) int {
			return c.Patch(path(id), `{"first_name":"Changed"}`).Status
		}},
		api.UserActionDeactivate: {func(c *testkit.Client, id uuid.UUID) int { return c.Post(path(id, "deactivate"), nil).Status }},
		api.UserActionReactivate: {func(c *testkit.Client, id uuid.UUID) int { return c.Post(path(id, "reactivate"), nil).Status }},
	}
	for _, role := range roles() {
		attempts[api.UserActionChangeRole] = append(attempts[api.UserActionChangeRole],
			func(c *testkit.Client, id uuid.UUID) int {
				return c.Post(path(id, "change-role"), api.ChangeRoleRequest{Role: role}).Status
			})
	}
	for _, by := range roles() {
		for _, role := range roles() {
			for _, state := range []string{"active", "inactive", "self"} {
				if state == "self" && role != by {
					continue
				}
				for action, tries := range attempts {
					t.Run(fmt.Sprintf("%s on %s %s: %s", by, state, role, action), func(t *testing.T) {
						done, allowed := false, false
						for _, try := range tries {
							target, client := fresh(role, state != "inactive"), h.as[by].In(t)
							if state == "self" {
								client = h.replica.SignIn(t, target)
							}
							if seen := client.Get(path(target.ID)); seen.Status == http.StatusOK {
								allowed = allowed || slices.Contains(testkit.Decode[api.User](seen).AllowedActions, action)
							}
							done = try(client, target.ID) == http.StatusOK || done
						}
						if done != allowed {
							t.Errorf("succeeded = %t, want %t as in allowed_actions", done, allowed)
						}
					})
				}
			}
		}
	}
}

func TestAllowedActionsOfList(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			for _, listed := range testkit.Decode[api.UserPage](h.as[role].In(t).Get(collection).Expect(http.StatusOK)).Data {
				one := testkit.Decode[api.User](h.as[role].In(t).Get(path(listed.ID)).Expect(http.StatusOK))
				if !slices.Equal(one.AllowedActions, listed.AllowedActions) {
					t.Errorf("%s: actions on %s in the list = %v, want %v as by GET", role, listed.Email, listed.AllowedActions, one.AllowedActions)
				}
			}
		})
	}
}

func TestLastAdmin(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	admin := h.acme.Users[api.RoleAdmin]
	h.as[api.RoleAdmin].Post(path(admin.ID, "deactivate"), nil).Refused(http.StatusConflict, "last_admin")
	second := h.User(h.acme, "second", api.RoleAdmin)
	h.as[api.RoleAdmin].Post(path(second.ID, "deactivate"), nil).Expect(http.StatusOK)
	h.as[api.RoleAdmin].Post(path(admin.ID, "deactivate"), nil).Refused(http.StatusConflict, "last_admin")
	h.as[api.RoleAdmin].Post(path(second.ID, "reactivate"), nil).Expect(http.StatusOK)
	h.as[api.RoleAdmin].Post(path(second.ID, "change-role"), `{"role":"hr"}`).Expect(http.StatusOK)
	h.as[api.RoleAdmin].Post(path(admin.ID, "deactivate"), nil).Refused(http.StatusConflict, "last_admin")
}

// TestLastAdminUnderConcurrency has the two admins of a company deactivate or demote each other, or themselves, at the same
// time over two replicas.
func TestLastAdminUnderConcurrency(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replicas := []*testkit.Replica{installation.Replica(), installation.Replica()}
	deactivate := func(c *testkit.Client, id uuid.UUID) *testkit.Answer {
		return c.Post(path(id, "deactivate"), nil)
	}
	demote := func(c *testkit.Client, id uuid.UUID) *testkit.Answer {
		return c.Post(path(id, "change-role"), `{"role":"employee"}`)
	}
	conn := installation.Connect()
	for round := range 24 {
		company := installation.Company(fmt.Sprintf("c%d", round))
		admins := []testkit.User{company.Users[api.RoleAdmin], installation.User(company, "second", api.RoleAdmin)}
		acts := []func(*testkit.Client, uuid.UUID) *testkit.Answer{deactivate, demote}
		clients := []*testkit.Client{replicas[0].SignIn(t, admins[0]), replicas[1].SignIn(t, admins[1])}
		var all sync.WaitGroup
		for i, client := range clients {
			act, target := acts[(round>>i)&1], admins[1-i]
			if round%3 == 2 { // themselves
				act, target = deactivate, admins[i]
			}
			all.Go(func() {
				answer := act(client, target.ID)
				if answer.Status != http.StatusOK && answer.Status != http.StatusConflict && answer.Status != http.StatusUnauthorized {
					t.Errorf("round %d: status = %d, want 200, 401 or 409: %s", round, answer.Status, answer.Body)
				}
			})
		}
		all.Wait()
		var left int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM users WHERE company_id = $1 AND role = 'admin' AND is_active`, company.ID).
			Scan(&left)
		if err != nil || left != 1 {
			t.Errorf("round %d: %d active admins, want 1 (%v)", round, left, err)
		}
	}
}

// TestConcurrentEdits mixes requests that lock users in different orders. None may wait forever, and each must succeed or
// fail with a conflict.
func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	second := h.User(h.acme, "second", api.RoleAdmin)
	third := h.User(h.acme, "third", api.RoleAdmin)
	clients := []*testkit.Client{h.as[api.RoleAdmin], h.replica.SignIn(t, second).At(h.Replica())}
	targets := []uuid.UUID{second.ID, h.acme.Users[api.RoleAdmin].ID}
	var all sync.WaitGroup
	for i, client := range clients {
		all.Go(func() {
			for n := range 15 {
				for _, answer := range []*testkit.Answer{
					client.Patch(path(targets[i]), fmt.Sprintf(`{"first_name":"by %d %d"}`, i, n)),
					client.Post(path(third.ID, "deactivate"), nil),
					client.Post(path(third.ID, "reactivate"), nil),
					client.Patch(collection+"/me", fmt.Sprintf(`{"last_name":"me %d"}`, n)),
				} {
					if answer.Status != http.StatusOK && answer.Status != http.StatusConflict {
						t.Errorf("%s %s: status = %d, want 200 or 409: %s", answer.Request.Method, answer.Request.URL.Path, answer.Status, answer.Body)
					}
				}
			}
		})
	}
	all.Wait()
}
