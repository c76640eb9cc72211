package scores

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// ListScoreRevisions lists what a score said before it was reopened or voided, to those who read the score.
func (s *Scores) ListScoreRevisions(
	ctx context.Context, request api.ListScoreRevisionsRequestObject,
) (api.ListScoreRevisionsResponseObject, error) {
	who := access.Of(ctx)
	tenant := s.Store.Of(who.CompanyID)
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return nil, err
	}
	score, err := tenant.GetScore(ctx, reading(who, seen, request.ScoreID))
	if err != nil {
		return nil, err
	}
	scope := page.Scope{Company: who.CompanyID, Operation: "ListScoreRevisions", Query: score.Score.ID}
	list, err := s.Cursors.Open(scope, request.Params.Cursor, request.Params.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := tenant.ListScoreRevisions(ctx, db.ListScoreRevisionsParams{
		CompanyID: who.CompanyID, ScoreID: score.Score.ID, CallerID: who.ID, SeesAll: seen.All, Jobs: seen.Jobs,
		ByKey: who.Key != nil, Eyes: who.Persons(), Interviews: seen.Interviews,
		AfterTime: list.After.Time, AfterID: list.After.ID, MaxRows: list.MaxRows(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListScoreRevisionsRow) page.Place {
		return page.At(row.ScoreRevision.CreatedAt, row.ScoreRevision.ID)
	})
	if err != nil {
		return nil, err
	}
	data := make([]api.ScoreRevision, len(shown.Rows))
	for i, row := range shown.Rows {
		if data[i], err = convertRevision(row); err != nil {
			return nil, err
		}
	}
	return api.ListScoreRevisions200JSONResponse{
		Body:    api.ScoreRevisionPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListScoreRevisions200ResponseHeaders{Link: shown.Link},
	}, nil
}
