package jobs

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

// ListJobs lists the jobs that are visible to the actor.
func (j *Jobs) ListJobs(
	ctx context.Context, call service.Call, request api.ListJobsRequestObject,
) (api.ListJobsResponseObject, error) {
	actor, params := call.Actor, request.Params
	query := listQuery(actor, params)
	sort := api.JobSort(query.Sort)
	scope := params
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	response, err := page.Read(ctx, j.Cursors, page.List[db.Job, api.Job]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListJobs", Query: scope},
		Cursor: params.Cursor, Limit: params.Limit,
		IDs: params.ID,
		ByID: func(ids []uuid.UUID) ([]db.Job, error) {
			query.Ids, query.MaxRows = ids, int32(len(ids)) //nolint:gosec // at most 100
			return j.Store.Planned(actor.CompanyID).ListJobs(ctx, query)
		},
		Fetch: func(w page.Window) ([]db.Job, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return j.Store.Planned(actor.CompanyID).ListJobs(ctx, query)
		},
		Place: func(row db.Job) page.Place { return listPosition(row, sort) },
		Show:  page.Each(func(row db.Job) api.Job { return convert(actor, row) }),
	})
	if err != nil {
		return nil, err
	}
	return api.ListJobs200JSONResponse{
		Body: api.JobPage{
			Data: response.Body.Data, HasMore: response.Body.HasMore, NextCursor: response.Body.NextCursor,
			Hint: page.Hint(len(response.Body.Data), call.Query, "department", "external_id"),
		},
		Headers: api.ListJobs200ResponseHeaders{Link: response.Link},
	}, nil
}

// listQuery returns the query for the jobs that are visible to the actor and match the parameters.
func listQuery(actor access.Actor, params api.ListJobsParams) db.ListJobsParams {
	query := db.ListJobsParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(),
		Department: params.Department, ExternalID: params.ExternalID, Mine: params.Mine, UpdatedSince: params.UpdatedSince,
		Sort: string(api.JobSortCreatedAtDesc),
	}
	if params.Sort != nil {
		query.Sort = string(*params.Sort)
	}
	for _, status := range params.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	if params.Q != nil {
		pattern := page.Contains(*params.Q)
		query.Pattern = &pattern
	}
	return query
}

// listPosition returns the position of a job in a list with the given order.
func listPosition(row db.Job, sort api.JobSort) page.Place {
	ascending := api.JobSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.JobSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.JobSortTitleAsc:
		return page.By(row.Title, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
