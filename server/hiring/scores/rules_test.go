package scores

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestMatrix enumerates who may take which action on a score. The letters in the table are the permitted actions: u is
// update, s submit, r reopen, v void. None is permitted in an interview that takes no scores.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		role                     stored.Role
		isRater                  bool
		draft, submitted, voided string
	}{
		{stored.RoleEmployee, false, "", "", ""},
		{stored.RoleEmployee, true, "us", "", ""},
		{stored.RoleTeamLead, false, "", "", ""},
		{stored.RoleTeamLead, true, "us", "", ""},
		{stored.RoleHR, false, "", "rv", ""},
		{stored.RoleHR, true, "us", "", ""},
		{stored.RoleAdmin, false, "", "rv", ""},
		{stored.RoleAdmin, true, "us", "", ""},
	} {
		t.Run(fmt.Sprintf("%s rater=%t", row.role, row.isRater), func(t *testing.T) {
			t.Parallel()
			for status, permitted := range map[stored.ScoreStatus]string{
				stored.ScoreStatusDraft: row.draft, stored.ScoreStatusSubmitted: row.submitted, stored.ScoreStatusVoided: row.voided,
			} {
				t.Run(fmt.Sprintf("%s score", status), func(t *testing.T) {
					t.Parallel()
					for interview, takesScores := range map[stored.InterviewStatus]bool{
						stored.InterviewStatusDraft: false, stored.InterviewStatusScheduled: false, stored.InterviewStatusInProgress: true,
						stored.InterviewStatusAwaitingScores: true, stored.InterviewStatusCompleted: false,
						stored.InterviewStatusNoShow: false, stored.InterviewStatusCancelled: false,
					} {
						actor := access.Actor{Kind: access.KindUser, ID: uuid.New(), Role: row.role}
						score := db.Score{RaterID: uuid.New(), Status: status}
						if row.isRater {
							score.RaterID = actor.ID
						}
						want := ""
						if takesScores {
							want = permitted
						}
						if got := permittedActions(t, actor, score, interview); got != want {
							t.Errorf("%s score, %s interview: decide permits %q, want %q", status, interview, got, want)
						}
						allowed := ""
						for _, action := range allowedActions(actor, score, interview) {
							allowed += string(action[0])
						}
						if allowed != want {
							t.Errorf("%s score, %s interview: allowed actions %q, want %q", status, interview, allowed, want)
						}
					}
				})
			}
		})
	}
}

// permittedActions returns the letters of the actions that decide permits, and verifies the states they lead to.
func permittedActions(t *testing.T, actor access.Actor, score db.Score, interview stored.InterviewStatus) string {
	t.Helper()
	reason, permitted := "A mistake.", ""
	for _, test := range []struct {
		action api.ScoreAction
		to     stored.ScoreStatus
	}{
		{api.ScoreActionUpdate, stored.ScoreStatusDraft},
		{api.ScoreActionSubmit, stored.ScoreStatusSubmitted},
		{api.ScoreActionReopen, stored.ScoreStatusDraft},
		{api.ScoreActionVoid, stored.ScoreStatusVoided},
	} {
		to, err := decide(actor, score, interview, test.action, &reason)
		switch {
		case err != nil && !fault.Is(err, fault.RoleNotAllowed) && !fault.Is(err, fault.StateConflict):
			t.Errorf("%s: got %v, want RoleNotAllowed or StateConflict", test.action, err)
		case err == nil && to != test.to:
			t.Errorf("%s: got state %s, want %s", test.action, to, test.to)
		case err == nil:
			permitted += string(test.action[0])
		}
	}
	return permitted
}

// TestKeysOfRaters verifies that an API key of which the rater is a key holder may take no action on the rater's score,
// even with the scopes of all actions.
func TestKeysOfRaters(t *testing.T) {
	t.Parallel()
	rater := uuid.New()
	for name, test := range map[string]struct {
		holders   []uuid.UUID
		submitted string // permitted actions on a submitted score
	}{
		"the rater is a holder":     {[]uuid.UUID{uuid.New(), rater}, ""},
		"the rater is not a holder": {[]uuid.UUID{uuid.New()}, "rv"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := access.Key{Scopes: []string{"scores:write", "scores:override"}, Test: true, Holders: test.holders}
			actor := access.Actor{Kind: access.KindAPIKey, ID: uuid.New(), Role: key.Role(), Key: &key}
			for status, want := range map[stored.ScoreStatus]string{
				stored.ScoreStatusDraft: "", stored.ScoreStatusSubmitted: test.submitted, stored.ScoreStatusVoided: "",
			} {
				t.Run(fmt.Sprintf("%s score", status), func(t *testing.T) {
					t.Parallel()
					score := db.Score{RaterID: rater, Status: status}
					if got := permittedActions(t, actor, score, stored.InterviewStatusInProgress); got != want {
						t.Errorf("%s score: got %q, want %q", status, got, want)
					}
				})
			}
		})
	}
}

