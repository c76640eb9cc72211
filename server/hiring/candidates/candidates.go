// Package candidates manages candidates, and imports and exports them.
//
// Every query selects from the candidates that are visible to the actor. A candidate with an application that is active
// or on hold cannot be archived. An import reads files of up to 500,000 rows in constant memory and writes them in one
// transaction.
package candidates

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Candidates implements the operations of the tag candidates.
type Candidates struct {
	service.Deps
	Options
}

// Options are the dependencies that only this package needs.
type Options struct {
	// CheckPart validates members of an object against a schema of the specification and returns all violations. It
	// does not require the members that the schema requires.
	CheckPart func(schema string, members map[string]any) []fault.Field
	// Permit returns an error unless an actor has a permission.
	Permit func(actor *access.Actor, permission string) error
}

// New returns an error that names every missing dependency.
func New(deps service.Deps, options Options) (*Candidates, error) {
	if err := service.Check("candidates", deps, options); err != nil {
		return nil, err
	}
	return &Candidates{deps, options}, nil
}

// GetCandidate returns a candidate that is visible to the actor.
func (c *Candidates) GetCandidate(
	ctx context.Context, call service.Call, request api.GetCandidateRequestObject,
) (api.GetCandidateResponseObject, error) {
	actor := call.Actor
	tenant := c.Store.Of(actor.CompanyID)
	row, err := tenant.GetCandidate(ctx, db.GetCandidateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: request.CandidateID,
	})
	if err != nil {
		return nil, c.hintAtSurvivor(ctx, tenant, actor, request.CandidateID, err)
	}
	return api.GetCandidate200JSONResponse{CandidateJSONResponse: candidateResponse(actor, row.Candidate, row.IsBusy)}, nil
}

// CreateCandidate creates an active candidate.
func (c *Candidates) CreateCandidate(
	ctx context.Context, call service.Call, request api.CreateCandidateRequestObject,
) (api.CreateCandidateResponseObject, error) {
	actor := call.Actor
	created := emptyProfile().patched(asPatch(*request.Body))
	if err := asError(checkProfile(created)); err != nil {
		return nil, err
	}
	response, err := service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.CreateCandidateResponseObject, error) {
		row := newCandidate(created, actor.CompanyID, c.Clock.ID(), c.Clock.Now())
		if err := tx.Later().InsertCandidate(ctx, insertParams(row)); err != nil {
			return nil, err
		}
		if err := c.record(ctx, tx, actor, row, audit.CandidateCreated, changedFields(emptyProfile(), created)); err != nil {
			return nil, err
		}
		response := candidateResponse(actor, row, false)
		return api.CreateCandidate201JSONResponse{
			Body: response.Body,
			Headers: api.CreateCandidate201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/candidates/" + response.Body.ID.String(),
			},
		}, nil
	})
	return response, c.nameConflict(ctx, actor, created.ExternalID, err)
}

// UpdateCandidate applies a merge patch to the profile of a candidate, active or archived. A patch that changes nothing
// writes nothing: version, ETag and updated_at stay the same.
func (c *Candidates) UpdateCandidate(
	ctx context.Context, call service.Call, request api.UpdateCandidateRequestObject,
) (api.UpdateCandidateResponseObject, error) {
	actor, patch := call.Actor, request.Body
	response, err := service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.UpdateCandidateResponseObject, error) {
		row, err := lock(ctx, tx, actor, request.CandidateID)
		if err != nil {
			return nil, c.hintAtSurvivor(ctx, tx.Queries, actor, request.CandidateID, err)
		}
		if err := etag.Check(request.Params.IfMatch, row.Version); err != nil {
			return nil, err
		}
		saved, err := c.save(ctx, tx, actor, row, profileOf(row).patched(*patch))
		if err != nil {
			return nil, err
		}
		return api.UpdateCandidate200JSONResponse{
			CandidateJSONResponse: candidateResponse(actor, saved.Candidate, saved.IsBusy),
		}, nil
	})
	return response, c.nameConflict(ctx, actor, optional.Patched(nil, patch.ExternalID), err)
}

// nameConflict adds the candidate that has an external_id to the fault ExternalIDTaken, if the actor can read it. It
// returns all other errors as they are.
func (c *Candidates) nameConflict(ctx context.Context, actor access.Actor, externalID *string, err error) error {
	var taken *fault.Fault
	if externalID == nil || !fault.Is(err, fault.ExternalIDTaken) || !errors.As(err, &taken) ||
		!actor.Holds("candidates:read") {
		return err
	}
	other, lookup := c.Store.Of(actor.CompanyID).FindCandidate(ctx, db.FindCandidateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ExternalID: *externalID,
	})
	if lookup == nil {
		return taken.ConflictsWith(audit.Candidate, other)
	}
	return err
}

// lock reads a candidate that is visible to the actor and locks the row until the transaction ends.
func lock(ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID) (db.Candidate, error) {
	return tx.GetCandidateForUpdate(ctx, db.GetCandidateForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// save writes an edited profile and its audit entry, or nothing if the profile is unchanged.
func (c *Candidates) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Candidate, edited profile,
) (db.UpdateCandidateRow, error) {
	changed := changedFields(profileOf(row), edited)
	if len(changed) == 0 {
		busy, err := tx.IsBusyCandidate(ctx, db.IsBusyCandidateParams{CompanyID: row.CompanyID, CandidateID: row.ID})
		return db.UpdateCandidateRow{Candidate: row, IsBusy: busy}, err
	}
	if err := asError(checkProfile(edited)); err != nil {
		return db.UpdateCandidateRow{}, err
	}
	saved, err := tx.UpdateCandidate(ctx, updateParams(edited, row, c.Clock.Now()))
	if err != nil {
		return saved, postgres.Guarded(err)
	}
	return saved, c.record(ctx, tx, actor, saved.Candidate, audit.CandidateUpdated, changed)
}

// record writes an audit entry about a candidate. It has the names of the changed fields without their values, because
// the audit log is retained longer than the candidate's data may be.
func (c *Candidates) record(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Candidate, action audit.Action, changed []string,
) error {
	return c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.Candidate, ID: &row.ID, Details: audit.Details{"changed": changed},
	})
}

// changedResponse is the response of a transaction that may have changed whether a candidate is busy.
func (c *Candidates) changedResponse(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Candidate,
) (api.CandidateJSONResponse, error) {
	busy, err := tx.IsBusyCandidate(ctx, db.IsBusyCandidateParams{CompanyID: row.CompanyID, CandidateID: row.ID})
	return candidateResponse(actor, row, busy), err
}

// candidateResponse converts a candidate for the actor, whose allowed actions are part of the body and of the ETag.
func candidateResponse(actor access.Actor, row db.Candidate, busy bool) api.CandidateJSONResponse {
	body := convert(row, allowedActions(row.Status, lifecycle.RelationOf(actor, false), busy))
	return api.CandidateJSONResponse{
		Body: body, Headers: api.CandidateResponseHeaders{ETag: etag.Of(row.Version, body.AllowedActions)},
	}
}

// convertAll converts candidates for the actor, in the same order.
func convertAll(actor access.Actor, rows []db.ListCandidatesRow) []api.Candidate {
	relation := lifecycle.RelationOf(actor, false)
	candidates := make([]api.Candidate, len(rows))
	for i, row := range rows {
		candidates[i] = convert(row.Candidate, allowedActions(row.Candidate.Status, relation, row.IsBusy))
	}
	return candidates
}
