package interviews_test

import (
	"net/http"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// TestNobodyChangesTheirOwnSeat once the interview has begun: whoever could leave the panel would read the scores that are
// hidden from those on it, and whoever could join would score after having read them. Others may put them there.
func TestNobodyChangesTheirOwnSeat(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores,
	} {
		begun := lifecycle.TakesScores(status)
		for _, who := range []string{"lead", "hr", "admin"} {
			id := h.held(status, "panelist", "other")
			self := h.people[who].ID
			join := func() { h.put(who, id, self, map[string]any{}).Expect(http.StatusOK) }
			if begun {
				p := h.put(who, id, self, map[string]any{}).Refused(http.StatusConflict, "state_conflict")
				if *p.State != string(status) {
					t.Errorf("%s puts themselves on a panel: the state is %s", who, *p.State)
				}
				helper := map[string]string{"lead": "hr", "hr": "admin", "admin": "lead"}[who]
				join = func() { h.put(helper, id, self, map[string]any{}).Expect(http.StatusOK) }
			}
			join()
			if begun {
				h.take(who, id, self).Refused(http.StatusConflict, "state_conflict")
				// Whether their score is required is no way out: they stay on the panel.
				h.put(who, id, self, map[string]any{"score_required": false}).Expect(http.StatusOK)
				continue
			}
			h.take(who, id, self).Expect(http.StatusOK)
		}
	}
}
