package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// permissionMatrix is the product's decision which roles can call each operation: E(mployee), T(eam lead), H(R), A(dmin).
// Further rules, such as which profiles an employee can read, are tested in the packages of the domains.
func permissionMatrix() map[string]string {
	const public, everybody = "public", "ETHA"
	decided := map[string]string{
		"GetHealth": public, "GetReadiness": public, "GetMetrics": public, "GetSpecificationYAML": public, "GetSpecificationJSON": public,
		"Login": public, "RefreshTokens": public, "RequestPasswordReset": public, "CompletePasswordReset": public,

		"Logout": everybody, "ChangePassword": everybody,
		"ListSessions": everybody, "RevokeSession": everybody, "RevokeOtherSessions": everybody,
		"ListUserSessions": "---A", "RevokeUserSession": "---A", "RevokeUserSessions": "---A",

		"GetMe": everybody, "UpdateMe": everybody, "GetUser": everybody,
		"ListUsers": "-THA", "ExportUsers": "-THA",
		"CreateUser": "--HA", "UpdateUser": "--HA", "ChangeUserRole": "--HA",
		"DeactivateUser": "--HA", "ReactivateUser": "--HA",

		"GetCompany": "--HA", "UpdateCompany": "---A", "ResetCompany": "---A",
		"ListTestCompanies": "---A", "CreateTestCompany": "---A", "CloseTestCompany": "---A",
		"ListAPIKeys": "--HA", "GetAPIKey": "--HA",
		"CreateAPIKey": "---A", "UpdateAPIKey": "---A", "RotateAPIKey": "---A", "RevokeAPIKey": "---A",
		"GetMyAPIKey": "----", // API keys only

		"ListAuditLogs": everybody, "GetAuditLog": everybody, "ExportAuditLogs": everybody, "VerifyAuditLogs": "---A",
		"GetStateMachines": public,
	}
	maps.Copy(decided, hiringPermissions())
	return decided
}

// contract is the contract as the server reads it.
var contract = sync.OnceValues(func() (*gate.Contract, error) { //nolint:gochecknoglobals // read once for all tests
	document, err := api.GetSpec()
	if err != nil {
		return nil, err
	}
	return gate.Load(document)
})

