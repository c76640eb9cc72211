package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// matrix is who may call what, as the product defines it: E(mployee), T(eam lead), H(R), A(dmin). What a role may do with
// an operation it may call, such as whose profile an employee reads, is the room's business and tested there.
func matrix() map[string]string {
	const public, everybody = "public", "ETHA"
	decided := map[string]string{
		"GetHealth": public, "GetReadiness": public, "GetMetrics": public, "GetSpecificationYAML": public, "GetSpecificationJSON": public,
		"Login": public, "RefreshTokens": public,

		"Logout": everybody, "ChangePassword": everybody,
		"ListSessions": everybody, "RevokeSession": everybody, "RevokeOtherSessions": everybody,
		"ListUserSessions": "---A", "RevokeUserSession": "---A", "RevokeUserSessions": "---A",

		"GetMe": everybody, "UpdateMe": everybody, "GetUser": everybody,
		"ListUsers":  "-THA",
		"CreateUser": "--HA", "UpdateUser": "--HA", "ChangeUserRole": "--HA",
		"DeactivateUser": "--HA", "ReactivateUser": "--HA",

		"GetCompany": "--HA", "UpdateCompany": "---A", "ResetCompany": "---A",
		"ListTestCompanies": "---A", "CreateTestCompany": "---A", "CloseTestCompany": "---A",
		"ListAPIKeys": "--HA", "GetAPIKey": "--HA",
		"CreateAPIKey": "---A", "UpdateAPIKey": "---A", "RotateAPIKey": "---A", "RevokeAPIKey": "---A",
		"GetMyAPIKey": "----", // for keys

		"ListAuditLogs": everybody, "GetAuditLog": everybody, "ExportAuditLogs": everybody, "VerifyAuditLogs": "---A",
		"GetStateMachines": public,
	}
	maps.Copy(decided, hiringMatrix())
	return decided
}

