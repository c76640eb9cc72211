package interviews_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestNoTimeWhileTheApplicationWaits: an interview of an application that is not considered gets no time, and all else
// about it goes on.
func TestNoTimeWhileTheApplicationWaits(t *testing.T) {
	t.Parallel()
	h := build(t)
	for status, action := range map[api.InterviewStatus]string{
		api.InterviewStatusDraft: "schedule", api.InterviewStatusNoShow: "schedule", api.InterviewStatusScheduled: "reschedule",
	} {
		id := h.held(status, "panelist")
		for _, application := range []string{"on_hold", "rejected", "withdrawn"} {
			h.Exec(`UPDATE applications SET status = $2::text, rejection_reason = CASE WHEN $2::text = 'rejected' THEN 'other' END WHERE id = $1`,
				h.applies, application)
			p := h.as["lead"].Post(path(id, action), at(0)).Refused(http.StatusConflict, "state_conflict")
			if !strings.Contains(p.Detail, application) {
				t.Errorf("%s of %s: %+v", action, application, p)
			}
		}
		h.as["lead"].Do(http.MethodPatch, path(id), `{"title":"Renamed"}`, "If-Match", "*").Expect(http.StatusOK)
		h.Exec(`UPDATE applications SET status = 'active', rejection_reason = NULL WHERE id = $1`, h.applies)
		h.as["lead"].Post(path(id, action), at(0, "allow_conflicts", true)).Expect(http.StatusOK)
		h.as["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
	}
}

// TestTheSameTimeOnceMore, as a client sends it that has lost the answer, moves nothing and asks nobody anew.
func TestTheSameTimeOnceMore(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled, "panelist")
	h.as["lead"].Post(path(id, "reschedule"), at(0)).Expect(http.StatusOK)
	h.as["panelist"].Post(path(id, "respond"), map[string]any{"response": "accepted"}).Expect(http.StatusOK)
	before := h.as["lead"].Get(path(id))
	again := h.as["lead"].Post(path(id, "reschedule"), at(0, "starts_at", "2027-01-12T10:00:00+01:00")).Expect(http.StatusOK)
	if string(again.Body) != string(before.Body) || again.Header.Get("ETag") != before.Header.Get("ETag") || len(h.history(id)) != 1 {
		t.Errorf("it has become\n%s of\n%s", again.Body, before.Body)
	}
	for _, body := range []map[string]any{at(1), at(0, "timezone", "UTC"), at(0, "ends_at", "2027-01-12T10:30:00Z")} {
		was := h.get("lead", id).Reschedules
		if got := shown(h.as["lead"].Post(path(id, "reschedule"), body).Expect(http.StatusOK)); got.Reschedules != was+1 {
			t.Errorf("%v was not taken for another time", body)
		}
	}
}
