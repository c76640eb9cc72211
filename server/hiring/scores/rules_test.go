package scores

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"
	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestMatrix is the whole of who may do what with a score, written by hand. A letter stands for what is allowed: u update,
// s submit, r reopen, v void. No letter holds where the interview takes no scores.
func TestMatrix(t *testing.T) {
	t.Parallel()
	const draft, submitted, voided = api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided
	takes := []api.InterviewStatus{api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores}
	for _, line := range []struct {
		role                     api.Role
		rater                    bool
		draft, submitted, voided string
	}{
		{api.RoleEmployee, false, "", "", ""},
		{api.RoleEmployee, true, "us", "", ""},
		{api.RoleTeamLead, false, "", "", ""},
		{api.RoleTeamLead, true, "us", "", ""},
		{api.RoleHr, false, "", "rv", ""},
		{api.RoleHr, true, "us", "", ""},
		{api.RoleAdmin, false, "", "rv", ""},
		{api.RoleAdmin, true, "us", "", ""},
	} {
		for status, want := range map[api.ScoreStatus]string{draft: line.draft, submitted: line.submitted, voided: line.voided} {
			for _, interview := range []api.InterviewStatus{
				api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores,
				api.InterviewStatusCompleted, api.InterviewStatusNoShow, api.InterviewStatusCancelled,
			} {
				if !slices.Contains(takes, interview) {
					want = ""
				}
				who := access.Actor{ID: uuid.New(), Role: line.role}
				score := db.Score{RaterID: uuid.New(), Status: status}
				if line.rater {
					score.RaterID = who.ID
				}
				name := fmt.Sprintf("%s, rater %t, %s score, %s interview", line.role, line.rater, status, interview)
				if got := may(t, who, score, interview); got != want {
					t.Errorf("%s: may %q, want %q", name, got, want)
				}
				shown := ""
				for _, action := range allowedActions(who, score, interview) {
					shown += string(action[0])
				}
				if shown != want {
					t.Errorf("%s: allowed_actions %q, want %q", name, shown, want)
				}
				want = map[api.ScoreStatus]string{draft: line.draft, submitted: line.submitted, voided: line.voided}[status]
			}
		}
	}
}

// may tries every action, and checks where it leads.
func may(t *testing.T, who access.Actor, score db.Score, interview api.InterviewStatus) string {
	t.Helper()
	reason, allowed := "A mistake.", ""
	for _, action := range []struct {
		is api.ScoreAction
		to api.ScoreStatus
	}{
		{api.ScoreActionUpdate, api.ScoreStatusDraft},
		{api.ScoreActionSubmit, api.ScoreStatusSubmitted},
		{api.ScoreActionReopen, api.ScoreStatusDraft},
		{api.ScoreActionVoid, api.ScoreStatusVoided},
	} {
		to, err := decide(who, score, interview, action.is, &reason)
		switch {
		case err != nil && !fault.Is(err, fault.RoleNotAllowed) && !fault.Is(err, fault.StateConflict):
			t.Errorf("%s: %v", action.is, err)
		case err == nil && to != action.to:
			t.Errorf("%s leads to %s", action.is, to)
		case err == nil:
			allowed += string(action.is[0])
		}
	}
	return allowed
}

// TestKeysOfRaters shows that an API key whose secret a rater was shown may do nothing to the rater's score, also if it
// had the scopes of all actions.
func TestKeysOfRaters(t *testing.T) {
	t.Parallel()
	rater := uuid.New()
	for name, test := range map[string]struct {
		holders []uuid.UUID
		want    string
	}{
		"the rater's key":          {[]uuid.UUID{uuid.New(), rater}, ""},
		"another person's key":     {[]uuid.UUID{uuid.New()}, "rv"},
		"a key of unknown holders": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := access.Key{Scopes: []string{"scores:write", "scores:override"}, Test: true, Holders: test.holders}
			who := access.Actor{ID: uuid.New(), Role: key.Role(), Key: &key}
			score := db.Score{RaterID: rater, Status: api.ScoreStatusSubmitted}
			if got := may(t, who, score, api.InterviewStatusInProgress); got != test.want {
				t.Errorf("may %q, want %q", got, test.want)
			}
		})
	}
}

