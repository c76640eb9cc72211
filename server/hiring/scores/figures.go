package scores

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// blinded is the reason for a missing figure if the actor must submit their own score first.
const blinded = scoring.Reason(api.NoFigureReasonBlinded)

// submission is a submitted score with its id and submission time.
type submission struct {
	scoring.Submission
	at time.Time
	id uuid.UUID
}

// scoredInterview is an interview with the submitted scores that the actor sees, in the order of their submission.
type scoredInterview struct {
	db.ListInterviewsWithScoresRow
	submissions []submission
}

// groupByInterview combines consecutive rows of the same interview.
func groupByInterview(
	rows []db.ListInterviewsWithScoresRow, criteria map[uuid.UUID][]scoring.Criterion,
) []scoredInterview {
	var interviews []scoredInterview
	for _, row := range rows {
		if len(interviews) == 0 || interviews[len(interviews)-1].ID != row.ID {
			interviews = append(interviews, scoredInterview{ListInterviewsWithScoresRow: row})
		}
		if row.ScoreID == nil {
			continue
		}
		last := &interviews[len(interviews)-1]
		last.submissions = append(last.submissions, submission{
			Submission: scoring.Submission{
				Criteria: criteria[row.KitVersionID], Sheet: scoreContent{ratings: row.Ratings}.sheet(),
				Recommendation: scoring.Recommendation(*row.Recommendation),
			},
			at: *row.SubmittedAt, id: *row.ScoreID,
		})
	}
	return interviews
}

// summarize computes the figures of submissions, in the order of their submission. For a blinded actor it returns no
// figures, whatever the submissions contain.
func summarize(submissions []submission, isBlinded bool) api.ScoreFigures {
	submissions = slices.SortedFunc(slices.Values(submissions), func(a, b submission) int {
		if order := a.at.Compare(b.at); order != 0 {
			return order
		}
		return slices.Compare(a.id[:], b.id[:])
	})
	scores := make([]scoring.Submission, len(submissions))
	for i, submission := range submissions {
		scores[i] = submission.Submission
	}
	summary := scoring.Summarize(scores)
	if isBlinded {
		summary = scoring.Summarize(nil)
		summary.Reason = blinded
	}
	converted := api.ScoreFigures{
		Scores: toInt32(summary.Scores), WeightedMean: optional.Of(summary.WeightedMean),
		Criteria: make([]api.CriterionFigures, len(summary.Criteria)), Recommendations: counts(summary.Recommendations),
	}
	if summary.WeightedMean == nil {
		converted.WeightedMeanReason = figureReason(summary.Reason)
	}
	for i, criterion := range summary.Criteria {
		converted.Criteria[i] = api.CriterionFigures{
			Key: criterion.Key, Title: criterion.Title, N: toInt32(criterion.N), NotObserved: toInt32(criterion.NotObserved),
			Mean: optional.Of(criterion.Mean), Minimum: toRating(criterion.Min), Maximum: toRating(criterion.Max),
			StandardDeviation: optional.Of(criterion.StandardDeviation),
		}
	}
	return converted
}

// counts converts the counts of recommendations to the API's type.
func counts(recommendations map[scoring.Recommendation]int) api.RecommendationCounts {
	return api.RecommendationCounts{
		DefinitelyNo: toInt32(recommendations[scoring.DefinitelyNo]), No: toInt32(recommendations[scoring.No]),
		NoDecision: toInt32(recommendations[scoring.NoDecision]), Yes: toInt32(recommendations[scoring.Yes]),
		StrongYes: toInt32(recommendations[scoring.StrongYes]),
	}
}

// toRating converts a rating to the API's type.
func toRating(value *int) nullable.Nullable[int32] {
	if value == nil {
		return nullable.NewNullNullable[int32]()
	}
	return nullable.NewNullableWithValue(toInt32(*value))
}

// toInt32 converts a count to the API's type.
func toInt32(n int) int32 { return int32(min(n, math.MaxInt32)) } //nolint:gosec // bounded on this line
