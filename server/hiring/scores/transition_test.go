package scores_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee, hr := h.as[api.RoleEmployee], h.as[api.RoleHr]
	interview := h.interview(api.InterviewStatusAwaitingScores, h.acme.Users[api.RoleEmployee], h.acme.Users[api.RoleTeamLead])
	draft := created(employee, interview, full(2, "no"))
	submitted := testkit.Decode[api.Score](employee.Post(path(draft.ID, "submit"), nil).Expect(http.StatusOK))

	got := testkit.Decode[api.ScoreOutcome](hr.Post(path(draft.ID, "reopen"), object{"reason": " Rated the wrong candidate.\n"}).Expect(http.StatusOK))
	if want := (api.ScoreOutcome{ID: draft.ID, InterviewID: interview, Status: "draft", Revision: 2}); got != want {
		t.Errorf("the outcome is %+v, want %+v", got, want)
	}
	hr.Get(path(draft.ID)).Refused(404, "not_found")
	reopened := testkit.Decode[api.Score](employee.Get(path(draft.ID)).Expect(http.StatusOK))
	want := submitted
	want.Status, want.Revision, want.SubmittedAt, want.UpdatedAt = "draft", 2, draft.SubmittedAt, reopened.UpdatedAt
	want.StatusReason.Set("Rated the wrong candidate.")
	want.AllowedActions = []api.ScoreAction{"update", "submit"}
	if !reflect.DeepEqual(reopened, want) {
		t.Errorf("reopened %+v,\nwant     %+v", reopened, want)
	}
	employee.Do("PATCH", path(draft.ID), object{"ratings": []object{rated("problem_solving", 5)}, "recommendation": "strong_yes"}, "If-Match", "*").
		Expect(http.StatusOK)
	again := testkit.Decode[api.Score](employee.Post(path(draft.ID, "submit"), nil).Expect(http.StatusOK))
	if again.Revision != 2 || !again.StatusReason.IsNull() || again.WeightedScore.MustGet() != 5 || again.Coverage != 0.75 ||
		!again.SubmittedAt.MustGet().After(submitted.SubmittedAt.MustGet()) {
		t.Errorf("submitted again: %+v", again)
	}
	read := testkit.Decode[api.ScoreRevisionPage](hr.Get(path(draft.ID, "revisions")).Expect(http.StatusOK))
	user := h.acme.Users[api.RoleHr]
	kept := api.ScoreRevisionPage{HasMore: false, NextCursor: read.NextCursor, Data: []api.ScoreRevision{{
		ID: read.Data[0].ID, Revision: 1, Event: "reopen", Ratings: submitted.Ratings, Recommendation: submitted.Recommendation,
		Comment: submitted.Comment, WeightedScore: submitted.WeightedScore, Coverage: 1, SubmittedAt: submitted.SubmittedAt,
		Reason: "Rated the wrong candidate.", Actor: api.ActorSummary{ID: user.ID, Type: "user", Name: "hr Example"},
		CreatedAt: reopened.UpdatedAt,
	}}}
	kept.Data[0].CreatedAt = read.Data[0].CreatedAt
	if !reflect.DeepEqual(read, kept) || !read.NextCursor.IsNull() || read.Data[0].CreatedAt.After(reopened.UpdatedAt) {
		t.Errorf("the revisions are %+v,\nwant              %+v", read, kept)
	}
	h.audited(draft.ID, "score.created", "score.submitted", "score.reopened", "score.updated", "score.submitted")
}