// agreed reads the contract as the server does.
func agreed(t *testing.T) *gate.Contract {
	t.Helper()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := gate.Load(document)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestTheMatrixIsTheProducts compares what the specification grants with what was decided.
func TestTheMatrixIsTheProducts(t *testing.T) {
	t.Parallel()
	decided := matrix()
	for _, op := range agreed(t).Operations() {
		granted := "public"
		if !op.Public {
			granted = ""
			for i, role := range access.Roles() {
				if op.Roles[role] {
					granted += "ETHA"[i : i+1]
				} else {
					granted += "-"
				}
			}
		}
		if decided[op.ID] != granted {
			t.Errorf("%s: the specification lets in %q, the product %q", op.ID, granted, decided[op.ID])
		}
		delete(decided, op.ID)
	}
	for id := range decided {
		t.Errorf("%s: is in the matrix and in no specification", id)
	}
}

// call is a request to an operation: what its path's parameters and its body are, and how a success is answered.
type call struct {
	parameters map[string]string
	body       any
	status     int
	// headers are names and values in turn.
	headers []string
}

// scene is a company with somebody to act in it, and somebody to act upon.
type scene struct {
	t            *testing.T
	installation *testkit.Installation
	replica      *testkit.Replica
	company      testkit.Company
	caller       testkit.User
	client       *testkit.Client
}

// target creates an employee to act upon.
func (s *scene) target() testkit.User {
	return s.installation.User(s.company, "target-"+uuid.NewString(), api.RoleEmployee)
}

// session signs a user in and gives the session's id.
func (s *scene) session(of testkit.User) string {
	s.t.Helper()
	listed := s.replica.SignIn(s.t, of).Get("/api/v1/auth/sessions").Expect(http.StatusOK)
	for _, session := range testkit.Decode[api.SessionPage](listed).Data {
		if session.IsCurrent {
			return session.ID.String()
		}
	}
	s.t.Fatal("a user's session is not among their sessions")
	return ""
}

// entry gives the id of an audit entry of the caller's own.
func (s *scene) entry() string {
	s.t.Helper()
	listed := s.client.Get("/api/v1/audit-logs?limit=1&action=auth.login").Expect(http.StatusOK)
	return testkit.Decode[api.AuditLogPage](listed).Data[0].ID.String()
}

// minimal is the smallest valid request of every operation that asks who the caller is. An operation without one fails
// the test.
func minimal() map[string]func(*scene) call {
	user := func(s *scene) map[string]string { return map[string]string{"user_id": s.target().ID.String()} }
	bare := func(*scene) call { return call{status: http.StatusOK} }
	key := func(body any) func(*scene) call {
		return func(s *scene) call {
			id := s.installation.Key(s.company, []string{"jobs:read"}).ID.String()
			return call{status: http.StatusOK, body: body, parameters: map[string]string{"api_key_id": id}}
		}
	}
	requests := map[string]func(*scene) call{
		"Logout": bare,
		"ChangePassword": func(*scene) call {
			return call{status: http.StatusNoContent, body: api.ChangePasswordRequest{
				CurrentPassword: testkit.Password, NewPassword: "amber-canyon-whistles-south",
			}}
		},
		"ListSessions":        bare,
		"RevokeOtherSessions": bare,
		"RevokeSession": func(s *scene) call {
			return call{status: http.StatusNoContent, parameters: map[string]string{"session_id": s.session(s.caller)}}
		},
		"ListUserSessions":   func(s *scene) call { return call{status: http.StatusOK, parameters: user(s)} },
		"RevokeUserSessions": func(s *scene) call { return call{status: http.StatusOK, parameters: user(s)} },
		"RevokeUserSession": func(s *scene) call {
			target := s.target()
			return call{status: http.StatusNoContent, parameters: map[string]string{
				"user_id": target.ID.String(), "session_id": s.session(target),
			}}
		},
		"GetMe":     bare,
		"UpdateMe":  func(*scene) call { return call{status: http.StatusOK, body: map[string]any{"first_name": "Nora"}} },
		"ListUsers": bare,
		"CreateUser": func(*scene) call {
			return call{status: http.StatusCreated, body: map[string]any{
				"email": "new-" + uuid.NewString() + "@acme.example", "password": testkit.Password,
				"first_name": "Nora", "last_name": "Lind",
			}}
		},
		"GetUser": func(s *scene) call {
			return call{status: http.StatusOK, parameters: map[string]string{"user_id": s.caller.ID.String()}}
		},
		"UpdateUser": func(s *scene) call {
			return call{status: http.StatusOK, parameters: user(s), body: map[string]any{"department": nil}}
		},
		"DeactivateUser": func(s *scene) call { return call{status: http.StatusOK, parameters: user(s)} },
		"ReactivateUser": func(s *scene) call {
			target := s.target()
			s.installation.Exec(`UPDATE users SET is_active = false WHERE id = $1`, target.ID)
			return call{status: http.StatusOK, parameters: map[string]string{"user_id": target.ID.String()}}
		},
		"ChangeUserRole": func(s *scene) call {
			return call{status: http.StatusOK, parameters: user(s), body: api.ChangeRoleRequest{Role: api.RoleTeamLead}}
		},
		"ResetCompany":      func(*scene) call { return call{status: http.StatusConflict} }, // nothing of a live company goes
		"ListTestCompanies": bare,
		"CreateTestCompany": func(*scene) call {
			return call{status: http.StatusCreated, body: map[string]any{"name": "Nightly"}}
		},
		"CloseTestCompany": func(s *scene) call {
			id := uuid.Must(uuid.NewV7())
			s.installation.Exec(`INSERT INTO companies (id, name, slug, test_of) VALUES ($1, 'Test', $2, $3)`, id, "test-"+id.String(), s.company.ID)
			return call{status: http.StatusNoContent, parameters: map[string]string{"test_company_id": id.String()}}
		},
		"ListAPIKeys": bare, "GetMyAPIKey": bare, "GetAPIKey": key(nil), "RotateAPIKey": key(nil), "RevokeAPIKey": key(nil),
		"UpdateAPIKey": key(map[string]any{"name": "Sync of the night"}),
		"CreateAPIKey": func(*scene) call {
			return call{status: http.StatusCreated, body: map[string]any{"name": "Sync", "scopes": []string{"jobs:read"}}}
		},
		"GetCompany":      bare,
		"UpdateCompany":   func(*scene) call { return call{status: http.StatusOK, body: map[string]any{"name": "Acme"}} },
		"ListAuditLogs":   bare,
		"ExportAuditLogs": bare,
		"VerifyAuditLogs": bare,
		"GetAuditLog": func(s *scene) call {
			return call{status: http.StatusOK, parameters: map[string]string{"audit_log_id": s.entry()}}
		},
	}
	maps.Copy(requests, hiringRequests())
	return requests
}

// target gives the path of an operation with its parameters filled in; those that are not given are random ids.
func target(op *gate.Operation, parameters map[string]string) string {
	steps := strings.Split(op.Path, "/")
	for i, step := range steps {
		if name, found := strings.CutPrefix(step, "{"); found {
			steps[i] = uuid.NewString()
			if value := parameters[strings.TrimSuffix(name, "}")]; value != "" {
				steps[i] = value
			}
		}
	}
	return strings.Join(steps, "/")
}

// TestEveryOperationKeepsItsDoor asks each operation as nobody, and as every role. Every answer is held against the
// specification besides.
func TestEveryOperationKeepsItsDoor(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	replica := installation.Replica()
	requests := minimal()
	abroad := foreign(t, installation, replica, globex)
	for _, op := range agreed(t).Operations() {
		if op.Public {
			continue
		}
		request := requests[op.ID]
		if request == nil {
			t.Errorf("%s: this test knows no request for it", op.ID)
			continue
		}
		delete(requests, op.ID)
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			nobody := replica.Anonymous(t)
			nobody.Do(op.Method, target(op, nil), nil).Refused(http.StatusUnauthorized, "missing_token")
			nobody.Token = "not.a.token"
			nobody.Do(op.Method, target(op, nil), nil).Refused(http.StatusUnauthorized, "invalid_token")
			for _, role := range access.Roles() {
				caller := installation.User(acme, strings.ToLower(op.ID)+"-"+string(role), role)
				s := &scene{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
				if !op.Roles[role] {
					refused(s, op)
					continue
				}
				if strings.Contains(op.Path, "{") {
					unseen(s, op, request(s), abroad)
				}
				wanted := request(s)
				s.client.Do(op.Method, target(op, wanted.parameters), wanted.body, wanted.headers...).Expect(wanted.status)
			}
		})
	}
	for id := range requests {
		t.Errorf("%s: is no operation that asks who the caller is", id)
	}
}

