package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// reading asks for a score as the caller may read it.
func reading(who access.Actor, seen visibility.Sight, id uuid.UUID) db.GetScoreParams {
	return db.GetScoreParams{
		CompanyID: who.CompanyID, ID: id, CallerID: who.ID,
		SeesAll: seen.All, Jobs: seen.Jobs, Interviews: seen.Interviews, ByKey: who.Key != nil, Eyes: who.Persons(),
	}
}

// own asks for a score as its author: whatever else somebody may read, they write their own.
func own(who access.Actor, id uuid.UUID) db.GetScoreParams {
	return reading(who, visibility.Sight{Jobs: []uuid.UUID{}, Interviews: []uuid.UUID{}}, id)
}

// present shows one score as the caller may read and handle it.
func (s *Scores) present(ctx context.Context, tenant *db.Queries, by db.GetScoreParams) (api.ScoreJSONResponse, error) {
	row, err := tenant.GetScore(ctx, by)
	if err != nil {
		return api.ScoreJSONResponse{}, err
	}
	shown, err := s.show(ctx, tenant, []db.ListScoresRow{db.ListScoresRow(row)})
	if err != nil {
		return api.ScoreJSONResponse{}, err
	}
	return api.ScoreJSONResponse{
		Body:    shown[0],
		Headers: api.ScoreResponseHeaders{ETag: etag.Of(row.Score.Version, shown[0].Rater, shown[0].AllowedActions)},
	}, nil
}

// show converts scores as the caller may read and handle them. Only a draft can miss something, so only the kits of
// drafts are looked at.
func (s *Scores) show(ctx context.Context, tenant *db.Queries, rows []db.ListScoresRow) ([]api.Score, error) {
	who := access.Of(ctx)
	var kits []uuid.UUID
	for _, row := range rows {
		if row.Score.Status == api.ScoreStatusDraft {
			kits = append(kits, row.KitVersionID)
		}
	}
	criteria, err := s.criteriaOf(ctx, tenant, who.CompanyID, kits)
	if err != nil {
		return nil, err
	}
	shown := make([]api.Score, len(rows))
	for i, row := range rows {
		if shown[i], err = convert(who, row, criteria[row.KitVersionID]); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// criteria are those of one version of a kit.
func (s *Scores) criteria(
	ctx context.Context, tenant *db.Queries, company, version uuid.UUID,
) ([]scoring.Criterion, error) {
	found, err := s.criteriaOf(ctx, tenant, company, []uuid.UUID{version})
	return found[version], err
}

// criteriaOf gives the criteria of versions of kits by their ids.
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
