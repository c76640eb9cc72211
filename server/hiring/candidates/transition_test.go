package candidates_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestArchiveAndRestore(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.hiring.Candidate()
	before := h.as[api.RoleHr].Get(path(id))
	archived := h.as[api.RoleHr].Post(path(id, "archive"), nil).Expect(http.StatusOK)
	got := testkit.Decode[api.Candidate](archived)
	if got.Status != api.CandidateStatusArchived || fmt.Sprint(got.AllowedActions) != "[update restore]" ||
		archived.Header.Get("ETag") == before.Header.Get("ETag") {
		t.Errorf("archived to %s", archived.Body)
	}
	problem := h.as[api.RoleHr].Post(path(id, "archive"), nil).Refused(http.StatusConflict, "state_conflict")
	if *problem.State != "archived" || fmt.Sprint(*problem.AllowedActions) != "[update restore]" {
		t.Errorf("refused with %v, %v", *problem.State, *problem.AllowedActions)
	}
	got = testkit.Decode[api.Candidate](h.as[api.RoleAdmin].Post(path(id, "restore"), "{}").Expect(http.StatusOK))
	if got.Status != api.CandidateStatusActive || fmt.Sprint(got.AllowedActions) != "[update apply archive]" {
		t.Errorf("restored to %+v", got)
	}
	problem = h.as[api.RoleAdmin].Post(path(id, "restore"), nil).Refused(http.StatusConflict, "state_conflict")
	if *problem.State != "active" || fmt.Sprint(*problem.AllowedActions) != "[update apply archive]" {
		t.Errorf("refused with %v, %v", *problem.State, *problem.AllowedActions)
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		h.as[role].Post(path(id, "archive"), nil).Refused(http.StatusForbidden, "permission_denied")
		h.as[role].Post(path(id, "restore"), nil).Refused(http.StatusForbidden, "permission_denied")
	}
	for action, by := range map[string]string{"candidate.archived": "hr", "candidate.restored": "admin"} {
		entries := h.audited(action)
		if want := by + " " + id.String() + ` {"changed": ["status"]}`; len(entries) != 1 || entries[0] != want {
			t.Errorf("%s: audited %q, want %q", action, entries, want)
		}
	}
}

// TestWhoIsConsideredIsNotArchived goes through every status that an application can have.
func TestWhoIsConsideredIsNotArchived(t *testing.T) {
	t.Parallel()
	h := build(t)
	job := h.hiring.Job(api.JobStatusOpen)
	for _, status := range []api.ApplicationStatus{
		api.ApplicationStatusActive, api.ApplicationStatusOnHold, api.ApplicationStatusHired, api.ApplicationStatusRejected,
		api.ApplicationStatusWithdrawn,
	} {
		id := h.hiring.Candidate()
		application := h.hiring.Application(id, job, api.ApplicationStageApplied)
		h.Exec(`UPDATE applications SET status = $2::text, stage = CASE WHEN $2::text = 'hired' THEN 'hired' ELSE stage END,
			rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, application, status)
		read := h.as[api.RoleHr].Get(path(id)).Expect(http.StatusOK)
		offered := strings.Contains(fmt.Sprint(testkit.Decode[api.Candidate](read).AllowedActions), "archive")
		switch status {
		case api.ApplicationStatusActive, api.ApplicationStatusOnHold:
			problem := h.as[api.RoleHr].Post(path(id, "archive"), nil).Refused(http.StatusConflict, "active_applications")
			if *problem.State != "active" || fmt.Sprint(*problem.AllowedActions) != "[update apply]" || offered {
				t.Errorf("%s: refused with %v, offered %t", status, *problem.AllowedActions, offered)
			}
			h.Exec(`UPDATE applications SET status = 'withdrawn' WHERE id = $1`, application)
			if again := h.as[api.RoleHr].Get(path(id)); again.Header.Get("ETag") == read.Header.Get("ETag") {
				t.Errorf("%s: the ETag does not tell that another action is offered", status)
			}
			h.as[api.RoleHr].Post(path(id, "archive"), nil).Expect(http.StatusOK)
		case api.ApplicationStatusHired, api.ApplicationStatusRejected, api.ApplicationStatusWithdrawn:
			if !offered {
				t.Errorf("%s: archive is not offered", status)
			}
			h.as[api.RoleHr].Post(path(id, "archive"), nil).Expect(http.StatusOK)
		}
	}
}

// TestArchiveWaitsForAnApplication enters an application as CreateApplication does, in a transaction that holds the
// candidate, and archives the candidate meanwhile: the archiving must wait, and then see the application.
func TestArchiveWaitsForAnApplication(t *testing.T) {
	t.Parallel()
	h := build(t)
	id, job := h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen)
	run := h.transaction()
	run(`SELECT FROM candidates WHERE company_id = $1 AND id = $2 FOR SHARE`, h.acme.ID, id)
	answered := make(chan *testkit.Answer, 1)
	go func() { answered <- h.as[api.RoleHr].Post(path(id, "archive"), nil) }()
	h.expectWaiting("GetCandidateForUpdate")
	run(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, now(), now(), now())`, h.acme.ID, uuid.Must(uuid.NewV7()), id, job)
	run(`COMMIT`)
	(<-answered).Refused(http.StatusConflict, "active_applications")
	if got := testkit.Decode[api.Candidate](h.as[api.RoleHr].Get(path(id))); got.Status != api.CandidateStatusActive {
		t.Errorf("the candidate is %s", got.Status)
	}
}