// loadContract returns the contract, which tests must not change.
func loadContract(t *testing.T) *gate.Contract {
	t.Helper()
	loaded, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestSpecificationMatchesPermissionMatrix compares the roles that the specification grants with the product's decision.
func TestSpecificationMatchesPermissionMatrix(t *testing.T) {
	t.Parallel()
	decided := permissionMatrix()
	for _, op := range loadContract(t).Operations() {
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
		want, found := decided[op.ID]
		switch {
		case !found:
			t.Errorf("%s is granted to %q by the specification, but missing in permissionMatrix and hiringPermissions", op.ID, granted)
		case want != granted:
			t.Errorf("%s: the specification grants %q, want %q", op.ID, granted, want)
		}
		delete(decided, op.ID)
	}
	for id := range decided {
		t.Errorf("%s is in the permission matrix, but not in the specification", id)
	}
}

// exampleRequest is a request for an operation.
type exampleRequest struct {
	parameters map[string]string
	body       any
	status     int // expected
	// headers are alternating names and values.
	headers []string
}

// fixture is a company with a signed-in user who calls operations.
type fixture struct {
	t            *testing.T
	installation *testkit.Installation
	replica      *testkit.Replica
	company      testkit.Company
	caller       testkit.User
	client       *testkit.Client
}

// newEmployee creates another user of the company.
func (s *fixture) newEmployee() testkit.User {
	return s.installation.User(s.company, "target-"+uuid.NewString(), api.RoleEmployee)
}

// newSession signs a user in and returns the session's id.
func (s *fixture) newSession(of testkit.User) string {
	s.t.Helper()
	listed := s.replica.SignIn(s.t, of).Get("/api/v1/auth/sessions").Expect(http.StatusOK)
	for _, session := range testkit.Decode[api.SessionPage](listed).Data {
		if session.IsCurrent {
			return session.ID.String()
		}
	}
	s.t.Fatal("the list of sessions does not contain the current session")
	return ""
}

// ownAuditEntry returns the id of an audit entry of the caller.
func (s *fixture) ownAuditEntry() string {
	s.t.Helper()
	listed := s.client.Get("/api/v1/audit-logs?limit=1&action=auth.login").Expect(http.StatusOK)
	return testkit.Decode[api.AuditLogPage](listed).Data[0].ID.String()
}

// example builds the request of an operation. It fails the test if there is none.
func (s *fixture) example(requests map[string]func(*fixture) exampleRequest, id string) exampleRequest {
	s.t.Helper()
	build := requests[id]
	if build == nil {
		s.t.Fatalf("%s has no request: add one to minimalRequests or minimalHiringRequests", id)
	}
	return build(s)
}

// minimalRequests has the smallest valid request for every operation that requires authentication. It must succeed for
// every role that has the permission, and for an API key that has only the operation's scope.
func minimalRequests() map[string]func(*fixture) exampleRequest {
	user := func(s *fixture) map[string]string { return map[string]string{"user_id": s.newEmployee().ID.String()} }
	bare := func(*fixture) exampleRequest { return exampleRequest{status: http.StatusOK} }
	key := func(body any) func(*fixture) exampleRequest {
		return func(s *fixture) exampleRequest {
			id := s.installation.Key(s.company, []string{"jobs:read"}).ID.String()
			return exampleRequest{status: http.StatusOK, body: body, parameters: map[string]string{"api_key_id": id}}
		}
	}
	requests := map[string]func(*fixture) exampleRequest{
		"Logout": bare,
		"ChangePassword": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusNoContent, body: api.ChangePasswordRequest{
				CurrentPassword: testkit.Password, NewPassword: "amber-canyon-whistles-south",
			}}
		},
		"ListSessions":        bare,
		"RevokeOtherSessions": bare,
		"RevokeSession": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusNoContent, parameters: map[string]string{"session_id": s.newSession(s.caller)}}
		},
		"ListUserSessions":   func(s *fixture) exampleRequest { return exampleRequest{status: http.StatusOK, parameters: user(s)} },
		"RevokeUserSessions": func(s *fixture) exampleRequest { return exampleRequest{status: http.StatusOK, parameters: user(s)} },
		"RevokeUserSession": func(s *fixture) exampleRequest {
			target := s.newEmployee()
			return exampleRequest{status: http.StatusNoContent, parameters: map[string]string{
				"user_id": target.ID.String(), "session_id": s.newSession(target),
			}}
		},
		"GetMe": bare,
		"UpdateMe": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, body: map[string]any{"first_name": "Nora"}}
		},
		"ListUsers": bare, "ExportUsers": bare,
		"CreateUser": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusCreated, body: map[string]any{
				"email": "new-" + uuid.NewString() + "@acme.example", "password": testkit.Password,
				"first_name": "Nora", "last_name": "Lind",
			}}
		},
		"GetUser": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, parameters: map[string]string{"user_id": s.caller.ID.String()}}
		},
		"UpdateUser": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, parameters: user(s), body: map[string]any{"department": nil}}
		},
		"DeactivateUser": func(s *fixture) exampleRequest { return exampleRequest{status: http.StatusOK, parameters: user(s)} },
		"ReactivateUser": func(s *fixture) exampleRequest {
			target := s.newEmployee()
			s.installation.Exec(`UPDATE users SET is_active = false WHERE id = $1`, target.ID)
			return exampleRequest{status: http.StatusOK, parameters: map[string]string{"user_id": target.ID.String()}}
		},
		"ChangeUserRole": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, parameters: user(s), body: api.ChangeRoleRequest{Role: api.RoleTeamLead}}
		},
		"ResetCompany":      func(*fixture) exampleRequest { return exampleRequest{status: http.StatusConflict} }, // live companies cannot be reset
		"ListTestCompanies": bare,
		"CreateTestCompany": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusCreated, body: map[string]any{"name": "Nightly"}}
		},
		"CloseTestCompany": func(s *fixture) exampleRequest {
			id := uuid.Must(uuid.NewV7())
			s.installation.Exec(`INSERT INTO companies (id, name, slug, test_of) VALUES ($1, 'Test', $2, $3)`, id, "test-"+id.String(), s.company.ID)
			return exampleRequest{status: http.StatusNoContent, parameters: map[string]string{"test_company_id": id.String()}}
		},
		"ListAPIKeys": bare, "GetMyAPIKey": bare, "GetAPIKey": key(nil), "RotateAPIKey": key(nil), "RevokeAPIKey": key(nil),
		"UpdateAPIKey": key(map[string]any{"name": "Nightly sync"}),
		"CreateAPIKey": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusCreated, body: map[string]any{"name": "Sync", "scopes": []string{"jobs:read"}}}
		},
		"GetCompany": bare,
		"UpdateCompany": func(*fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, body: map[string]any{"name": "Acme"}}
		},
		"ListAuditLogs":   bare,
		"ExportAuditLogs": bare,
		"VerifyAuditLogs": bare,
		"GetAuditLog": func(s *fixture) exampleRequest {
			return exampleRequest{status: http.StatusOK, parameters: map[string]string{"audit_log_id": s.ownAuditEntry()}}
		},
	}
	maps.Copy(requests, minimalHiringRequests())
	return requests
}

