package applications_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestCandidateOfApplication: applications show the external_id and the email of their candidate in every response, unless
// an API key may not read candidates.
func TestCandidateOfApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	candidate := f.hiring.Candidate()
	f.Exec(`UPDATE candidates SET external_id = 'ats-1', email = 'mira@mail.example' WHERE id = $1`, candidate)
	id := f.hiring.Application(candidate, f.hiring.Job(api.JobStatusOpen), api.ApplicationStageApplied).String()
	reads := []string{"/" + id, "?id=" + id, "?limit=1", "/export", "/export?format=csv"}
	with := f.replica.Bearer(t, f.Key(f.acme, []string{"applications:read", "candidates:read"}).Secret.Reveal())
	without := f.replica.Bearer(t, f.Key(f.acme, []string{"applications:read"}).Secret.Reveal())
	for _, c := range []struct {
		name   string
		client *testkit.Client
		shown  bool
	}{{"HR", f.as[api.RoleHr], true}, {"key that reads candidates", with, true}, {"key that does not", without, false}} {
		for _, read := range reads {
			body := string(c.client.Get(collection + read).Expect(http.StatusOK).Body)
			for _, value := range []string{"ats-1", "mira@mail.example"} {
				if strings.Contains(body, value) != c.shown {
					t.Errorf("%s, %s: %s is shown: got %v, want %v in %s", c.name, read, value, !c.shown, c.shown, body)
				}
			}
			if !c.shown && strings.HasPrefix(read, "/"+id) && strings.Contains(body, `"email"`) {
				t.Errorf("%s: got %s, want no member email", c.name, body)
			}
		}
	}
	before := f.as[api.RoleHr].Get(collection + "/" + id).Header.Get("ETag")
	f.as[api.RoleHr].Patch("/api/v1/candidates/"+candidate.String(), map[string]any{"email": "m@mail.example"}).Expect(http.StatusOK)
	f.as[api.RoleHr].Do(http.MethodGet, collection+"/"+id, nil, "If-None-Match", before).Expect(http.StatusOK)
}

// TestCreateByExternalIDs names candidate and job in all combinations.
func TestCreateByExternalIDs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	candidate, job := f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen)
	f.Exec(`UPDATE candidates SET external_id = 'ats 1' WHERE id = $1`, candidate)
	f.Exec(`UPDATE jobs SET external_id = 'req/1' WHERE id = $1`, job)
	type object = map[string]any
	for name, body := range map[string]object{
		"ids":              {"candidate_id": candidate, "job_id": job},
		"external ids":     {"candidate_external_id": "ats 1", "job_external_id": "req/1"},
		"candidate by id":  {"candidate_id": candidate, "job_external_id": "req/1"},
		"candidate by ext": {"candidate_external_id": "ats 1", "job_id": job},
	} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			created := testkit.Decode[api.Application](f.as[api.RoleHr].Post(collection, body).Expect(http.StatusCreated))
			if created.Candidate.ID != candidate || created.Job.ID != job || created.Candidate.ExternalID.MustGet() != "ats 1" {
				t.Errorf("got %+v, want candidate %s and job %s", created, candidate, job)
			}
			f.Exec(`UPDATE applications SET status = 'withdrawn'`)
		})
	}
	for name, c := range map[string]struct {
		body     object
		pointers []string
	}{
		"neither":        {object{}, []string{"/candidate_id", "/job_id"}},
		"no candidate":   {object{"job_id": job}, []string{"/candidate_id"}},
		"no job":         {object{"candidate_external_id": "ats 1"}, []string{"/job_id"}},
		"both of a job":  {object{"candidate_id": candidate, "job_id": job, "job_external_id": "req/1"}, []string{"/job_external_id"}},
		"both of all":    {object{"candidate_id": candidate, "candidate_external_id": "ats 1", "job_id": job, "job_external_id": "req/1"}, []string{"/candidate_external_id", "/job_external_id"}},
		"unknown":        {object{"candidate_external_id": "ATS 1", "job_external_id": "req/2"}, []string{"/candidate_external_id", "/job_external_id"}},
		"unknown and id": {object{"candidate_external_id": "x", "job_id": uuid.New()}, []string{"/candidate_external_id", "/job_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			problem := f.in(t).as[api.RoleHr].Post(collection, c.body).Refused(http.StatusUnprocessableEntity, "rule_violated")
			var pointers []string
			for _, e := range problem.Errors {
				pointers = append(pointers, *e.Pointer)
			}
			if strings.Join(pointers, " ") != strings.Join(c.pointers, " ") {
				t.Errorf("pointers: got %v, want %v", pointers, c.pointers)
			}
		})
	}
	other := f.Company("globex")
	theirs := f.Hiring(other)
	their := theirs.Candidate()
	f.Exec(`UPDATE candidates SET external_id = 'theirs' WHERE id = $1`, their)
	f.as[api.RoleHr].Post(collection, object{"candidate_external_id": "theirs", "job_id": job}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
}
