package demo

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// performance is how well a candidate did in one interview, by criterion, in standard deviations from the mean of
// all.
type performance map[string]float64

// addScores adds the scores of the panel that fit the status of the interview. If it is completed, all required
// scores were submitted before the time by; if it awaits scores, at least one required score is missing.
func (g *generator) addScores(app *application, i *interview, to stored.InterviewStatus, by time.Time) {
	perf := performance{}
	for _, criterion := range i.kit.criteria {
		perf[criterion.Key] = app.quality + 0.5*g.NormFloat64()
	}
	if to == stored.InterviewStatusInProgress {
		for n := range i.panel {
			if g.chance(0.4) {
				i.scores = append(i.scores, g.draftScore(i, perf, n, g.timeAfter(*i.row.StartedAt, g.now)))
			}
		}
		return
	}
	last := *i.row.FinishedAt
	unscored := g.IntN(2) // a panelist whose score is required, which is so for the first two
	for n, p := range i.panel {
		switch {
		case !p.ScoreRequired:
		case to == stored.InterviewStatusCompleted || n != unscored && g.chance(0.65):
			score := g.submittedScore(i, perf, n, by)
			last = later(last, *score.SubmittedAt)
			i.scores = append(i.scores, score)
		case g.chance(0.5):
			i.scores = append(i.scores, g.draftScore(i, perf, n, g.timeAfter(*i.row.FinishedAt, by)))
		}
	}
	if to == stored.InterviewStatusCompleted {
		by = last
	}
	for n, p := range i.panel {
		if !p.ScoreRequired && g.chance(0.6) && by.Sub(*i.row.FinishedAt) > time.Hour {
			i.scores = append(i.scores, g.submittedScore(i, perf, n, by))
		}
	}
	if to == stored.InterviewStatusCompleted {
		i.complete(g, last)
		g.maybeReopen(i, perf)
	}
}

// complete adds the automatic completion, right after the last required score.
func (i *interview) complete(g *generator, last time.Time) {
	at := last.Add(time.Duration(1+g.IntN(9)) * time.Millisecond)
	i.row.CompletedAt = &at
	i.addEvent(g, stored.InterviewEventComplete, stored.InterviewStatusCompleted, at, nil, nil)
}

// timeAfter returns a time between two others, at most scoringTime after the first. Earlier times are more likely.
func (g *generator) timeAfter(from, to time.Time) time.Time {
	share := g.Float64() * g.Float64()
	return from.Add(time.Duration(share * float64(max(0, min(to.Sub(from), scoringTime)))).Truncate(time.Millisecond))
}

// draftScore returns a panelist's draft: some ratings without recommendation and comment.
func (g *generator) draftScore(i *interview, perf performance, n int, at time.Time) scoreRow {
	draft := g.newScore(i, perf, n, at)
	draft.Ratings = draft.Ratings[:g.IntN(len(draft.Ratings))]
	draft.Recommendation, draft.Comment = nil, nil
	draft.computeResult(i.kit.criteria)
	return draft
}

// submittedScore returns a panelist's score that was submitted before the given time.
func (g *generator) submittedScore(i *interview, perf performance, n int, by time.Time) scoreRow {
	submitted := g.timeAfter(i.row.FinishedAt.Add(2*time.Minute), by)
	score := g.newScore(i, perf, n, submitted.Add(-g.between(30*time.Second, 20*time.Minute)))
	score.CreatedAt = later(score.CreatedAt, i.row.StartedAt.Add(time.Minute))
	score.ID = g.id(score.CreatedAt)
	score.Status, score.SubmittedAt, score.UpdatedAt = stored.ScoreStatusSubmitted, &submitted, submitted
	score.Version += 1 + g.IntN(4)
	return score
}

