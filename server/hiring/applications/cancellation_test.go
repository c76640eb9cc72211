package applications_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar/calendartest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// getInterview returns an interview as it is for HR.
func getInterview(f fixture, id uuid.UUID) api.Interview {
	return testkit.Decode[api.Interview](f.as[api.RoleHr].Get("/api/v1/interviews/" + id.String()).Expect(http.StatusOK))
}

// TestClosingApplicationCancelsInterviews rejects and withdraws an application that has an interview in every status.
// The interviews that have not started are cancelled, with an entry in their history and in the audit log; the others,
// and those of other applications, stay the same.
func TestClosingApplicationCancelsInterviews(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	panelist := f.acme.Users[api.RoleEmployee]
	for name, test := range map[string]struct {
		action string
		held   bool // whether the application is on hold
		body   any
		reason string
	}{
		"reject": {"reject", false, map[string]any{"rejection_reason": "other"}, "The application was rejected."},
		"reject an application on hold": {
			"reject", true, map[string]any{"rejection_reason": "other"}, "The application was rejected.",
		},
		"withdraw":                        {"withdraw", false, nil, "The application was withdrawn."},
		"withdraw an application on hold": {"withdraw", true, nil, "The application was withdrawn."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			job := f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
			_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
			id := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
			otherApplication := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
			other := f.hiring.Interview(otherApplication, version, api.InterviewStatusScheduled, panelist)
			interviews, before := map[api.InterviewStatus]uuid.UUID{}, map[api.InterviewStatus]api.Interview{}
			for _, status := range []api.InterviewStatus{
				api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusNoShow,
				api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted,
				api.InterviewStatusCancelled,
			} {
				interviews[status] = f.hiring.Interview(id, version, status, panelist)
				before[status] = getInterview(f, interviews[status])
			}
			// inCalendar returns the status of the scheduled interview in its panelist's calendar.
			inCalendar := func() string {
				file := f.as[api.RoleEmployee].Get("/api/v1/users/me/calendar.ics").Expect(http.StatusOK).Body
				for _, event := range calendartest.Parse(t, file).Children("VEVENT") {
					if event.Property("UID").Value == interviews[api.InterviewStatusScheduled].String() {
						return event.Property("STATUS").Value
					}
				}
				return "absent"
			}
			if got := inCalendar(); got != "CONFIRMED" {
				t.Fatalf("before: the interview is %s in its panelist's calendar, want CONFIRMED", got)
			}
			if test.held {
				held := testkit.Decode[api.Application](
					f.as[api.RoleTeamLead].Post(path(id, "hold"), nil).Expect(http.StatusOK))
				want := []api.ApplicationAction{
					api.ApplicationActionResume, api.ApplicationActionReject, api.ApplicationActionWithdraw,
				}
				if !slices.Equal(held.AllowedActions, want) {
					t.Errorf("on hold: got the allowed actions %v, want %v", held.AllowedActions, want)
				}
			}

			closed := testkit.Decode[api.Application](
				f.as[api.RoleTeamLead].Post(path(id, test.action), test.body).Expect(http.StatusOK))
			if want := map[string]api.ApplicationStatus{
				"reject": api.ApplicationStatusRejected, "withdraw": api.ApplicationStatusWithdrawn,
			}[test.action]; closed.Status != want {
				t.Errorf("got the status %s, want %s", closed.Status, want)
			}

			for status, interview := range interviews {
				got := getInterview(f, interview)
				switch status {
				case api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusNoShow:
					if got.Status != api.InterviewStatusCancelled || got.StatusReason.MustGet() != test.reason {
						t.Errorf("an interview that was %s is %s for %v, want cancelled for %s",
							status, got.Status, got.StatusReason, test.reason)
					}
					checkCancellation(t, f, interview, status, test.reason, id)
				default:
					if got.Status != status || !got.UpdatedAt.Equal(before[status].UpdatedAt) {
						t.Errorf("an interview that was %s is %s, want no change", status, got.Status)
					}
				}
			}
			if got := getInterview(f, other); got.Status != api.InterviewStatusScheduled {
				t.Errorf("another application's interview is %s, want scheduled", got.Status)
			}
			if got := inCalendar(); got != "CANCELLED" {
				t.Errorf("the cancelled interview is %s in its panelist's calendar, want CANCELLED", got)
			}

			// Reactivating the application does not restore its interviews.
			f.as[api.RoleHr].Post(path(id, "reactivate"), map[string]any{"reason": "On second thoughts."}).
				Expect(http.StatusOK)
			got := getInterview(f, interviews[api.InterviewStatusScheduled])
			if got.Status != api.InterviewStatusCancelled {
				t.Errorf("after the reactivation, the interview is %s, want cancelled", got.Status)
			}
		})
	}
}

