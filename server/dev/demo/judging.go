package demo

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// performance is how a candidate did in one interview, by criterion, in standard deviations of all candidates.
type performance map[string]float64

// judge lets the panel write its scores, as far as the state of the interview tells: of a completed one all that are
// required were submitted in time, of one that awaits scores at least one was not.
func (g *generator) judge(c *course, i *interview, to api.InterviewStatus, by time.Time) {
	seen := performance{}
	for _, criterion := range i.kit.criteria {
		seen[criterion.Key] = c.quality + 0.5*g.NormFloat64()
	}
	if to == api.InterviewStatusInProgress {
		for n := range i.panel {
			if g.happens(0.4) {
				i.scores = append(i.scores, g.begin(i, seen, n, g.since(*i.row.StartedAt, g.now)))
			}
		}
		return
	}
	last, owed := *i.row.FinishedAt, g.IntN(2) // the first two are required
	for n, p := range i.panel {
		switch {
		case !p.ScoreRequired:
		case to == api.InterviewStatusCompleted || n != owed && g.happens(0.65):
			score := g.submit(i, seen, n, by)
			last = later(last, *score.SubmittedAt)
			i.scores = append(i.scores, score)
		case g.happens(0.5):
			i.scores = append(i.scores, g.begin(i, seen, n, g.since(*i.row.FinishedAt, by)))
		}
	}
	if to == api.InterviewStatusCompleted {
		by = last
	}
	for n, p := range i.panel {
		if !p.ScoreRequired && g.happens(0.6) && by.Sub(*i.row.FinishedAt) > time.Hour {
			i.scores = append(i.scores, g.submit(i, seen, n, by))
		}
	}
	if to == api.InterviewStatusCompleted {
		i.complete(g, last)
		g.reconsider(i, seen)
	}
}

// complete completes an interview by itself, right after the last required score.
func (i *interview) complete(g *generator, last time.Time) {
	at := last.Add(time.Duration(1+g.IntN(9)) * time.Millisecond)
	i.row.CompletedAt = &at
	i.happen(g, api.InterviewEventKindComplete, api.InterviewStatusCompleted, at, nil, nil)
}

// since gives a time after one and at most another, sooner rather than later and within two and a half days.
func (g *generator) since(from, to time.Time) time.Time {
	share := g.Float64() * g.Float64()
	return from.Add(time.Duration(share * float64(max(0, min(to.Sub(from), scoringTime)))).Truncate(time.Millisecond))
}

// begin makes a draft of a panelist: some ratings, and nothing yet of what comes of them.
func (g *generator) begin(i *interview, seen performance, n int, at time.Time) scoreRow {
	draft := g.score(i, seen, n, at)
	draft.Ratings = draft.Ratings[:g.IntN(len(draft.Ratings))]
	draft.Recommendation, draft.Comment = nil, nil
	draft.figure(i.kit.criteria)
	return draft
}

// submit makes the score of a panelist, who has submitted it by a time.
func (g *generator) submit(i *interview, seen performance, n int, by time.Time) scoreRow {
	submitted := g.since(i.row.FinishedAt.Add(2*time.Minute), by)
	score := g.score(i, seen, n, submitted.Add(-g.between(30*time.Second, 20*time.Minute)))
	score.CreatedAt = later(score.CreatedAt, i.row.StartedAt.Add(time.Minute))
	score.ID = g.id(score.CreatedAt)
	score.Status, score.SubmittedAt, score.UpdatedAt = api.ScoreStatusSubmitted, &submitted, submitted
	score.Version += 1 + g.IntN(4)
	return score
}

