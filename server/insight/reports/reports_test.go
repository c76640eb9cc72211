package reports_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// fixture is an installation with one replica and the company acme, in which a user of every role is signed in.
type fixture struct {
	*testkit.Installation
	*testkit.Hiring
	// clock only advances when a test advances it.
	clock   *clocktest.Clock
	replica *testkit.Replica
	acme    testkit.Company
	// as has the client of each role.
	as map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation, stopped := testkit.New(t), clocktest.Stopped()
	installation.Clock = stopped.Source()
	acme := installation.Company("acme")
	f := fixture{
		installation, installation.Hiring(acme), stopped, installation.Replica(), acme, map[api.Role]*testkit.Client{},
	}
	for role, user := range acme.Users {
		f.as[role] = f.replica.SignIn(t, user)
	}
	return f
}

func path(job uuid.UUID, step string) string { return "/api/v1/jobs/" + job.String() + "/" + step }

// addApplication inserts an application with a furthest stage, a present stage and a status.
func (f fixture) addApplication(
	job uuid.UUID, furthest, stage api.ApplicationStage, status api.ApplicationStatus,
) uuid.UUID {
	application := f.Application(f.Candidate(), job, api.ApplicationStageApplied)
	f.Exec(`UPDATE applications SET furthest_stage = $2, stage = $3, status = $4::text,
		rejection_reason = CASE WHEN $4::text = 'rejected' THEN 'other' END WHERE id = $1`,
		application, string(furthest), string(stage), string(status))
	return application
}

// addStay inserts a move that left a stage after a number of days.
func (f fixture) addStay(application uuid.UUID, from, to api.ApplicationStage, days float64) {
	f.Exec(`
		INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage,
			from_status, to_status, seconds, actor_id, created_at)
		SELECT company_id, $2, id, job_id, candidate_id, 'advance', $3, $4, 'active', 'active', $5, $6, now()
		FROM applications WHERE id = $1`,
		application, uuid.Must(uuid.NewV7()), string(from), string(to), int64(days*86400), f.acme.Users[api.RoleHr].ID)
}

func null() nullable.Nullable[float64] { return nullable.NewNullNullable[float64]() }

func value(n float64) nullable.Nullable[float64] { return nullable.NewNullableWithValue(n) }

func TestPipeline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	job, other := f.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead]), f.Job(api.JobStatusOpen)
	first := f.addApplication(job, "applied", "applied", "active")
	f.addApplication(job, "applied", "applied", "rejected")
	second := f.addApplication(job, "screening", "screening", "on_hold")
	third := f.addApplication(job, "offer", "screening", "active")
	hired := f.addApplication(job, "hired", "hired", "hired")
	f.addApplication(job, "evaluation", "evaluation", "withdrawn")
	f.addStay(second, "applied", "screening", 1)
	f.addStay(third, "applied", "screening", 2)
	f.addStay(hired, "applied", "screening", 4.5)
	f.addStay(hired, "screening", "interview", 0)
	f.addStay(third, "screening", "interview", 3)
	// An application to another job is not counted.
	f.addStay(f.addApplication(other, "interview", "interview", "active"), "applied", "screening", 100)
	// A move that leaves no stage, such as a hold, has no seconds.
	f.Exec(`
		INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage,
			from_status, to_status, actor_id, created_at)
		SELECT company_id, $2, id, job_id, candidate_id, 'hold', 'offer', 'offer', 'active', 'on_hold', $3, now()
		FROM applications WHERE id = $1`, first, uuid.Must(uuid.NewV7()), f.acme.Users[api.RoleHr].ID)

	want := api.JobPipeline{
		JobID: job, JobTitle: "Job 1", AsOf: f.clock.Now().UTC(),
		Applications: 6, Active: 2, OnHold: 1, Hired: 1, Rejected: 1, Withdrawn: 1,
		Stages: []api.PipelineStage{
			{Stage: "applied", Standing: 1, Reached: 6, Passed: 4, Conversion: value(4. / 6), MedianDays: value(2)},
			{Stage: "screening", Standing: 2, Reached: 4, Passed: 3, Conversion: value(3. / 4), MedianDays: value(1.5)},
			{Stage: "interview", Standing: 0, Reached: 3, Passed: 3, Conversion: value(1), MedianDays: null()},
			{Stage: "evaluation", Standing: 0, Reached: 3, Passed: 2, Conversion: value(2. / 3), MedianDays: null()},
			{Stage: "offer", Standing: 0, Reached: 2, Passed: 1, Conversion: value(1. / 2), MedianDays: null()},
			{Stage: "hired", Standing: 1, Reached: 1, Passed: 0, Conversion: null(), MedianDays: null()},
		},
	}
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			got := testkit.Decode[api.JobPipeline](f.as[role].In(t).Get(path(job, "pipeline")).Expect(http.StatusOK))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func TestEmptyPipeline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	answer := f.as[api.RoleHr].Get(path(f.Job(api.JobStatusDraft), "pipeline")).Expect(http.StatusOK)
	got := testkit.Decode[api.JobPipeline](answer)
	if got.Applications != 0 || len(got.Stages) != 6 {
		t.Errorf("got %+v, want no applications and 6 stages", got)
	}
	for _, stage := range got.Stages {
		if stage.Reached != 0 || !stage.Conversion.IsNull() || !stage.MedianDays.IsNull() {
			t.Errorf("got %+v, want zeros and nulls", stage)
		}
	}
	f.as[api.RoleHr].Get(path(got.JobID, "pipeline.svg")).Expect(http.StatusOK)
}

