package server_test

import (
	"net/http"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestJourney is the session of a user from sign-in to logout.
func TestJourney(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()

	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	me := testkit.Decode[api.Me](hr.Get("/api/v1/users/me").Expect(http.StatusOK))
	if string(me.Email) != "hr@acme.example" || me.Company.ID != acme.ID {
		t.Errorf("profile: got %+v, want hr@acme.example of company %s", me, acme.ID)
	}
	hr.Get("/api/v1/users").Expect(http.StatusOK)
	replica.SignIn(t, acme.Users[api.RoleEmployee]).Get("/api/v1/users").Refused(http.StatusForbidden, "permission_denied")
	hr.Post("/api/v1/auth/logout", "{}").Expect(http.StatusOK)
	hr.Get("/api/v1/users/me").Refused(http.StatusUnauthorized, "invalid_token")
}
