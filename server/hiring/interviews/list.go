package interviews

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

// fewInterviews is up to how many interviews of jobs a list reads one by one, and puts in order itself. Among more, the
// list's order is walked until a page is full.
const fewInterviews = 1000

// ListInterviews lists the interviews that the caller may see, by filters and in an order of their choice.
func (i *Interviews) ListInterviews(
	ctx context.Context, request api.ListInterviewsRequestObject,
) (api.ListInterviewsResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	query, scope := listQuery(who, wanted)
	list, err := i.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query.AfterTime, query.AfterID, query.MaxRows = list.After.Time, list.After.ID, list.MaxRows()
	tenant := i.Store.Planned(who.CompanyID)
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return nil, err
	}
	query.SeesAll, query.Jobs, query.Interviews = seen.All, seen.Jobs, seen.Interviews
	if query.Ids, err = i.narrow(ctx, tenant, query); err != nil {
		return nil, err
	}
	found, err := tenant.ListInterviews(ctx, query)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, found, func(row db.Interview) page.Place { return placeOf(row, query.Sort) })
	if err != nil {
		return nil, err
	}
	all, err := i.complement(ctx, tenant, shown.Rows)
	if err != nil {
		return nil, err
	}
	data, zones := make([]api.Interview, len(all)), clocks{}
	for n, w := range all {
		data[n] = convert(w, standing(seen, who, w.row, w.panel), who.ID, zones)
	}
	return api.ListInterviews200JSONResponse{
		Body:    api.InterviewPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListInterviews200ResponseHeaders{Link: shown.Link},
	}, nil
}

func listQuery(who access.Actor, wanted api.ListInterviewsParams) (db.ListInterviewsParams, page.Scope) {
	sort := api.InterviewSortStartsAtAsc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := db.ListInterviewsParams{
		CompanyID: who.CompanyID, CallerID: who.ID, Mine: wanted.Mine, PanelistID: wanted.PanelistID, JobID: wanted.JobID,
		CandidateID: wanted.CandidateID, ApplicationID: wanted.ApplicationID, StartsFrom: wanted.StartsFrom,
		StartsBefore: wanted.StartsBefore, UpdatedSince: wanted.UpdatedSince, Sort: string(sort),
	}
	for _, status := range wanted.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	for _, kind := range wanted.Kind {
		query.Kinds = append(query.Kinds, string(kind))
	}
	wanted.Cursor, wanted.Limit, wanted.Sort = nil, nil, &sort
	// Whose interviews are mine depends on who asks, so a cursor is the caller's own.
	return query, page.Scope{Company: who.CompanyID, Operation: "ListInterviews", Query: struct {
		Caller uuid.UUID
		Params api.ListInterviewsParams
	}{who.ID, wanted}}
}

// narrow gives the interviews that those of a query are among, nil where the query says so itself or they are many.
// PostgreSQL knows how many interviews a job has on the average: those of a job that has few it would look for through
// all of the company's, in the list's order, unless it is told which they are.
func (i *Interviews) narrow(
	ctx context.Context, tenant *db.Queries, query db.ListInterviewsParams,
) ([]uuid.UUID, error) {
	jobs, own := query.Jobs, query.Interviews
	switch {
	case query.JobID != nil:
		jobs, own = []uuid.UUID{*query.JobID}, nil
	case query.SeesAll || len(jobs) == 0:
		return nil, nil
	}
	ids, err := tenant.ListInterviewsOfJobs(ctx, db.ListInterviewsOfJobsParams{
		CompanyID: query.CompanyID, Jobs: jobs, AtMost: fewInterviews + 1,
	})
	if err != nil || len(ids) > fewInterviews {
		return nil, err
	}
	return append(ids, own...), nil
}

func placeOf(row db.Interview, sort string) page.Place {
	switch api.InterviewSort(strings.TrimPrefix(sort, "-")) { //nolint:exhaustive // the descending orders were trimmed
	case api.InterviewSortCreatedAtAsc:
		return page.At(row.CreatedAt, row.ID)
	case api.InterviewSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	}
	return page.At(row.StartsKey, row.ID)
}

// ListInterviewHistory lists what has become of an interview, oldest first, to those who see it.
func (i *Interviews) ListInterviewHistory(
	ctx context.Context, request api.ListInterviewHistoryRequestObject,
) (api.ListInterviewHistoryResponseObject, error) {
	who := access.Of(ctx)
	tenant := i.Store.Of(who.CompanyID)
	row, _, err := i.see(ctx, tenant, who, request.InterviewID)
	if err != nil {
		return nil, err
	}
	scope := page.Scope{Company: who.CompanyID, Operation: "ListInterviewHistory", Query: row.ID}
	list, err := i.Cursors.Open(scope, request.Params.Cursor, request.Params.Limit)
	if err != nil {
		return nil, err
	}
	events, err := tenant.ListInterviewEvents(ctx, db.ListInterviewEventsParams{
		CompanyID: who.CompanyID, InterviewID: row.ID, AfterTime: list.After.Time, AfterID: list.After.ID,
		MaxRows: list.MaxRows(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, events, func(event db.InterviewEvent) page.Place {
		return page.At(event.CreatedAt, event.ID)
	})
	if err != nil {
		return nil, err
	}
	data := make([]api.InterviewEvent, len(shown.Rows))
	for n, event := range shown.Rows {
		data[n] = convertEvent(event)
	}
	return api.ListInterviewHistory200JSONResponse{
		Body:    api.InterviewEventPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListInterviewHistory200ResponseHeaders{Link: shown.Link},
	}, nil
}
