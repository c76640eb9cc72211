package scores

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListScores lists the scores that the actor sees.
func (s *Scores) ListScores(
	ctx context.Context, call service.Call, request api.ListScoresRequestObject,
) (api.ListScoresResponseObject, error) {
	actor, params := call.Actor, request.Params
	sort := api.ScoreSortCreatedAtDesc
	if params.Sort != nil {
		sort = *params.Sort
	}
	query := listQuery(actor, api.ExportScoresParams{
		InterviewID: params.InterviewID, ApplicationID: params.ApplicationID, JobID: params.JobID, RaterID: params.RaterID,
		Status: params.Status, UpdatedSince: params.UpdatedSince,
	}, sort)
	scope := params
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	tenant := s.Store.Of(actor.CompanyID)
	list, err := page.Read(ctx, s.Cursors, page.List[db.ListScoresRow, api.Score]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListScores", Query: scope},
		Cursor: params.Cursor, Limit: params.Limit,
		IDs: params.ID,
		ByID: func(ids []uuid.UUID) ([]db.ListScoresRow, error) {
			rows, err := tenant.ListScoresByID(ctx, db.ListScoresByIDParams{
				CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, Ids: ids,
			})
			if err != nil {
				return nil, err
			}
			listed := func(row db.ListScoresByIDRow) db.ListScoresRow { return db.ListScoresRow(row) }
			return page.Each(listed)(rows)
		},
		Fetch: func(w page.Window) ([]db.ListScoresRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return tenant.ListScores(ctx, query)
		},
		Place: func(row db.ListScoresRow) page.Place { return listPosition(row.Score, sort) },
		Show:  func(rows []db.ListScoresRow) ([]api.Score, error) { return s.convertAll(ctx, tenant, actor, rows) },
	})
	if err != nil {
		return nil, err
	}
	return api.ListScores200JSONResponse{
		Body:    api.ScorePage(list.Body),
		Headers: api.ListScores200ResponseHeaders{Link: list.Link},
	}, nil
}

// listQuery returns the query for the scores that the actor sees and that match the filters.
func listQuery(actor access.Actor, filters api.ExportScoresParams, sort api.ScoreSort) db.ListScoresParams {
	return db.ListScoresParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), InterviewID: filters.InterviewID,
		ApplicationID: filters.ApplicationID, JobID: filters.JobID, RaterID: filters.RaterID,
		Status: (*string)(filters.Status), UpdatedSince: filters.UpdatedSince, Sort: string(sort),
	}
}

// listPosition returns the position of a score in a sort order.
func listPosition(score db.Score, sort api.ScoreSort) page.Place {
	if strings.HasSuffix(string(sort), "updated_at") {
		return page.At(score.UpdatedAt, score.ID)
	}
	return page.At(score.CreatedAt, score.ID)
}
