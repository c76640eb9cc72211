package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// scoreResponse returns the response for a converted score.
func scoreResponse(score db.Score, converted api.Score) api.ScoreJSONResponse {
	return api.ScoreJSONResponse{
		Body: converted,
		Headers: api.ScoreResponseHeaders{
			ETag: etag.Of(score.Version, converted.Rater, converted.AllowedActions),
		},
	}
}

// convertAll converts scores to the API's type. It reads the criteria of drafts only, because other scores miss none.
func (s *Scores) convertAll(
	ctx context.Context, tenant *db.Queries, actor access.Actor, rows []db.ListScoresRow,
) ([]api.Score, error) {
	var versions []uuid.UUID
	for _, row := range rows {
		if row.Score.Status == stored.ScoreStatusDraft {
			versions = append(versions, row.KitVersionID)
		}
	}
	criteria, err := s.criteriaByVersion(ctx, tenant, actor.CompanyID, versions)
	if err != nil {
		return nil, err
	}
	converted := make([]api.Score, len(rows))
	for i, row := range rows {
		converted[i] = convert(actor, row, contentIn(row.Score), criteria[row.KitVersionID])
	}
	return converted, nil
}

// criteria returns the criteria of an interview's kit version.
func (s *Scores) criteria(
	ctx context.Context, tenant *db.Queries, interview db.Interview,
) ([]scoring.Criterion, error) {
	found, err := s.criteriaByVersion(ctx, tenant, interview.CompanyID, []uuid.UUID{interview.KitVersionID})
	return found[interview.KitVersionID], err
}

// criteriaByVersion returns the criteria of kit versions, by version id.
func (s *Scores) criteriaByVersion(
	ctx context.Context, tenant *db.Queries, company uuid.UUID, versions []uuid.UUID,
) (map[uuid.UUID][]scoring.Criterion, error) {
	found := map[uuid.UUID][]scoring.Criterion{}
	if len(versions) == 0 {
		return found, nil
	}
	rows, err := tenant.ListKitCriteria(ctx, db.ListKitCriteriaParams{CompanyID: company, Ids: versions})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		found[row.ID] = ratedCriteria(row.Criteria)
	}
	return found, nil
}
