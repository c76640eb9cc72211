package applications_test

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// house is an installation with a company, its people signed in, and one replica.
type house struct {
	*testkit.Installation
	replica *testkit.Replica
	acme    testkit.Company
	hiring  *testkit.Hiring
	as      map[api.Role]*testkit.Client
}

func build(t *testing.T) house {
	t.Helper()
	return enter(t, testkit.New(t))
}

func enter(t *testing.T, installation *testkit.Installation) house {
	t.Helper()
	h := house{
		Installation: installation, replica: installation.Replica(), acme: installation.Company("acme"),
		as: map[api.Role]*testkit.Client{},
	}
	h.hiring = installation.Hiring(h.acme)
	for role, user := range h.acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

// read gives an application as somebody sees it.
func read(c *testkit.Client, id uuid.UUID) api.Application {
	return testkit.Decode[api.Application](c.Get(path(id)).Expect(http.StatusOK))
}

// history gives the moves of an application.
func history(c *testkit.Client, id uuid.UUID) []api.ApplicationMove {
	return testkit.Decode[api.ApplicationMovePage](c.Get(path(id, "history")).Expect(http.StatusOK)).Data
}

// recorded gives the audit entries on a resource, oldest first, with what each says of the change.
func recorded(h house, id uuid.UUID) []api.AuditLog {
	return testkit.Decode[api.AuditLogPage](h.as[api.RoleAdmin].
		Get("/api/v1/audit-logs?sort=created_at&resource_id=" + id.String()).Expect(http.StatusOK)).Data
}

// details gives what an audit entry holds, as JSON with its members in order.
func details(t *testing.T, entry api.AuditLog) string {
	t.Helper()
	encoded, err := json.Marshal(entry.Details)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	h := build(t)
	candidate, job := h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen)
	answer := h.as[api.RoleHr].Post(collection, map[string]any{
		"candidate_id": candidate, "job_id": job, "source": "  Referral by Nóra\u00a0",
	}).Expect(http.StatusCreated)
	created := testkit.Decode[api.Application](answer)
	if created.Candidate != (api.PersonSummary{ID: candidate, FirstName: "First1", LastName: "Last1"}) ||
		created.Job != (api.JobSummary{ID: job, Title: "Job 2"}) || created.Stage != api.ApplicationStageApplied ||
		created.Status != api.ApplicationStatusActive || created.RejectionReason != nil ||
		created.Source.MustGet() != "Referral by Nóra" || !created.StageEnteredAt.Equal(created.CreatedAt) ||
		!created.UpdatedAt.Equal(created.CreatedAt) {
		t.Errorf("created %+v", created)
	}
	if want := []api.ApplicationAction{"move", "hold", "reject", "withdraw", "schedule_interview"}; !slices.Equal(created.AllowedActions, want) {
		t.Errorf("HR may %v, want %v", created.AllowedActions, want)
	}
	if want := []api.ApplicationStage{"screening", "interview", "evaluation", "offer"}; !slices.Equal(created.AllowedStages, want) {
		t.Errorf("HR may move it to %v, want %v", created.AllowedStages, want)
	}
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("Location is %q", got)
	}
	again := h.as[api.RoleHr].Get(answer.Header.Get("Location")).Expect(http.StatusOK)
	if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, again.Header.Get("ETag"), again.Body)
	}
	moves := history(h.as[api.RoleHr], created.ID)
	if len(moves) != 1 || moves[0].Event != api.ApplicationEventApply || moves[0].FromStage != nil || moves[0].FromStatus != nil ||
		moves[0].ToStage != created.Stage || moves[0].ToStatus != created.Status || !moves[0].Reason.IsNull() ||
		moves[0].Actor != (api.ActorSummary{ID: h.acme.Users[api.RoleHr].ID, Type: "user", Name: "hr Example"}) ||
		!moves[0].CreatedAt.Equal(created.CreatedAt) {
		t.Errorf("the history is %+v", moves)
	}
	entries := recorded(h, created.ID)
	if len(entries) != 1 || entries[0].Action != "application.created" {
		t.Fatalf("recorded is %+v", entries)
	}
	want := fmt.Sprintf(`{"changes":{"candidate_id":{"from":null,"to":"%s"},"job_id":{"from":null,"to":"%s"},`+
		`"stage":{"from":null,"to":"applied"},"status":{"from":null,"to":"active"}}}`, candidate, job)
	if got := details(t, entries[0]); got != want {
		t.Errorf("recorded is %s, want %s", got, want)
	}
	plain := testkit.Decode[api.Application](h.as[api.RoleAdmin].Post(collection, map[string]any{
		"candidate_id": h.hiring.Candidate(), "job_id": job, "source": nil,
	}).Expect(http.StatusCreated))
	if !plain.Source.IsNull() {
		t.Errorf("the source is %v", plain.Source)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	h := build(t)
	elsewhere := h.Hiring(h.Company("globex"))
	candidate, job := h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	archived := h.hiring.Candidate()
	h.Exec(`UPDATE candidates SET status = 'archived' WHERE id = $1`, archived)
	valid := map[string]any{"candidate_id": candidate, "job_id": job}
	with := func(changes map[string]any) map[string]any {
		body := map[string]any{}
		for _, part := range []map[string]any{valid, changes} {
			for name, value := range part {
				body[name] = value
			}
		}
		return body
	}
	for name, body := range map[string]any{
		"nothing": `{}`, "no candidate": map[string]any{"job_id": job}, "no job": map[string]any{"candidate_id": candidate},
		"an id that is none": with(map[string]any{"job_id": "x"}), "null": with(map[string]any{"job_id": nil}),
		"a stage": with(map[string]any{"stage": "offer"}), "a status": with(map[string]any{"status": "hired"}),
		"an empty source": with(map[string]any{"source": ""}), "a long source": with(map[string]any{"source": strings.Repeat("x", 101)}),
	} {
		t.Log(name)
		h.as[api.RoleHr].Post(collection, body).Refused(http.StatusBadRequest, "malformed_request")
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		h.as[role].Post(collection, valid).Refused(http.StatusForbidden, "permission_denied")
	}

	// What is wrong is named all at once, and an id of another company like one of nobody.
	var bodies [][]api.ProblemError
	for _, ids := range [][2]uuid.UUID{{elsewhere.Candidate(), elsewhere.Job(api.JobStatusOpen)}, {uuid.New(), uuid.New()}, {job, candidate}} {
		p := h.as[api.RoleHr].Post(collection, map[string]any{"candidate_id": ids[0], "job_id": ids[1], "source": "\u00a0"}).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
		bodies = append(bodies, p.Errors)
	}
	for _, errors := range bodies {
		got := []string{}
		for _, e := range errors {
			got = append(got, *e.Pointer+" "+e.Code)
		}
		if want := []string{"/candidate_id unknown", "/job_id unknown", "/source blank"}; !slices.Equal(got, want) {
			t.Errorf("wrong is %v, want %v", got, want)
		}
	}
	for _, source := range []string{"\u2003", "a\u0007b", "a\nb", "a\u202eb"} {
		h.as[api.RoleHr].Post(collection, with(map[string]any{"source": source})).Refused(http.StatusUnprocessableEntity, "rule_violated")
	}

	// A state that stands in the way is named with what can be done about it.
	conflict := func(body map[string]any, state string, actions ...string) {
		t.Helper()
		p := h.as[api.RoleHr].Post(collection, body).Refused(http.StatusConflict, "state_conflict")
		if p.State == nil || *p.State != state || p.AllowedActions == nil || !slices.Equal(*p.AllowedActions, actions) {
			t.Errorf("%v: the state is %v, the actions are %v", body, p.State, p.AllowedActions)
		}
	}
	conflict(with(map[string]any{"candidate_id": archived}), "archived", "update", "restore")
	conflict(with(map[string]any{"job_id": h.hiring.Job(api.JobStatusDraft)}), "draft", "update", "open", "close")
	conflict(with(map[string]any{"job_id": h.hiring.Job(api.JobStatusOnHold)}), "on_hold", "update", "open", "close")
	conflict(with(map[string]any{"job_id": h.hiring.Job(api.JobStatusClosed)}), "closed", "update", "open")
	conflict(map[string]any{"candidate_id": archived, "job_id": h.hiring.Job(api.JobStatusClosed)}, "archived", "update", "restore")
	if got := testkit.Decode[api.ApplicationPage](h.as[api.RoleHr].Get(collection).Expect(http.StatusOK)).Data; len(got) != 0 {
		t.Errorf("what was refused has left %+v", got)
	}
}

