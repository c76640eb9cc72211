package applications

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// ListApplications lists the applications that the actor sees.
func (a *Applications) ListApplications(
	ctx context.Context, request api.ListApplicationsRequestObject,
) (api.ListApplicationsResponseObject, error) {
	actor, wanted := access.Of(ctx), request.Params
	sort := api.ApplicationSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := listQuery(actor, api.ExportApplicationsParams{
		JobID: wanted.JobID, CandidateID: wanted.CandidateID, Stage: wanted.Stage, Status: wanted.Status,
		UpdatedSince: wanted.UpdatedSince,
	}, sort)
	scope := wanted
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	shown, err := page.Read(ctx, a.Cursors, page.List[db.ListApplicationsRow, api.Application]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListApplications", Query: scope},
		Cursor: wanted.Cursor, Limit: wanted.Limit,
		Fetch: func(w page.Window) ([]db.ListApplicationsRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return a.Store.Of(actor.CompanyID).ListApplications(ctx, query)
		},
		Place: func(row db.ListApplicationsRow) page.Place { return placeOf(row.Application, sort) },
		Show: page.Each(func(row db.ListApplicationsRow) api.Application {
			return convert(db.GetApplicationRow(row), lifecycle.StandingOf(actor, row.IsMember))
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.ListApplications200JSONResponse{
		Body:    api.ApplicationPage(shown.Body),
		Headers: api.ListApplications200ResponseHeaders{Link: shown.Link},
	}, nil
}

// listQuery selects the applications that the actor sees and the filters match.
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

func placeOf(row db.Application, sort api.ApplicationSort) page.Place {
	ascending := api.ApplicationSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.ApplicationSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.ApplicationSortStageEnteredAtAsc:
		return page.At(row.StageEnteredAt, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}

// ListApplicationHistory lists the moves of an application that the actor sees, oldest first.
func (a *Applications) ListApplicationHistory(
	ctx context.Context, request api.ListApplicationHistoryRequestObject,
) (api.ListApplicationHistoryResponseObject, error) {
	row, err := a.get(ctx, access.Of(ctx), request.ApplicationID)
	if err != nil {
		return nil, err
	}
	of := row.Application
	shown, err := page.Read(ctx, a.Cursors, page.List[db.ListApplicationMovesRow, api.ApplicationMove]{
		Scope:  page.Scope{Company: of.CompanyID, Operation: "ListApplicationHistory", Query: of.ID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListApplicationMovesRow, error) {
			return a.Store.Of(of.CompanyID).ListApplicationMoves(ctx, db.ListApplicationMovesParams{
				CompanyID: of.CompanyID, ApplicationID: of.ID, AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
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
		Body:    api.ApplicationMovePage(shown.Body),
		Headers: api.ListApplicationHistory200ResponseHeaders{Link: shown.Link},
	}, nil
}
