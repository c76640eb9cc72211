package scores_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee, hr := f.as[api.RoleEmployee], f.as[api.RoleHr]
	interview := f.interview(
		api.InterviewStatusAwaitingScores, f.acme.Users[api.RoleEmployee], f.acme.Users[api.RoleTeamLead])
	draft := createScore(employee, interview, completeBody(2, "no"))
	submitted := testkit.Decode[api.Score](employee.Post(path(draft.ID, "submit"), nil).Expect(http.StatusOK))

	// Reopen: HR no longer sees the score, and its rater can update it.
	answer := hr.Post(path(draft.ID, "reopen"), object{"reason": " Rated the wrong candidate.\n"}).Expect(http.StatusOK)
	wantOutcome := api.ScoreOutcome{ID: draft.ID, InterviewID: interview, Status: "draft", Revision: 2}
	if got := testkit.Decode[api.ScoreOutcome](answer); got != wantOutcome {
		t.Errorf("outcome: got %+v, want %+v", got, wantOutcome)
	}
	hr.Get(path(draft.ID)).Refused(http.StatusNotFound, "not_found")
	reopened := getScore(employee, draft.ID)
	want := submitted
	want.Status, want.Revision, want.SubmittedAt, want.UpdatedAt = "draft", 2, draft.SubmittedAt, reopened.UpdatedAt
	want.StatusReason.Set("Rated the wrong candidate.")
	want.AllowedActions = []api.ScoreAction{"update", "submit"}
	if !reflect.DeepEqual(reopened, want) {
		t.Errorf("reopened: got %+v,\nwant %+v", reopened, want)
	}

	// Submit again with other content.
	employee.Do(http.MethodPatch, path(draft.ID), object{
		"ratings": []object{rated("problem_solving", 5)}, "recommendation": "strong_yes",
	}, "If-Match", "*").Expect(http.StatusOK)
	again := testkit.Decode[api.Score](employee.Post(path(draft.ID, "submit"), nil).Expect(http.StatusOK))
	if again.Revision != 2 || !again.StatusReason.IsNull() || again.WeightedScore.MustGet() != 5 ||
		again.Coverage != 0.75 || !again.SubmittedAt.MustGet().After(submitted.SubmittedAt.MustGet()) {
		t.Errorf("submitted again: got %+v", again)
	}

	// The revision keeps the earlier content.
	page := testkit.Decode[api.ScoreRevisionPage](hr.Get(path(draft.ID, "revisions")).Expect(http.StatusOK))
	if len(page.Data) != 1 || page.HasMore || !page.NextCursor.IsNull() {
		t.Fatalf("revisions: got %+v, want one", page)
	}
	got := page.Data[0]
	wantRevision := api.ScoreRevision{
		ID: got.ID, Revision: 1, Event: "reopen", Ratings: submitted.Ratings, Recommendation: submitted.Recommendation,
		Comment: submitted.Comment, WeightedScore: submitted.WeightedScore, Coverage: 1, SubmittedAt: submitted.SubmittedAt,
		Reason:    "Rated the wrong candidate.",
		Actor:     api.ActorSummary{ID: f.acme.Users[api.RoleHr].ID, Type: "user", Name: "hr Example"},
		CreatedAt: got.CreatedAt,
	}
	if !reflect.DeepEqual(got, wantRevision) || got.CreatedAt.After(reopened.UpdatedAt) {
		t.Errorf("revision: got %+v,\nwant %+v", got, wantRevision)
	}
	f.requireAudited(draft.ID, "score.created", "score.submitted", "score.reopened", "score.updated", "score.submitted")
}