func TestVoid(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee, admin := h.as[api.RoleEmployee], h.as[api.RoleAdmin]
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	first := created(employee, interview, full(2, "no"))
	submitted := testkit.Decode[api.Score](employee.Post(path(first.ID, "submit"), nil).Expect(http.StatusOK))
	got := testkit.Decode[api.ScoreOutcome](admin.Post(path(first.ID, "void"), object{"reason": "A proxy came."}).Expect(http.StatusOK))
	if want := (api.ScoreOutcome{ID: first.ID, InterviewID: interview, Status: "voided", Revision: 1}); got != want {
		t.Errorf("the outcome is %+v, want %+v", got, want)
	}
	for name, client := range map[string]*testkit.Client{"admin": admin, "author": employee} {
		is := testkit.Decode[api.Score](client.Get(path(first.ID)).Expect(http.StatusOK))
		want := submitted
		want.Status, want.UpdatedAt, want.AllowedActions = "voided", is.UpdatedAt, []api.ScoreAction{}
		want.StatusReason.Set("A proxy came.")
		if !reflect.DeepEqual(is, want) {
			t.Errorf("%s: voided %+v,\nwant   %+v", name, is, want)
		}
		revisions := testkit.Decode[api.ScoreRevisionPage](client.Get(path(first.ID, "revisions")).Expect(http.StatusOK)).Data
		if len(revisions) != 1 || revisions[0].Event != "void" || revisions[0].Reason != "A proxy came." {
			t.Errorf("%s: the revisions are %+v", name, revisions)
		}
	}
	h.as[api.RoleTeamLead].Get(path(first.ID)).Refused(404, "not_found")
	for action, by := range map[string]*testkit.Client{"reopen": admin, "void": admin, "submit": employee} {
		var body any
		if action != "submit" {
			body = object{"reason": "Once more."}
		}
		if p := by.Post(path(first.ID, action), body).Refused(409, "state_conflict"); *p.State != "voided" || len(*p.AllowedActions) > 0 {
			t.Errorf("%s: state %s, actions %v", action, *p.State, *p.AllowedActions)
		}
	}
	second := created(employee, interview, full(5, "yes"))
	if second.ID == first.ID || second.Revision != 1 {
		t.Errorf("the second score is %+v", second)
	}
	employee.Post(path(second.ID, "submit"), nil).Expect(http.StatusOK)
	h.audited(first.ID, "score.created", "score.submitted", "score.voided")
	summary := testkit.Decode[api.InterviewSummary](admin.Get("/api/v1/interviews/" + interview.String() + "/summary").Expect(http.StatusOK))
	if summary.Figures.Scores != 1 || summary.Figures.WeightedMean.MustGet() != 5 {
		t.Errorf("the summary counts the voided score: %+v", summary)
	}
}

func TestOverridingNeedsTheRoleTheReasonAndTheState(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	globex := h.Company("globex")
	outsider := h.replica.SignIn(t, globex.Users[api.RoleHr])
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee], h.acme.Users[api.RoleHr])
	score := h.hiring.Score(interview, h.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 2)
	own := h.hiring.Score(interview, h.acme.Users[api.RoleHr], api.ScoreStatusDraft, 2)
	reason := object{"reason": "A mistake."}
	for _, action := range []string{"reopen", "void"} {
		for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
			h.as[role].Post(path(score, action), reason).Refused(403, "permission_denied")
		}
		unlike(t, outsider.Post(path(score, action), reason), outsider.Post(path(uuid.New(), action), reason))
		unlike(t, hr.Post(path(score, action), reason), hr.Post(path(uuid.New(), action), reason))
		hr.Post(path(own, action), reason).Refused(403, "role_not_allowed")
		admin := h.as[api.RoleAdmin]
		admin.Post(path(score, action), nil).Refused(400, "malformed_request")
		admin.Post(path(score, action), object{}).Refused(400, "malformed_request")
		admin.Post(path(score, action), object{"reason": ""}).Refused(400, "malformed_request")
		for _, text := range []string{"\u2003", "a bell\u0007"} {
			if got := pointers(admin.Post(path(score, action), object{"reason": text}).Refused(422, "rule_violated")); len(got) != 1 || got[0][:7] != "/reason" {
				t.Errorf("%q: %v", text, got)
			}
		}
	}
	h.audited(score)
	var kept int
	if err := h.Database.QueryRow(t.Context(), `SELECT count(*) FROM score_revisions`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d revisions, %v", kept, err)
	}
}