// TestACandidateIsConsideredOnceForAJob applies again while an application is considered, and after it.
func TestACandidateIsConsideredOnceForAJob(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	body := map[string]any{"candidate_id": h.hiring.Candidate(), "job_id": h.hiring.Job(api.JobStatusOpen)}
	apply := func() uuid.UUID {
		return testkit.Decode[api.Application](hr.Post(collection, body).Expect(http.StatusCreated)).ID
	}
	first := apply()
	hr.Post(collection, body).Refused(http.StatusConflict, "application_exists")
	hr.Post(path(first, "hold"), nil).Expect(http.StatusOK)
	hr.Post(collection, body).Refused(http.StatusConflict, "application_exists")
	hr.Post(path(first, "withdraw"), nil).Expect(http.StatusOK)
	second := apply()
	hr.Post(path(first, "reactivate"), `{"reason":"Changed their mind."}`).Refused(http.StatusConflict, "application_exists")
	if got := read(hr, first); got.Status != api.ApplicationStatusWithdrawn || len(history(hr, first)) != 3 {
		t.Errorf("what was refused has left %+v", got)
	}
	hr.Post(path(second, "reject"), `{"rejection_reason":"duplicate"}`).Expect(http.StatusOK)
	hr.Post(path(first, "reactivate"), `{"reason":"Changed their mind."}`).Expect(http.StatusOK)
	hr.Post(path(second, "reactivate"), `{"reason":"This one after all."}`).Refused(http.StatusConflict, "application_exists")
	// The same candidate applies elsewhere, and another candidate here.
	hr.Post(collection, map[string]any{"candidate_id": body["candidate_id"], "job_id": h.hiring.Job(api.JobStatusOpen)}).Expect(http.StatusCreated)
	hr.Post(collection, map[string]any{"candidate_id": h.hiring.Candidate(), "job_id": body["job_id"]}).Expect(http.StatusCreated)
}

