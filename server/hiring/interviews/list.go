package interviews

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

// ListInterviews lists the interviews that the actor sees.
func (i *Interviews) ListInterviews(
	ctx context.Context, call service.Call, request api.ListInterviewsRequestObject,
) (api.ListInterviewsResponseObject, error) {
	actor, wanted := call.Actor, request.Params
	query := listQuery(actor, wanted)
	sort := api.InterviewSort(query.Sort)
	scope := wanted
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	tenant := i.Store.Of(actor.CompanyID)
	response, err := page.Read(ctx, i.Cursors, page.List[db.ListInterviewsRow, api.Interview]{
		// A cursor is valid for one actor, because the filter mine depends on the actor.
		Scope: page.Scope{Company: actor.CompanyID, Operation: "ListInterviews", Query: struct {
			Caller uuid.UUID
			Params api.ListInterviewsParams
		}{actor.ID, scope}},
		Cursor: wanted.Cursor, Limit: wanted.Limit,
		IDs: wanted.ID,
		ByID: func(ids []uuid.UUID) ([]db.ListInterviewsRow, error) {
			rows, err := tenant.ListInterviewsByID(ctx, db.ListInterviewsByIDParams{
				CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, Ids: ids,
			})
			if err != nil {
				return nil, err
			}
			listed := func(row db.ListInterviewsByIDRow) db.ListInterviewsRow { return db.ListInterviewsRow(row) }
			return page.Each(listed)(rows)
		},
		Fetch: func(w page.Window) ([]db.ListInterviewsRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return tenant.ListInterviews(ctx, query)
		},
		Place: func(row db.ListInterviewsRow) page.Place { return listPosition(row.Interview, sort) },
		Show: func(rows []db.ListInterviewsRow) ([]api.Interview, error) {
			return i.convertAll(ctx, tenant, actor, rows)
		},
	})
	if err != nil {
		return nil, err
	}
	return api.ListInterviews200JSONResponse{
		Body:    api.InterviewPage(response.Body),
		Headers: api.ListInterviews200ResponseHeaders{Link: response.Link},
	}, nil
}

// listQuery returns the query for the interviews that the actor sees and that match the parameters.
func listQuery(actor access.Actor, wanted api.ListInterviewsParams) db.ListInterviewsParams {
	query := db.ListInterviewsParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), Mine: wanted.Mine,
		PanelistID: wanted.PanelistID, JobID: wanted.JobID, CandidateID: wanted.CandidateID,
		ApplicationID: wanted.ApplicationID, StartsFrom: wanted.StartsFrom, StartsBefore: wanted.StartsBefore,
		UpdatedSince: wanted.UpdatedSince, Sort: string(api.InterviewSortStartsAtAsc),
	}
	if wanted.Sort != nil {
		query.Sort = string(*wanted.Sort)
	}
	for _, status := range wanted.Status {
		query.Statuses = append(query.Statuses, string(status))
	}
	for _, kind := range wanted.Kind {
		query.Kinds = append(query.Kinds, string(kind))
	}
	return query
}

// listPosition returns the position of an interview in a sort order.
func listPosition(row db.Interview, sort api.InterviewSort) page.Place {
	ascending := api.InterviewSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.InterviewSortCreatedAtAsc:
		return page.At(row.CreatedAt, row.ID)
	case api.InterviewSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	}
	return page.At(row.StartsKey, row.ID)
}

// ListInterviewHistory lists the history of an interview that the actor sees, oldest first.
func (i *Interviews) ListInterviewHistory(
	ctx context.Context, call service.Call, request api.ListInterviewHistoryRequestObject,
) (api.ListInterviewHistoryResponseObject, error) {
	actor := call.Actor
	tenant := i.Store.Of(actor.CompanyID)
	row, err := get(ctx, tenant, actor, request.InterviewID)
	if err != nil {
		return nil, err
	}
	id := row.Interview.ID
	response, err := page.Read(ctx, i.Cursors, page.List[db.InterviewEvent, api.InterviewEvent]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListInterviewHistory", Query: id},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.InterviewEvent, error) {
			return tenant.ListInterviewEvents(ctx, db.ListInterviewEventsParams{
				CompanyID: actor.CompanyID, InterviewID: id, AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(event db.InterviewEvent) page.Place { return page.At(event.CreatedAt, event.ID) },
		Show:  page.Each(convertEvent),
	})
	if err != nil {
		return nil, err
	}
	return api.ListInterviewHistory200JSONResponse{
		Body:    api.InterviewEventPage(response.Body),
		Headers: api.ListInterviewHistory200ResponseHeaders{Link: response.Link},
	}, nil
}
