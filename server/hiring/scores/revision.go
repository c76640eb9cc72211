package scores

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListScoreRevisions lists the revisions of a score that the actor sees, oldest first. A revision is the content of the
// score before it was reopened or voided.
func (s *Scores) ListScoreRevisions(
	ctx context.Context, call service.Call, request api.ListScoreRevisionsRequestObject,
) (api.ListScoreRevisionsResponseObject, error) {
	actor := call.Actor
	tenant := s.Store.Of(actor.CompanyID)
	score, err := getScore(ctx, tenant, actor, request.ScoreID)
	if err != nil {
		return nil, err
	}
	list, err := page.Read(ctx, s.Cursors, page.List[db.ListScoreRevisionsRow, api.ScoreRevision]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListScoreRevisions", Query: score.Score.ID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListScoreRevisionsRow, error) {
			return tenant.ListScoreRevisions(ctx, db.ListScoreRevisionsParams{
				CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ScoreID: score.Score.ID,
				AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.ListScoreRevisionsRow) page.Place {
			return page.At(row.ScoreRevision.CreatedAt, row.ScoreRevision.ID)
		},
		Show: page.Each(convertRevision),
	})
	if err != nil {
		return nil, err
	}
	return api.ListScoreRevisions200JSONResponse{
		Body:    api.ScoreRevisionPage(list.Body),
		Headers: api.ListScoreRevisions200ResponseHeaders{Link: list.Link},
	}, nil
}