// TestRefusals pins which fault comes first where several could be named.
func TestRefusals(t *testing.T) {
	t.Parallel()
	hr := access.Actor{ID: uuid.New(), Role: api.RoleHr}
	reason, blank := "A mistake.", "\u00a0"
	for name, test := range map[string]struct {
		score     db.Score
		interview api.InterviewStatus
		action    api.ScoreAction
		reason    *string
		want      fault.Code
		state     string
	}{
		"another's draft is written, although the interview is over": {
			db.Score{Status: "draft"}, "completed", "update", nil, fault.RoleNotAllowed, "",
		},
		"a voided score is voided, although the interview is over": {
			db.Score{Status: "voided"}, "completed", "void", &reason, fault.StateConflict, "voided",
		},
		"a score is reopened without a reason":         {db.Score{Status: "submitted"}, "in_progress", "reopen", nil, fault.RuleViolated, ""},
		"a score is voided with a blank reason":        {db.Score{Status: "submitted"}, "in_progress", "void", &blank, fault.RuleViolated, ""},
		"a score is voided in a completed interview":   {db.Score{Status: "submitted"}, "completed", "void", &reason, fault.StateConflict, "completed"},
		"a score is reopened in a cancelled interview": {db.Score{Status: "submitted"}, "cancelled", "reopen", &reason, fault.StateConflict, "cancelled"},
	} {
		_, err := decide(hr, test.score, test.interview, test.action, test.reason)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
			continue
		}
		if state, _ := f.State(); state != test.state {
			t.Errorf("%s: the state is %q, want %q", name, state, test.state)
		}
	}
}

func TestReasonsHaveVisibleText(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]bool{
		"A mistake.": true, "Two\nlines.": true, "\u2003": false, "": false, "a bell\u0007": false, "turned \u202e round": false,
	} {
		if got := checkReason(reason) == nil; got != want {
			t.Errorf("%q: %t, want %t", reason, got, want)
		}
	}
}

func kit() []scoring.Criterion {
	return []scoring.Criterion{
		{Key: "a", Title: "A", Weight: 3, Required: true}, {Key: "b", Title: "B", Weight: 1}, {Key: "c", Title: "C", Weight: 1, Required: true},
	}
}

// given is a rating as a client sends it: nothing but its key, a level, or not observed.
func given(key string, level int32, notObserved bool) api.NewScoreRating {
	rating := api.NewScoreRating{CriterionKey: key}
	if level > 0 {
		rating.Rating = nullable.NewNullableWithValue(level)
	}
	if notObserved {
		rating.NotObserved = &notObserved
	}
	return rating
}

// TestFlaws pins what is said of each flaw of a rating, and where.
func TestFlaws(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ratings []api.NewScoreRating
		want    []fault.Field
	}{
		"nothing":  {nil, nil},
		"a rating": {[]api.NewScoreRating{given("b", 3, false)}, nil},
		"unknown": {[]api.NewScoreRating{given("d", 3, false)}, []fault.Field{{
			Pointer: "/ratings/0/criterion_key", Code: "unknown_key", Detail: "is no criterion of the interview's kit, which has: a, b, c",
		}}},
		"twice": {[]api.NewScoreRating{given("b", 3, false), given("b", 4, false)}, []fault.Field{{
			Pointer: "/ratings/1/criterion_key", Code: "duplicate_key", Detail: "is rated twice",
		}}},
		"both": {[]api.NewScoreRating{given("a", 1, false), given("b", 3, true)}, []fault.Field{{
			Pointer: "/ratings/1/not_observed", Code: "rated_and_not_observed", Detail: "contradicts the rating; leave one of the two out",
		}}},
		"beyond the scale": {[]api.NewScoreRating{given("b", 6, false)}, []fault.Field{{
			Pointer: "/ratings/0/rating", Code: "value_out_of_range", Detail: "must be 1 to 5",
		}}},
	} {
		patch := api.UpdateScoreRequest{Ratings: test.ratings}
		_, err := revise(kit(), judgement{ratings: []api.ScoreRating{}}, patch)
		var f *fault.Fault
		if errors.As(err, &f) != (test.want != nil) || f != nil && !slices.Equal(f.Fields(), test.want) {
			t.Errorf("%s: %v %+v", name, err, f)
		}
	}
}