// newScore returns a panelist's score with ratings, result, recommendation and comment. Its status is draft.
func (g *generator) newScore(i *interview, perf performance, n int, at time.Time) scoreRow {
	rater := i.raters[n]
	row := scoreRow{
		ID: g.id(at), InterviewID: i.row.ID, ApplicationID: i.row.ApplicationID, JobID: i.row.JobID, RaterID: rater.id,
		Status: stored.ScoreStatusDraft, Revision: 1, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	bias := rater.bias
	if g.chance(0.06) { // some panelists disagree with the others
		bias += pick(g.random, []float64{-1.4, 1.4})
	}
	row.Ratings = make([]stored.ScoreRatingV1, len(i.kit.criteria))
	for k, criterion := range i.kit.criteria {
		value := int32(math.Round(min(5, max(1, 3.1+0.8*perf[criterion.Key]+bias+0.4*g.NormFloat64()))))
		rating := stored.ScoreRatingV1{
			CriterionKey: criterion.Key, Rating: optional.Of(&value), Note: nullable.NewNullNullable[string](),
		}
		if notObserved := g.chance(0.02); notObserved || !criterion.Required && g.chance(0.08) {
			rating.Rating, rating.NotObserved = nullable.NewNullNullable[int32](), true
		} else {
			rating.Note = optional.Of(maybe(g.random, 0.5, i.notes[criterion.Key].of(int(value))))
		}
		row.Ratings[k] = rating
	}
	row.computeResult(i.kit.criteria)
	recommendation := g.recommend(row.WeightedScore)
	row.Recommendation = &recommendation
	row.Comment = maybe(g.random, 0.7, g.library.phrases.Comments[recommendation])
	return row
}

// computeResult sets weighted score and coverage from the ratings.
func (r *scoreRow) computeResult(criteria []scoring.Criterion) {
	ratings := make(scoring.Sheet, len(r.Ratings))
	for i, rating := range r.Ratings {
		value, _ := rating.Rating.Get() // 0 if there is none
		ratings[i] = scoring.Rating{Key: rating.CriterionKey, Value: int(value), NotObserved: rating.NotObserved}
	}
	result := scoring.Score(criteria, ratings)
	r.WeightedScore, r.Coverage = result.WeightedScore, result.Coverage
}

// recommend returns a recommendation that fits a weighted score, with some noise.
func (g *generator) recommend(score *float64) stored.Recommendation {
	if score == nil {
		return stored.RecommendationNoDecision
	}
	switch noisy := *score + 0.2*g.NormFloat64(); {
	case noisy >= 4.3:
		return stored.RecommendationStrongYes
	case noisy >= 3.4:
		return stored.RecommendationYes
	case noisy >= 2.95:
		return stored.RecommendationNoDecision
	case noisy >= 1.9:
		return stored.RecommendationNo
	}
	return stored.RecommendationDefinitelyNo
}

// maybeReopen makes HR reopen a few completed interviews and one score of each. The rater submits it again: as a new
// revision if it was reopened, as a new score if it was voided.
func (g *generator) maybeReopen(i *interview, perf performance) {
	reopened := i.row.CompletedAt.Add(g.between(time.Hour, 20*time.Hour))
	if g.now.Sub(reopened) < 2*day || !g.chance(0.05) {
		return
	}
	hr := g.randomManager()
	reason := pick(g.random, g.library.phrases.Interviews.Reopen)
	i.row.CompletedAt = nil
	i.addEvent(g, stored.InterviewEventReopen, stored.InterviewStatusAwaitingScores, reopened, &hr.id, &reason)
	// The score of the first panelist is required, so a completed interview has it.
	n := slices.IndexFunc(i.scores, func(s scoreRow) bool { return s.RaterID == i.panel[0].UserID })
	revised := reopened.Add(g.between(time.Minute, 10*time.Minute))
	submitted := revised.Add(g.between(30*time.Minute, 20*time.Hour))
	original := &i.scores[n]
	event := pick(g.random, []stored.ScoreEvent{stored.ScoreEventReopen, stored.ScoreEventVoid})
	i.revisions = append(i.revisions, original.revision(g, event, reason, hr.id, revised))
	rewritten := g.newScore(i, perf, 0, submitted.Add(-g.between(time.Minute, 25*time.Minute)))
	rewritten.Status, rewritten.SubmittedAt, rewritten.UpdatedAt = stored.ScoreStatusSubmitted, &submitted, submitted
	if event == stored.ScoreEventVoid {
		original.Status, original.StatusReason, original.UpdatedAt = stored.ScoreStatusVoided, &reason, revised
		original.Version++
		rewritten.Version += 2
		i.scores = append(i.scores, rewritten)
	} else {
		rewritten.ID, rewritten.CreatedAt = original.ID, original.CreatedAt
		rewritten.Revision, rewritten.Version = original.Revision+1, original.Version+3
		*original = rewritten
	}
	i.complete(g, submitted)
}

// revision returns a revision with the current content of the score.
func (r *scoreRow) revision(
	g *generator, event stored.ScoreEvent, reason string, by uuid.UUID, at time.Time,
) revisionRow {
	return revisionRow{
		ID: g.id(at), ScoreID: r.ID, Revision: r.Revision, Event: event, Ratings: r.Ratings, Recommendation: r.Recommendation,
		Comment: r.Comment, WeightedScore: r.WeightedScore, Coverage: r.Coverage, SubmittedAt: r.SubmittedAt, Reason: reason,
		ActorID: by, CreatedAt: at,
	}
}
