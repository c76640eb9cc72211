package candidates

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
	sort := api.CandidateSort(query.Sort)
	scope := params
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	response, err := page.Read(ctx, c.Cursors, page.List[db.Candidate, api.Candidate]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListCandidates", Query: scope},
		Cursor: params.Cursor, Limit: params.Limit,
		IDs: params.ID,
		ByID: func(ids []uuid.UUID) ([]db.Candidate, error) {
			return tenant.ListCandidatesByID(ctx, db.ListCandidatesByIDParams{
				CompanyID: query.CompanyID, ActorID: query.ActorID, Reach: query.Reach, Ids: ids,
			})
		},
		Fetch: func(w page.Window) ([]db.Candidate, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return tenant.ListCandidates(ctx, query)
		},
		Place: func(row db.Candidate) page.Place { return listPosition(row, sort) },
		Show:  func(rows []db.Candidate) ([]api.Candidate, error) { return c.convertAll(ctx, tenant, actor, rows) },
	})
	if err != nil {
		return nil, err
	}
	return api.ListCandidates200JSONResponse{
		Body:    api.CandidatePage(response.Body),
		Headers: api.ListCandidates200ResponseHeaders{Link: response.Link},
	}, nil
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
