package interviews_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the program has it too

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/interviews"

// house is a company that interviews: a job with an application to it and a kit, and people who have different things to
// do with it.
type house struct {
	*testkit.Installation
	*testkit.Hiring
	t       *testing.T
	replica *testkit.Replica
	acme    testkit.Company
	job     uuid.UUID
	mira    uuid.UUID // the candidate
	applies uuid.UUID // her application
	kit     uuid.UUID
	version uuid.UUID
	// Who they are: hr, admin, the lead of the job, the lead of another job, somebody on panels, and somebody on none.
	people map[string]testkit.User
	as     map[string]*testkit.Client
}

func build(t *testing.T) house {
	t.Helper()
	installation := testkit.New(t)
	h := house{
		Installation: installation, t: t, replica: installation.Replica(), acme: installation.Company("acme"),
		people: map[string]testkit.User{}, as: map[string]*testkit.Client{},
	}
	h.Hiring = installation.Hiring(h.acme)
	h.people["hr"], h.people["admin"] = h.acme.Users[api.RoleHr], h.acme.Users[api.RoleAdmin]
	h.people["lead"], h.people["panelist"] = h.acme.Users[api.RoleTeamLead], h.acme.Users[api.RoleEmployee]
	h.people["rival"] = installation.User(h.acme, "rival", api.RoleTeamLead)
	h.people["other"] = installation.User(h.acme, "other", api.RoleEmployee)
	for name, user := range h.people {
		h.as[name] = h.replica.SignIn(t, user)
	}
	h.job = h.Job(api.JobStatusOpen, h.people["lead"])
	h.Job(api.JobStatusOpen, h.people["rival"])
	h.mira = h.Candidate()
	h.applies = h.Application(h.mira, h.job, api.ApplicationStageInterview)
	h.kit, h.version = h.KitVersion(api.KitVersionStatusPublished)
	return h
}

// held arranges an interview in a status; in all but draft it has the panelist on its panel, in a draft those given only.
func (h house) held(status api.InterviewStatus, panel ...string) uuid.UUID {
	h.t.Helper()
	if len(panel) == 0 && status != api.InterviewStatusDraft {
		panel = []string{"panelist"}
	}
	users := make([]testkit.User, len(panel))
	for i, name := range panel {
		users[i] = h.people[name]
	}
	return h.Interview(h.applies, h.version, status, users...)
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

// wanted is a request that creates an interview, with members replaced or, where "absent", left out.
func (h house) wanted(changes map[string]any) map[string]any {
	body := map[string]any{
		"application_id": h.applies, "kit_version_id": h.version, "title": "Technical interview", "kind": "video",
	}
	for name, value := range changes {
		body[name] = value
		if value == "absent" {
			delete(body, name)
		}
	}
	return body
}

// on gives a panel of people.
func (h house) on(names ...string) []map[string]any {
	panel := make([]map[string]any, len(names))
	for i, name := range names {
		panel[i] = map[string]any{"user_id": h.people[name].ID}
	}
	return panel
}

// at is a schedule of an hour that begins so many minutes after nine on a day in January 2027, UTC.
func at(minutes int, more ...any) map[string]any {
	from := time.Date(2027, 1, 12, 9, minutes, 0, 0, time.UTC)
	body := map[string]any{
		"starts_at": from.Format(time.RFC3339), "ends_at": from.Add(time.Hour).Format(time.RFC3339), "timezone": "Europe/Berlin",
	}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return body
}

func because(reason string) map[string]any { return map[string]any{"reason": reason} }

// shown reads an interview out of an answer.
func shown(a *testkit.Answer) api.Interview { return testkit.Decode[api.Interview](a) }

func (h house) get(as string, id uuid.UUID) api.Interview {
	h.t.Helper()
	return shown(h.as[as].Get(path(id)).Expect(http.StatusOK))
}

func (h house) history(id uuid.UUID) []api.InterviewEvent {
	h.t.Helper()
	return testkit.Decode[api.InterviewEventPage](h.as["hr"].Get(path(id, "history")).Expect(http.StatusOK)).Data
}

// entry is what the audit log has about an interview.
type entry struct {
	action, details string
	actor           uuid.UUID
}

func (h house) audited(id uuid.UUID) []entry {
	h.t.Helper()
	rows, err := h.Database.Query(h.t.Context(),
		`SELECT action, details::text, actor_id FROM audit_logs WHERE resource_id = $1 ORDER BY created_at, id`, id)
	if err != nil {
		h.t.Fatal(err)
	}
	var all []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.action, &e.details, &e.actor); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return all
}

func actions(entries []entry) []string {
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.action
	}
	return all
}

// wrong gives the places and codes of what a problem finds wrong.
func wrong(p api.Problem) []string {
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

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
