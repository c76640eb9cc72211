package applications_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/applications"

// fixture is an installation with one replica and the company acme, in which a user of every role is signed in.
type fixture struct {
	*testkit.Installation
	replica *testkit.Replica
	acme    testkit.Company
	hiring  *testkit.Hiring
	// as has the client of each role.
	as map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	return newFixtureOn(t, testkit.New(t))
}

func newFixtureOn(t *testing.T, installation *testkit.Installation) fixture {
	t.Helper()
	f := fixture{
		Installation: installation, replica: installation.Replica(), acme: installation.Company("acme"),
		as: map[api.Role]*testkit.Client{},
	}
	f.hiring = installation.Hiring(f.acme)
	for role, user := range f.acme.Users {
		f.as[role] = f.replica.SignIn(t, user)
	}
	return f
}

// in returns the fixture for a subtest: a failed request fails the subtest.
func (f fixture) in(t *testing.T) fixture {
	t.Helper()
	parent := f.as
	f.Installation, f.as = f.In(t), map[api.Role]*testkit.Client{}
	for role, client := range parent {
		f.as[role] = f.replica.Bearer(t, client.Token)
	}
	return f
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

// getApplication returns an application as it is for a client's user.
func getApplication(c *testkit.Client, id uuid.UUID) api.Application {
	return testkit.Decode[api.Application](c.Get(path(id)).Expect(http.StatusOK))
}

// getHistory returns the first page of an application's moves.
func getHistory(c *testkit.Client, id uuid.UUID) []api.ApplicationMove {
	return testkit.Decode[api.ApplicationMovePage](c.Get(path(id, "history")).Expect(http.StatusOK)).Data
}

// auditEntries returns the audit entries of a resource, oldest first.
func auditEntries(f fixture, id uuid.UUID) []api.AuditLog {
	return testkit.Decode[api.AuditLogPage](f.as[api.RoleAdmin].
		Get("/api/v1/audit-logs?sort=created_at&resource_id=" + id.String()).Expect(http.StatusOK)).Data
}

// auditDetails returns the details of an audit entry as JSON with sorted members.
func auditDetails(t *testing.T, entry api.AuditLog) string {
	t.Helper()
	encoded, err := json.Marshal(entry.Details)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	candidate, job := f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen)
	answer := f.as[api.RoleHr].Post(collection, map[string]any{
		"candidate_id": candidate, "job_id": job, "source": "  Referral by Nóra\u00a0",
	}).Expect(http.StatusCreated)
	created := testkit.Decode[api.Application](answer)
	if created.Candidate.ID != candidate || created.Candidate.FirstName != "First1" || created.Candidate.LastName != "Last1" ||
		created.Job != (api.JobSummary{ID: job, Title: "Job 2"}) || created.Stage != api.ApplicationStageApplied ||
		created.Status != api.ApplicationStatusActive || created.RejectionReason != nil ||
		created.Source.MustGet() != "Referral by Nóra" || !created.StageEnteredAt.Equal(created.CreatedAt) ||
		!created.UpdatedAt.Equal(created.CreatedAt) {
		t.Errorf("created %+v", created)
	}
	actions := []api.ApplicationAction{"move", "hold", "reject", "withdraw", "schedule_interview"}
	if !slices.Equal(created.AllowedActions, actions) {
		t.Errorf("got allowed actions %v, want %v", created.AllowedActions, actions)
	}
	stages := []api.ApplicationStage{"screening", "interview", "evaluation", "offer"}
	if !slices.Equal(created.AllowedStages, stages) {
		t.Errorf("got allowed stages %v, want %v", created.AllowedStages, stages)
	}

	// The Location leads to the same representation.
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("got Location %q, want %q", got, path(created.ID))
	}
	again := f.as[api.RoleHr].Get(answer.Header.Get("Location")).Expect(http.StatusOK)
	if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, again.Header.Get("ETag"), again.Body)
	}

	// The creation is the first entry of the history and of the audit log.
	moves := getHistory(f.as[api.RoleHr], created.ID)
	if len(moves) != 1 || moves[0].Event != api.ApplicationEventApply || moves[0].FromStage != nil ||
		moves[0].FromStatus != nil || moves[0].ToStage != created.Stage || moves[0].ToStatus != created.Status ||
		!moves[0].Reason.IsNull() || !moves[0].CreatedAt.Equal(created.CreatedAt) ||
		moves[0].Actor != (api.ActorSummary{ID: f.acme.Users[api.RoleHr].ID, Type: "user", Name: "hr Example"}) {
		t.Errorf("got history %+v, want one apply by HR", moves)
	}
	entries := auditEntries(f, created.ID)
	if len(entries) != 1 || entries[0].Action != "application.created" {
		t.Fatalf("got audit entries %+v, want one application.created", entries)
	}
	want := fmt.Sprintf(`{"changes":{"candidate_id":{"from":null,"to":"%s"},"job_id":{"from":null,"to":"%s"},`+
		`"stage":{"from":null,"to":"applied"},"status":{"from":null,"to":"active"}}}`, candidate, job)
	if got := auditDetails(t, entries[0]); got != want {
		t.Errorf("got details %s, want %s", got, want)
	}

	withoutSource := testkit.Decode[api.Application](f.as[api.RoleAdmin].Post(collection, map[string]any{
		"candidate_id": f.hiring.Candidate(), "job_id": job, "source": nil,
	}).Expect(http.StatusCreated))
	if !withoutSource.Source.IsNull() {
		t.Errorf("got source %v, want null", withoutSource.Source)
	}
}

