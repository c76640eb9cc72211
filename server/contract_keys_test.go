package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// forUsersOnly lists the operations that no API key of a live company can call, whatever its scopes: they concern the
// caller's own account, grant access, or make decisions that are reserved for people.
func forUsersOnly() []string {
	return strings.Fields(`Logout ChangePassword ListSessions RevokeSession RevokeOtherSessions ListUserSessions RevokeUserSession
		RevokeUserSessions GetMe UpdateMe GetMyCalendar UpdateCompany ListTestCompanies CreateTestCompany CloseTestCompany
		ListAPIKeys GetAPIKey CreateAPIKey UpdateAPIKey RotateAPIKey RevokeAPIKey
		CreateUser ChangeUserRole ResetCompany CompleteInterview ReopenInterview
		RespondToInterview CreateScore UpdateScore SubmitScore ReopenScore VoidScore`)
}

// keyStatuses has the statuses of operations that respond to a key with the required scope differently than to an HR
// user: a key reads scores only after their interview is completed, and of the audit log only what HR reads.
func keyStatuses() map[string]int {
	return map[string]int{
		"GetScore": http.StatusNotFound, "ListScoreRevisions": http.StatusNotFound, "GetAuditLog": http.StatusNotFound,
	}
}

// TestEveryOperationEnforcesScopes calls each operation with a key that has its scope, and with a key that has every
// other scope.
func TestEveryOperationEnforcesScopes(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	requests, usersOnly, statuses := minimalRequests(), forUsersOnly(), keyStatuses()
	contract := loadContract(t)
	for _, op := range contract.Operations() {
		if op.Public {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			expectDenied := func(key testkit.Key) {
				t.Helper()
				replica.Bearer(t, key.Secret.Reveal()).Do(op.Method, pathOf(op, nil)+"?unknown=1", nil).
					Refused(http.StatusForbidden, "permission_denied")
			}
			others := slices.DeleteFunc(contract.Scopes(), func(scope string) bool { return scope == op.Scope })
			if op.Keys != gate.KeyReachEvery {
				expectDenied(installation.Key(acme, others))
			}
			limited := installation.Key(acme, contract.Scopes(), installation.Hiring(acme).Job(api.JobStatusOpen))
			if op.Keys == gate.KeyReachCompany {
				expectDenied(limited)
			}
			if slices.Contains(usersOnly, op.ID) {
				expectDenied(installation.Key(acme, contract.Scopes()))
				return
			}
			caller := installation.User(acme, strings.ToLower(op.ID)+"-key", api.RoleHr)
			s := &fixture{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
			example := s.example(requests, op.ID)
			if status, found := statuses[op.ID]; found {
				example.status = status
			}
			// The resources of the fixture belong to jobs outside the limited key's reach, except kits, which belong to the
			// company.
			if op.Keys == gate.KeyReachJobs && len(example.parameters) > 0 && op.Permission != "kits:read" {
				replica.Bearer(t, limited.Secret.Reveal()).Do(op.Method, pathOf(op, example.parameters), example.body, example.headers...).
					Expect(http.StatusNotFound)
			}
			scopes := []string{op.Scope}
			if op.Keys == gate.KeyReachEvery {
				scopes = []string{"jobs:read"}
			}
			key := installation.Key(acme, scopes)
			answer := replica.Bearer(t, key.Secret.Reveal()).
				Do(op.Method, pathOf(op, example.parameters), example.body, example.headers...).Expect(example.status)
			// Minimal patches change nothing, so there is no audit entry.
			if op.Method == http.MethodGet || op.Method == http.MethodPatch || answer.Status >= http.StatusBadRequest {
				return
			}
			var entries int
			err := installation.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_logs
				WHERE company_id = $1 AND actor_type = 'api_key' AND actor_id = $2 AND session_id IS NULL AND outcome = 'success'`,
				acme.ID, key.ID).Scan(&entries)
			if err != nil || entries == 0 {
				t.Errorf("audit entries of the key: got %d (error %v), want at least 1", entries, err)
			}
		})
	}
}

// TestScopesAreHeldByRoles checks that admins hold every scope, and that team leads hold every scope that can be limited
// to jobs.
func TestScopesAreHeldByRoles(t *testing.T) {
	t.Parallel()
	contract := loadContract(t)
	for _, scope := range contract.Scopes() {
		if !contract.Holds(stored.RoleAdmin, scope) {
			t.Errorf("scope %s is not a permission of admins", scope)
		}
		if contract.KeyReach(scope) == gate.KeyReachJobs && !contract.Holds(stored.RoleTeamLead, scope) {
			t.Errorf("scope %s can be limited to jobs, but is not a permission of team leads", scope)
		}
	}
}

// TestKeysAreNobody calls every operation about the caller's own account, sessions, panels or memberships with a key
// that has every scope, and uses every query parameter about them. The specification says for each of them what API keys
// use instead, and the refusal repeats it.
func TestKeysAreNobody(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	contract := loadContract(t)
	key := installation.Key(acme, contract.Scopes())
	refused := func(t *testing.T, op *gate.Operation, query, instead string) {
		t.Helper()
		if instead == "" {
			t.Fatalf("%s %s has no x-users-only in the specification", op.ID, query)
		}
		p := replica.Bearer(t, key.Secret.Reveal()).Do(op.Method, pathOf(op, nil)+query, nil).
			Refused(http.StatusForbidden, "permission_denied")
		if !strings.HasPrefix(p.Detail, "API keys cannot ") || !strings.HasSuffix(p.Detail, instead) {
			t.Errorf("%s %s: got the detail %q, want one that ends with %q", op.ID, query, p.Detail, instead)
		}
	}
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	operations, parameters := []string{}, []string{}
	for _, op := range contract.Operations() {
		own := slices.Contains(strings.Split(op.Path, "/"), "me") || op.Permission == gate.Authenticated ||
			strings.HasSuffix(op.Permission, "_own")
		if op.Keys != gate.KeyReachEvery && (own || op.UsersOnly != "") { // keys have an operation about themselves
			operations = append(operations, op.ID)
			t.Run(op.ID, func(t *testing.T) {
				t.Parallel()
				refused(t, op, "", op.UsersOnly)
			})
		}
		for _, parameter := range document.Paths.Find(op.Path).GetOperation(op.Method).Parameters {
			if name := parameter.Value.Name; name == "mine" || name == "me" || op.UsersOnlyQuery[name] != "" {
				parameters = append(parameters, op.ID+" "+name)
				for _, value := range []string{"true", "false"} {
					t.Run(op.ID+" "+name+"="+value, func(t *testing.T) {
						t.Parallel()
						refused(t, op, "?"+name+"="+value, op.UsersOnlyQuery[name])
					})
				}
			}
		}
	}
	want := strings.Fields(`ChangePassword GetMe GetMyCalendar ListSessions Logout RevokeOtherSessions RevokeSession UpdateMe`)
	if slices.Sort(operations); !slices.Equal(operations, want) {
		t.Errorf("operations about the caller: got %v, want %v", operations, want)
	}
	if slices.Sort(parameters); !slices.Equal(parameters, []string{"ExportInterviews mine", "ExportJobs mine", "ListInterviews mine", "ListJobs mine"}) {
		t.Errorf("parameters about the caller: got %v, want those of the lists and exports of interviews and jobs", parameters)
	}
	// Users have the operations, and keys have the lists without the parameters.
	replica.SignIn(t, acme.Users[api.RoleEmployee]).Get("/api/v1/users/me/calendar.ics").Expect(http.StatusOK)
	for _, list := range []string{"/api/v1/interviews", "/api/v1/jobs"} {
		replica.Bearer(t, key.Secret.Reveal()).Get(list).Expect(http.StatusOK)
		replica.SignIn(t, acme.Users[api.RoleEmployee]).Get(list + "?mine=true").Expect(http.StatusOK)
	}
}
