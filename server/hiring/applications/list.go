package applications

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

// ListApplications lists the applications that are visible to the actor.
func (a *Applications) ListApplications(
	ctx context.Context, call service.Call, request api.ListApplicationsRequestObject,
) (api.ListApplicationsResponseObject, error) {
	actor, params := call.Actor, request.Params
	sort := api.ApplicationSortCreatedAtDesc
	if params.Sort != nil {
		sort = *params.Sort
	}
	query := listQuery(actor, api.ExportApplicationsParams{
		JobID: params.JobID, CandidateID: params.CandidateID, Stage: params.Stage, Status: params.Status,
		UpdatedSince: params.UpdatedSince,
	}, sort)
	scope := params
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	response, err := page.Read(ctx, a.Cursors, page.List[db.ListApplicationsRow, api.Application]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListApplications", Query: scope},
		Cursor: params.Cursor, Limit: params.Limit,
		IDs: params.ID,
		ByID: func(ids []uuid.UUID) ([]db.ListApplicationsRow, error) {
			rows, err := a.Store.Of(actor.CompanyID).ListApplicationsByID(ctx, db.ListApplicationsByIDParams{
				CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, Ids: ids,
			})
			if err != nil {
				return nil, err
			}
			listed := func(row db.ListApplicationsByIDRow) db.ListApplicationsRow { return db.ListApplicationsRow(row) }
			return page.Each(listed)(rows)
		},
		Fetch: func(w page.Window) ([]db.ListApplicationsRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return a.Store.Of(actor.CompanyID).ListApplications(ctx, query)
		},
		Place: func(row db.ListApplicationsRow) page.Place { return listPosition(row.Application, sort) },
		Show: page.Each(func(row db.ListApplicationsRow) api.Application {
			return convert(actor, db.GetApplicationRow(row))
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.ListApplications200JSONResponse{
		Body:    api.ApplicationPage(response.Body),
		Headers: api.ListApplications200ResponseHeaders{Link: response.Link},
	}, nil
}

// listQuery returns the query for the applications that are visible to the actor and match the filters.
func listQuery(
	actor access.Actor, filters api.ExportApplicationsParams, sort api.ApplicationSort,
) db.ListApplicationsParams {
	query := db.ListApplicationsParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), JobID: filters.JobID,
		CandidateID: filters.CandidateID, UpdatedSince: filters.UpdatedSince, Sort: string(sort),
	}
	for _, stage := range filters.Stage {
		query.Stages = append(query.Stages, string(stage))
	}
	for _, status := range filters.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	return query
}

// listPosition returns the position of an application in a list with the given order.
func listPosition(row db.Application, sort api.ApplicationSort) page.Place {
	ascending := api.ApplicationSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.ApplicationSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.ApplicationSortStageEnteredAtAsc:
		return page.At(row.StageEnteredAt, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}

// ListApplicationHistory lists the moves of an application that is visible to the actor, oldest first.
func (a *Applications) ListApplicationHistory(
	ctx context.Context, call service.Call, request api.ListApplicationHistoryRequestObject,
) (api.ListApplicationHistoryResponseObject, error) {
	row, err := a.get(ctx, call.Actor, request.ApplicationID)
	if err != nil {
		return nil, err
	}
	application := row.Application
	response, err := page.Read(ctx, a.Cursors, page.List[db.ListApplicationMovesRow, api.ApplicationMove]{
		Scope:  page.Scope{Company: application.CompanyID, Operation: "ListApplicationHistory", Query: application.ID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListApplicationMovesRow, error) {
			return a.Store.Of(application.CompanyID).ListApplicationMoves(ctx, db.ListApplicationMovesParams{
				CompanyID: application.CompanyID, ApplicationID: application.ID,
				AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.ListApplicationMovesRow) page.Place {
			return page.At(row.ApplicationMove.CreatedAt, row.ApplicationMove.ID)
		},
		Show: page.Each(convertMove),
	})
	if err != nil {
		return nil, err
	}
	return api.ListApplicationHistory200JSONResponse{
		Body:    api.ApplicationMovePage(response.Body),
		Headers: api.ListApplicationHistory200ResponseHeaders{Link: response.Link},
	}, nil
}