func TestCreateRefusesInvalidApplications(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Hiring(f.Company("globex"))
	candidate, job := f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	archived := f.hiring.Candidate()
	f.Exec(`UPDATE candidates SET status = 'archived' WHERE id = $1`, archived)
	valid := map[string]any{"candidate_id": candidate, "job_id": job}
	with := func(changes map[string]any) map[string]any {
		body := maps.Clone(valid)
		maps.Copy(body, changes)
		return body
	}

	for name, body := range map[string]any{
		"invalid id":   with(map[string]any{"job_id": "x"}),
		"stage":        with(map[string]any{"stage": "offer"}),
		"status":       with(map[string]any{"status": "hired"}),
		"empty source": with(map[string]any{"source": ""}),
		"long source":  with(map[string]any{"source": strings.Repeat("x", 101)}),
	} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			f.as[api.RoleHr].Post(collection, body).Refused(http.StatusBadRequest, "malformed_request")
		})
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		f.as[role].Post(collection, valid).Refused(http.StatusForbidden, "permission_denied")
	}

	// All errors are reported together. An id of another company gives the same error as an unknown one.
	for name, ids := range map[string][2]uuid.UUID{
		"other company": {globex.Candidate(), globex.Job(api.JobStatusOpen)},
		"unknown":       {uuid.New(), uuid.New()},
		"interchanged":  {job, candidate},
	} {
		t.Run(name+" ids", func(t *testing.T) {
			f := f.in(t)
			p := f.as[api.RoleHr].Post(collection, map[string]any{"candidate_id": ids[0], "job_id": ids[1], "source": "\u00a0"}).
				Refused(http.StatusUnprocessableEntity, "rule_violated")
			got := []string{}
			for _, e := range p.Errors {
				got = append(got, *e.Pointer+" "+e.Code)
			}
			if want := []string{"/candidate_id unknown", "/job_id unknown", "/source blank"}; !slices.Equal(got, want) {
				t.Errorf("%s ids: got errors %v, want %v", name, got, want)
			}
		})
	}
	for _, source := range []string{"\u2003", "a\u0007b", "a\nb", "a\u202eb"} {
		f.as[api.RoleHr].Post(collection, with(map[string]any{"source": source})).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
	}

	// A conflict has the state of the candidate or job that prevents the application, and its allowed actions.
	conflict := func(body map[string]any, state string, actions ...string) {
		t.Helper()
		p := f.as[api.RoleHr].Post(collection, body).Refused(http.StatusConflict, "state_conflict")
		if p.State == nil || *p.State != state || p.AllowedActions == nil || !slices.Equal(*p.AllowedActions, actions) {
			t.Errorf("%v: got state %v and actions %v, want %s and %v", body, p.State, p.AllowedActions, state, actions)
		}
	}
	conflict(with(map[string]any{"candidate_id": archived}), "archived", "update", "restore")
	conflict(with(map[string]any{"job_id": f.hiring.Job(api.JobStatusDraft)}), "draft", "update", "open", "close")
	conflict(with(map[string]any{"job_id": f.hiring.Job(api.JobStatusOnHold)}), "on_hold", "update", "open", "close")
	conflict(with(map[string]any{"job_id": f.hiring.Job(api.JobStatusClosed)}), "closed", "update", "open")
	conflict(map[string]any{"candidate_id": archived, "job_id": f.hiring.Job(api.JobStatusClosed)},
		"archived", "update", "restore")

	page := testkit.Decode[api.ApplicationPage](f.as[api.RoleHr].Get(collection).Expect(http.StatusOK))
	if len(page.Data) != 0 {
		t.Errorf("got applications %+v after refused requests, want none", page.Data)
	}
}

