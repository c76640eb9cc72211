package interviews_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestNothingDependsOnRatings reads everything that this room shows, by everyone, of interviews in every state, and again
// after every rating, recommendation, comment and figure has become another. Not a byte may differ.
func TestNothingDependsOnRatings(t *testing.T) {
	t.Parallel()
	h := build(t)
	var interviews []uuid.UUID
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted, api.InterviewStatusCancelled,
	} {
		for _, written := range []api.ScoreStatus{api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided} {
			id := h.held(status, "panelist", "rival", "hr")
			h.Score(id, h.people["panelist"], written, 1)
			h.Score(id, h.people["rival"], api.ScoreStatusSubmitted, 1)
			interviews = append(interviews, id)
		}
	}
	targets := []string{"/api/v1/users/me/calendar.ics"}
	for _, sort := range []string{"starts_at", "-starts_at", "created_at", "-created_at", "updated_at", "-updated_at"} {
		targets = append(targets, collection+"?limit=5&sort="+sort)
	}
	for _, id := range interviews {
		targets = append(targets, path(id), path(id, "history"), path(id, "calendar.ics"))
	}
	read := func() map[string]string {
		all := map[string]string{}
		for as, client := range h.as {
			for _, target := range targets {
				answer := client.Get(target)
				all[as+" "+target] = answer.Header.Get("ETag") + answer.Header.Get("Link") + string(answer.Body)
			}
			// What was seen before is still what there is.
			if as == "panelist" {
				tag := client.Get(path(interviews[0])).Header.Get("ETag")
				all["tag"] = tag
			}
		}
		return all
	}
	// A problem names its request, which differs; whoever sees nothing is left out.
	delete(h.as, "other")
	before := read()
	h.Exec(`UPDATE scores SET recommendation = 'definitely_no', comment = 'Otherwise.', weighted_score = 5, coverage = 0.5, revision = 7,
		ratings = '[{"criterion_key":"problem_solving","rating":5,"not_observed":false,"note":"Otherwise."}]', version = version + 3, updated_at = now()`)
	for what, is := range read() {
		if is != before[what] {
			t.Errorf("%s: depends on ratings:\n%s\n%s", what, before[what], is)
		}
	}
	h.as["panelist"].Do(http.MethodGet, path(interviews[0]), nil, "If-None-Match", before["tag"]).Expect(http.StatusNotModified)
}
