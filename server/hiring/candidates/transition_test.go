package candidates_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestArchiveAndRestore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.hiring.Candidate()
	before := f.as[api.RoleHr].Get(path(id))

	archived := f.as[api.RoleHr].Post(path(id, "archive"), nil).Expect(http.StatusOK)
	got := testkit.Decode[api.Candidate](archived)
	if got.Status != api.CandidateStatusArchived || fmt.Sprint(got.AllowedActions) != "[update restore]" ||
		archived.Header.Get("ETag") == before.Header.Get("ETag") {
		t.Errorf("got %s with the ETag %s, want archived with another ETag", archived.Body, archived.Header.Get("ETag"))
	}
	problem := f.as[api.RoleHr].Post(path(id, "archive"), nil).Refused(http.StatusConflict, "state_conflict")
	if *problem.State != "archived" || fmt.Sprint(*problem.AllowedActions) != "[update restore]" {
		t.Errorf("got state %s and actions %v, want archived and [update restore]", *problem.State, *problem.AllowedActions)
	}

	got = testkit.Decode[api.Candidate](f.as[api.RoleAdmin].Post(path(id, "restore"), "{}").Expect(http.StatusOK))
	if got.Status != api.CandidateStatusActive || fmt.Sprint(got.AllowedActions) != "[update apply archive]" {
		t.Errorf("got %+v, want active with the actions update, apply and archive", got)
	}
	problem = f.as[api.RoleAdmin].Post(path(id, "restore"), nil).Refused(http.StatusConflict, "state_conflict")
	if *problem.State != "active" || fmt.Sprint(*problem.AllowedActions) != "[update apply archive]" {
		t.Errorf("got state %s and actions %v, want active and [update apply archive]",
			*problem.State, *problem.AllowedActions)
	}

	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		f.as[role].Post(path(id, "archive"), nil).Refused(http.StatusForbidden, "permission_denied")
		f.as[role].Post(path(id, "restore"), nil).Refused(http.StatusForbidden, "permission_denied")
	}
	for action, role := range map[string]string{"candidate.archived": "hr", "candidate.restored": "admin"} {
		entries := f.auditEntries(action)
		if want := role + " " + id.String() + ` {"changed": ["status"]}`; len(entries) != 1 || entries[0] != want {
			t.Errorf("%s: got audit entries %q, want one %q", action, entries, want)
		}
	}
}

// TestArchiveRefusesActiveCandidate archives a candidate with an application of every status. Only active applications
// and those on hold prevent it.
func TestArchiveRefusesActiveCandidate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	job := f.hiring.Job(api.JobStatusOpen)
	for _, status := range []api.ApplicationStatus{
		api.ApplicationStatusActive, api.ApplicationStatusOnHold, api.ApplicationStatusHired, api.ApplicationStatusRejected,
		api.ApplicationStatusWithdrawn,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := f.hiring.Candidate()
			application := f.hiring.Application(id, job, api.ApplicationStageApplied)
			f.Exec(`UPDATE applications SET status = $2::text, stage = CASE WHEN $2::text = 'hired' THEN 'hired' ELSE stage END,
				rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, application, status)

			read := f.as[api.RoleHr].Get(path(id)).Expect(http.StatusOK)
			allowed := slices.Contains(testkit.Decode[api.Candidate](read).AllowedActions, api.CandidateActionArchive)
			busy := status == api.ApplicationStatusActive || status == api.ApplicationStatusOnHold
			if allowed == busy {
				t.Errorf("archive is an allowed action: %t, want %t", allowed, !busy)
			}
			if busy {
				problem := f.as[api.RoleHr].Post(path(id, "archive"), nil).Refused(http.StatusConflict, "active_applications")
				if *problem.State != "active" || fmt.Sprint(*problem.AllowedActions) != "[update apply]" {
					t.Errorf("got state %s and actions %v, want active and [update apply]",
						*problem.State, *problem.AllowedActions)
				}
				f.Exec(`UPDATE applications SET status = 'withdrawn' WHERE id = $1`, application)
				if again := f.as[api.RoleHr].Get(path(id)); again.Header.Get("ETag") == read.Header.Get("ETag") {
					t.Error("the ETag is the same although the allowed actions are different")
				}
			}
			f.as[api.RoleHr].Post(path(id, "archive"), nil).Expect(http.StatusOK)
		})
	}
}

// TestArchiveWaitsForNewApplication inserts an application like CreateApplication, in a transaction that locks the
// candidate, and archives the candidate meanwhile. The archiving must wait and then see the application.
func TestArchiveWaitsForNewApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, job := f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen)
	inTx := f.beginTransaction()
	inTx(`SELECT FROM candidates WHERE company_id = $1 AND id = $2 FOR SHARE`, f.acme.ID, id)
	answered := make(chan *testkit.Answer, 1)
	go func() { answered <- f.as[api.RoleHr].Post(path(id, "archive"), nil) }()
	f.waitForLock("GetCandidateForUpdate")
	inTx(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, now(), now(), now())`, f.acme.ID, uuid.Must(uuid.NewV7()), id, job)
	inTx(`COMMIT`)
	(<-answered).Refused(http.StatusConflict, "active_applications")
	if got := testkit.Decode[api.Candidate](f.as[api.RoleHr].Get(path(id))); got.Status != api.CandidateStatusActive {
		t.Errorf("the candidate is %s, want active", got.Status)
	}
}
