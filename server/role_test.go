package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// observer is a role of the specification and the database that package access has no standing for.
const observer api.Role = "observer"

// withObserver returns an installation whose specification and database have the role observer with some permissions.
func withObserver(t *testing.T, permissions ...string) (*testkit.Installation, *gate.Contract) {
	t.Helper()
	read := func() *openapi3.T {
		published, err := spec.Published()
		if err != nil {
			t.Fatal(err)
		}
		document, err := openapi3.NewLoader().LoadFromData(published.JSON)
		if err != nil {
			t.Fatal(err)
		}
		role := document.Components.Schemas["Role"].Value
		role.Enum = append(role.Enum, string(observer))
		granted := []any{}
		for _, permission := range permissions {
			granted = append(granted, permission)
		}
		document.Extensions["x-roles"].(map[string]any)[string(observer)] = granted
		return document
	}
	contract, err := gate.Load(read(), stored.Role(observer))
	if err != nil {
		t.Fatal(err)
	}
	installation := testkit.New(t)
	installation.Specification = read()
	installation.Exec(`ALTER DOMAIN user_role DROP CONSTRAINT user_role_known`)
	installation.Exec(`ALTER DOMAIN user_role ADD CONSTRAINT user_role_known
		CHECK (VALUE IN ('employee', 'team_lead', 'hr', 'admin', 'observer'))`)
	return installation, contract
}

// TestRoleWithoutGrants adds a role without permissions. Its users can call the operations on their own account; all other
// operations are denied.
func TestRoleWithoutGrants(t *testing.T) {
	t.Parallel()
	installation, contract := withObserver(t)
	acme, replica, requests := installation.Company("acme"), installation.Replica(), minimalRequests()
	own := []string{"ChangePassword", "GetMe", "Logout", "UpdateMe"}
	for _, op := range contract.Operations() {
		if op.Public {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			caller := installation.User(acme, strings.ToLower(op.ID)+"-observer", observer)
			s := &fixture{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
			if !slices.Contains(own, op.ID) {
				expectDenied(s, op)
				return
			}
			example := s.example(requests, op.ID)
			s.client.Do(op.Method, pathOf(op, example.parameters), example.body, example.headers...).Expect(example.status)
		})
	}
}

