package applications

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// fewApplications is up to how many applications of jobs a list reads one by one, and puts in order itself. Of more
// there are enough on the way through all of the company's.
const fewApplications = 10_000

// ListApplications lists the applications that the caller sees, by filters and in an order of their choice.
func (a *Applications) ListApplications(
	ctx context.Context, request api.ListApplicationsRequestObject,
) (api.ListApplicationsResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	seen, err := visibility.Of(ctx, a.Store.Of(who.CompanyID), who)
	if err != nil {
		return nil, err
	}
	sort := api.ApplicationSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := listQuery(who, seen, api.ExportApplicationsParams{
		JobID: wanted.JobID, CandidateID: wanted.CandidateID, Stage: wanted.Stage, Status: wanted.Status,
		UpdatedSince: wanted.UpdatedSince,
	}, sort)
	scoped := wanted
	scoped.Cursor, scoped.Limit, scoped.Sort = nil, nil, &sort
	scope := page.Scope{Company: who.CompanyID, Operation: "ListApplications", Query: scoped}
	list, err := a.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query.AfterTime, query.AfterID, query.MaxRows = list.After.Time, list.After.ID, list.MaxRows()
	tenant := a.Store.Planned(who.CompanyID)
	if query.Ids, err = a.narrow(ctx, tenant, query); err != nil {
		return nil, err
	}
	rows, err := tenant.ListApplications(ctx, query)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListApplicationsRow) page.Place { return placeOf(row, sort) })
	if err != nil {
		return nil, err
	}
	data := make([]api.Application, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convert(db.GetApplicationRow(row), seen.Standing(row.Application.JobID))
	}
	return api.ListApplications200JSONResponse{
		Body:    api.ApplicationPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListApplications200ResponseHeaders{Link: shown.Link},
	}, nil
}

// listQuery is what selects the applications that the filters match and the caller sees.
func listQuery(
	who access.Actor, seen visibility.Sight, filters api.ExportApplicationsParams, sort api.ApplicationSort,
) db.ListApplicationsParams {
	query := db.ListApplicationsParams{
		CompanyID: who.CompanyID, SeesAll: seen.All, Jobs: seen.Jobs, Applications: seen.Applications,
		JobID: filters.JobID, CandidateID: filters.CandidateID, UpdatedSince: filters.UpdatedSince, Sort: string(sort),
	}
	for _, stage := range filters.Stage {
		query.Stages = append(query.Stages, string(stage))
	}
	for _, status := range filters.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	return query
}

// narrow gives the applications that those of a query are among, nil where the query says so itself or they are many.
// PostgreSQL takes the applications of a job to be spread over all times: those of a job that is long past it would
// look for through all that came later, unless it is told which they are.
func (a *Applications) narrow(
	ctx context.Context, tenant *db.Queries, query db.ListApplicationsParams,
) ([]uuid.UUID, error) {
	jobs, own := query.Jobs, query.Applications
	switch {
	case query.JobID != nil:
		jobs, own = []uuid.UUID{*query.JobID}, nil
	case query.SeesAll || len(jobs) == 0:
		return nil, nil
	}
	ids, err := tenant.ListApplicationsOfJobs(ctx, db.ListApplicationsOfJobsParams{
		CompanyID: query.CompanyID, Jobs: jobs, AtMost: fewApplications + 1,
	})
	if err != nil || len(ids) > fewApplications {
		return nil, err
	}
	return append(ids, own...), nil
}

func placeOf(row db.ListApplicationsRow, sort api.ApplicationSort) page.Place {
	application := row.Application
	ascending := api.ApplicationSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the descending orders were trimmed
	case api.ApplicationSortUpdatedAtAsc:
		return page.At(application.UpdatedAt, application.ID)
	case api.ApplicationSortStageEnteredAtAsc:
		return page.At(application.StageEnteredAt, application.ID)
	}
	return page.At(application.CreatedAt, application.ID)
}

// ListApplicationHistory lists the moves of an application, to those who see it.
func (a *Applications) ListApplicationHistory(
	ctx context.Context, request api.ListApplicationHistoryRequestObject,
) (api.ListApplicationHistoryResponseObject, error) {
	seen, _, err := a.see(ctx, request.ApplicationID)
	if err != nil {
		return nil, err
	}
	of := seen.Application
	scope := page.Scope{Company: of.CompanyID, Operation: "ListApplicationHistory", Query: of.ID}
	list, err := a.Cursors.Open(scope, request.Params.Cursor, request.Params.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := a.Store.Of(of.CompanyID).ListApplicationMoves(ctx, db.ListApplicationMovesParams{
		CompanyID: of.CompanyID, ApplicationID: of.ID, AfterTime: list.After.Time, AfterID: list.After.ID,
		MaxRows: list.MaxRows(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListApplicationMovesRow) page.Place {
		return page.At(row.ApplicationMove.CreatedAt, row.ApplicationMove.ID)
	})
	if err != nil {
		return nil, err
	}
	data := make([]api.ApplicationMove, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convertMove(row)
	}
	return api.ListApplicationHistory200JSONResponse{
		Body:    api.ApplicationMovePage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListApplicationHistory200ResponseHeaders{Link: shown.Link},
	}, nil
}