// pathOf returns the path of an operation with its parameters, which are percent-encoded, filled in. Parameters that are not given are random ids.
func pathOf(op *gate.Operation, parameters map[string]string) string {
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

// TestEveryOperationEnforcesRoles calls each operation without credentials, with an invalid token, and as every role. An
// id of another company must be indistinguishable from an unknown id. The test client validates every response against
// the specification.
func TestEveryOperationEnforcesRoles(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	replica := installation.Replica()
	requests := minimalRequests()
	foreignIDs := idsOfCompany(t, installation, replica, globex)
	for _, op := range loadContract(t).Operations() {
		if op.Public {
			continue
		}
		request := requests[op.ID]
		if request == nil {
			t.Errorf("%s has no request: add one to minimalRequests or minimalHiringRequests", op.ID)
			continue
		}
		delete(requests, op.ID)
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			anonymous := replica.Anonymous(t)
			anonymous.Do(op.Method, pathOf(op, nil), nil).Refused(http.StatusUnauthorized, "missing_token")
			anonymous.Token = "not.a.token"
			anonymous.Do(op.Method, pathOf(op, nil), nil).Refused(http.StatusUnauthorized, "invalid_token")
			for _, role := range access.Roles() {
				caller := installation.User(acme, strings.ToLower(op.ID)+"-"+string(role), api.Role(role))
				s := &fixture{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
				if !op.Roles[role] {
					expectDenied(s, op)
					continue
				}
				// The external id of another company is a new one here.
				if strings.Contains(op.Path, "{") && op.ID != "SetCandidateByExternalID" {
					expectForeignIDsNotFound(s, op, request(s), foreignIDs)
				}
				example := request(s)
				s.client.Do(op.Method, pathOf(op, example.parameters), example.body, example.headers...).Expect(example.status)
			}
		})
	}
	for id := range requests {
		t.Errorf("minimalRequests has %s, which is not an operation that requires authentication", id)
	}
}

// expectDenied expects that an operation is denied to the caller, and that the denial is in the audit log.
func expectDenied(s *fixture, op *gate.Operation) {
	s.t.Helper()
	// The request is invalid as well: permissions are checked before input.
	denied := s.client.Do(op.Method, pathOf(op, nil)+"?unknown=1", nil).Refused(http.StatusForbidden, "permission_denied")
	var entries int
	row := s.installation.Database.QueryRow(s.t.Context(), `SELECT count(*) FROM audit_logs
		WHERE company_id = $1 AND actor_id = $2 AND request_id = $3 AND action = 'access.denied' AND outcome = 'denied'
		AND details->>'operation' = $4 AND details->>'permission' = $5`,
		s.company.ID, s.caller.ID, denied.RequestID, op.ID, op.Permission)
	if err := row.Scan(&entries); err != nil {
		s.t.Fatal(err)
	}
	if entries != 1 {
		s.t.Errorf("%s: audit entries of the denial to role %s: got %d, want 1", op.ID, s.caller.Role, entries)
	}
}

// idsOfCompany returns ids of resources of another company by the names of their path parameters.
func idsOfCompany(
	t *testing.T, installation *testkit.Installation, replica *testkit.Replica, company testkit.Company,
) map[string]string {
	t.Helper()
	other := company.Users[api.RoleEmployee]
	s := &fixture{t, installation, replica, company, other, replica.SignIn(t, other)}
	t.Cleanup(func() {
		if s.client.Get("/api/v1/users/me").Status != http.StatusOK {
			t.Error("a request of another company has ended a session of this company")
		}
	})
	ids := map[string]string{
		"user_id": other.ID.String(), "session_id": s.newSession(other), "audit_log_id": s.ownAuditEntry(),
		"api_key_id":      installation.Key(company, []string{"jobs:read"}).ID.String(),
		"test_company_id": company.ID.String(),
	}
	maps.Copy(ids, hiringIDs(s))
	return ids
}

// expectForeignIDsNotFound replaces every subset of the path's ids by ids of another company. The responses must be byte
// for byte those for ids that do not exist.
func expectForeignIDsNotFound(s *fixture, op *gate.Operation, valid exampleRequest, foreignIDs map[string]string) {
	s.t.Helper()
	names := slices.Sorted(maps.Keys(valid.parameters))
	for subset := 1; subset < 1<<len(names); subset++ {
		theirs, random := maps.Clone(valid.parameters), maps.Clone(valid.parameters)
		for i, name := range names {
			if subset&(1<<i) == 0 {
				continue
			}
			if foreignIDs[name] == "" {
				s.t.Fatalf("%s: idsOfCompany has no %s", op.ID, name)
			}
			theirs[name], random[name] = foreignIDs[name], uuid.NewString()
		}
		a := notFoundResponse(s, op, theirs, valid)
		b := notFoundResponse(s, op, random, valid)
		if a != b {
			s.t.Errorf("%s as %s: another company's id and a random one differ:\n%s\n%s", op.ID, s.caller.Role, a, b)
		}
	}
}

// notFoundResponse returns the headers and body of a 404 response, without the parts that differ between requests.
func notFoundResponse(s *fixture, op *gate.Operation, parameters map[string]string, valid exampleRequest) string {
	s.t.Helper()
	path := pathOf(op, parameters)
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

// TestDenialsAreRateLimited checks that denied requests count against the rate limit, so that a client cannot fill the
// audit log with denials.
func TestDenialsAreRateLimited(t *testing.T) {
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
			t.Errorf("a response with status %d has no RateLimit headers", answer.Status)
		}
		if answer.Status == http.StatusForbidden {
			denied++
			continue
		}
		answer.Refused(http.StatusTooManyRequests, "rate_limited")
		if answer.Header.Get("Retry-After") == "" {
			t.Error("a 429 response has no Retry-After")
		}
	}
	// The test takes much less than the minute after which the limit is available again.
	if denied < limit || denied == tries {
		t.Errorf("denied requests: got %d of %d, want about %d", denied, tries, limit)
	}
}
