package jobs

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

// ListJobs lists the jobs that the caller sees, by filters and in an order of their choice.
func (j *Jobs) ListJobs(ctx context.Context, request api.ListJobsRequestObject) (api.ListJobsResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	query, scope := listQuery(who, wanted)
	list, err := j.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query.AfterTime, query.AfterText, query.AfterID = list.After.Time, list.After.Text, list.After.ID
	query.MaxRows = list.MaxRows()
	if query.Jobs, err = j.listed(ctx, j.Store.Of(who.CompanyID), who); err != nil {
		return nil, err
	}
	rows, err := j.Store.Planned(who.CompanyID).ListJobs(ctx, query)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.Job) page.Place { return placeOf(row, query.Sort) })
	if err != nil {
		return nil, err
	}
	data := make([]api.Job, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convert(who, row)
	}
	return api.ListJobs200JSONResponse{
		Body:    api.JobPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListJobs200ResponseHeaders{Link: shown.Link},
	}, nil
}

func listQuery(who access.Actor, wanted api.ListJobsParams) (db.ListJobsParams, page.Scope) {
	sort := api.JobSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := db.ListJobsParams{
		CompanyID: who.CompanyID, CallerID: who.ID, SeesAll: seesAll(who), Department: wanted.Department,
		Mine: wanted.Mine, UpdatedSince: wanted.UpdatedSince, Sort: string(sort),
	}
	for _, status := range wanted.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	if wanted.Q != nil {
		pattern := page.Contains(*wanted.Q)
		query.Pattern = &pattern
	}
	wanted.Cursor, wanted.Limit, wanted.Sort = nil, nil, &sort
	return query, page.Scope{Company: who.CompanyID, Operation: "ListJobs", Query: wanted}
}

func placeOf(row db.Job, sort string) page.Place {
	switch api.JobSort(strings.TrimPrefix(sort, "-")) { //nolint:exhaustive // the descending orders were trimmed
	case api.JobSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.JobSortTitleAsc:
		return page.By(row.TitleKey, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