// TestNobodyTakesBackTheirOwnScore: who has read the others' scores could otherwise revise one's own by them. Where somebody
// else of HR reopens or voids it, its author is blind again until it is submitted anew.
func TestNobodyTakesBackTheirOwnScore(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleHr], h.acme.Users[api.RoleEmployee])
	theirs := h.hiring.Score(interview, h.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 1)
	own := h.hiring.Score(interview, h.acme.Users[api.RoleHr], api.ScoreStatusSubmitted, 5)
	hr.Get(path(theirs)).Expect(http.StatusOK)
	for _, action := range []string{"reopen", "void"} {
		hr.Post(path(own, action), object{"reason": "A mistake."}).Refused(http.StatusForbidden, "role_not_allowed")
	}
	if actions := testkit.Decode[api.Score](hr.Get(path(own))).AllowedActions; len(actions) > 0 {
		t.Errorf("the author of a submitted score may %v", actions)
	}
	admin := h.as[api.RoleAdmin]
	admin.Post(path(own, "reopen"), object{"reason": "A mistake."}).Expect(http.StatusOK)
	hr.Get(path(own)).Expect(http.StatusOK)
	unlike(t, hr.Get(path(theirs)), hr.Get(path(uuid.New())))
	hr.Get(path(theirs)).Refused(404, "not_found")
	hr.Post(path(own, "submit"), nil).Expect(http.StatusOK)
	hr.Get(path(theirs)).Expect(http.StatusOK)
	admin.Post(path(own, "void"), object{"reason": "A mistake."}).Expect(http.StatusOK)
	hr.Get(path(theirs)).Refused(404, "not_found")
}

func TestRevisionsAreWalkedOldestFirst(t *testing.T) {
	t.Parallel()
	h := build(t)
	interview := h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleEmployee])
	score := created(h.as[api.RoleEmployee], interview, full(3, "no_decision"))
	for n := range 7 {
		h.as[api.RoleEmployee].Post(path(score.ID, "submit"), nil).Expect(http.StatusOK)
		h.as[api.RoleHr].Post(path(score.ID, "reopen"), object{"reason": fmt.Sprintf("Reason %d.", n)}).Expect(http.StatusOK)
	}
	h.Exec(`ALTER TABLE score_revisions DISABLE TRIGGER USER`)
	h.Exec(`UPDATE score_revisions SET created_at = date_trunc('hour', created_at)`) // so that ids decide
	whole := testkit.Decode[api.ScoreRevisionPage](h.as[api.RoleEmployee].Get(path(score.ID, "revisions")).Expect(http.StatusOK))
	for i, revision := range whole.Data {
		if int(revision.Revision) != i+1 || revision.Reason != fmt.Sprintf("Reason %d.", i) {
			t.Errorf("at place %d is %+v", i, revision)
		}
	}
	if len(whole.Data) != 7 || whole.HasMore {
		t.Errorf("%d revisions", len(whole.Data))
	}
	for limit := 1; limit <= 4; limit++ {
		var walked []api.ScoreRevision
		next := fmt.Sprintf("%s?limit=%d", path(score.ID, "revisions"), limit)
		for next != "" {
			got := testkit.Decode[api.ScoreRevisionPage](h.as[api.RoleEmployee].Get(next).Expect(http.StatusOK))
			walked, next = append(walked, got.Data...), ""
			if cursor, err := got.NextCursor.Get(); err == nil {
				next = fmt.Sprintf("%s?limit=%d&cursor=%s", path(score.ID, "revisions"), limit, cursor)
			}
		}
		if !reflect.DeepEqual(walked, whole.Data) {
			t.Errorf("by %d: walked %d revisions", limit, len(walked))
		}
	}
	other := created(h.as[api.RoleTeamLead], h.interview(api.InterviewStatusInProgress, h.acme.Users[api.RoleTeamLead]), nil)
	cursor := testkit.Decode[api.ScoreRevisionPage](h.as[api.RoleEmployee].Get(path(score.ID, "revisions") + "?limit=1")).NextCursor.MustGet()
	h.as[api.RoleTeamLead].Get(path(other.ID, "revisions")+"?cursor="+cursor).Refused(400, "invalid_cursor")
}