// TestRoleWithAllGrants grants every permission to a role that has no standing. The gate admits its users to every
// operation, but they see nothing: lists are empty and every id is unknown, even for the members of a job, the panelists of
// its interview and the rater of a score. Only operations for which the permission alone decides succeed.
func TestRoleWithAllGrants(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	var permissions []string
	for _, granted := range document.Extensions["x-roles"].(map[string]any) {
		for _, permission := range granted.([]any) {
			permissions = append(permissions, permission.(string))
		}
	}
	slices.Sort(permissions)
	installation, contract := withObserver(t, slices.Compact(permissions)...)
	acme, replica, requests := installation.Company("acme"), installation.Replica(), minimalRequests()
	requests["GetAuditLog"] = func(s *fixture) exampleRequest {
		var id uuid.UUID
		err := s.installation.Database.QueryRow(s.t.Context(), `SELECT id FROM audit_logs WHERE actor_id = $1 LIMIT 1`, s.caller.ID).
			Scan(&id)
		if err != nil {
			s.t.Fatal(err)
		}
		return exampleRequest{parameters: map[string]string{"audit_log_id": id.String()}}
	}
	// The permission alone decides about the own account, the settings of the company, and new jobs and candidates.
	permitted := strings.Fields(`Logout ChangePassword ListSessions RevokeSession RevokeOtherSessions GetMe UpdateMe
		GetCompany UpdateCompany ResetCompany ListTestCompanies CreateTestCompany CloseTestCompany
		ListAPIKeys GetAPIKey RevokeAPIKey VerifyAuditLogs
		CreateJob CreateCandidate SetCandidateByExternalID ImportCandidatesCSV ImportCandidatesXLSX ImportCandidatesNDJSON`)

	// All other operations, except lists and exports, are refused with not_found, or with one of these codes.
	refused := map[string]string{
		"CreateUser": "role_not_allowed", "CreateApplication": "role_not_allowed", "CreateAPIKey": "role_not_allowed",
		"UpdateAPIKey": "role_not_allowed", "RotateAPIKey": "role_not_allowed",
		"CreateKit": "rule_violated", "CreateInterview": "rule_violated", // they refer to a job or an application
	}
	statuses := map[string]int{
		"not_found": http.StatusNotFound, "role_not_allowed": http.StatusForbidden, "rule_violated": http.StatusUnprocessableEntity,
	}
	lists := strings.Fields(`ListJobs ListCandidates ListApplications ListKits ListInterviews ListScores ListUsers ListAuditLogs
		ListInterviewerFigures ListDuplicateCandidates`)
	exports := strings.Fields(`ExportUsers ExportJobs ExportCandidates ExportApplications ExportInterviews ExportScores ExportAuditLogs`)
	// The lists are not empty for other roles: the observer is on the panel of an interview and has submitted a score.
	member := installation.User(acme, "member", observer)
	hiring := installation.Hiring(acme)
	observerClient, hr, admin := replica.SignIn(t, member), replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, acme.Users[api.RoleAdmin])
	followEvents := map[*testkit.Client]string{}
	for _, c := range []*testkit.Client{observerClient, hr} {
		position := testkit.Decode[api.EventFeed](c.Get("/api/v1/events").Expect(http.StatusOK)).NextCursor
		followEvents[c] = "/api/v1/events?cursor=" + position
	}
	application := hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen, member), api.ApplicationStageInterview)
	hiring.Candidate()
	installation.Exec(`UPDATE candidates SET email = 'same@mail.example' WHERE company_id = $1`, acme.ID)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, member)
	hiring.Score(interview, member, api.ScoreStatusSubmitted, 4)
	for _, op := range contract.Operations() {
		if op.Public || op.Keys == gate.KeyReachEvery {
			continue
		}
		if op.ID == "FollowEvents" {
			testkit.Eventually(t, time.Minute, "HR follows changes", func() bool { return rows(hr.Get(followEvents[hr])) > 0 })
			if got := rows(observerClient.Get(followEvents[observerClient]).Expect(http.StatusOK)); got != 0 {
				t.Errorf("%s: changes of the observer: got %d, want 0", op.ID, got)
			}
			continue
		}
		if slices.Contains(lists, op.ID) || slices.Contains(exports, op.ID) {
			// Between them, HR and the admin see every row.
			some := rows(hr.Do(op.Method, op.Path, nil)) + rows(admin.Do(op.Method, op.Path, nil))
			if got := rows(observerClient.Do(op.Method, op.Path, nil).Expect(http.StatusOK)); got != 0 || some == 0 {
				t.Errorf("%s: rows of the observer: got %d, want 0; rows of HR and the admin: got %d, want some", op.ID, got, some)
			}
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			caller := installation.In(t).User(acme, strings.ToLower(op.ID)+"-observer", observer)
			s := &fixture{t, installation.In(t), replica, acme, caller, replica.SignIn(t, caller)}
			example := s.example(requests, op.ID)
			answer := s.client.Do(op.Method, pathOf(op, example.parameters), example.body, example.headers...)
			switch {
			case slices.Contains(permitted, op.ID):
				answer.Expect(example.status)
			case op.ID == "GetMyCalendar":
				if answer.Expect(http.StatusOK); strings.Contains(string(answer.Body), "BEGIN:VEVENT") {
					t.Errorf("calendar: got %s, want no event", answer.Body)
				}
			default:
				code, found := refused[op.ID]
				if !found {
					code = "not_found"
				}
				answer.Refused(statuses[code], code)
			}
		})
	}
}

// rows returns the number of rows of a list or of the lines of an export; 0 if the response is not a success.
func rows(answer *testkit.Answer) int {
	switch {
	case answer.Status != http.StatusOK:
		return 0
	case strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json"):
		return len(testkit.Decode[struct{ Data []any }](answer).Data)
	default:
		return strings.Count(string(answer.Body), "\n")
	}
}
