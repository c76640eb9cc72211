package interviews_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestInterviewsDoNotDependOnRatings reads every response about interviews in various states as every user, changes all
// ratings, recommendations, comments and figures, and reads again. All bytes must be equal.
func TestInterviewsDoNotDependOnRatings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var interviews []uuid.UUID
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted,
		api.InterviewStatusCancelled,
	} {
		for _, score := range []api.ScoreStatus{api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided} {
			id := f.newInterview(status, "panelist", "other_lead", "hr")
			f.Score(id, f.users["panelist"], score, 1)
			f.Score(id, f.users["other_lead"], api.ScoreStatusSubmitted, 1)
			interviews = append(interviews, id)
		}
	}
	targets := []string{"/api/v1/users/me/calendar.ics"}
	for _, sort := range []string{
		"starts_at", "-starts_at", "created_at", "-created_at", "updated_at", "-updated_at",
	} {
		targets = append(targets, collection+"?limit=5&sort="+sort)
	}
	for _, id := range interviews {
		targets = append(targets, path(id), path(id, "history"), path(id, "calendar.ics"))
	}
	// The outsider sees no interview. Problems contain the id of their request, so they always differ.
	delete(f.clients, "outsider")
	readAll := func() map[string]string {
		all := map[string]string{}
		for name, client := range f.clients {
			for _, target := range targets {
				answer := client.Get(target)
				all[name+" "+target] = answer.Header.Get("ETag") + answer.Header.Get("Link") + string(answer.Body)
			}
		}
		return all
	}
	before := readAll()
	tag := f.clients["panelist"].Get(path(interviews[0])).Expect(http.StatusOK).Header.Get("ETag")

	f.Exec(`UPDATE scores SET recommendation = 'definitely_no', comment = 'Otherwise.', weighted_score = 5, coverage = 0.5,
		revision = 7, version = version + 3, updated_at = now(),
		ratings = '[{"criterion_key":"problem_solving","rating":5,"not_observed":false,"note":"Otherwise."}]'`)

	for name, got := range readAll() {
		if got != before[name] {
			t.Errorf("%s depends on ratings: got\n%s\nwant\n%s", name, got, before[name])
		}
	}
	f.clients["panelist"].Do(http.MethodGet, path(interviews[0]), nil, "If-None-Match", tag).
		Expect(http.StatusNotModified)
}
