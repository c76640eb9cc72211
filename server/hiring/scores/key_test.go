package scores_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestKeysDoNotUnblindTheirHolders tries to read a colleague's score before one's own is submitted: with an API key an
// admin leaves the panel, reads, and joins it again.
func TestKeysDoNotUnblindTheirHolders(t *testing.T) {
	t.Parallel()
	h := build(t)
	admin := h.acme.Users[api.RoleAdmin]
	colleague, writes := h.join("colleague", api.RoleEmployee)
	interview := h.interview(api.InterviewStatusInProgress, admin, colleague)
	hidden := created(writes, interview, full(4, "yes")).ID
	writes.Post(path(hidden, "submit"), nil).Expect(http.StatusOK)

	program := h.replica.Bearer(t, testkit.Decode[api.APIKeyWithSecret](h.as[api.RoleAdmin].Post("/api/v1/api-keys", object{
		"name": "Scheduler", "scopes": []string{"interviews:read", "interviews:schedule", "scores:read"},
	}).Expect(http.StatusCreated)).Secret)
	seat := "/api/v1/interviews/" + interview.String() + "/panel/" + admin.ID.String()
	blind := func(when string) {
		t.Helper()
		for name, client := range map[string]*testkit.Client{"the admin": h.as[api.RoleAdmin], "their key": program} {
			client.Get(path(hidden)).Refused(http.StatusNotFound, "not_found")
			listed := testkit.Decode[api.ScorePage](client.Get(collection + "?interview_id=" + interview.String()).Expect(http.StatusOK))
			if slices.ContainsFunc(listed.Data, func(s api.Score) bool { return s.ID == hidden }) {
				t.Errorf("%s: %s reads the colleague's score", when, name)
			}
		}
	}
	blind("on the panel")
	program.Delete(seat).Refused(http.StatusConflict, "state_conflict")
	blind("after the key tried to remove the admin from the panel")
	h.as[api.RoleAdmin].Delete(seat).Refused(http.StatusConflict, "state_conflict")
	blind("after the admin tried to leave the panel")

	// Another person may remove them. Then they read the score, and nothing that they hold puts them back.
	h.as[api.RoleHr].Delete(seat).Expect(http.StatusOK)
	h.as[api.RoleAdmin].Get(path(hidden)).Expect(http.StatusOK)
	program.Do(http.MethodPut, seat, object{}).Refused(http.StatusConflict, "state_conflict")
	h.as[api.RoleAdmin].Do(http.MethodPut, seat, object{}).Refused(http.StatusConflict, "state_conflict")
	h.as[api.RoleAdmin].Post(scoresOf(interview), full(4, "yes")).Refused(http.StatusForbidden, "role_not_allowed")
}
