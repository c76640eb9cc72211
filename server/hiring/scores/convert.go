package scores

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// convert returns a score, whose decoded content is said, as the actor sees it. The criteria are needed for drafts
// only: a submitted score misses none.
func convert(actor access.Actor, row db.ListScoresRow, said judgement, criteria []scoring.Criterion) api.Score {
	score := row.Score
	missing := []api.ContentKey{}
	if score.Status == api.ScoreStatusDraft {
		missing = append(missing, scoring.Missing(criteria, said.sheet())...)
	}
	shown := api.Score{
		ID: score.ID, InterviewID: score.InterviewID, ApplicationID: score.ApplicationID, JobID: score.JobID,
		Rater:  api.PersonSummary{ID: score.RaterID, FirstName: row.FirstName, LastName: row.LastName},
		Status: score.Status, Revision: score.Revision, Ratings: said.ratings, Recommendation: said.recommendation,
		Comment: optional.Of(said.comment), WeightedScore: optional.Of(score.WeightedScore), Coverage: score.Coverage,
		MissingCriteria: missing, SubmittedAt: optional.Time(score.SubmittedAt),
		StatusReason: optional.Of(score.StatusReason), AllowedActions: allowedActions(actor, score, row.InterviewStatus),
		CreatedAt: score.CreatedAt.UTC(), UpdatedAt: score.UpdatedAt.UTC(),
	}
	if score.WeightedScore == nil {
		shown.WeightedScoreReason = because(scoring.NothingObserved)
	}
	return shown
}

func convertRevision(row db.ListScoreRevisionsRow) (api.ScoreRevision, error) {
	was := row.ScoreRevision
	ratings, err := readRatings(was.Ratings)
	return api.ScoreRevision{
		ID: was.ID, Revision: was.Revision, Event: was.Event, Ratings: ratings, Recommendation: was.Recommendation,
		Comment: optional.Of(was.Comment), WeightedScore: optional.Of(was.WeightedScore), Coverage: was.Coverage,
		SubmittedAt: optional.Time(was.SubmittedAt), Reason: was.Reason,
		Actor:     access.Summarize(was.ActorID, row.ActorName, row.ByKey),
		CreatedAt: was.CreatedAt.UTC(),
	}, err
}

// because is the reason for a missing figure in the API's type.
func because(reason scoring.Reason) *api.NoFigureReason {
	shown := api.NoFigureReason(reason)
	return &shown
}

// revise applies a merge patch to a judgement: an absent field keeps its value, null clears it, and ratings are
// replaced as a whole. The result has them in the order of the kit. It fails with RuleViolated if the result is
// invalid.
func revise(criteria []scoring.Criterion, was judgement, patch api.UpdateScoreRequest) (judgement, error) {
	is := judgement{was.ratings, was.recommendation, optional.Text(was.comment, patch.Comment)}
	if patch.Ratings != nil {
		is.ratings = make([]api.ScoreRating, len(patch.Ratings))
		for i, rating := range patch.Ratings {
			is.ratings[i] = newRating(rating)
		}
	}
	if patch.Recommendation != nil {
		is.recommendation = patch.Recommendation
	}
	if err := is.check(criteria); err != nil {
		return was, err
	}
	is.ratings = inOrder(criteria, is.ratings)
	return is, nil
}

// newRating converts a rating of a request into the stored form, in which no field is absent.
func newRating(given api.NewScoreRating) api.ScoreRating {
	rating := api.ScoreRating{
		CriterionKey: given.CriterionKey, NotObserved: given.NotObserved != nil && *given.NotObserved,
		Rating: nullable.NewNullNullable[int32](), Note: nullable.NewNullNullable[string](),
	}
	if level, err := given.Rating.Get(); err == nil {
		rating.Rating.Set(level)
	}
	if note, err := given.Note.Get(); err == nil {
		rating.Note.Set(strings.TrimSpace(note))
	}
	return rating
}

// newScore is a new draft without id and time.
func newScore(
	interview db.Interview, rater uuid.UUID, criteria []scoring.Criterion, said judgement,
) (db.InsertScoreParams, error) {
	result := scoring.Score(criteria, said.sheet())
	ratings, err := json.Marshal(said.ratings)
	return db.InsertScoreParams{
		CompanyID: interview.CompanyID, InterviewID: interview.ID, ApplicationID: interview.ApplicationID,
		JobID: interview.JobID, RaterID: rater, Status: lifecycle.Score().Initial, Ratings: ratings,
		Recommendation: said.recommendation, Comment: said.comment, WeightedScore: result.WeightedScore,
		Coverage: result.Coverage,
	}, err
}

// edit is the change of a draft to what a judgement says. The figures are saved with the ratings that they are computed
// from.
func edit(score db.Score, criteria []scoring.Criterion, said judgement) (db.UpdateScoreParams, error) {
	result := scoring.Score(criteria, said.sheet())
	ratings, err := json.Marshal(said.ratings)
	return db.UpdateScoreParams{
		CompanyID: score.CompanyID, ID: score.ID, RaterID: score.RaterID, Version: score.Version, Ratings: ratings,
		Recommendation: said.recommendation, Comment: said.comment, WeightedScore: result.WeightedScore,
		Coverage: result.Coverage,
	}, err
}

// revisionOf is the revision that records what a score says now, without id and time.
func revisionOf(score db.Score, event api.ScoreEvent, reason string, actor uuid.UUID) db.InsertScoreRevisionParams {
	return db.InsertScoreRevisionParams{
		CompanyID: score.CompanyID, ScoreID: score.ID, Revision: score.Revision, Event: event, Ratings: score.Ratings,
		Recommendation: score.Recommendation, Comment: score.Comment, WeightedScore: score.WeightedScore,
		Coverage: score.Coverage, SubmittedAt: score.SubmittedAt, Reason: reason, ActorID: actor,
	}
}

// readJudgement decodes what a score says.
func readJudgement(score db.Score) (judgement, error) {
	ratings, err := readRatings(score.Ratings)
	return judgement{ratings, score.Recommendation, score.Comment}, err
}

func readRatings(kept json.RawMessage) ([]api.ScoreRating, error) {
	var ratings []api.ScoreRating
	if err := json.Unmarshal(kept, &ratings); err != nil {
		return nil, fmt.Errorf("read ratings: %w", err)
	}
	return ratings, nil
}

// readCriteria decodes the criteria of a kit version.
func readCriteria(kept json.RawMessage) ([]scoring.Criterion, error) {
	var written []api.KitCriterion
	if err := json.Unmarshal(kept, &written); err != nil {
		return nil, fmt.Errorf("read criteria: %w", err)
	}
	criteria := make([]scoring.Criterion, len(written))
	for i, one := range written {
		criteria[i] = scoring.Criterion{Key: one.Key, Title: one.Title, Weight: int(one.Weight), Required: one.Required}
	}
	return criteria, nil
}