// checkCancellation checks that the history of an interview ends with its cancellation by the team lead, and that the
// audit log has one entry for it.
func checkCancellation(
	t *testing.T, f fixture, id uuid.UUID, was api.InterviewStatus, reason string, application uuid.UUID,
) {
	t.Helper()
	lead := f.acme.Users[api.RoleTeamLead].ID
	events := testkit.Decode[api.InterviewEventPage](
		f.as[api.RoleHr].Get("/api/v1/interviews/" + id.String() + "/history").Expect(http.StatusOK)).Data
	last := events[len(events)-1]
	if last.Event != api.InterviewEventKindCancel || *last.FromStatus != was ||
		last.ToStatus != api.InterviewStatusCancelled || last.Reason.MustGet() != reason || last.ActorID.MustGet() != lead {
		t.Errorf("the history ends with %+v, want the cancellation from %s by %s", last, was, lead)
	}
	query := "/api/v1/audit-logs?action=interview.cancelled&resource_type=interview&resource_id=" + id.String()
	entries := testkit.Decode[api.AuditLogPage](f.as[api.RoleAdmin].Get(query).Expect(http.StatusOK)).Data
	want := `{"application_id":"` + application.String() +
		`","changes":{"status":{"from":"` + string(was) + `","to":"cancelled"}}}`
	if len(entries) != 1 || entries[0].ActorID.MustGet() != lead || auditDetails(t, entries[0]) != want {
		t.Errorf("got audit entries %+v, want one by %s with %s", entries, lead, want)
	}
}

// TestOtherMovesKeepInterviews puts an application on hold and moves one to hired.
func TestOtherMovesKeepInterviews(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	for action, body := range map[string]any{"hold": nil, "move": map[string]any{"to": "hired"}} {
		t.Run(action, func(t *testing.T) {
			f := f.in(t)
			id := f.hiring.Application(f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen), api.ApplicationStageOffer)
			interview := f.hiring.Interview(id, version, api.InterviewStatusScheduled, f.acme.Users[api.RoleEmployee])
			f.as[api.RoleHr].Post(path(id, action), body).Expect(http.StatusOK)
			if got := getInterview(f, interview); got.Status != api.InterviewStatusScheduled {
				t.Errorf("the interview is %s, want scheduled", got.Status)
			}
		})
	}
}

// TestConcurrentScheduleAndRejectCancelsInterview schedules an interview while its application is rejected. In either
// order, the interview must be cancelled in the end.
func TestConcurrentScheduleAndRejectCancelsInterview(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	times := map[string]any{
		"starts_at": "2055-01-12T10:00:00+01:00", "ends_at": "2055-01-12T11:00:00+01:00", "timezone": "Europe/Berlin",
		"allow_conflicts": true,
	}
	for range 20 {
		id := f.hiring.Application(f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
		draft := f.hiring.Interview(id, version, api.InterviewStatusDraft, f.acme.Users[api.RoleEmployee])
		var both sync.WaitGroup
		both.Go(func() {
			answer := f.as[api.RoleHr].Post("/api/v1/interviews/"+draft.String()+"/schedule", times)
			if answer.Status != http.StatusOK && answer.Status != http.StatusConflict {
				t.Errorf("scheduling got status %d, want 200 or 409: %s", answer.Status, answer.Body)
			}
		})
		both.Go(func() {
			f.as[api.RoleAdmin].Post(path(id, "reject"), map[string]any{"rejection_reason": "other"}).Expect(http.StatusOK)
		})
		both.Wait()
		if got := getInterview(f, draft); got.Status != api.InterviewStatusCancelled {
			t.Fatalf("the interview of the rejected application is %s, want cancelled", got.Status)
		}
	}
}