// TestCreateRefusesSecondOpenApplication creates and reactivates applications of a candidate who has an application to
// the same job, open or closed.
func TestCreateRefusesSecondOpenApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	body := map[string]any{"candidate_id": f.hiring.Candidate(), "job_id": f.hiring.Job(api.JobStatusOpen)}
	apply := func() uuid.UUID {
		return testkit.Decode[api.Application](hr.Post(collection, body).Expect(http.StatusCreated)).ID
	}
	first := apply()
	named := func(answer *testkit.Answer, want uuid.UUID) {
		t.Helper()
		problem := answer.Refused(http.StatusConflict, "application_exists")
		if len(problem.Conflicts) != 1 || problem.Conflicts[0].ID != want || problem.Conflicts[0].Type != "application" {
			t.Errorf("the conflicts are %+v, want the application %s", problem.Conflicts, want)
		}
	}
	named(hr.Post(collection, body), first)
	hr.Post(path(first, "hold"), nil).Expect(http.StatusOK)
	hr.Post(collection, body).Refused(http.StatusConflict, "application_exists")

	// After the first one is closed, a second one can be created, and the first one cannot be reactivated.
	hr.Post(path(first, "withdraw"), nil).Expect(http.StatusOK)
	second := apply()
	named(hr.Post(path(first, "reactivate"), `{"reason":"Changed their mind."}`), second)
	if got := getApplication(hr, first); got.Status != api.ApplicationStatusWithdrawn || len(getHistory(hr, first)) != 3 {
		t.Errorf("after a refused reactivation: got %+v, want withdrawn with 3 moves", got)
	}
	hr.Post(path(second, "reject"), `{"rejection_reason":"duplicate"}`).Expect(http.StatusOK)
	hr.Post(path(first, "reactivate"), `{"reason":"Changed their mind."}`).Expect(http.StatusOK)
	hr.Post(path(second, "reactivate"), `{"reason":"This one after all."}`).Refused(http.StatusConflict, "application_exists")

	// The candidate can apply to another job, and another candidate to this job.
	hr.Post(collection, map[string]any{"candidate_id": body["candidate_id"], "job_id": f.hiring.Job(api.JobStatusOpen)}).
		Expect(http.StatusCreated)
	hr.Post(collection, map[string]any{"candidate_id": f.hiring.Candidate(), "job_id": body["job_id"]}).
		Expect(http.StatusCreated)
}

// TestConcurrentCreatesLeaveOneApplication creates the same application many times at once, on two replicas.
func TestConcurrentCreatesLeaveOneApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	clients := []*testkit.Client{f.as[api.RoleHr], f.as[api.RoleHr].At(f.Replica())}
	body := map[string]any{"candidate_id": f.hiring.Candidate(), "job_id": f.hiring.Job(api.JobStatusOpen)}
	answers := make([]*testkit.Answer, 12)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = clients[i%2].Post(collection, body) })
	}
	all.Wait()
	created := 0
	for _, answer := range answers {
		if answer.Status == http.StatusCreated {
			created++
			continue
		}
		answer.Refused(http.StatusConflict, "application_exists")
	}
	found := testkit.Decode[api.ApplicationPage](f.as[api.RoleHr].Get(collection).Expect(http.StatusOK)).Data
	if created != 1 || len(found) != 1 || len(getHistory(f.as[api.RoleHr], found[0].ID)) != 1 {
		t.Errorf("%d requests succeeded and %d applications exist, want 1 with one move", created, len(found))
	}
}

// TestCreateWaitsForArchiveAndClose creates an application while a transaction that archives the candidate or closes the
// job is open. The request must wait for its end and then be refused.
func TestCreateWaitsForArchiveAndClose(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for table, update := range map[string]string{
		"candidates": `UPDATE candidates SET status = 'archived' WHERE id = $1`,
		"jobs":       `UPDATE jobs SET status = 'closed' WHERE id = $1`,
	} {
		t.Run(table, func(t *testing.T) {
			f := f.in(t)
			ids := map[string]uuid.UUID{"candidates": f.hiring.Candidate(), "jobs": f.hiring.Job(api.JobStatusOpen)}
			tx, err := f.Connect().Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), update, ids[table]); err != nil {
				t.Fatal(err)
			}
			answer := make(chan *testkit.Answer, 1)
			go func() {
				body := map[string]any{"candidate_id": ids["candidates"], "job_id": ids["jobs"]}
				answer <- f.as[api.RoleHr].Post(collection, body)
			}()
			f.waitForLock(t)
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			(<-answer).Refused(http.StatusConflict, "state_conflict")
		})
	}
}

