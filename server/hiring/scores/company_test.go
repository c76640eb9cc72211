package scores_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestOtherCompanySeesNothing requests a score, its interview and its application from another company, in every role
// and by every operation. Each answer must equal that for an id that does not exist.
func TestOtherCompanySeesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Company("globex")
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	score := f.hiring.Score(interview, f.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 3)
	for role, user := range globex.Users {
		t.Run(string(role), func(t *testing.T) {
			stranger := f.replica.SignIn(t, user)
			mayOverride := role == api.RoleHr || role == api.RoleAdmin
			for _, operation := range []struct {
				method, before, after string
				id                    uuid.UUID
				body                  any
				isOverride            bool
			}{
				{http.MethodGet, collection + "/", "", score, nil, false},
				{http.MethodGet, collection + "/", "/revisions", score, nil, false},
				{http.MethodPatch, collection + "/", "", score, object{"comment": "Mine."}, false},
				{http.MethodPost, collection + "/", "/submit", score, nil, false},
				{http.MethodPost, collection + "/", "/reopen", score, object{"reason": "A mistake."}, true},
				{http.MethodPost, collection + "/", "/void", score, object{"reason": "A mistake."}, true},
				{http.MethodPost, "/api/v1/interviews/", "/scores", interview, nil, false},
				{http.MethodGet, "/api/v1/interviews/", "/summary", interview, nil, false},
				{http.MethodGet, "/api/v1/applications/", "/summary", f.application, nil, false},
			} {
				request := func(id uuid.UUID) *testkit.Answer {
					return stranger.Do(operation.method, operation.before+id.String()+operation.after, operation.body, "If-Match", "*")
				}
				got := request(operation.id)
				requireSameRefusal(t, got, request(uuid.New()))
				if operation.isOverride && !mayOverride {
					got.Refused(http.StatusForbidden, "permission_denied")
					continue
				}
				got.Refused(http.StatusNotFound, "not_found")
			}
			for _, filter := range []string{"?interview_id=" + interview.String(), "?job_id=" + f.job.String(), ""} {
				if got := exportNDJSON(t, stranger, filter); len(got) > 0 {
					t.Errorf("%s of another company exports %d scores with %q, want 0", role, len(got), filter)
				}
			}
		})
	}
}