func TestPipelineChart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	job := f.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	f.Exec(`UPDATE jobs SET title = $2 WHERE id = $1`, job, `R&D <script>alert(1)</script>`)
	f.addApplication(job, "offer", "applied", "active")
	f.addApplication(job, "applied", "applied", "rejected")

	answer := f.as[api.RoleTeamLead].Do(http.MethodGet, path(job, "pipeline.svg"), nil, "Accept", "image/*").
		Expect(http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "image/svg+xml", "Content-Length": fmt.Sprint(len(answer.Body)), "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	picture := string(answer.Body)
	for _, want := range []string{
		"<svg", "R&amp;D &lt;script", "Applied: 2, Screening: 1, Interview: 1, Evaluation: 1, Offer: 1, Hired: 0",
	} {
		if !strings.Contains(picture, want) {
			t.Errorf("the chart does not contain %q: %s", want, picture)
		}
	}
	if strings.Contains(picture, "<script") {
		t.Errorf("the title is not escaped: %s", picture)
	}

	f.as[api.RoleHr].Do(http.MethodGet, path(job, "pipeline.svg"), nil, "Accept", "image/png").
		Refused(http.StatusNotAcceptable, "not_acceptable")
	f.as[api.RoleHr].Do(http.MethodGet, path(uuid.New(), "pipeline.svg"), nil, "Accept", "image/svg+xml").
		Expect(http.StatusNotFound)
}

// TestPipelineVisibility checks that employees are denied, team leads see the pipelines of the jobs of which they are
// members, and HR and admins see all. For other jobs, the response is the same as for an unknown id.
func TestPipelineVisibility(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Company("globex")
	foreignJob := f.Installation.Hiring(globex).Job(api.JobStatusOpen, globex.Users[api.RoleTeamLead])
	_, version := f.KitVersion(api.KitVersionStatusPublished)
	for role, self := range f.acme.Users {
		t.Run(string(role), func(t *testing.T) {
			client := f.as[role].In(t)
			member, panelist := f.Job(api.JobStatusOpen, self), f.Job(api.JobStatusOpen)
			f.Interview(f.Application(f.Candidate(), panelist, "interview"), version, api.InterviewStatusScheduled, self)
			for _, step := range []string{"pipeline", "pipeline.svg"} {
				if role == api.RoleEmployee {
					for _, job := range []uuid.UUID{member, panelist, foreignJob} {
						client.Get(path(job, step)).Refused(http.StatusForbidden, "permission_denied")
					}
					continue
				}
				client.Get(path(member, step)).Expect(http.StatusOK)
				// Team leads see the jobs for which they are panelists, but not their pipelines.
				client.Get("/api/v1/jobs/" + panelist.String()).Expect(http.StatusOK)
				if role == api.RoleTeamLead {
					client.Get(path(panelist, step)).Refused(http.StatusNotFound, "not_found")
				} else {
					client.Get(path(panelist, step)).Expect(http.StatusOK)
				}
				foreign := client.Get(path(foreignJob, step)).Refused(http.StatusNotFound, "not_found")
				random := client.Get(path(uuid.Must(uuid.NewV7()), step)).Refused(http.StatusNotFound, "not_found")
				foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
				if !reflect.DeepEqual(foreign, random) {
					t.Errorf("got %+v for another company's job, want %+v as for a random id", foreign, random)
				}
			}
		})
	}
}
