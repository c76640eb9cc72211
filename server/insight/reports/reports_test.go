package reports_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// house is an installation with a company, its people signed in, and one replica whose clock stands still.
type house struct {
	*testkit.Installation
	*testkit.Hiring
	clock   *clocktest.Clock
	replica *testkit.Replica
	acme    testkit.Company
	as      map[api.Role]*testkit.Client
}

func build(t *testing.T) house {
	t.Helper()
	installation, stopped := testkit.New(t), clocktest.Stopped()
	installation.Clock = stopped.Source()
	acme := installation.Company("acme")
	h := house{
		installation, installation.Hiring(acme), stopped, installation.Replica(), acme, map[api.Role]*testkit.Client{},
	}
	for role, user := range acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

func path(job uuid.UUID, step string) string { return "/api/v1/jobs/" + job.String() + "/" + step }

// apply enters an application of a job that was once in one stage, is in another now, and has a status.
func (h house) apply(job uuid.UUID, furthest, stage api.ApplicationStage, status api.ApplicationStatus) uuid.UUID {
	application := h.Application(h.Candidate(), job, api.ApplicationStageApplied)
	h.Exec(`UPDATE applications SET furthest_stage = $2, stage = $3, status = $4::text,
		rejection_reason = CASE WHEN $4::text = 'rejected' THEN 'other' END WHERE id = $1`,
		application, string(furthest), string(stage), string(status))
	return application
}

// left notes that an application left a stage after some days.
func (h house) left(application uuid.UUID, from, to api.ApplicationStage, days float64) {
	h.Exec(`INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage,
			from_status, to_status, seconds, actor_id, created_at)
		SELECT company_id, $2, id, job_id, candidate_id, 'advance', $3, $4, 'active', 'active', $5, $6, now()
		FROM applications WHERE id = $1`,
		application, uuid.Must(uuid.NewV7()), string(from), string(to), int64(days*86400), h.acme.Users[api.RoleHr].ID)
}

func null() nullable.Nullable[float64] { return nullable.NewNullNullable[float64]() }

func number(n float64) nullable.Nullable[float64] { return nullable.NewNullableWithValue(n) }

func TestPipeline(t *testing.T) {
	t.Parallel()
	h := build(t)
	job, other := h.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead]), h.Job(api.JobStatusOpen)
	first := h.apply(job, "applied", "applied", "active")
	h.apply(job, "applied", "applied", "rejected")
	second := h.apply(job, "screening", "screening", "on_hold")
	third := h.apply(job, "offer", "screening", "active")
	hired := h.apply(job, "hired", "hired", "hired")
	h.apply(job, "evaluation", "evaluation", "withdrawn")
	h.left(second, "applied", "screening", 1)
	h.left(third, "applied", "screening", 2)
	h.left(hired, "applied", "screening", 4.5)
	h.left(hired, "screening", "interview", 0)
	h.left(third, "screening", "interview", 3)
	elsewhere := h.apply(other, "interview", "interview", "active")
	h.left(elsewhere, "applied", "screening", 100)
	// A move that leaves no stage, such as a hold, has no time in it.
	h.Exec(`INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage,
			from_status, to_status, actor_id, created_at)
		SELECT company_id, $2, id, job_id, candidate_id, 'hold', 'offer', 'offer', 'active', 'on_hold', $3, now()
		FROM applications WHERE id = $1`, first, uuid.Must(uuid.NewV7()), h.acme.Users[api.RoleHr].ID)

	want := api.JobPipeline{
		JobID: job, JobTitle: "Job 1", AsOf: h.clock.Now().UTC(),
		Applications: 6, Active: 2, OnHold: 1, Hired: 1, Rejected: 1, Withdrawn: 1,
		Stages: []api.PipelineStage{
			{Stage: "applied", Standing: 1, Reached: 6, Passed: 4, Conversion: number(4. / 6), MedianDays: number(2)},
			{Stage: "screening", Standing: 2, Reached: 4, Passed: 3, Conversion: number(3. / 4), MedianDays: number(1.5)},
			{Stage: "interview", Standing: 0, Reached: 3, Passed: 3, Conversion: number(1), MedianDays: null()},
			{Stage: "evaluation", Standing: 0, Reached: 3, Passed: 2, Conversion: number(2. / 3), MedianDays: null()},
			{Stage: "offer", Standing: 0, Reached: 2, Passed: 1, Conversion: number(1. / 2), MedianDays: null()},
			{Stage: "hired", Standing: 1, Reached: 1, Passed: 0, Conversion: null(), MedianDays: null()},
		},
	}
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		got := testkit.Decode[api.JobPipeline](h.as[role].Get(path(job, "pipeline")).Expect(http.StatusOK))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s sees\n%+v, want\n%+v", role, got, want)
		}
	}
}

