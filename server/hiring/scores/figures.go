package scores

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// blinded is the reason for a missing figure if the actor has to submit their own score first.
const blinded = scoring.Reason(api.NoFigureReasonBlinded)

// submission is a submitted score with its id and the time of its submission.
type submission struct {
	scoring.Submission
	at time.Time
	id uuid.UUID
}

// scored is an interview with the submitted scores that the actor sees, in the order of their submission.
type scored struct {
	db.ListInterviewsWithScoresRow
	submissions []submission
}

// group turns consecutive rows of the same interview into one interview.
func group(
	rows []db.ListInterviewsWithScoresRow, criteria map[uuid.UUID][]scoring.Criterion,
) ([]scored, error) {
	var found []scored
	for _, row := range rows {
		if len(found) == 0 || found[len(found)-1].ID != row.ID {
			found = append(found, scored{ListInterviewsWithScoresRow: row})
		}
		if row.ScoreID == nil {
			continue
		}
		ratings, err := readRatings(row.Ratings)
		if err != nil {
			return nil, err
		}
		last := &found[len(found)-1]
		last.submissions = append(last.submissions, submission{
			Submission: scoring.Submission{
				Criteria: criteria[row.KitVersionID], Sheet: judgement{ratings: ratings}.sheet(),
				Recommendation: scoring.Recommendation(*row.Recommendation),
			},
			at: *row.SubmittedAt, id: *row.ScoreID,
		})
	}
	return found, nil
}

// figures summarize submissions. If the actor is blinded, they are empty.
func figures(submissions []submission, isBlinded bool) api.ScoreFigures {
	submissions = slices.SortedFunc(slices.Values(submissions), func(a, b submission) int {
		if order := a.at.Compare(b.at); order != 0 {
			return order
		}
		return slices.Compare(a.id[:], b.id[:])
	})
	plain := make([]scoring.Submission, len(submissions))
	for i, one := range submissions {
		plain[i] = one.Submission
	}
	summary := scoring.Summarize(plain)
	if isBlinded {
		summary = scoring.Summarize(nil)
		summary.Reason = blinded
	}
	shown := api.ScoreFigures{
		Scores: whole(summary.Scores), WeightedMean: optional.Of(summary.WeightedMean),
		Criteria: make([]api.CriterionFigures, len(summary.Criteria)), Recommendations: counts(summary.Recommendations),
	}
	if summary.WeightedMean == nil {
		shown.WeightedMeanReason = because(summary.Reason)
	}
	for i, criterion := range summary.Criteria {
		shown.Criteria[i] = api.CriterionFigures{
			Key: criterion.Key, Title: criterion.Title, N: whole(criterion.N), NotObserved: whole(criterion.NotObserved),
			Mean: optional.Of(criterion.Mean), Minimum: level(criterion.Min), Maximum: level(criterion.Max),
			StandardDeviation: optional.Of(criterion.StandardDeviation),
		}
	}
	return shown
}

func counts(recommendations map[scoring.Recommendation]int) api.RecommendationCounts {
	return api.RecommendationCounts{
		DefinitelyNo: whole(recommendations[scoring.DefinitelyNo]), No: whole(recommendations[scoring.No]),
		NoDecision: whole(recommendations[scoring.NoDecision]), Yes: whole(recommendations[scoring.Yes]),
		StrongYes: whole(recommendations[scoring.StrongYes]),
	}
}

// level is a rating in the API's type.
func level(value *int) nullable.Nullable[int32] {
	if value == nil {
		return nullable.NewNullNullable[int32]()
	}
	return nullable.NewNullableWithValue(whole(*value))
}

// whole is a count in the API's type.
func whole(n int) int32 { return int32(min(n, math.MaxInt32)) } //nolint:gosec // bounded on this line
