package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// forPeople are the operations that no API key of a live company calls, whatever its scopes: they are about oneself, give
// access away, or decide what only people decide.
func forPeople() []string {
	return strings.Fields(`Logout ChangePassword ListSessions RevokeSession RevokeOtherSessions ListUserSessions RevokeUserSession
		RevokeUserSessions GetMe UpdateMe UpdateCompany ListTestCompanies CreateTestCompany CloseTestCompany
		ListAPIKeys GetAPIKey CreateAPIKey UpdateAPIKey RotateAPIKey RevokeAPIKey
		CreateUser ChangeUserRole ResetCompany CompleteInterview ReopenInterview
		RespondToInterview CreateScore UpdateScore SubmitScore ReopenScore VoidScore`)
}

// unlike are the answers of a key that holds just the permission of an operation, where they are not those of a person
// who may see everything: scores are not read before their interview is completed, and of the audit log a key reads
// what HR does.
func unlike() map[string]int {
	return map[string]int{
		"GetScore": http.StatusNotFound, "ListScoreRevisions": http.StatusNotFound, "GetAuditLog": http.StatusNotFound,
	}
}

// TestEveryOperationKeepsItsDoorForKeys asks each operation as a key with its permission and as one with every other.
func TestEveryOperationKeepsItsDoorForKeys(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	requests, people, different := minimal(), forPeople(), unlike()
	agreed := agreed(t)
	for _, op := range agreed.Operations() {
		if op.Public {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			refused := func(key testkit.Key) {
				t.Helper()
				replica.Bearer(t, key.Secret.Reveal()).Do(op.Method, target(op, nil)+"?unknown=1", nil).
					Refused(http.StatusForbidden, "permission_denied")
			}
			others := slices.DeleteFunc(agreed.Scopes(), func(scope string) bool { return scope == op.Scope })
			if op.Keys != gate.ReachEvery {
				refused(installation.Key(acme, others))
			}
			limited := installation.Key(acme, agreed.Scopes(), installation.Hiring(acme).Job(api.JobStatusOpen))
			if op.Keys == gate.ReachCompany {
				refused(limited)
			}
			if slices.Contains(people, op.ID) {
				refused(installation.Key(acme, agreed.Scopes()))
				return
			}
			caller := installation.User(acme, strings.ToLower(op.ID)+"-key", api.RoleHr)
			s := &scene{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
			wanted := requests[op.ID](s)
			if status, found := different[op.ID]; found {
				wanted.status = status
			}
			// What the scene was made of belongs to jobs that the limited key is not for, but for kits of the whole company.
			if op.Keys == gate.ReachJobs && len(wanted.parameters) > 0 && op.Permission != "kits:read" {
				replica.Bearer(t, limited.Secret.Reveal()).Do(op.Method, target(op, wanted.parameters), wanted.body, wanted.headers...).
					Expect(http.StatusNotFound)
			}
			scopes := []string{op.Scope}
			if op.Keys == gate.ReachEvery {
				scopes = []string{"jobs:read"}
			}
			key := installation.Key(acme, scopes)
			answer := replica.Bearer(t, key.Secret.Reveal()).
				Do(op.Method, target(op, wanted.parameters), wanted.body, wanted.headers...).Expect(wanted.status)
			// The smallest changes of the scenes change nothing, so nothing is recorded of them.
			if op.Method == http.MethodGet || op.Method == http.MethodPatch || answer.Status >= http.StatusBadRequest {
				return
			}
			var acts int
			err := installation.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_logs
				WHERE company_id = $1 AND actor_type = 'api_key' AND actor_id = $2 AND session_id IS NULL AND outcome = 'success'`,
				acme.ID, key.ID).Scan(&acts)
			if err != nil || acts == 0 {
				t.Errorf("%d acts of the key are recorded: %v", acts, err)
			}
		})
	}
}

// TestScopesArePermissions: what a key can hold is what some role holds, and what jobs limit is what team leads hold.
func TestScopesArePermissions(t *testing.T) {
	t.Parallel()
	agreed := agreed(t)
	for _, scope := range agreed.Scopes() {
		if !agreed.Holds(api.RoleAdmin, scope) {
			t.Errorf("%s: a key could hold what no admin does", scope)
		}
		if agreed.Reach(scope) == gate.ReachJobs && !agreed.Holds(api.RoleTeamLead, scope) {
			t.Errorf("%s: a key that stands where a team lead does could hold what none does", scope)
		}
	}
}
