package interviews_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestScheduleRequiresActiveApplication verifies that an interview cannot be scheduled or rescheduled while its
// application is not active. Other actions remain possible.
func TestScheduleRequiresActiveApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for status, action := range map[api.InterviewStatus]string{
		api.InterviewStatusDraft: "schedule", api.InterviewStatusNoShow: "schedule",
		api.InterviewStatusScheduled: "reschedule",
	} {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			id := f.newInterview(status, "panelist")
			for _, application := range []string{"on_hold", "rejected", "withdrawn"} {
				f.Exec(`UPDATE applications SET status = $2::text,
				rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`, f.application, application)
				p := f.clients["lead"].Post(path(id, action), scheduleAt(0)).Refused(http.StatusConflict, "state_conflict")
				if !strings.Contains(p.Detail, application) {
					t.Errorf("%s of %s: got %+v, want a detail that contains %q", action, status, p, application)
				}
			}
			f.clients["lead"].Do(http.MethodPatch, path(id), `{"title":"Renamed"}`, "If-Match", "*").Expect(http.StatusOK)

			f.Exec(`UPDATE applications SET status = 'active', rejection_reason = NULL WHERE id = $1`, f.application)
			f.clients["lead"].Post(path(id, action), scheduleAt(0, "allow_conflicts", true)).Expect(http.StatusOK)
			f.clients["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
		})
	}
}

// TestRescheduleToSameTime repeats a request, as a client does that lost the response. The interview and the responses
// of the panel stay as they are.
func TestRescheduleToSameTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled, "panelist")
	f.clients["lead"].Post(path(id, "reschedule"), scheduleAt(0)).Expect(http.StatusOK)
	f.clients["panelist"].Post(path(id, "respond"), map[string]any{"response": "accepted"}).Expect(http.StatusOK)
	before := f.clients["lead"].Get(path(id))

	// The same time with another offset.
	again := f.clients["lead"].Post(path(id, "reschedule"), scheduleAt(0, "starts_at", "2055-01-12T10:00:00+01:00")).
		Expect(http.StatusOK)

	if string(again.Body) != string(before.Body) || again.Header.Get("ETag") != before.Header.Get("ETag") {
		t.Errorf("got\n%s\nwant\n%s", again.Body, before.Body)
	}
	if events := f.history(id); len(events) != 1 {
		t.Errorf("got %d events, want 1", len(events))
	}
	for _, body := range []map[string]any{
		scheduleAt(1), scheduleAt(0, "timezone", "UTC"), scheduleAt(0, "ends_at", "2055-01-12T10:30:00Z"),
	} {
		want := f.get("lead", id).Reschedules + 1
		got := decode(f.clients["lead"].Post(path(id, "reschedule"), body).Expect(http.StatusOK)).Reschedules
		if got != want {
			t.Errorf("%v: got %d reschedules, want %d", body, got, want)
		}
	}
}
