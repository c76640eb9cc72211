package candidates

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

// ListCandidates lists the candidates that the actor sees.
func (c *Candidates) ListCandidates(
	ctx context.Context, request api.ListCandidatesRequestObject,
) (api.ListCandidatesResponseObject, error) {
	actor, wanted := access.Of(ctx), request.Params
	query, err := listQuery(actor, wanted)
	if err != nil {
		return nil, err
	}
	tenant := c.Store.Of(actor.CompanyID)
	sort := api.CandidateSort(query.Sort)
	scope := wanted
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	shown, err := page.Read(ctx, c.Cursors, page.List[db.Candidate, api.Candidate]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListCandidates", Query: scope},
		Cursor: wanted.Cursor, Limit: wanted.Limit,
		Fetch: func(w page.Window) ([]db.Candidate, error) {
			query.AfterTime, query.AfterText, query.AfterID, query.MaxRows = w.AfterTime, w.AfterText, w.AfterID, w.MaxRows
			return tenant.ListCandidates(ctx, query)
		},
		Place: func(row db.Candidate) page.Place { return placeOf(row, sort) },
		Show:  func(rows []db.Candidate) ([]api.Candidate, error) { return c.show(ctx, tenant, rows) },
	})
	if err != nil {
		return nil, err
	}
	return api.ListCandidates200JSONResponse{
		Body:    api.CandidatePage(shown.Body),
		Headers: api.ListCandidates200ResponseHeaders{Link: shown.Link},
	}, nil
}

// listQuery selects the candidates that the actor sees and the parameters match.
func listQuery(actor access.Actor, wanted api.ListCandidatesParams) (db.ListCandidatesParams, error) {
	query := db.ListCandidatesParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), Status: (*string)(wanted.Status),
		Source: wanted.Source, ExternalID: wanted.ExternalID, UpdatedSince: wanted.UpdatedSince,
		Sort: string(api.CandidateSortCreatedAtDesc),
	}
	if wanted.Sort != nil {
		query.Sort = string(*wanted.Sort)
	}
	if wanted.Tag != nil {
		query.Tags = keywords(wanted.Tag)
	}
	if wanted.Email != nil {
		email := strings.ToLower(string(*wanted.Email))
		query.Email = &email
	}
	if wanted.Q != nil {
		pattern, err := searchPattern(*wanted.Q)
		if err != nil {
			return query, err
		}
		query.Pattern = &pattern
	}
	return query, nil
}

func placeOf(row db.Candidate, sort api.CandidateSort) page.Place {
	ascending := api.CandidateSort(strings.TrimPrefix(string(sort), "-"))
	switch ascending { //nolint:exhaustive // the prefix of descending orders is removed above
	case api.CandidateSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.CandidateSortNameAsc:
		return page.By(row.NameKey, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
