package scores_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestKeysDoNotUnblindTheirHolders verifies that an admin who is a panelist cannot use an API key of their own to leave
// the panel, read a colleague's score, and return to the panel.
func TestKeysDoNotUnblindTheirHolders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	admin := f.acme.Users[api.RoleAdmin]
	colleague, asColleague := f.newUser("colleague", api.RoleEmployee)
	interview := f.interview(api.InterviewStatusInProgress, admin, colleague)
	hidden := createScore(asColleague, interview, completeBody(4, "yes")).ID
	asColleague.Post(path(hidden, "submit"), nil).Expect(http.StatusOK)
	asAdmin := f.as[api.RoleAdmin]
	asKey := f.replica.Bearer(t, testkit.Decode[api.APIKeyWithSecret](asAdmin.Post("/api/v1/api-keys", object{
		"name": "Scheduler", "scopes": []string{"interviews:read", "interviews:schedule", "scores:read"},
	}).Expect(http.StatusCreated)).Secret)
	panelist := "/api/v1/interviews/" + interview.String() + "/panel/" + admin.ID.String()

	requireBlind := func(when string) {
		t.Helper()
		for name, client := range map[string]*testkit.Client{"admin": asAdmin, "key": asKey} {
			client.Get(path(hidden)).Refused(http.StatusNotFound, "not_found")
			listed := list(client, url.Values{"interview_id": {interview.String()}}).Data
			if slices.Contains(testkit.IDs(listed), hidden) {
				t.Errorf("%s: the list of the %s contains the colleague's score", when, name)
			}
		}
	}
	requireBlind("on the panel")
	asKey.Delete(panelist).Refused(http.StatusConflict, "state_conflict")
	requireBlind("after the key tried to remove the admin from the panel")
	asAdmin.Delete(panelist).Refused(http.StatusConflict, "state_conflict")
	requireBlind("after the admin tried to leave the panel")

	// Another user may remove the admin, who then reads the score and can no longer return to the panel.
	f.as[api.RoleHr].Delete(panelist).Expect(http.StatusOK)
	asAdmin.Get(path(hidden)).Expect(http.StatusOK)
	asKey.Do(http.MethodPut, panelist, object{}).Refused(http.StatusConflict, "state_conflict")
	asAdmin.Do(http.MethodPut, panelist, object{}).Refused(http.StatusConflict, "state_conflict")
	asAdmin.Post(scoresOf(interview), completeBody(4, "yes")).Refused(http.StatusForbidden, "role_not_allowed")
}
