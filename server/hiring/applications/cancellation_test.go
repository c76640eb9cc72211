package applications_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// interview gives an interview as HR sees it.
func interview(h house, id uuid.UUID) api.Interview {
	return testkit.Decode[api.Interview](h.as[api.RoleHr].Get("/api/v1/interviews/" + id.String()).Expect(http.StatusOK))
}

// TestClosingAnApplicationCallsItsInterviewsOff: those that have not begun, with their history and their records,
// and no others, neither its own nor another application's.
func TestClosingAnApplicationCallsItsInterviewsOff(t *testing.T) {
	t.Parallel()
	h := build(t)
	panelist := h.acme.Users[api.RoleEmployee]
	for action, test := range map[string]struct {
		body   any
		reason string
	}{
		"reject":   {map[string]any{"rejection_reason": "other"}, "The application was rejected."},
		"withdraw": {nil, "The application was withdrawn."},
	} {
		job := h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
		_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
		id := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview)
		other := h.hiring.Interview(
			h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview), version, api.InterviewStatusScheduled, panelist)
		interviews := map[api.InterviewStatus]uuid.UUID{}
		for _, status := range []api.InterviewStatus{
			api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusNoShow, api.InterviewStatusInProgress,
			api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted, api.InterviewStatusCancelled,
		} {
			interviews[status] = h.hiring.Interview(id, version, status, panelist)
		}
		calendar := string(h.as[api.RoleEmployee].Get("/api/v1/users/me/calendar.ics").Expect(http.StatusOK).Body)
		if !strings.Contains(calendar, interviews[api.InterviewStatusScheduled].String()) {
			t.Fatal("the interview is not in its panelist's calendar")
		}
		before := map[api.InterviewStatus]api.Interview{}
		for status, one := range interviews {
			before[status] = interview(h, one)
		}
		h.as[api.RoleTeamLead].Post(path(id, action), test.body).Expect(http.StatusOK)
		for status, one := range interviews {
			now := interview(h, one)
			switch status {
			case api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusNoShow:
				if now.Status != api.InterviewStatusCancelled || now.StatusReason.MustGet() != test.reason {
					t.Errorf("%s: an interview that was %s is %s: %v", action, status, now.Status, now.StatusReason)
				}
				calledOff(t, h, one, status, test.reason, id)
			default:
				if now.Status != status || !now.UpdatedAt.Equal(before[status].UpdatedAt) {
					t.Errorf("%s: an interview that was %s is %s", action, status, now.Status)
				}
			}
		}
		if now := interview(h, other); now.Status != api.InterviewStatusScheduled {
			t.Errorf("%s: another application's interview is %s", action, now.Status)
		}
		calendar = string(h.as[api.RoleEmployee].Get("/api/v1/users/me/calendar.ics").Expect(http.StatusOK).Body)
		if strings.Contains(calendar, interviews[api.InterviewStatusScheduled].String()) {
			t.Errorf("%s: the interview is still in its panelist's calendar", action)
		}
		h.as[api.RoleHr].Post(path(id, "reactivate"), map[string]any{"reason": "On second thoughts."}).Expect(http.StatusOK)
		if now := interview(h, interviews[api.InterviewStatusScheduled]); now.Status != api.InterviewStatusCancelled {
			t.Errorf("taken up again, the application's interview is %s", now.Status)
		}
	}
}

// calledOff holds the history and the record of an interview against what they should say of its end.
func calledOff(t *testing.T, h house, id uuid.UUID, was api.InterviewStatus, reason string, application uuid.UUID) {
	t.Helper()
	lead := h.acme.Users[api.RoleTeamLead].ID
	events := testkit.Decode[api.InterviewEventPage](
		h.as[api.RoleHr].Get("/api/v1/interviews/" + id.String() + "/history").Expect(http.StatusOK)).Data
	last := events[len(events)-1]
	if last.Event != api.InterviewEventKindCancel || *last.FromStatus != was || last.ToStatus != api.InterviewStatusCancelled ||
		last.Reason.MustGet() != reason || last.ActorID.MustGet() != lead {
		t.Errorf("the history ends with %+v", last)
	}
	entries := testkit.Decode[api.AuditLogPage](h.as[api.RoleAdmin].Get(
		"/api/v1/audit-logs?action=interview.cancelled&resource_type=interview&resource_id=" + id.String()).Expect(http.StatusOK)).Data
	want := `{"application_id":"` + application.String() + `","changes":{"status":{"from":"` + string(was) + `","to":"cancelled"}}}`
	if len(entries) != 1 || entries[0].ActorID.MustGet() != lead || details(t, entries[0]) != want {
		t.Errorf("recorded is %+v, want %s", entries, want)
	}
}

// TestOtherMovesLeaveInterviewsAlone: an application that waits or is decided keeps them.
func TestOtherMovesLeaveInterviewsAlone(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	for action, body := range map[string]any{"hold": nil, "move": map[string]any{"to": "hired"}} {
		id := h.hiring.Application(h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen), api.ApplicationStageOffer)
		one := h.hiring.Interview(id, version, api.InterviewStatusScheduled, h.acme.Users[api.RoleEmployee])
		h.as[api.RoleHr].Post(path(id, action), body).Expect(http.StatusOK)
		if now := interview(h, one); now.Status != api.InterviewStatusScheduled {
			t.Errorf("%s: the interview is %s", action, now.Status)
		}
	}
}

// TestNothingIsScheduledWhileItsApplicationIsRejected: whoever comes first, no interview of a rejected application
// has a time.
func TestNothingIsScheduledWhileItsApplicationIsRejected(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	times := map[string]any{
		"starts_at": "2027-01-12T10:00:00+01:00", "ends_at": "2027-01-12T11:00:00+01:00", "timezone": "Europe/Berlin", "allow_conflicts": true,
	}
	for range 20 {
		id := h.hiring.Application(h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
		draft := h.hiring.Interview(id, version, api.InterviewStatusDraft, h.acme.Users[api.RoleEmployee])
		var both sync.WaitGroup
		both.Go(func() {
			answer := h.as[api.RoleHr].Post("/api/v1/interviews/"+draft.String()+"/schedule", times)
			if answer.Status != http.StatusOK && answer.Status != http.StatusConflict {
				t.Errorf("scheduling is answered %d: %s", answer.Status, answer.Body)
			}
		})
		both.Go(func() {
			h.as[api.RoleAdmin].Post(path(id, "reject"), map[string]any{"rejection_reason": "other"}).Expect(http.StatusOK)
		})
		both.Wait()
		if now := interview(h, draft); now.Status != api.InterviewStatusCancelled {
			t.Fatalf("the interview of the rejected application is %s", now.Status)
		}
	}
}