func TestVoid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee, admin := f.as[api.RoleEmployee], f.as[api.RoleAdmin]
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	first := createScore(employee, interview, completeBody(2, "no"))
	submitted := testkit.Decode[api.Score](employee.Post(path(first.ID, "submit"), nil).Expect(http.StatusOK))

	answer := admin.Post(path(first.ID, "void"), object{"reason": "A proxy came."}).Expect(http.StatusOK)
	wantOutcome := api.ScoreOutcome{ID: first.ID, InterviewID: interview, Status: "voided", Revision: 1}
	if got := testkit.Decode[api.ScoreOutcome](answer); got != wantOutcome {
		t.Errorf("outcome: got %+v, want %+v", got, wantOutcome)
	}

	// HR, admins and the rater see a voided score and its revision.
	for name, client := range map[string]*testkit.Client{"admin": admin, "rater": employee} {
		t.Run(name, func(t *testing.T) {
			got, want := getScore(client.In(t), first.ID), submitted
			want.Status, want.UpdatedAt, want.AllowedActions = "voided", got.UpdatedAt, []api.ScoreAction{}
			want.StatusReason.Set("A proxy came.")
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v,\nwant %+v", got, want)
			}
			page := testkit.Decode[api.ScoreRevisionPage](client.In(t).Get(path(first.ID, "revisions")).Expect(http.StatusOK))
			if len(page.Data) != 1 || page.Data[0].Event != "void" || page.Data[0].Reason != "A proxy came." {
				t.Errorf("got revisions %+v, want one of the event void", page.Data)
			}
		})
	}
	f.as[api.RoleTeamLead].Get(path(first.ID)).Refused(http.StatusNotFound, "not_found")

	// A voided score permits no action.
	for action, client := range map[string]*testkit.Client{"reopen": admin, "void": admin, "submit": employee} {
		t.Run(action, func(t *testing.T) {
			var body any
			if action != "submit" {
				body = object{"reason": "Once more."}
			}
			p := client.In(t).Post(path(first.ID, action), body).Refused(http.StatusConflict, "state_conflict")
			if *p.State != "voided" || len(*p.AllowedActions) > 0 {
				t.Errorf("got state %s and actions %v, want voided and none", *p.State, *p.AllowedActions)
			}
		})
	}

	// The rater may create another score; only this one counts.
	second := createScore(employee, interview, completeBody(5, "yes"))
	if second.ID == first.ID || second.Revision != 1 {
		t.Errorf("second score: got %+v, want a new one of revision 1", second)
	}
	employee.Post(path(second.ID, "submit"), nil).Expect(http.StatusOK)
	f.requireAudited(first.ID, "score.created", "score.submitted", "score.voided")
	summary := testkit.Decode[api.InterviewSummary](admin.Get(interviewSummary(interview)).Expect(http.StatusOK))
	if summary.Figures.Scores != 1 || summary.Figures.WeightedMean.MustGet() != 5 {
		t.Errorf("figures: got %+v, want those of the second score only", summary.Figures)
	}
}

// TestOverrideRequirements verifies that reopening and voiding require the role, a reason, a visible score of another
// rater, and that a refusal changes nothing.
func TestOverrideRequirements(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, admin := f.as[api.RoleHr], f.as[api.RoleAdmin]
	stranger := f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr])
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee], f.acme.Users[api.RoleHr])
	score := f.hiring.Score(interview, f.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 2)
	own := f.hiring.Score(interview, f.acme.Users[api.RoleHr], api.ScoreStatusDraft, 2)
	reason := object{"reason": "A mistake."}

	for _, action := range []string{"reopen", "void"} {
		t.Run(action, func(t *testing.T) {
			for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
				f.as[role].Post(path(score, action), reason).Refused(http.StatusForbidden, "permission_denied")
			}
			// The score is invisible to another company, and to HR as a panelist without a submitted score.
			for _, client := range []*testkit.Client{stranger, hr} {
				requireSameRefusal(t, client.Post(path(score, action), reason), client.Post(path(uuid.New(), action), reason))
			}
			hr.In(t).Post(path(own, action), reason).Refused(http.StatusForbidden, "role_not_allowed")

			admin.In(t).Post(path(score, action), nil).Refused(http.StatusBadRequest, "malformed_request")
			admin.In(t).Post(path(score, action), object{}).Refused(http.StatusBadRequest, "malformed_request")
			admin.In(t).Post(path(score, action), object{"reason": ""}).Refused(http.StatusBadRequest, "malformed_request")
			for text, want := range map[string]string{"\u2003": "/reason required", "a bell\u0007": "/reason control_character"} {
				p := admin.In(t).Post(path(score, action), object{"reason": text}).
					Refused(http.StatusUnprocessableEntity, "rule_violated")
				if got := fieldErrors(p); !slices.Equal(got, []string{want}) {
					t.Errorf("%s with reason %q: got errors %v, want %s", action, text, got, want)
				}
			}
		})
	}

	f.requireAudited(score)
	var revisions int
	err := f.Database.QueryRow(t.Context(), `SELECT count(*) FROM score_revisions`).Scan(&revisions)
	if err != nil || revisions != 0 {
		t.Errorf("got %d revisions, %v, want 0", revisions, err)
	}
}