// score makes the ratings of a panelist, what comes of them, and what there is to say.
func (g *generator) score(i *interview, seen performance, n int, at time.Time) scoreRow {
	rater := i.raters[n]
	row := scoreRow{
		ID: g.id(at), InterviewID: i.row.ID, ApplicationID: i.row.ApplicationID, JobID: i.row.JobID, RaterID: rater.id,
		Status: api.ScoreStatusDraft, Revision: 1, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	lean := rater.bias
	if g.happens(0.06) { // now and then somebody sees another candidate than the others
		lean += pick(g.chance, []float64{-1.4, 1.4})
	}
	row.Ratings = make([]api.ScoreRating, len(i.kit.criteria))
	for k, criterion := range i.kit.criteria {
		value := int32(math.Round(min(5, max(1, 3.1+0.8*seen[criterion.Key]+lean+0.4*g.NormFloat64()))))
		rating := api.ScoreRating{
			CriterionKey: criterion.Key, Rating: optional.Of(&value), Note: nullable.NewNullNullable[string](),
		}
		if unseen := g.happens(0.02); unseen || !criterion.Required && g.happens(0.08) {
			rating.Rating, rating.NotObserved = nullable.NewNullNullable[int32](), true
		} else {
			rating.Note = optional.Of(maybe(g.chance, 0.5, i.notes[criterion.Key].of(int(value))))
		}
		row.Ratings[k] = rating
	}
	row.figure(i.kit.criteria)
	recommendation := g.recommend(row.WeightedScore)
	row.Recommendation = &recommendation
	row.Comment = maybe(g.chance, 0.7, g.library.phrases.Comments[recommendation])
	return row
}

// figure calculates what the ratings come to.
func (r *scoreRow) figure(criteria []scoring.Criterion) {
	sheet := make(scoring.Sheet, len(r.Ratings))
	for i, rating := range r.Ratings {
		value, _ := rating.Rating.Get() // 0 where there is none
		sheet[i] = scoring.Rating{Key: rating.CriterionKey, Value: int(value), NotObserved: rating.NotObserved}
	}
	result := scoring.Score(criteria, sheet)
	r.WeightedScore, r.Coverage = result.WeightedScore, result.Coverage
}

// recommend is what somebody would do with a candidate of a weighted score, more or less.
func (g *generator) recommend(score *float64) api.Recommendation {
	if score == nil {
		return api.RecommendationNoDecision
	}
	switch felt := *score + 0.2*g.NormFloat64(); {
	case felt >= 4.3:
		return api.RecommendationStrongYes
	case felt >= 3.4:
		return api.RecommendationYes
	case felt >= 2.95:
		return api.RecommendationNoDecision
	case felt >= 1.9:
		return api.RecommendationNo
	}
	return api.RecommendationDefinitelyNo
}

// reconsider lets HR reopen a few completed interviews and one score of each, which its author then writes anew: the
// same score where it was reopened, another where it was declared void.
func (g *generator) reconsider(i *interview, seen performance) {
	again := i.row.CompletedAt.Add(g.between(time.Hour, 20*time.Hour))
	if g.now.Sub(again) < 2*day || !g.happens(0.05) {
		return
	}
	hr := g.manager()
	reason := pick(g.chance, g.library.phrases.Interviews.Reopen)
	i.row.CompletedAt = nil
	i.happen(g, api.InterviewEventKindReopen, api.InterviewStatusAwaitingScores, again, &hr.id, &reason)
	n := slices.IndexFunc(i.scores, func(s scoreRow) bool { return s.RaterID == i.panel[0].UserID })
	ended := again.Add(g.between(time.Minute, 10*time.Minute))
	submitted := ended.Add(g.between(30*time.Minute, 20*time.Hour))
	was := &i.scores[n]
	event := pick(g.chance, []api.ScoreEvent{api.ScoreEventReopen, api.ScoreEventVoid})
	i.revisions = append(i.revisions, was.revise(g, event, reason, hr.id, ended))
	anew := g.score(i, seen, 0, submitted.Add(-g.between(time.Minute, 25*time.Minute)))
	anew.Status, anew.SubmittedAt, anew.UpdatedAt = api.ScoreStatusSubmitted, &submitted, submitted
	if event == api.ScoreEventVoid {
		was.Status, was.StatusReason, was.UpdatedAt = api.ScoreStatusVoided, &reason, ended
		was.Version++
		anew.Version += 2
		i.scores = append(i.scores, anew)
	} else {
		anew.ID, anew.CreatedAt, anew.Revision, anew.Version = was.ID, was.CreatedAt, was.Revision+1, was.Version+3
		*was = anew
	}
	i.complete(g, submitted)
}

// revise keeps what a score said.
func (r *scoreRow) revise(g *generator, event api.ScoreEvent, reason string, by uuid.UUID, at time.Time) revisionRow {
	return revisionRow{
		ID: g.id(at), ScoreID: r.ID, Revision: r.Revision, Event: event, Ratings: r.Ratings, Recommendation: r.Recommendation,
		Comment: r.Comment, WeightedScore: r.WeightedScore, Coverage: r.Coverage, SubmittedAt: r.SubmittedAt, Reason: reason,
		ActorID: by, CreatedAt: at,
	}
}
