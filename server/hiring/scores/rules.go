package scores

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// relationOf returns the actor's relation to a score. Towards their own score, raters have only the rights of a rater,
// whatever their role, and an API key of which the rater is a key holder has no rights. Otherwise raters could read the
// other scores after submitting, reopen their own score, and revise it.
func relationOf(actor access.Actor, score db.Score) lifecycle.Relation {
	if actor.Is(score.RaterID) {
		return lifecycle.Relation{Rater: actor.Kind == access.KindUser, Key: actor.Key}
	}
	return lifecycle.RelationOf(actor, false)
}

// decide returns the state of a score after an action. The action must be permitted by the state of the score and by
// the state of its interview. The error is RoleNotAllowed, StateConflict or RuleViolated, as of lifecycle.Machine.
func decide(
	actor access.Actor, score db.Score, interview stored.InterviewStatus, action api.ScoreAction, reason *string,
) (stored.ScoreStatus, error) {
	to, err := lifecycle.Score().Decide(score.Status, action, relationOf(actor, score), reason)
	if err != nil {
		return to, err
	}
	return to, checkTakesScores(interview, relationOf(actor, score))
}

// checkTakesScores returns StateConflict if the scores of an interview cannot be changed in its state.
func checkTakesScores(interview stored.InterviewStatus, relation lifecycle.Relation) error {
	if lifecycle.TakesScores(interview) {
		return nil
	}
	allowed := []string{}
	for _, action := range lifecycle.Interview().Allowed(interview, relation) {
		allowed = append(allowed, string(action))
	}
	remedy := "Scores can be changed only while an interview is in_progress or awaiting_scores."
	if interview == stored.InterviewStatusCompleted {
		remedy = "Ask HR or an admin to reopen the interview."
	}
	return fault.New(fault.StateConflict).In(string(interview), allowed).
		With("The interview is %s, so its scores cannot be changed. %s", interview, remedy)
}

// allowedActions returns the actions that the actor may take on a score now, by the same rules as decide.
func allowedActions(actor access.Actor, score db.Score, interview stored.InterviewStatus) []api.ScoreAction {
	if !lifecycle.TakesScores(interview) {
		return []api.ScoreAction{}
	}
	return lifecycle.Score().Allowed(score.Status, relationOf(actor, score))
}

// scoreContent is the content of a score.
type scoreContent struct {
	ratings        []stored.ScoreRatingV1
	recommendation *stored.Recommendation
	comment        *string
}

// sheet returns the ratings in the form that package scoring computes with.
func (c scoreContent) sheet() scoring.Sheet {
	sheet := make(scoring.Sheet, len(c.ratings))
	for i, rating := range c.ratings {
		level, _ := rating.Rating.Get() // 0 if absent, which means not rated
		sheet[i] = scoring.Rating{Key: rating.CriterionKey, Value: int(level), NotObserved: rating.NotObserved}
	}
	return sheet
}

// check returns RuleViolated, with all errors, if ratings do not match the criteria or texts are invalid. The errors
// refer to the indexes of ratings, so the ratings must still be in the order of the request.
func (c scoreContent) check(criteria []scoring.Criterion) error {
	f := fault.New(fault.RuleViolated)
	for _, flaw := range scoring.Check(criteria, c.sheet()) {
		member, detail := explain(flaw, criteria)
		_ = f.Field(fmt.Sprintf("/ratings/%d/%s", flaw.Index, member), string(flaw.Code), detail)
	}
	for i, rating := range c.ratings {
		if note, err := rating.Note.Get(); err == nil {
			text.CheckLines(f, fmt.Sprintf("/ratings/%d/note", i), note)
		}
	}
	text.OptionalLines(f, "/comment", c.comment)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// explain returns the member of a rating that has a flaw, and the detail of the error.
func explain(flaw scoring.Flaw, criteria []scoring.Criterion) (member, detail string) {
	switch flaw.Code {
	case scoring.UnknownKey:
		keys := make([]string, len(criteria))
		for i, criterion := range criteria {
			keys[i] = criterion.Key
		}
		return "criterion_key", "must be a criterion of the interview's kit: " + strings.Join(keys, ", ")
	case scoring.DuplicateKey:
		return "criterion_key", "must not repeat the key of an earlier rating"
	case scoring.RatedAndNotObserved:
		return "not_observed", "must be false if there is a rating"
	case scoring.ValueOutOfRange:
		return "rating", fmt.Sprintf("must be %d to %d", scoring.MinValue, scoring.MaxValue)
	}
	return "", "does not match the interview's kit"
}

// checkComplete returns RuleViolated, with all missing parts, if a score cannot be submitted yet.
func (c scoreContent) checkComplete(criteria []scoring.Criterion) error {
	f := fault.New(fault.RuleViolated).With("The score is incomplete. Add the missing parts before you submit it.")
	for _, key := range scoring.Missing(criteria, c.sheet()) {
		_ = f.Field("/ratings", "required", "must rate "+key+" or mark it not observed")
	}
	if c.recommendation == nil {
		_ = f.Field("/recommendation", "required", "is required")
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkReason returns RuleViolated if a reason is blank or contains characters that affect the display of other text.
func checkReason(reason string) error {
	f := fault.New(fault.RuleViolated)
	text.CheckLines(f, "/reason", reason)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// sortRatings returns the ratings in the order of the kit.
func sortRatings(criteria []scoring.Criterion, ratings []stored.ScoreRatingV1) []stored.ScoreRatingV1 {
	index := func(rating stored.ScoreRatingV1) int {
		return slices.IndexFunc(criteria, func(c scoring.Criterion) bool { return c.Key == rating.CriterionKey })
	}
	ordered := slices.Clone(ratings)
	slices.SortFunc(ordered, func(a, b stored.ScoreRatingV1) int { return index(a) - index(b) })
	return ordered
}
