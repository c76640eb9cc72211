package candidates

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// duplicatePlace is the position of a pair in the list of duplicates.
type duplicatePlace struct {
	Reason, Key   string
	First, Second uuid.UUID
}

// ListDuplicateCandidates lists pairs of candidates that are likely the same person and that the actor sees.
func (c *Candidates) ListDuplicateCandidates(
	ctx context.Context, call service.Call, request api.ListDuplicateCandidatesRequestObject,
) (api.ListDuplicateCandidatesResponseObject, error) {
	actor, limit := call.Actor, int32(page.DefaultLimit)
	if request.Params.Limit != nil {
		limit = *request.Params.Limit
	}
	scope := page.Scope{Company: actor.CompanyID, Operation: "ListDuplicateCandidates"}
	query := db.ListDuplicatesParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), MaxRows: limit + 1,
	}
	if request.Params.Cursor != nil {
		var after duplicatePlace
		if err := c.Cursors.Decode(scope, *request.Params.Cursor, &after); err != nil {
			return nil, err
		}
		query.AfterReason, query.AfterKey = &after.Reason, &after.Key
		query.AfterFirst, query.AfterSecond = &after.First, &after.Second
	}
	tenant := c.Store.Of(actor.CompanyID)
	rows, err := tenant.ListDuplicates(ctx, query)
	if err != nil {
		return nil, err
	}
	body := api.DuplicateCandidatesPage{HasMore: len(rows) > int(limit), NextCursor: nullable.NewNullNullable[string]()}
	next := ""
	if body.HasMore {
		rows = rows[:limit]
		last := rows[limit-1]
		place := duplicatePlace{last.Reason, last.Key, last.FirstID, last.SecondID}
		if next, err = c.Cursors.Encode(scope, place); err != nil {
			return nil, err
		}
		body.NextCursor.Set(next)
	}
	if body.Data, err = c.convertPairs(ctx, tenant, actor, rows); err != nil {
		return nil, err
	}
	return api.ListDuplicateCandidates200JSONResponse{
		Body:    body,
		Headers: api.ListDuplicateCandidates200ResponseHeaders{Link: page.Link(ctx, next)},
	}, nil
}

// convertPairs reads and converts the candidates of pairs. A pair of which the actor sees a candidate no more is left
// out.
func (c *Candidates) convertPairs(
	ctx context.Context, tenant *db.Queries, actor access.Actor, pairs []db.ListDuplicatesRow,
) ([]api.DuplicateCandidates, error) {
	ids := []uuid.UUID{}
	for _, pair := range pairs {
		ids = append(ids, pair.FirstID, pair.SecondID)
	}
	rows, err := listByID(ctx, tenant, actor, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]api.Candidate, len(rows))
	for _, candidate := range convertAll(actor, rows) {
		byID[candidate.ID] = candidate
	}
	shown := make([]api.DuplicateCandidates, 0, len(pairs))
	for _, pair := range pairs {
		first, seesFirst := byID[pair.FirstID]
		second, seesSecond := byID[pair.SecondID]
		if !seesFirst || !seesSecond {
			continue
		}
		reasons := []api.DuplicateReason{api.DuplicateReason(pair.Reason)}
		if pair.BothReasons {
			reasons = []api.DuplicateReason{api.DuplicateReasonSameEmail, api.DuplicateReasonSameNameAndPhone}
		}
		shown = append(shown, api.DuplicateCandidates{Candidates: []api.Candidate{first, second}, Reasons: reasons})
	}
	return shown, nil
}

// DistinguishCandidates records that two candidates are different people, so that they are no longer listed as
// duplicates.
func (c *Candidates) DistinguishCandidates(
	ctx context.Context, call service.Call, request api.DistinguishCandidatesRequestObject,
) (api.DistinguishCandidatesResponseObject, error) {
	actor, id, other := call.Actor, request.CandidateID, request.Body.CandidateID
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.DistinguishCandidatesResponseObject, error) {
		pair, err := c.lockPair(ctx, tx, actor, id, other)
		if err != nil {
			return nil, err
		}
		if err := etag.Check(request.Params.IfMatch, pair[0].Version); err != nil {
			return nil, err
		}
		err = tx.DistinguishCandidates(ctx, db.DistinguishCandidatesParams{
			CompanyID: actor.CompanyID, A: id, B: other, Now: c.Clock.Now(),
		})
		if err != nil {
			return nil, err
		}
		return api.DistinguishCandidates204Response{}, c.Audit.Record(ctx, tx, actor, audit.Entry{
			Action: audit.CandidateDistinguished, Resource: audit.Candidate, ID: &id,
			Details: audit.Details{"other_candidate_id": other},
		})
	})
}

// lockPair locks a candidate of the path and one of the body, both visible to the actor, in the order of their ids. An
// unknown candidate of the body is the fault RuleViolated.
func (c *Candidates) lockPair(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id, other uuid.UUID,
) (pair [2]db.Candidate, err error) {
	rows, err := tx.LockCandidates(ctx, db.LockCandidatesParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), Ids: []uuid.UUID{id, other},
	})
	if err != nil {
		return pair, err
	}
	found := map[uuid.UUID]db.Candidate{}
	for _, row := range rows {
		found[row.ID] = row
	}
	pair = [2]db.Candidate{found[id], found[other]}
	switch {
	case pair[0].ID != id:
		return pair, c.hintAtSurvivor(ctx, tx.Queries, actor, id, fault.New(fault.ResourceNotFound))
	case id == other:
		return pair, fault.New(fault.RuleViolated).Field("/candidate_id", "same", "must be another candidate")
	case pair[1].ID != other:
		return pair, c.unknownCandidate(ctx, tx.Queries, actor, other)
	}
	return pair, nil
}

// unknownCandidate returns the fault for a candidate of a body that the actor does not see. It names the candidate that
// it was merged into, if the actor can read that.
func (c *Candidates) unknownCandidate(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) error {
	err := c.hintAtSurvivor(ctx, tenant, actor, id, fault.New(fault.ResourceNotFound))
	var merged *fault.Fault
	switch {
	case fault.Is(err, fault.ResourceNotFound):
		return fault.New(fault.RuleViolated).Field("/candidate_id", "unknown", "does not exist")
	case fault.Is(err, fault.CandidateMerged) && errors.As(err, &merged):
		survivor := merged.Survivor()
		return fault.New(fault.RuleViolated).MergedInto(survivor).
			Field("/candidate_id", "merged", "was merged into the candidate "+survivor.String()+"; use that one")
	}
	return err
}

// hintAtSurvivor returns the fault CandidateMerged instead of ResourceNotFound, if the candidate was merged into one
// that the actor can read. It returns all other errors as they are.
func (c *Candidates) hintAtSurvivor(
	ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID, err error,
) error {
	if !fault.Is(err, fault.ResourceNotFound) || !actor.Holds("candidates:read") {
		return err
	}
	survivor, lookup := tenant.FindSurvivor(ctx, db.FindSurvivorParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	switch {
	case lookup == nil:
		return fault.New(fault.CandidateMerged).MergedInto(survivor).Because(err)
	case fault.Is(lookup, fault.ResourceNotFound):
		return err
	}
	return lookup
}
