package interviews_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// unfinished returns the statuses before and after the begin of an interview in which its panel can change.
func unfinished() []api.InterviewStatus {
	return []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress,
		api.InterviewStatusAwaitingScores,
	}
}

// TestOwnPanelMembershipIsFixedOnceBegun verifies that nobody joins or leaves the panel of an interview that has begun
// by themselves. By leaving, they would read scores that are hidden from panelists; by joining, they would score after
// reading the others. Other users can add them.
func TestOwnPanelMembershipIsFixedOnceBegun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, status := range unfinished() {
		for name, helper := range map[string]string{"lead": "hr", "hr": "admin", "admin": "lead"} {
			t.Run(name+" in "+string(status), func(t *testing.T) {
				t.Parallel()
				f := f.in(t)
				id := f.newInterview(status, "panelist", "outsider")
				self := f.users[name].ID
				body := map[string]any{"allow_conflicts": true}
				if !lifecycle.TakesScores(stored.InterviewStatus(status)) {
					f.setPanelist(name, id, self, body).Expect(http.StatusOK)
					f.removePanelist(name, id, self).Expect(http.StatusOK)
					return
				}

				p := f.setPanelist(name, id, self, body).Refused(http.StatusConflict, "state_conflict")
				if *p.State != string(status) {
					t.Errorf("got the state %s, want %s", *p.State, status)
				}
				f.setPanelist(helper, id, self, body).Expect(http.StatusOK)
				f.removePanelist(name, id, self).Refused(http.StatusConflict, "state_conflict")
				// They may change whether their score is required, because they stay on the panel.
				f.setPanelist(name, id, self, map[string]any{"score_required": false}).Expect(http.StatusOK)
			})
		}
	}
}

// TestKeysCannotChangePanelMembershipOfHolders verifies that the rule about oneself also applies to the API keys whose
// secret the user was shown, by creation or by rotation, and to no others.
func TestKeysCannotChangePanelMembershipOfHolders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	secondAdmin := f.replica.SignIn(t, f.User(f.company, "second", api.RoleAdmin))
	create := func(by *testkit.Client) api.APIKeyWithSecret {
		t.Helper()
		return testkit.Decode[api.APIKeyWithSecret](by.Post("/api/v1/api-keys", map[string]any{
			"name": "Scheduler", "scopes": []string{"interviews:read", "interviews:schedule"},
		}).Expect(http.StatusCreated))
	}
	own, rotated, foreign := create(f.clients["admin"]), create(secondAdmin), create(secondAdmin)
	rotated = testkit.Decode[api.APIKeyWithSecret](
		f.clients["admin"].Post("/api/v1/api-keys/"+rotated.APIKey.ID.String()+"/rotate", nil).Expect(http.StatusOK))
	self := f.users["admin"].ID
	allowConflicts := map[string]any{"allow_conflicts": true}
	for _, status := range unfinished() {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			for name, secret := range map[string]string{"own": own.Secret, "rotated": rotated.Secret} {
				t.Run(name+" key", func(t *testing.T) {
					program := f.replica.Bearer(t, secret)
					without := f.newInterview(status, "panelist", "outsider")
					with := f.newInterview(status, "panelist", "admin")
					add := program.Do(http.MethodPut, path(without, "panel", self.String()), allowConflicts)
					remove := program.Delete(path(with, "panel", self.String()))
					if !lifecycle.TakesScores(stored.InterviewStatus(status)) {
						add.Expect(http.StatusOK)
						remove.Expect(http.StatusOK)
						return
					}
					for _, refused := range []*testkit.Answer{add, remove} {
						p := refused.Refused(http.StatusConflict, "state_conflict")
						if *p.State != string(status) {
							t.Errorf("%s key: got the state %s, want %s", name, *p.State, status)
						}
					}
				})
			}

			// A key of another user may add and remove the admin, and the admin's key may remove other users.
			program := f.replica.Bearer(t, foreign.Secret)
			id := f.newInterview(status, "panelist", "outsider")
			for _, user := range []uuid.UUID{self, f.users["hr"].ID} {
				program.Do(http.MethodPut, path(id, "panel", user.String()), allowConflicts).Expect(http.StatusOK)
				program.Delete(path(id, "panel", user.String())).Expect(http.StatusOK)
			}
			f.replica.Bearer(t, own.Secret).Delete(path(id, "panel", f.users["outsider"].ID.String())).
				Expect(http.StatusOK)
		})
	}
}