// TestRefusals verifies which error is returned if several apply.
func TestRefusals(t *testing.T) {
	t.Parallel()
	hr := access.Actor{Kind: access.KindUser, ID: uuid.New(), Role: stored.RoleHR}
	reason, blank := "A mistake.", "\u00a0"
	for name, test := range map[string]struct {
		score     stored.ScoreStatus
		interview stored.InterviewStatus
		action    api.ScoreAction
		reason    *string
		want      fault.Code
		state     string
	}{
		"role before state of the interview":  {"draft", "completed", "update", nil, fault.RoleNotAllowed, ""},
		"state of the score before interview": {"voided", "completed", "void", &reason, fault.StateConflict, "voided"},
		"reopen without a reason":             {"submitted", "in_progress", "reopen", nil, fault.RuleViolated, ""},
		"void with a blank reason":            {"submitted", "in_progress", "void", &blank, fault.RuleViolated, ""},
		"void in a completed interview":       {"submitted", "completed", "void", &reason, fault.StateConflict, "completed"},
		"reopen in a cancelled interview":     {"submitted", "cancelled", "reopen", &reason, fault.StateConflict, "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decide(hr, db.Score{Status: test.score}, test.interview, test.action, test.reason)
			var f *fault.Fault
			if !errors.As(err, &f) || f.Code() != test.want {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if state, _ := f.State(); state != test.state {
				t.Errorf("got state %q, want %q", state, test.state)
			}
		})
	}
}

func TestReasonsHaveVisibleText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason string
		want   bool
	}{
		"one line":           {"A mistake.", true},
		"two lines":          {"Two\nlines.", true},
		"blank":              {"\u2003", false},
		"empty":              {"", false},
		"control character":  {"a bell\u0007", false},
		"direction override": {"turned \u202e round", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := checkReason(c.reason); (err == nil) != c.want {
				t.Errorf("checkReason(%q): got %v, valid: %t", c.reason, err, c.want)
			}
		})
	}
}

func kit() []scoring.Criterion {
	return []scoring.Criterion{
		{Key: "a", Title: "A", Weight: 3, Required: true},
		{Key: "b", Title: "B", Weight: 1},
		{Key: "c", Title: "C", Weight: 1, Required: true},
	}
}

// requestRating returns a rating of a request. It has no level if level is 0.
func requestRating(key string, level int32, notObserved bool) api.NewScoreRating {
	rating := api.NewScoreRating{CriterionKey: key}
	if level > 0 {
		rating.Rating = nullable.NewNullableWithValue(level)
	}
	if notObserved {
		rating.NotObserved = &notObserved
	}
	return rating
}

// storedRatings converts ratings of a request to the stored form.
func storedRatings(ratings ...api.NewScoreRating) []stored.ScoreRatingV1 {
	converted := make([]stored.ScoreRatingV1, len(ratings))
	for i, rating := range ratings {
		converted[i] = newRating(rating)
	}
	return converted
}

