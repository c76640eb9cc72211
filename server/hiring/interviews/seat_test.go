package interviews_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
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

// TestKeysDoNotChangeTheirHoldersSeat shows that the rule about one's own seat also binds the API keys whose secret the
// user was shown, by creation or by rotation, and no others.
func TestKeysDoNotChangeTheirHoldersSeat(t *testing.T) {
	t.Parallel()
	h := build(t)
	second := h.User(h.acme, "second", api.RoleAdmin)
	secondAdmin := h.replica.SignIn(t, second)
	create := func(by *testkit.Client) api.APIKeyWithSecret {
		t.Helper()
		return testkit.Decode[api.APIKeyWithSecret](by.Post("/api/v1/api-keys", map[string]any{
			"name": "Scheduler", "scopes": []string{"interviews:read", "interviews:schedule"},
		}).Expect(http.StatusCreated))
	}
	own, rotated, foreign := create(h.as["admin"]), create(secondAdmin), create(secondAdmin)
	rotated = testkit.Decode[api.APIKeyWithSecret](
		h.as["admin"].Post("/api/v1/api-keys/"+rotated.APIKey.ID.String()+"/rotate", nil).Expect(http.StatusOK))
	self := h.people["admin"].ID
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			h := h
			h.t = t
			for name, secret := range map[string]string{"own": own.Secret, "rotated": rotated.Secret} {
				program := h.replica.Bearer(t, secret)
				apart, on := h.held(status, "panelist", "other"), h.held(status, "panelist", "admin")
				add := program.Do(http.MethodPut, path(apart, "panel", self.String()), map[string]any{"allow_conflicts": true})
				remove := program.Delete(path(on, "panel", self.String()))
				if !lifecycle.TakesScores(status) {
					add.Expect(http.StatusOK)
					remove.Expect(http.StatusOK)
					continue
				}
				for _, refused := range []*testkit.Answer{add, remove} {
					if p := refused.Refused(http.StatusConflict, "state_conflict"); *p.State != string(status) {
						t.Errorf("%s key: the state is %s", name, *p.State)
					}
				}
			}
			// The keys of other people, and its own for other people, may do it.
			program := h.replica.Bearer(t, foreign.Secret)
			id := h.held(status, "panelist", "other")
			for _, user := range []uuid.UUID{self, h.people["hr"].ID} {
				program.Do(http.MethodPut, path(id, "panel", user.String()), map[string]any{"allow_conflicts": true}).Expect(http.StatusOK)
				program.Delete(path(id, "panel", user.String())).Expect(http.StatusOK)
			}
			h.replica.Bearer(t, own.Secret).Delete(path(id, "panel", h.people["other"].ID.String())).Expect(http.StatusOK)
		})
	}
}
