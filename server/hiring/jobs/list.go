package jobs

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

// ListJobs lists the jobs that the actor sees.
func (j *Jobs) ListJobs(ctx context.Context, request api.ListJobsRequestObject) (api.ListJobsResponseObject, error) {
	actor, wanted := access.Of(ctx), request.Params
	query := listQuery(actor, wanted)
	sort := api.JobSort(query.Sort)
	scope := wanted
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	shown, err := page.Read(ctx, j.Cursors, page.List[db.Job, api.Job]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListJobs", Query: scope},
		Cursor: wanted.Cursor, Limit: wanted.Limit,
		Fetch: func(w page.Window) ([]db.Job, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return j.Store.Planned(actor.CompanyID).ListJobs(ctx, query)
		},
		Place: func(row db.Job) page.Place { return placeOf(row, sort) },
		Show:  page.Each(func(row db.Job) api.Job { return convert(actor, row) }),
	})
	if err != nil {
		return nil, err
	}
	return api.ListJobs200JSONResponse{
		Body:    api.JobPage(shown.Body),
		Headers: api.ListJobs200ResponseHeaders{Link: shown.Link},
	}, nil
}

// listQuery selects the jobs that the actor sees and the parameters match.
func listQuery(actor access.Actor, wanted api.ListJobsParams) db.ListJobsParams {
	query := db.ListJobsParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(),
		Department: wanted.Department, Mine: wanted.Mine, UpdatedSince: wanted.UpdatedSince,
		Sort: string(api.JobSortCreatedAtDesc),
	}
	if wanted.Sort != nil {
		query.Sort = string(*wanted.Sort)
	}
	for _, status := range wanted.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	if wanted.Q != nil {
		pattern := page.Contains(*wanted.Q)
		query.Pattern = &pattern
	}
	return query
}

func placeOf(row db.Job, sort api.JobSort) page.Place {
	ascending := api.JobSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.JobSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.JobSortTitleAsc:
		return page.By(row.TitleKey, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