// TestFlaws verifies pointer, code and detail of the error for each flaw of a rating.
func TestFlaws(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ratings []api.NewScoreRating
		want    []fault.Field
	}{
		"no ratings": {nil, nil},
		"valid":      {[]api.NewScoreRating{requestRating("b", 3, false)}, nil},
		"unknown key": {[]api.NewScoreRating{requestRating("d", 3, false)}, []fault.Field{{
			Pointer: "/ratings/0/criterion_key", Code: "unknown_key",
			Detail: "must be a criterion of the interview's kit: a, b, c",
		}}},
		"duplicate key": {
			[]api.NewScoreRating{requestRating("b", 3, false), requestRating("b", 4, false)}, []fault.Field{{
				Pointer: "/ratings/1/criterion_key", Code: "duplicate_key", Detail: "must not repeat the key of an earlier rating",
			}},
		},
		"rated and not observed": {
			[]api.NewScoreRating{requestRating("a", 1, false), requestRating("b", 3, true)}, []fault.Field{{
				Pointer: "/ratings/1/not_observed", Code: "rated_and_not_observed", Detail: "must be false if there is a rating",
			}},
		},
		"level above the maximum": {[]api.NewScoreRating{requestRating("b", 6, false)}, []fault.Field{{
			Pointer: "/ratings/0/rating", Code: "value_out_of_range", Detail: "must be 1 to 5",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patch := api.UpdateScoreRequest{Ratings: test.ratings}
			_, err := applyPatch(kit(), scoreContent{ratings: []stored.ScoreRatingV1{}}, patch)
			if test.want == nil {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			var f *fault.Fault
			if !errors.As(err, &f) || !slices.Equal(f.Fields(), test.want) {
				t.Errorf("got %+v, want errors %+v", err, test.want)
			}
		})
	}
}

func TestSubmissionRequirements(t *testing.T) {
	t.Parallel()
	yes := stored.RecommendationYes
	rateA := fault.Field{Pointer: "/ratings", Code: "required", Detail: "must rate a or mark it not observed"}
	rateC := fault.Field{Pointer: "/ratings", Code: "required", Detail: "must rate c or mark it not observed"}
	recommend := fault.Field{Pointer: "/recommendation", Code: "required", Detail: "is required"}
	for name, test := range map[string]struct {
		content scoreContent
		want    []fault.Field
	}{
		"empty":               {scoreContent{}, []fault.Field{rateA, rateC, recommend}},
		"recommendation only": {scoreContent{recommendation: &yes}, []fault.Field{rateA, rateC}},
		"one required criterion rated": {
			scoreContent{recommendation: &yes, ratings: storedRatings(requestRating("c", 2, false))},
			[]fault.Field{rateA},
		},
		"rating without a level": {
			scoreContent{
				recommendation: &yes, ratings: storedRatings(requestRating("a", 0, false), requestRating("c", 2, false)),
			},
			[]fault.Field{rateA},
		},
		"one rated, one not observed": {
			scoreContent{
				recommendation: &yes, ratings: storedRatings(requestRating("a", 1, false), requestRating("c", 0, true)),
			},
			nil,
		},
		"no recommendation": {
			scoreContent{ratings: storedRatings(requestRating("a", 1, false), requestRating("c", 0, true))},
			[]fault.Field{recommend},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.content.checkComplete(kit())
			if test.want == nil {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			var f *fault.Fault
			if !errors.As(err, &f) || !slices.Equal(f.Fields(), test.want) {
				t.Errorf("got %+v, want errors %+v", err, test.want)
			}
		})
	}
}

// TestRatingsFollowKitOrder verifies that ratings are stored in the order of the kit, whatever the order in the
// request.
func TestRatingsFollowKitOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.Permutation([]string{"a", "b", "c"}).Draw(t, "order")[:rapid.IntRange(0, 3).Draw(t, "count")]
		patch := api.UpdateScoreRequest{Ratings: []api.NewScoreRating{}}
		for _, key := range keys {
			patch.Ratings = append(patch.Ratings, requestRating(key, rapid.Int32Range(0, 5).Draw(t, "level"), false))
		}
		before := scoreContent{ratings: storedRatings(requestRating("b", 1, false))}
		after, err := applyPatch(kit(), before, patch)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, rating := range after.ratings {
			got = append(got, rating.CriterionKey)
		}
		want := append([]string{}, keys...)
		slices.Sort(want)
		if after.ratings == nil || !slices.Equal(got, want) {
			t.Fatalf("sent %v: got %v, want %v", keys, got, want)
		}
	})
}

// TestBlindedFiguresDoNotDependOnRatings verifies that the figures of a blinded interview are those of no scores.
func TestBlindedFiguresDoNotDependOnRatings(t *testing.T) {
	t.Parallel()
	want := summarize(nil, true)
	if want.WeightedMeanReason == nil || *want.WeightedMeanReason != api.NoFigureReasonBlinded || want.Scores != 0 ||
		len(want.Criteria) != 0 || !want.WeightedMean.IsNull() || want.Recommendations != (api.RecommendationCounts{}) {
		t.Fatalf("blinded figures of no scores: got %+v", want)
	}
	rapid.Check(t, func(t *rapid.T) {
		var submissions []submission
		for range rapid.IntRange(0, 4).Draw(t, "scores") {
			submissions = append(submissions, submission{Submission: scoring.Submission{
				Criteria: kit(), Recommendation: scoring.Yes,
				Sheet: scoring.Sheet{{Key: "a", Value: rapid.IntRange(1, 5).Draw(t, "level")}},
			}})
		}
		if got := summarize(submissions, true); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
