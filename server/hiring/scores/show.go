package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// present returns a converted score with its ETag.
func present(score db.Score, shown api.Score) api.ScoreJSONResponse {
	return api.ScoreJSONResponse{
		Body: shown, Headers: api.ScoreResponseHeaders{ETag: etag.Of(score.Version, shown.Rater, shown.AllowedActions)},
	}
}

// show converts scores for the actor. Only drafts can miss criteria, so it reads the kits of drafts only.
func (s *Scores) show(ctx context.Context, tenant *db.Queries, rows []db.ListScoresRow) ([]api.Score, error) {
	actor := access.Of(ctx)
	var kits []uuid.UUID
	for _, row := range rows {
		if row.Score.Status == api.ScoreStatusDraft {
			kits = append(kits, row.KitVersionID)
		}
	}
	criteria, err := s.criteriaOf(ctx, tenant, actor.CompanyID, kits)
	if err != nil {
		return nil, err
	}
	shown := make([]api.Score, len(rows))
	for i, row := range rows {
		said, err := readJudgement(row.Score)
		if err != nil {
			return nil, err
		}
		shown[i] = convert(actor, row, said, criteria[row.KitVersionID])
	}
	return shown, nil
}

// criteria are those of the kit version of an interview.
func (s *Scores) criteria(
	ctx context.Context, tenant *db.Queries, interview db.Interview,
) ([]scoring.Criterion, error) {
	found, err := s.criteriaOf(ctx, tenant, interview.CompanyID, []uuid.UUID{interview.KitVersionID})
	return found[interview.KitVersionID], err
}

// criteriaOf returns the criteria of kit versions by the ids of the versions.
func (s *Scores) criteriaOf(
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
		if found[row.ID], err = readCriteria(row.Criteria); err != nil {
			return nil, err
		}
	}
	return found, nil
}