func TestPipelineOfNobody(t *testing.T) {
	t.Parallel()
	h := build(t)
	got := testkit.Decode[api.JobPipeline](h.as[api.RoleHr].Get(path(h.Job(api.JobStatusDraft), "pipeline")).Expect(http.StatusOK))
	for i, stage := range got.Stages {
		if stage.Reached != 0 || !stage.Conversion.IsNull() || !stage.MedianDays.IsNull() {
			t.Errorf("%d: %+v", i, stage)
		}
	}
	if got.Applications != 0 || len(got.Stages) != 6 {
		t.Errorf("%+v", got)
	}
	h.as[api.RoleHr].Get(path(got.JobID, "pipeline.svg")).Expect(http.StatusOK)
}

func TestChart(t *testing.T) {
	t.Parallel()
	h := build(t)
	job := h.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	h.Exec(`UPDATE jobs SET title = $2 WHERE id = $1`, job, `R&D <script>alert(1)</script>`)
	h.apply(job, "offer", "applied", "active")
	h.apply(job, "applied", "applied", "rejected")
	answer := h.as[api.RoleTeamLead].Do(http.MethodGet, path(job, "pipeline.svg"), nil, "Accept", "image/*").Expect(http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "image/svg+xml", "Content-Length": fmt.Sprint(len(answer.Body)), "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	picture := string(answer.Body)
	for _, shown := range []string{"<svg", "R&amp;D &lt;script", "Applied: 2, Screening: 1, Interview: 1, Evaluation: 1, Offer: 1, Hired: 0"} {
		if !strings.Contains(picture, shown) {
			t.Errorf("the picture lacks %q: %s", shown, picture)
		}
	}
	if strings.Contains(picture, "<script") {
		t.Errorf("the title runs: %s", picture)
	}
	h.as[api.RoleHr].Do(http.MethodGet, path(job, "pipeline.svg"), nil, "Accept", "image/png").Refused(http.StatusNotAcceptable, "not_acceptable")
	if text := h.as[api.RoleHr].Do(http.MethodGet, path(uuid.New(), "pipeline.svg"), nil, "Accept", "image/svg+xml"); text.Status != http.StatusNotFound {
		t.Errorf("of no job: %d", text.Status)
	}
}

func TestWhoSeesAPipeline(t *testing.T) {
	t.Parallel()
	h := build(t)
	globex := h.Company("globex")
	theirs := h.Installation.Hiring(globex).Job(api.JobStatusOpen, globex.Users[api.RoleTeamLead])
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	for role, self := range h.acme.Users {
		client := h.as[role]
		member, panelist := h.Job(api.JobStatusOpen, self), h.Job(api.JobStatusOpen)
		h.Interview(h.Application(h.Candidate(), panelist, "interview"), version, api.InterviewStatusScheduled, self)
		for _, step := range []string{"pipeline", "pipeline.svg"} {
			if role == api.RoleEmployee {
				for _, job := range []uuid.UUID{member, panelist, theirs} {
					client.Get(path(job, step)).Refused(http.StatusForbidden, "permission_denied")
				}
				continue
			}
			client.Get(path(member, step)).Expect(http.StatusOK)
			// A team lead sees the job of an interview that they hold, and not how its applications come along.
			client.Get("/api/v1/jobs/" + panelist.String()).Expect(http.StatusOK)
			if role == api.RoleTeamLead {
				client.Get(path(panelist, step)).Refused(http.StatusNotFound, "not_found")
			} else {
				client.Get(path(panelist, step)).Expect(http.StatusOK)
			}
			foreign := client.Get(path(theirs, step)).Refused(http.StatusNotFound, "not_found")
			random := client.Get(path(uuid.Must(uuid.NewV7()), step)).Refused(http.StatusNotFound, "not_found")
			foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
			if !reflect.DeepEqual(foreign, random) {
				t.Errorf("%s: a foreign id %+v is told from a random one %+v", role, foreign, random)
			}
		}
	}
}