func TestWhatASubmissionNeeds(t *testing.T) {
	t.Parallel()
	yes := api.RecommendationYes
	for name, test := range map[string]struct {
		said judgement
		want []string
	}{
		"nothing":                {judgement{}, []string{"/ratings a", "/ratings c", "/recommendation"}},
		"a recommendation":       {judgement{recommendation: &yes}, []string{"/ratings a", "/ratings c"}},
		"one of the two":         {judgement{recommendation: &yes, ratings: kept(given("c", 2, false))}, []string{"/ratings a"}},
		"an empty one":           {judgement{recommendation: &yes, ratings: kept(given("a", 0, false), given("c", 2, false))}, []string{"/ratings a"}},
		"rated and not observed": {judgement{recommendation: &yes, ratings: kept(given("a", 1, false), given("c", 0, true))}, nil},
		"no recommendation":      {judgement{ratings: kept(given("a", 1, false), given("c", 0, true))}, []string{"/recommendation"}},
	} {
		err := test.said.complete(kit())
		var f *fault.Fault
		if errors.As(err, &f) != (test.want != nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for i := 0; f != nil && i < len(f.Fields()); i++ {
			field := f.Fields()[i]
			var key string
			if _, err := fmt.Sscanf(field.Detail, "needs a rating of %1s,", &key); err == nil {
				field.Pointer += " " + key
			}
			got = append(got, field.Pointer)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func kept(ratings ...api.NewScoreRating) []api.ScoreRating {
	all := make([]api.ScoreRating, len(ratings))
	for i, rating := range ratings {
		all[i] = newRating(rating)
	}
	return all
}

// TestOrderOfRatingsIsTheKits: in whichever order ratings are sent, they are kept in the kit's, and none is lost.
func TestOrderOfRatingsIsTheKits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.Permutation([]string{"a", "b", "c"}).Draw(t, "order")[:rapid.IntRange(0, 3).Draw(t, "how many")]
		patch := api.UpdateScoreRequest{Ratings: []api.NewScoreRating{}}
		for _, key := range sent {
			patch.Ratings = append(patch.Ratings, given(key, rapid.Int32Range(0, 5).Draw(t, "level"), false))
		}
		is, err := revise(kit(), judgement{ratings: kept(given("b", 1, false))}, patch)
		if err != nil {
			t.Fatal(err)
		}
		keys := []string{}
		for _, rating := range is.ratings {
			keys = append(keys, rating.CriterionKey)
		}
		want := slices.Sorted(slices.Values(sent))
		if is.ratings == nil || !slices.Equal(keys, want) && len(want) > 0 {
			t.Fatalf("sent %v, kept %v", sent, keys)
		}
	})
}

// TestBlindedFiguresAreTheSameWhateverWasSaid: of what is kept from a reader, no figure shows anything.
func TestBlindedFiguresAreTheSameWhateverWasSaid(t *testing.T) {
	t.Parallel()
	nothing := fmt.Sprintf("%+v", figures(nil, true))
	rapid.Check(t, func(t *rapid.T) {
		var all []submission
		for range rapid.IntRange(0, 4).Draw(t, "scores") {
			all = append(all, submission{Submission: scoring.Submission{
				Criteria: kit(), Recommendation: scoring.Yes,
				Sheet: scoring.Sheet{{Key: "a", Value: rapid.IntRange(1, 5).Draw(t, "level")}},
			}})
		}
		shown := figures(all, true)
		shown.WeightedMeanReason = because(scoring.Reason(*shown.WeightedMeanReason))
		if *shown.WeightedMeanReason != api.NoFigureReasonBlinded || shown.Scores != 0 || len(shown.Criteria) != 0 ||
			!shown.WeightedMean.IsNull() || shown.Recommendations != (api.RecommendationCounts{}) {
			t.Fatalf("%+v, want %s", shown, nothing)
		}
	})
}