// TestVisibility checks who can read an application of the team lead's job and one for which the employee is a
// panelist. For all others, the response is the same as for an unknown id.
func TestVisibility(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, employee := f.acme.Users[api.RoleTeamLead], f.acme.Users[api.RoleEmployee]
	job := f.hiring.Job(api.JobStatusOpen, lead, employee)
	ofLead := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	other := f.hiring.Job(api.JobStatusOpen)
	ofPanelist := f.hiring.Application(f.hiring.Candidate(), other, api.ApplicationStageInterview)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	f.hiring.Interview(ofPanelist, version, api.InterviewStatusCancelled, employee)
	outsider := f.replica.SignIn(t, f.Company("globex").Users[api.RoleAdmin])

	for name, c := range map[string]struct {
		client  *testkit.Client
		visible [2]bool
	}{
		"HR":        {f.as[api.RoleHr], [2]bool{true, true}},
		"admin":     {f.as[api.RoleAdmin], [2]bool{true, true}},
		"team lead": {f.as[api.RoleTeamLead], [2]bool{true, false}},
		"panelist":  {f.as[api.RoleEmployee], [2]bool{false, true}},
		"outsider":  {outsider, [2]bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, id := range []uuid.UUID{ofLead, ofPanelist} {
				for _, target := range []string{path(id), path(id, "history")} {
					if c.visible[i] {
						c.client.In(t).Get(target).Expect(http.StatusOK)
						continue
					}
					invisible := notFoundProblem(c.client.In(t).Get(target))
					unknown := notFoundProblem(c.client.In(t).Get(strings.Replace(target, id.String(), uuid.NewString(), 1)))
					if invisible != unknown {
						t.Errorf("%s: got\n%s\nwant the same as for an unknown id\n%s", target, invisible, unknown)
					}
				}
			}
		})
	}

	// The allowed actions depend on the user.
	got := getApplication(f.as[api.RoleEmployee], ofPanelist)
	if len(got.AllowedActions) != 0 || len(got.AllowedStages) != 0 {
		t.Errorf("panelist: got actions %v and stages %v, want none", got.AllowedActions, got.AllowedStages)
	}
	got = getApplication(f.as[api.RoleTeamLead], ofLead)
	if !slices.Equal(got.AllowedStages, []api.ApplicationStage{"evaluation"}) {
		t.Errorf("team lead: got stages %v, want evaluation", got.AllowedStages)
	}
}

// notFoundProblem expects status 404 and returns the problem without its instance and request id.
func notFoundProblem(answer *testkit.Answer) string {
	p := answer.Refused(http.StatusNotFound, "not_found")
	p.Instance, p.RequestID = "", ""
	encoded, _ := json.Marshal(p) // encoding a problem cannot fail
	return string(encoded)
}

func TestETagCoversRepresentation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, lead := f.as[api.RoleHr], f.as[api.RoleTeamLead]
	job := f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	id := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageApplied)
	tag := func(c *testkit.Client) string { return c.Get(path(id)).Expect(http.StatusOK).Header.Get("ETag") }
	first := tag(hr)
	hr.Do(http.MethodGet, path(id), nil, "If-None-Match", `"x", W/`+first).Expect(http.StatusNotModified)
	if tag(lead) == first {
		t.Errorf("HR and the team lead, whose allowed actions differ, have the same ETag %s", first)
	}

	expectChange := func(reason string, change func()) {
		t.Helper()
		before := tag(hr)
		change()
		hr.Do(http.MethodGet, path(id), nil, "If-None-Match", before).Expect(http.StatusOK)
		if tag(hr) == before {
			t.Errorf("%s: the ETag is still %s", reason, before)
		}
	}
	expectChange("new name of the candidate", func() { f.Exec(`UPDATE candidates SET last_name = 'Berg'`) })
	expectChange("new title of the job", func() { f.Exec(`UPDATE jobs SET title = 'Welder'`) })
	expectChange("move", func() {
		answer := hr.Post(path(id, "move"), `{"to":"screening"}`).Expect(http.StatusOK)
		again := hr.Get(path(id))
		if !bytes.Equal(answer.Body, again.Body) || answer.Header.Get("ETag") != again.Header.Get("ETag") {
			t.Errorf("the move returned %s, GetApplication returned %s", answer.Body, again.Body)
		}
	})
}
