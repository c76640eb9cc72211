package candidates

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// ListCandidates lists the candidates that the caller sees, by filters and in an order of their choice.
func (c *Candidates) ListCandidates(
	ctx context.Context, request api.ListCandidatesRequestObject,
) (api.ListCandidatesResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	query, scope, err := listQuery(who, wanted)
	if err != nil {
		return nil, err
	}
	list, err := c.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query.AfterTime, query.AfterText, query.AfterID = list.After.Time, list.After.Text, list.After.ID
	query.MaxRows = list.MaxRows()
	tenant := c.Store.Planned(who.CompanyID)
	if err := c.within(ctx, tenant, who, &query); err != nil {
		return nil, err
	}
	found, err := c.find(ctx, tenant, query)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, found, func(row db.Candidate) page.Place { return placeOf(row, query.Sort) })
	if err != nil {
		return nil, err
	}
	data, err := c.show(ctx, tenant, shown.Rows)
	if err != nil {
		return nil, err
	}
	return api.ListCandidates200JSONResponse{
		Body:    api.CandidatePage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListCandidates200ResponseHeaders{Link: shown.Link},
	}, nil
}

func listQuery(who access.Actor, wanted api.ListCandidatesParams) (db.ListCandidatesParams, page.Scope, error) {
	sort := api.CandidateSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := db.ListCandidatesParams{
		CompanyID: who.CompanyID, Source: wanted.Source, ExternalID: wanted.ExternalID, UpdatedSince: wanted.UpdatedSince,
		Status: statusFilter(wanted.Status), Tags: tagFilter(wanted.Tag), Sort: string(sort),
	}
	if wanted.Email != nil {
		email := strings.ToLower(string(*wanted.Email))
		query.Email = &email
	}
	if wanted.Q != nil {
		pattern, err := searchPattern(*wanted.Q)
		if err != nil {
			return query, page.Scope{}, err
		}
		query.Pattern = &pattern
	}
	wanted.Cursor, wanted.Limit, wanted.Sort = nil, nil, &sort
	return query, page.Scope{Company: who.CompanyID, Operation: "ListCandidates", Query: wanted}, nil
}

func statusFilter(wanted *api.CandidateStatus) *string {
	if wanted == nil {
		return nil
	}
	status := string(*wanted)
	return &status
}

func tagFilter(wanted []string) []string {
	if wanted == nil {
		return nil
	}
	return keywords(wanted)
}

// within bounds a query to what the caller may see.
func (c *Candidates) within(
	ctx context.Context, tenant *db.Queries, who access.Actor, query *db.ListCandidatesParams,
) error {
	seen, err := visibility.Of(ctx, tenant, who)
	query.SeesAll, query.Jobs, query.Applications = seen.All, seen.Jobs, seen.Applications
	return err
}

func placeOf(row db.Candidate, sort string) page.Place {
	switch api.CandidateSort(strings.TrimPrefix(sort, "-")) { //nolint:exhaustive // the descending orders were trimmed
	case api.CandidateSortUpdatedAtAsc:
		return page.At(row.UpdatedAt, row.ID)
	case api.CandidateSortNameAsc:
		return page.By(row.NameKey, row.ID)
	}
	return page.At(row.CreatedAt, row.ID)
}