// TestRaterCannotReopenOwnScore verifies that raters, after reading the other scores, cannot revise their own. If
// another user reopens or voids it, its rater is blind again until submitting.
func TestRaterCannotReopenOwnScore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, admin := f.as[api.RoleHr], f.as[api.RoleAdmin]
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleHr], f.acme.Users[api.RoleEmployee])
	other := f.hiring.Score(interview, f.acme.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 1)
	own := f.hiring.Score(interview, f.acme.Users[api.RoleHr], api.ScoreStatusSubmitted, 5)
	reason := object{"reason": "A mistake."}

	hr.Get(path(other)).Expect(http.StatusOK)
	for _, action := range []string{"reopen", "void"} {
		hr.Post(path(own, action), reason).Refused(http.StatusForbidden, "role_not_allowed")
	}
	if got := getScore(hr, own).AllowedActions; len(got) > 0 {
		t.Errorf("allowed actions of the rater: got %v, want none", got)
	}

	admin.Post(path(own, "reopen"), reason).Expect(http.StatusOK)
	hr.Get(path(own)).Expect(http.StatusOK)
	requireSameRefusal(t, hr.Get(path(other)), hr.Get(path(uuid.New())))
	hr.Get(path(other)).Refused(http.StatusNotFound, "not_found")
	hr.Post(path(own, "submit"), nil).Expect(http.StatusOK)
	hr.Get(path(other)).Expect(http.StatusOK)
	admin.Post(path(own, "void"), reason).Expect(http.StatusOK)
	hr.Get(path(other)).Refused(http.StatusNotFound, "not_found")
}

func TestRevisionsAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee, hr := f.as[api.RoleEmployee], f.as[api.RoleHr]
	interview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleEmployee])
	score := createScore(employee, interview, completeBody(3, "no_decision"))
	for n := range 7 {
		employee.Post(path(score.ID, "submit"), nil).Expect(http.StatusOK)
		hr.Post(path(score.ID, "reopen"), object{"reason": fmt.Sprintf("Reason %d.", n)}).Expect(http.StatusOK)
	}
	f.Exec(`ALTER TABLE score_revisions DISABLE TRIGGER USER`)
	f.Exec(`UPDATE score_revisions SET created_at = date_trunc('hour', created_at)`) // so that ids decide
	target := path(score.ID, "revisions")
	get := func(query string) api.ScoreRevisionPage {
		t.Helper()
		return testkit.Decode[api.ScoreRevisionPage](employee.Get(target + query).Expect(http.StatusOK))
	}

	all := get("")
	if len(all.Data) != 7 || all.HasMore {
		t.Fatalf("got %d revisions, more: %t, want 7 and no more", len(all.Data), all.HasMore)
	}
	for i, revision := range all.Data {
		if int(revision.Revision) != i+1 || revision.Reason != fmt.Sprintf("Reason %d.", i) {
			t.Errorf("revision at %d: got %+v, want revision %d", i, revision, i+1)
		}
	}
	for limit := 1; limit <= 4; limit++ {
		var walked []api.ScoreRevision
		for query := fmt.Sprintf("?limit=%d", limit); query != ""; {
			page := get(query)
			walked, query = append(walked, page.Data...), ""
			if cursor, err := page.NextCursor.Get(); err == nil {
				query = fmt.Sprintf("?limit=%d&cursor=%s", limit, cursor)
			}
		}
		if !reflect.DeepEqual(walked, all.Data) {
			t.Errorf("limit %d: got %d revisions, want the same %d in the same order", limit, len(walked), len(all.Data))
		}
	}

	// A cursor of another score's revisions is refused.
	otherInterview := f.interview(api.InterviewStatusInProgress, f.acme.Users[api.RoleTeamLead])
	other := createScore(f.as[api.RoleTeamLead], otherInterview, nil)
	cursor := get("?limit=1").NextCursor.MustGet()
	f.as[api.RoleTeamLead].Get(path(other.ID, "revisions")+"?cursor="+cursor).
		Refused(http.StatusBadRequest, "invalid_cursor")
}
