package scores

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// standing is what the actor may be to a score. The rater has no other standing to their own score, whatever their
// role, and an API key whose secret the rater knows has none at all: after submitting, the rater reads the others'
// scores, and could otherwise reopen their own and revise it.
func standing(who access.Actor, score db.Score) lifecycle.Standing {
	if who.Is(score.RaterID) {
		return lifecycle.Standing{Rater: who.Key == nil, Scopes: who.Scopes()}
	}
	return lifecycle.StandingOf(who, false)
}

// decide gives the state of a score after an action. Besides the score's own state, that of its interview must permit
// it.
func decide(
	who access.Actor, score db.Score, interview api.InterviewStatus, action api.ScoreAction, reason *string,
) (api.ScoreStatus, error) {
	to, err := lifecycle.Score().Decide(score.Status, action, standing(who, score), reason)
	if err != nil {
		return to, err
	}
	return to, takesScores(interview, standing(who, score))
}

// takesScores fails where an interview is in a state in which its scores stay as they are.
func takesScores(interview api.InterviewStatus, who lifecycle.Standing) error {
	if lifecycle.TakesScores(interview) {
		return nil
	}
	legal := []string{}
	for _, action := range lifecycle.Interview().Allowed(interview, who) {
		legal = append(legal, string(action))
	}
	remedy := "nothing changes that"
	if interview == api.InterviewStatusCompleted {
		remedy = "HR or an admin would have to reopen it first"
	}
	return fault.New(fault.StateConflict).In(string(interview), legal).
		With("The interview is %s, and its scores stay as they are; %s.", interview, remedy)
}

// allowedActions is what somebody may do with a score now, by the same rules that decide when they try.
func allowedActions(who access.Actor, score db.Score, interview api.InterviewStatus) []api.ScoreAction {
	if !lifecycle.TakesScores(interview) {
		return []api.ScoreAction{}
	}
	return lifecycle.Score().Allowed(score.Status, standing(who, score))
}

// judgement is what a score says.
type judgement struct {
	ratings        []api.ScoreRating
	recommendation *api.Recommendation
	comment        *string
}

// sheet is a judgement's ratings in the form in which they are calculated with.
func (j judgement) sheet() scoring.Sheet {
	sheet := make(scoring.Sheet, len(j.ratings))
	for i, rating := range j.ratings {
		level, _ := rating.Rating.Get() // 0, which stands for not rated, where there is none
		sheet[i] = scoring.Rating{Key: rating.CriterionKey, Value: int(level), NotObserved: rating.NotObserved}
	}
	return sheet
}

// check refuses a judgement whose ratings do not fit the kit, or whose texts disturb what stands around them, and says
// everything that is wrong. The ratings must be in the order in which the client sent them, because it is told by their
// places.
func (j judgement) check(criteria []scoring.Criterion) error {
	f := fault.New(fault.RuleViolated)
	for _, flaw := range scoring.Check(criteria, j.sheet()) {
		member, detail := explain(flaw, criteria)
		_ = f.Field(fmt.Sprintf("/ratings/%d/%s", flaw.Index, member), string(flaw.Code), detail)
	}
	for i, rating := range j.ratings {
		if note, err := rating.Note.Get(); err == nil {
			text.CheckLines(f, fmt.Sprintf("/ratings/%d/note", i), note)
		}
	}
	text.OptionalLines(f, "/comment", j.comment)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// explain says which member of a rating a flaw is about, and what is wrong with it.
func explain(flaw scoring.Flaw, criteria []scoring.Criterion) (member, detail string) {
	switch flaw.Code {
	case scoring.UnknownKey:
		keys := make([]string, len(criteria))
		for i, criterion := range criteria {
			keys[i] = criterion.Key
		}
		return "criterion_key", "is no criterion of the interview's kit, which has: " + strings.Join(keys, ", ")
	case scoring.DuplicateKey:
		return "criterion_key", "is rated twice"
	case scoring.RatedAndNotObserved:
		return "not_observed", "contradicts the rating; leave one of the two out"
	case scoring.ValueOutOfRange:
		return "rating", fmt.Sprintf("must be %d to %d", scoring.MinValue, scoring.MaxValue)
	}
	return "", "does not fit the interview's kit"
}

// complete refuses the submission of a judgement that lacks something, and names all of it.
func (j judgement) complete(criteria []scoring.Criterion) error {
	f := fault.New(fault.RuleViolated).With("The score is not complete yet.")
	for _, key := range scoring.Missing(criteria, j.sheet()) {
		_ = f.Field("/ratings", "required", "needs a rating of "+key+", or that it was not observed")
	}
	if j.recommendation == nil {
		_ = f.Field("/recommendation", "required", "is required")
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkReason refuses a reason that disturbs what stands around it.
func checkReason(reason string) error {
	f := fault.New(fault.RuleViolated)
	text.CheckLines(f, "/reason", reason)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// inOrder gives ratings in the order of the kit.
func inOrder(criteria []scoring.Criterion, ratings []api.ScoreRating) []api.ScoreRating {
	place := func(rating api.ScoreRating) int {
		return slices.IndexFunc(criteria, func(c scoring.Criterion) bool { return c.Key == rating.CriterionKey })
	}
	ordered := slices.Clone(ratings)
	slices.SortFunc(ordered, func(a, b api.ScoreRating) int { return place(a) - place(b) })
	return ordered
}
