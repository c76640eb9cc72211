package interviews_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the program embeds it too

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/interviews"

// fixture is a company with an application to a job, a published kit version, and users with different relations.
type fixture struct {
	*testkit.Installation
	*testkit.Hiring
	t           *testing.T
	replica     *testkit.Replica
	company     testkit.Company
	job         uuid.UUID
	candidate   uuid.UUID
	application uuid.UUID // of the candidate to the job
	kit         uuid.UUID
	kitVersion  uuid.UUID
	// users and clients are keyed by: hr, admin, lead (team lead of the job), other_lead (team lead of another job),
	// panelist (employee on most panels) and outsider (employee on no panel).
	users   map[string]testkit.User
	clients map[string]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	f := fixture{
		Installation: installation, t: t, replica: installation.Replica(), company: installation.Company("acme"),
		users: map[string]testkit.User{}, clients: map[string]*testkit.Client{},
	}
	f.Hiring = installation.Hiring(f.company)
	f.users["hr"], f.users["admin"] = f.company.Users[api.RoleHr], f.company.Users[api.RoleAdmin]
	f.users["lead"], f.users["panelist"] = f.company.Users[api.RoleTeamLead], f.company.Users[api.RoleEmployee]
	f.users["other_lead"] = installation.User(f.company, "other_lead", api.RoleTeamLead)
	f.users["outsider"] = installation.User(f.company, "outsider", api.RoleEmployee)
	for name, user := range f.users {
		f.clients[name] = f.replica.SignIn(t, user)
	}
	f.job = f.Job(api.JobStatusOpen, f.users["lead"])
	f.Job(api.JobStatusOpen, f.users["other_lead"])
	f.candidate = f.Candidate()
	f.application = f.Application(f.candidate, f.job, api.ApplicationStageInterview)
	f.kit, f.kitVersion = f.KitVersion(api.KitVersionStatusPublished)
	return f
}

// in returns the fixture for a subtest: a failed request fails the subtest.
func (f fixture) in(t *testing.T) fixture {
	t.Helper()
	parent := f.clients
	f.t, f.clients = t, map[string]*testkit.Client{}
	for name, client := range parent {
		f.clients[name] = f.replica.Bearer(t, client.Token)
	}
	return f
}

// newInterview creates an interview of the application with a panel of the named users. Without names, the panel of a
// draft is empty, and that of any other interview is the panelist.
func (f fixture) newInterview(status api.InterviewStatus, panel ...string) uuid.UUID {
	f.t.Helper()
	if len(panel) == 0 && status != api.InterviewStatusDraft {
		panel = []string{"panelist"}
	}
	users := make([]testkit.User, len(panel))
	for i, name := range panel {
		users[i] = f.users[name]
	}
	return f.Interview(f.application, f.kitVersion, status, users...)
}

// path returns the path of an interview, or of something below it.
func path(id uuid.UUID, segments ...string) string {
	return strings.Join(append([]string{collection, id.String()}, segments...), "/")
}

// createBody returns a body that creates an interview. Members are replaced by changes; the value "absent" removes one.
func (f fixture) createBody(changes map[string]any) map[string]any {
	body := map[string]any{
		"application_id": f.application, "kit_version_id": f.kitVersion, "title": "Technical interview", "kind": "video",
	}
	for name, value := range changes {
		body[name] = value
		if value == "absent" {
			delete(body, name)
		}
	}
	return body
}

// panelOf returns the panel of a request with the named users.
func (f fixture) panelOf(names ...string) []map[string]any {
	panel := make([]map[string]any, len(names))
	for i, name := range names {
		panel[i] = map[string]any{"user_id": f.users[name].ID}
	}
	return panel
}

// scheduleAt returns a schedule of one hour that starts some minutes after 9:00 UTC on 12 January 2055. Pairs of a name
// and a value replace or add members.
func scheduleAt(minutes int, members ...any) map[string]any {
	from := time.Date(2055, 1, 12, 9, minutes, 0, 0, time.UTC)
	body := map[string]any{
		"starts_at": from.Format(time.RFC3339), "ends_at": from.Add(time.Hour).Format(time.RFC3339),
		"timezone": "Europe/Berlin",
	}
	for i := 0; i+1 < len(members); i += 2 {
		body[members[i].(string)] = members[i+1]
	}
	return body
}

func withReason(reason string) map[string]any { return map[string]any{"reason": reason} }

// decode returns the interview in an answer.
func decode(a *testkit.Answer) api.Interview { return testkit.Decode[api.Interview](a) }

func (f fixture) get(name string, id uuid.UUID) api.Interview {
	f.t.Helper()
	return decode(f.clients[name].Get(path(id)).Expect(http.StatusOK))
}

func (f fixture) history(id uuid.UUID) []api.InterviewEvent {
	f.t.Helper()
	answer := f.clients["hr"].Get(path(id, "history")).Expect(http.StatusOK)
	return testkit.Decode[api.InterviewEventPage](answer).Data
}

// auditEntry is an entry of the audit log about an interview.
type auditEntry struct {
	action, details string
	actor           uuid.UUID
}

// auditEntries returns the audit entries about an interview, oldest first.
func (f fixture) auditEntries(id uuid.UUID) []auditEntry {
	f.t.Helper()
	rows, err := f.Database.Query(f.t.Context(),
		`SELECT action, details::text, actor_id FROM audit_logs WHERE resource_id = $1 ORDER BY created_at, id`, id)
	if err != nil {
		f.t.Fatal(err)
	}
	var all []auditEntry
	for rows.Next() {
		var e auditEntry
		if err := rows.Scan(&e.action, &e.details, &e.actor); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return all
}

func actionsOf(entries []auditEntry) []string {
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.action
	}
	return all
}

// violations returns the pointer or parameter and the code of each error of a problem.
func violations(p api.Problem) []string {
	all := []string{}
	for _, e := range p.Errors {
		place := ""
		if e.Pointer != nil {
			place = *e.Pointer
		}
		if e.Parameter != nil {
			place = *e.Parameter
		}
		all = append(all, place+" "+e.Code)
	}
	return all
}

func wantEqual[T comparable](t *testing.T, name string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

// wantSameRead verifies that GET returns the body and the ETag of an answer.
func (f fixture) wantSameRead(name string, id uuid.UUID, answer *testkit.Answer) {
	f.t.Helper()
	read := f.clients[name].Get(path(id)).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		f.t.Errorf("answered %s %s, but GET returns %s %s",
			answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}
}