// TestOneOfManyApplicationsIsCreated lets a candidate apply many times at once, at two replicas.
func TestOneOfManyApplicationsIsCreated(t *testing.T) {
	t.Parallel()
	h := build(t)
	clients := []*testkit.Client{h.as[api.RoleHr], h.as[api.RoleHr].At(h.Replica())}
	body := map[string]any{"candidate_id": h.hiring.Candidate(), "job_id": h.hiring.Job(api.JobStatusOpen)}
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
	found := testkit.Decode[api.ApplicationPage](h.as[api.RoleHr].Get(collection).Expect(http.StatusOK)).Data
	if created != 1 || len(found) != 1 || len(history(h.as[api.RoleHr], found[0].ID)) != 1 {
		t.Errorf("%d were created, %d are there", created, len(found))
	}
}

// TestNobodyAppliesWhileTheWayIsClosed holds the row of the candidate, or of the job, as somebody does who archives or
// closes it: an application waits for that, and then sees what has become of it.
func TestNobodyAppliesWhileTheWayIsClosed(t *testing.T) {
	t.Parallel()
	h := build(t)
	for table, closing := range map[string]string{
		"candidates": `UPDATE candidates SET status = 'archived' WHERE id = $1`,
		"jobs":       `UPDATE jobs SET status = 'closed' WHERE id = $1`,
	} {
		ids := map[string]uuid.UUID{"candidates": h.hiring.Candidate(), "jobs": h.hiring.Job(api.JobStatusOpen)}
		tx, err := h.Connect().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), closing, ids[table]); err != nil {
			t.Fatal(err)
		}
		answer := make(chan *testkit.Answer)
		go func() {
			answer <- h.as[api.RoleHr].Post(collection, map[string]any{"candidate_id": ids["candidates"], "job_id": ids["jobs"]})
		}()
		h.waitsForALock(t)
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		(<-answer).Refused(http.StatusConflict, "state_conflict")
	}
}

