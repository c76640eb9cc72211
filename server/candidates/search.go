package candidates

import (
	"context"
	"math"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

const (
	// firstEffort is how many candidates a search first looks at in each of its ways: enough for a page where what is
	// wanted is common, and for all of it where it is rare.
	firstEffort = 2_000
	// lastEffort is how many it looks at in each way at most.
	lastEffort = 40_000
	// mostHits is how many a search that has found few with all that effort takes from the index of texts and tags. Those
	// whom it looks for are many, and stand together at the other end of the order, as people of one name do in the order
	// of names: to walk there would take longer.
	mostHits = 200_000
)

// find gives the candidates of one page, and one more where there is a next one. What the caller may see, a text and
// tags can be found in two ways: by walking the list's order and holding the candidates met against them, which is
// quick where they fit many, and by asking the index that knows who fits, which is quick where they fit few. Which of
// them it is, nobody knows beforehand, so each is tried with little effort before any is tried with much.
func (c *Candidates) find(
	ctx context.Context, tenant db.DBTX, query db.ListCandidatesParams,
) ([]db.Candidate, error) {
	if query.SeesAll && query.Pattern == nil && query.Tags == nil {
		query.Walked = query.MaxRows
		return c.Queries.ListCandidates(ctx, tenant, query)
	}
	for _, effort := range []int32{firstEffort, lastEffort} {
		if ids, err := c.seen(ctx, tenant, query, effort); err != nil || ids != nil {
			return c.among(ctx, tenant, query, ids, err)
		}
		query.Walked = effort
		rows, err := c.Queries.ListCandidates(ctx, tenant, query)
		if err != nil || len(rows) == int(query.MaxRows) {
			return rows, err
		}
		if ids, err := c.hits(ctx, tenant, query, effort); err != nil || ids != nil {
			return c.among(ctx, tenant, query, ids, err)
		}
	}
	ids, err := c.hits(ctx, tenant, query, mostHits)
	return c.among(ctx, tenant, query, ids, err)
}

// among lists the candidates of a query among some, or all where they are nil, unless finding those has failed.
func (c *Candidates) among(
	ctx context.Context, tenant db.DBTX, query db.ListCandidatesParams, ids []uuid.UUID, err error,
) ([]db.Candidate, error) {
	if err != nil {
		return nil, err
	}
	query.Ids, query.Walked = ids, math.MaxInt32
	return c.Queries.ListCandidates(ctx, tenant, query)
}

// seen gives all candidates that the caller may see, or nil where they see everybody or more than so many applications.
func (c *Candidates) seen(
	ctx context.Context, tenant db.DBTX, query db.ListCandidatesParams, atMost int32,
) ([]uuid.UUID, error) {
	if query.SeesAll {
		return nil, nil
	}
	ids, err := c.Queries.ListSeenCandidates(ctx, tenant, db.ListSeenCandidatesParams{
		CompanyID: query.CompanyID, Jobs: query.Jobs, Applications: query.Applications, AtMost: atMost + 1,
	})
	return unlessMore(ids, atMost), err
}

// hits gives all candidates of the company that have a text and tags, or nil where nothing is searched or they are more
// than so many.
func (c *Candidates) hits(
	ctx context.Context, tenant db.DBTX, query db.ListCandidatesParams, atMost int32,
) ([]uuid.UUID, error) {
	if query.Pattern == nil && query.Tags == nil {
		return nil, nil
	}
	ids, err := c.Queries.SearchCandidates(ctx, tenant, db.SearchCandidatesParams{
		CompanyID: query.CompanyID, Pattern: query.Pattern, Tags: query.Tags, AtMost: atMost + 1,
	})
	return unlessMore(ids, atMost), err
}

func unlessMore(ids []uuid.UUID, atMost int32) []uuid.UUID {
	if len(ids) > int(atMost) {
		return nil
	}
	return ids
}
