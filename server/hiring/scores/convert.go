package scores

import (
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// convert converts a score with its decoded content to the API's type. The criteria are used only for drafts, because a
// submitted score misses none.
func convert(actor access.Actor, row db.ListScoresRow, content scoreContent, criteria []scoring.Criterion) api.Score {
	score := row.Score
	missing := []api.ContentKey{}
	if score.Status == stored.ScoreStatusDraft {
		missing = append(missing, scoring.Missing(criteria, content.sheet())...)
	}
	converted := api.Score{
		ID: score.ID, InterviewID: score.InterviewID, ApplicationID: score.ApplicationID, JobID: score.JobID,
		Rater:  api.PersonSummary{ID: score.RaterID, FirstName: row.FirstName, LastName: row.LastName},
		Status: api.ScoreStatus(score.Status), Revision: score.Revision, Ratings: convertRatings(content.ratings),
		Recommendation: (*api.Recommendation)(content.recommendation), Comment: optional.Of(content.comment),
		WeightedScore: optional.Of(score.WeightedScore), Coverage: score.Coverage, MissingCriteria: missing,
		SubmittedAt:  optional.Time(score.SubmittedAt),
		StatusReason: optional.Of(score.StatusReason), AllowedActions: allowedActions(actor, score, row.InterviewStatus),
		CreatedAt: score.CreatedAt.UTC(), UpdatedAt: score.UpdatedAt.UTC(),
	}
	if score.WeightedScore == nil {
		converted.WeightedScoreReason = figureReason(scoring.NothingObserved)
	}
	return converted
}

// convertRevision converts a revision to the API's type.
func convertRevision(row db.ListScoreRevisionsRow) api.ScoreRevision {
	revision := row.ScoreRevision
	return api.ScoreRevision{
		ID: revision.ID, Revision: revision.Revision, Event: api.ScoreEvent(revision.Event),
		Ratings:        convertRatings(revision.Ratings),
		Recommendation: (*api.Recommendation)(revision.Recommendation), Comment: optional.Of(revision.Comment),
		WeightedScore: optional.Of(revision.WeightedScore), Coverage: revision.Coverage,
		SubmittedAt: optional.Time(revision.SubmittedAt), Reason: revision.Reason,
		Actor:     access.Summarize(revision.ActorID, row.ActorKind, row.ActorName),
		CreatedAt: revision.CreatedAt.UTC(),
	}
}

// convertRatings converts ratings to the API's type.
func convertRatings(ratings []stored.ScoreRatingV1) []api.ScoreRating {
	converted := make([]api.ScoreRating, len(ratings))
	for i, rating := range ratings {
		converted[i] = api.ScoreRating(rating)
	}
	return converted
}

// figureReason converts the reason for a missing figure to the API's type.
func figureReason(reason scoring.Reason) *api.NoFigureReason {
	converted := api.NoFigureReason(reason)
	return &converted
}

// applyPatch applies a merge patch to the content of a score: an absent field keeps its value, null clears it, and the
// list of ratings is replaced as a whole. The ratings of the result are in the order of the kit. The error is
// RuleViolated if the result is invalid.
func applyPatch(criteria []scoring.Criterion, before scoreContent, patch api.UpdateScoreRequest) (scoreContent, error) {
	after := scoreContent{before.ratings, before.recommendation, optional.Text(before.comment, patch.Comment)}
	if patch.Ratings != nil {
		after.ratings = make([]stored.ScoreRatingV1, len(patch.Ratings))
		for i, rating := range patch.Ratings {
			after.ratings[i] = newRating(rating)
		}
	}
	if patch.Recommendation != nil {
		after.recommendation = (*stored.Recommendation)(patch.Recommendation)
	}
	if err := after.check(criteria); err != nil {
		return before, err
	}
	after.ratings = sortRatings(criteria, after.ratings)
	return after, nil
}

// newRating converts a rating of a request into the stored form, in which no field is absent.
func newRating(request api.NewScoreRating) stored.ScoreRatingV1 {
	rating := stored.ScoreRatingV1{
		CriterionKey: request.CriterionKey, NotObserved: request.NotObserved != nil && *request.NotObserved,
		Rating: nullable.NewNullNullable[int32](), Note: nullable.NewNullNullable[string](),
	}
	if level, err := request.Rating.Get(); err == nil {
		rating.Rating.Set(level)
	}
	if note, err := request.Note.Get(); err == nil {
		rating.Note.Set(strings.TrimSpace(note))
	}
	return rating
}

// newInsert returns the row of a new draft. The caller sets id and time.
func newInsert(
	interview db.Interview, rater uuid.UUID, criteria []scoring.Criterion, content scoreContent,
) db.InsertScoreParams {
	result := scoring.Score(criteria, content.sheet())
	return db.InsertScoreParams{
		CompanyID: interview.CompanyID, InterviewID: interview.ID, ApplicationID: interview.ApplicationID,
		JobID: interview.JobID, RaterID: rater, Status: lifecycle.Score().Initial, Ratings: content.ratings,
		Recommendation: content.recommendation, Comment: content.comment, WeightedScore: result.WeightedScore,
		Coverage: result.Coverage,
	}
}

// newUpdate returns the update of a draft to the given content, with the figures computed from its ratings. The caller
// sets the time.
func newUpdate(score db.Score, criteria []scoring.Criterion, content scoreContent) db.UpdateScoreParams {
	result := scoring.Score(criteria, content.sheet())
	return db.UpdateScoreParams{
		CompanyID: score.CompanyID, ID: score.ID, RaterID: score.RaterID, Version: score.Version, Ratings: content.ratings,
		Recommendation: content.recommendation, Comment: content.comment, WeightedScore: result.WeightedScore,
		Coverage: result.Coverage,
	}
}

// newRevision returns the revision that keeps the current content of a score. The caller sets id and time.
func newRevision(score db.Score, event stored.ScoreEvent, reason string, actor uuid.UUID) db.InsertScoreRevisionParams {
	return db.InsertScoreRevisionParams{
		CompanyID: score.CompanyID, ScoreID: score.ID, Revision: score.Revision, Event: event, Ratings: score.Ratings,
		Recommendation: score.Recommendation, Comment: score.Comment, WeightedScore: score.WeightedScore,
		Coverage: score.Coverage, SubmittedAt: score.SubmittedAt, Reason: reason, ActorID: actor,
	}
}

// contentIn returns the content of a score.
func contentIn(score db.Score) scoreContent {
	return scoreContent{score.Ratings, score.Recommendation, score.Comment}
}

// ratedCriteria converts the criteria of a kit version to the form that package scoring computes with.
func ratedCriteria(version []stored.KitCriterionV1) []scoring.Criterion {
	criteria := make([]scoring.Criterion, len(version))
	for i, criterion := range version {
		criteria[i] = scoring.Criterion{
			Key: criterion.Key, Title: criterion.Title, Weight: int(criterion.Weight), Required: criterion.Required,
		}
	}
	return criteria
}
