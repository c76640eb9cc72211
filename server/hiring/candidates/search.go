package candidates

import (
	"context"
	"math"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// effort is how many candidates a search looks at, at most: of the list's order, of those whom the caller may see, and
// of those who have the text and the tags.
type effort struct{ walked, seen, hits int32 }

// little is enough for a page where what is wanted is common, and for all of it where it is rare.
func little() effort { return effort{walked: 2_000, seen: 2_000, hits: 2_000} }

// much is the last that is tried. After its walk it is clear that many fit and few of them stand where the order
// begins: as people of one name do in the order of names, they stand together somewhere else, and the index knows them
// all sooner than a walk gets there.
func much() effort { return effort{walked: 40_000, seen: 40_000, hits: 100_000} }

// find gives the candidates of one page, and one more where there is a next one. What the caller may see, a text and
// tags can be found in two ways: by walking the list's order and holding the candidates met against them, which is
// quick where they fit many, and by asking the index that knows who fits, which is quick where they fit few. Which of
// them it is, nobody knows beforehand, so each is tried with little effort before any is tried with much.
func (c *Candidates) find(
	ctx context.Context, tenant *db.Queries, query db.ListCandidatesParams,
) ([]db.Candidate, error) {
	if !searches(query) {
		return c.list(ctx, tenant, query)
	}
	for _, most := range []effort{little(), much()} {
		if filtered(query) { // what a filter passes over is not counted, so a walk may be longer than it is to be
			most.seen = much().seen
		}
		if narrowed, err := c.narrowBySight(ctx, tenant, &query, most.seen); err != nil || narrowed {
			return c.listUnless(ctx, tenant, query, err)
		}
		query.Walked = most.walked
		rows, err := tenant.ListCandidates(ctx, query)
		if err != nil || len(rows) == int(query.MaxRows) {
			return rows, err
		}
		if narrowed, err := c.narrowByIndex(ctx, tenant, &query, most.hits); err != nil || narrowed {
			return c.listUnless(ctx, tenant, query, err)
		}
	}
	return c.list(ctx, tenant, query)
}

// searches reports whether the candidates who are met have to be held against something.
func searches(query db.ListCandidatesParams) bool {
	return !query.SeesAll || query.Pattern != nil || query.Tags != nil
}

// filtered reports whether some candidates of the order are no candidates of the query.
func filtered(query db.ListCandidatesParams) bool {
	return query.Status != nil || query.Source != nil || query.Email != nil || query.ExternalID != nil ||
		query.UpdatedSince != nil
}

// list gives the candidates of a query, however many are to be met for that.
func (c *Candidates) list(ctx context.Context, tenant *db.Queries, query db.ListCandidatesParams) ([]db.Candidate, error) {
	query.Walked = query.MaxRows
	if searches(query) {
		query.Walked = math.MaxInt32
	}
	return tenant.ListCandidates(ctx, query)
}

// listUnless is list, unless what came before has failed.
func (c *Candidates) listUnless(
	ctx context.Context, tenant *db.Queries, query db.ListCandidatesParams, err error,
) ([]db.Candidate, error) {
	if err != nil {
		return nil, err
	}
	return c.list(ctx, tenant, query)
}

// narrowBySight narrows a query to the candidates that the caller may see, where they do not see everybody, and nobody
// by more than so many applications.
func (c *Candidates) narrowBySight(
	ctx context.Context, tenant *db.Queries, query *db.ListCandidatesParams, atMost int32,
) (narrowed bool, err error) {
	if query.SeesAll {
		return false, nil
	}
	ids, err := tenant.ListSeenCandidates(ctx, db.ListSeenCandidatesParams{
		CompanyID: query.CompanyID, Jobs: query.Jobs, Applications: query.Applications, AtMost: atMost + 1,
	})
	if err != nil || len(ids) > int(atMost) {
		return false, err
	}
	query.Ids, query.SeesAll = ids, true
	return true, nil
}

// narrowByIndex narrows a query to the candidates of the company that have its text and tags, where it has any and they
// are not more than so many.
func (c *Candidates) narrowByIndex(
	ctx context.Context, tenant *db.Queries, query *db.ListCandidatesParams, atMost int32,
) (narrowed bool, err error) {
	if query.Pattern == nil && query.Tags == nil {
		return false, nil
	}
	ids, err := tenant.SearchCandidates(ctx, db.SearchCandidatesParams{
		CompanyID: query.CompanyID, Pattern: query.Pattern, Tags: query.Tags, AtMost: atMost + 1,
	})
	if err != nil || len(ids) > int(atMost) {
		return false, err
	}
	query.Ids, query.Pattern, query.Tags = ids, nil, nil
	return true, nil
}