func TestWhoSeesAnApplication(t *testing.T) {
	t.Parallel()
	h := build(t)
	lead, employee := h.acme.Users[api.RoleTeamLead], h.acme.Users[api.RoleEmployee]
	job := h.hiring.Job(api.JobStatusOpen, lead, employee)
	own := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview)
	foreign := h.hiring.Application(h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	h.hiring.Interview(foreign, version, api.InterviewStatusCancelled, employee)
	strangers := h.Company("globex")
	stranger := h.replica.SignIn(t, strangers.Users[api.RoleAdmin])

	seen := map[*testkit.Client][2]bool{
		h.as[api.RoleHr]: {true, true}, h.as[api.RoleAdmin]: {true, true}, h.as[api.RoleTeamLead]: {true, false},
		h.as[api.RoleEmployee]: {false, true}, stranger: {false, false},
	}
	for client, visible := range seen {
		for i, id := range []uuid.UUID{own, foreign} {
			for _, target := range []string{path(id), path(id, "history")} {
				if visible[i] {
					client.Get(target).Expect(http.StatusOK)
					continue
				}
				unseen := client.Get(target)
				random := client.Get(strings.Replace(target, id.String(), uuid.NewString(), 1))
				if a, b := anonymous(unseen), anonymous(random); a != b {
					t.Errorf("%s is told from what does not exist:\n%s\n%s", target, a, b)
				}
			}
		}
	}
	// An employee who is on the panel sees it, and what they may do with it: nothing.
	if got := read(h.as[api.RoleEmployee], foreign); len(got.AllowedActions) != 0 || len(got.AllowedStages) != 0 {
		t.Errorf("a panelist may %v, to %v", got.AllowedActions, got.AllowedStages)
	}
	if got := read(h.as[api.RoleTeamLead], own); !slices.Equal(got.AllowedStages, []api.ApplicationStage{"evaluation"}) {
		t.Errorf("a team lead may move it to %v", got.AllowedStages)
	}
}

// anonymous is a refusal without what names the very request.
func anonymous(answer *testkit.Answer) string {
	p := answer.Refused(http.StatusNotFound, "not_found")
	p.Instance, p.RequestID = "", ""
	encoded, _ := json.Marshal(p) // a problem can always be encoded
	return string(encoded)
}

func TestETags(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr, lead := h.as[api.RoleHr], h.as[api.RoleTeamLead]
	job := h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	id := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageApplied)
	tag := func(c *testkit.Client) string { return c.Get(path(id)).Expect(http.StatusOK).Header.Get("ETag") }
	first := tag(hr)
	hr.Do(http.MethodGet, path(id), nil, "If-None-Match", `"x", W/`+first).Expect(http.StatusNotModified)
	if lead := tag(lead); lead == first {
		t.Errorf("HR and the team lead, who may do different things, share the tag %s", first)
	}
	changed := func(what string, change func()) {
		t.Helper()
		before := tag(hr)
		change()
		hr.Do(http.MethodGet, path(id), nil, "If-None-Match", before).Expect(http.StatusOK)
		if tag(hr) == before {
			t.Errorf("%s has left the tag %s", what, before)
		}
	}
	changed("a new name of the candidate", func() { h.Exec(`UPDATE candidates SET last_name = 'Berg'`) })
	changed("a new title of the job", func() { h.Exec(`UPDATE jobs SET title = 'Welder'`) })
	changed("a move", func() {
		answer := hr.Post(path(id, "move"), `{"to":"screening"}`).Expect(http.StatusOK)
		if again := hr.Get(path(id)); !bytes.Equal(answer.Body, again.Body) || answer.Header.Get("ETag") != again.Header.Get("ETag") {
			t.Errorf("the move answered %s, and read is %s", answer.Body, again.Body)
		}
	})
}
