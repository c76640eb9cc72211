package candidates

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListCandidates lists the candidates that are visible to the actor.
func (c *Candidates) ListCandidates(
	ctx context.Context, call service.Call, request api.ListCandidatesRequestObject,
) (api.ListCandidatesResponseObject, error) {
	actor, params := call.Actor, request.Params
	query, err := listQuery(actor, params)
	if err != nil {
		return nil, err
	}
	tenant := c.Store.Of(actor.CompanyID)
	only, err := useRemaining(ctx, tenant, &query)
	if err != nil {
		return nil, err
	}
	sort := api.CandidateSort(query.Sort)
	scope := params
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	response, err := page.Read(ctx, c.Cursors, page.List[db.ListCandidatesRow, api.Candidate]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListCandidates", Query: scope},
		Cursor: params.Cursor, Limit: params.Limit,
		IDs: params.ID,
		ByID: func(ids []uuid.UUID) ([]db.ListCandidatesRow, error) {
			return listByID(ctx, tenant, actor, ids)
		},
		Fetch: func(w page.Window) ([]db.ListCandidatesRow, error) {
			if only != uuid.Nil {
				return listIfMatching(ctx, tenant, query, only)
			}
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return tenant.ListCandidates(ctx, query)
		},
		Place: func(row db.ListCandidatesRow) page.Place { return listPosition(row.Candidate, sort) },
		Show:  func(rows []db.ListCandidatesRow) ([]api.Candidate, error) { return convertAll(actor, rows), nil },
	})
	if err != nil {
		return nil, err
	}
	return api.ListCandidates200JSONResponse{
		Body: api.CandidatePage{
			Data: response.Body.Data, HasMore: response.Body.HasMore, NextCursor: response.Body.NextCursor,
			Hint: page.Hint(len(response.Body.Data), call.Query, "tag", "source", "external_id"),
		},
		Headers: api.ListCandidates200ResponseHeaders{Link: response.Link},
	}, nil
}

// listByID returns the candidates with some ids that are visible to the actor, by id.
func listByID(
	ctx context.Context, tenant *db.Queries, actor access.Actor, ids []uuid.UUID,
) ([]db.ListCandidatesRow, error) {
	rows, err := tenant.ListCandidatesByID(ctx, db.ListCandidatesByIDParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), Ids: ids,
	})
	if err != nil {
		return nil, err
	}
	return page.Each(func(row db.ListCandidatesByIDRow) db.ListCandidatesRow { return db.ListCandidatesRow(row) })(rows)
}

// listQuery returns the query for the candidates that are visible to the actor and match the parameters. A text that
// cannot be searched is the fault RuleViolated.
func listQuery(actor access.Actor, params api.ListCandidatesParams) (db.ListCandidatesParams, error) {
	query := db.ListCandidatesParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), Status: (*string)(params.Status),
		Source: params.Source, ExternalID: params.ExternalID, UpdatedSince: params.UpdatedSince,
		Sort: string(api.CandidateSortCreatedAtDesc),
	}
	if params.Sort != nil {
		query.Sort = string(*params.Sort)
	}
	if params.Tag != nil {
		query.Tags = normalizeTags(params.Tag)
	}
	if params.Email != nil {
		email := strings.ToLower(string(*params.Email))
		query.Email = &email
	}
	if params.Q != nil {
		pattern, err := searchPattern(*params.Q)
		if err != nil {
			return query, err
		}
		query.Pattern = &pattern
	}
	return query, nil
}

// useRemaining replaces the external_id that a list is filtered by, if it is that of a candidate that was merged, by
// that of the candidate that remains. If that has none, it returns the id of the candidate.
func useRemaining(ctx context.Context, tenant *db.Queries, query *db.ListCandidatesParams) (uuid.UUID, error) {
	if query.ExternalID == nil {
		return uuid.Nil, nil
	}
	remaining, err := tenant.GetRemainingCandidate(ctx, db.GetRemainingCandidateParams{
		CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, ExternalID: *query.ExternalID,
	})
	switch {
	case fault.Is(err, fault.ResourceNotFound):
		return uuid.Nil, nil
	case err != nil:
		return uuid.Nil, err
	case remaining.ExternalID == nil:
		return remaining.ID, nil
	}
	query.ExternalID = remaining.ExternalID
	return uuid.Nil, nil
}

// listIfMatching returns the candidate with an id if it matches all filters of a query but the external_id.
func listIfMatching(
	ctx context.Context, tenant *db.Queries, query db.ListCandidatesParams, id uuid.UUID,
) ([]db.ListCandidatesRow, error) {
	rows, err := tenant.ListCandidateIfMatching(ctx, db.ListCandidateIfMatchingParams{
		CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, ID: id, Pattern: query.Pattern,
		Tags: query.Tags, Status: query.Status, Source: query.Source, Email: query.Email,
		UpdatedSince: query.UpdatedSince,
	})
	if err != nil {
		return nil, err
	}
	same := func(row db.ListCandidateIfMatchingRow) db.ListCandidatesRow { return db.ListCandidatesRow(row) }
	return page.Each(same)(rows)
}

// listPosition returns the position of a candidate in a list with the given order.
func listPosition(row db.Candidate, sort api.CandidateSort) page.Place {
	ascending := api.CandidateSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.CandidateSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.CandidateSortNameAsc:
		return page.ByName(row.LastName, row.FirstName, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