// refused expects a denial, and its record.
func refused(s *scene, op *gate.Operation) {
	s.t.Helper()
	// The request is not even valid: who may not is told so before anything else.
	denied := s.client.Do(op.Method, target(op, nil)+"?unknown=1", nil).Refused(http.StatusForbidden, "permission_denied")
	var records int
	row := s.installation.Database.QueryRow(s.t.Context(), `SELECT count(*) FROM audit_logs
		WHERE company_id = $1 AND actor_id = $2 AND request_id = $3 AND action = 'access.denied' AND outcome = 'denied'
		AND details->>'operation' = $4 AND details->>'permission' = $5`,
		s.company.ID, s.caller.ID, denied.RequestID, op.ID, op.Permission)
	if err := row.Scan(&records); err != nil {
		s.t.Fatal(err)
	}
	if records != 1 {
		s.t.Errorf("%s: the denial of the role %s is recorded %d times, want once", op.ID, s.caller.Role, records)
	}
}

// foreign gives ids of another company by the names that paths have for them.
func foreign(
	t *testing.T, installation *testkit.Installation, replica *testkit.Replica, company testkit.Company,
) map[string]string {
	t.Helper()
	other := company.Users[api.RoleEmployee]
	s := &scene{t, installation, replica, company, other, replica.SignIn(t, other)}
	t.Cleanup(func() {
		if s.client.Get("/api/v1/users/me").Status != http.StatusOK {
			t.Error("what another company's users did has ended a session here")
		}
	})
	ids := map[string]string{
		"user_id": other.ID.String(), "session_id": s.session(other), "audit_log_id": s.entry(),
		"api_key_id":      installation.Key(company, []string{"jobs:read"}).ID.String(),
		"test_company_id": company.ID.String(),
	}
	maps.Copy(ids, hiringIDs(s))
	return ids
}

// unseen expects that an id of another company is answered as one that does not exist, byte for byte, whichever of the
// path's ids it stands for.
func unseen(s *scene, op *gate.Operation, valid call, abroad map[string]string) {
	s.t.Helper()
	names := slices.Sorted(maps.Keys(valid.parameters))
	for subset := 1; subset < 1<<len(names); subset++ {
		theirs, random := maps.Clone(valid.parameters), maps.Clone(valid.parameters)
		for i, name := range names {
			if subset&(1<<i) == 0 {
				continue
			}
			if abroad[name] == "" {
				s.t.Fatalf("%s: this test knows no %s of another company", op.ID, name)
			}
			theirs[name], random[name] = abroad[name], uuid.NewString()
		}
		a := notFound(s, op, theirs, valid)
		b := notFound(s, op, random, valid)
		if a != b {
			s.t.Errorf("%s as %s: another company's id and a random one differ:\n%s\n%s", op.ID, s.caller.Role, a, b)
		}
	}
}

// notFound gives the answer to a request as text, without what names the very request.
func notFound(s *scene, op *gate.Operation, parameters map[string]string, valid call) string {
	s.t.Helper()
	path := target(op, parameters)
	answer := s.client.Do(op.Method, path, valid.body, valid.headers...)
	problem := answer.Refused(http.StatusNotFound, "not_found")
	answer.Header.Del("X-Request-Id")
	answer.Header.Del("Date")
	headers, err := json.Marshal(answer.Header)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(headers) + strings.NewReplacer(problem.RequestID, "", path, "").Replace(string(answer.Body))
}

// TestDenialsAreLimited: who may not is counted like everybody else, so that nobody fills the audit log with denials.
func TestDenialsAreLimited(t *testing.T) {
	t.Parallel()
	const limit, tries = 3, 12
	installation := testkit.New(t)
	installation.Config.RateLimit = limit
	acme := installation.Company("acme")
	employee := installation.Replica().SignIn(t, acme.Users[api.RoleEmployee])
	denied := 0
	for range tries {
		answer := employee.Get("/api/v1/company")
		if answer.Header.Get("RateLimit") == "" || answer.Header.Get("RateLimit-Policy") == "" {
			t.Errorf("an answer %d does not say where the client stands", answer.Status)
		}
		if answer.Status == http.StatusForbidden {
			denied++
			continue
		}
		answer.Refused(http.StatusTooManyRequests, "rate_limited")
		if answer.Header.Get("Retry-After") == "" {
			t.Error("a 429 does not say when to try again")
		}
	}
	// A minute's limit is far from filled up again while this test runs, whatever the machine.
	if denied < limit || denied == tries {
		t.Errorf("of %d tries %d were denied, want about %d", tries, denied, limit)
	}
}
