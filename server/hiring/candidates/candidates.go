// Package candidates manages the people who may be hired, and imports and exports them. It guarantees that an actor
// finds only candidates they may see, that a candidate with an open application is not archived, and that a file of
// hundreds of thousands of candidates is read in constant memory and written either completely or not at all.
package candidates

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Candidates implements the operations of the tag candidates.
type Candidates struct {
	service.Deps
	Options
}

// Options are the dependencies that only candidates needs.
type Options struct {
	// CheckPart validates members of an object against a schema of the specification and returns every violation.
	// Members that the schema requires may be absent.
	CheckPart func(schema string, members map[string]any) []fault.Field
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*Candidates, error) {
	if err := service.Check("candidates", deps, options); err != nil {
		return nil, err
	}
	return &Candidates{deps, options}, nil
}

// GetCandidate shows a candidate that the actor sees.
func (c *Candidates) GetCandidate(
	ctx context.Context, request api.GetCandidateRequestObject,
) (api.GetCandidateResponseObject, error) {
	actor := access.Of(ctx)
	tenant := c.Store.Of(actor.CompanyID)
	row, err := tenant.GetCandidate(ctx, db.GetCandidateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: request.CandidateID,
	})
	if err != nil {
		return nil, err
	}
	shown, err := c.present(ctx, tenant, row)
	if err != nil {
		return nil, err
	}
	return api.GetCandidate200JSONResponse{CandidateJSONResponse: shown}, nil
}

// CreateCandidate creates an active candidate.
func (c *Candidates) CreateCandidate(
	ctx context.Context, request api.CreateCandidateRequestObject,
) (api.CreateCandidateResponseObject, error) {
	actor := access.Of(ctx)
	made := blank().patched(asPatch(*request.Body))
	if err := refuse(check(made)); err != nil {
		return nil, err
	}
	var shown api.CandidateJSONResponse
	err := c.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := tx.InsertCandidate(ctx, insertion(made, actor.CompanyID, c.Clock.ID(), c.Clock.Now()))
		if err != nil {
			return err
		}
		if err := c.record(ctx, tx, row, audit.CandidateCreated, changes(blank(), made)); err != nil {
			return err
		}
		shown, err = c.present(ctx, tx, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.CreateCandidate201JSONResponse{
		Body: shown.Body,
		Headers: api.CreateCandidate201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/candidates/" + shown.Body.ID.String(),
		},
	}, nil
}

// UpdateCandidate changes the profile of a candidate, who may be archived.
func (c *Candidates) UpdateCandidate(
	ctx context.Context, request api.UpdateCandidateRequestObject,
) (api.UpdateCandidateResponseObject, error) {
	actor, patch := access.Of(ctx), request.Body
	var shown api.CandidateJSONResponse
	err := c.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := lock(ctx, tx, actor, request.CandidateID)
		if err != nil {
			return err
		}
		if err := etag.Check(request.Params.IfMatch, row.Version); err != nil {
			return err
		}
		saved, err := c.save(ctx, tx, row, profileOf(row).patched(*patch))
		if err != nil {
			return err
		}
		shown, err = c.present(ctx, tx, saved)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateCandidate200JSONResponse{CandidateJSONResponse: shown}, nil
}

// lock reads a candidate that the actor sees, and locks the row until the transaction ends.
func lock(ctx context.Context, tx *db.Queries, actor access.Actor, id uuid.UUID) (db.Candidate, error) {
	return tx.GetCandidateForUpdate(ctx, db.GetCandidateForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// save writes an edited profile. If nothing changed, it leaves the row and its version as they are.
func (c *Candidates) save(ctx context.Context, tx *db.Queries, row db.Candidate, edited profile) (db.Candidate, error) {
	changed := changes(profileOf(row), edited)
	if len(changed) == 0 {
		return row, nil
	}
	if err := refuse(check(edited)); err != nil {
		return row, err
	}
	saved, err := tx.UpdateCandidate(ctx, edition(edited, row, c.Clock.Now()))
	if fault.Is(err, fault.ResourceNotFound) {
		return row, fault.New(fault.ConcurrentRequest)
	}
	if err != nil {
		return row, err
	}
	return saved, c.record(ctx, tx, saved, audit.CandidateUpdated, changed)
}

// record writes an audit log entry about a candidate. It names the changed fields and not their values, because the log
// is kept longer than the candidate's data may be.
func (c *Candidates) record(
	ctx context.Context, tx *db.Queries, row db.Candidate, action audit.Action, changed []string,
) error {
	return c.Audit.Record(ctx, tx, row.CompanyID, audit.Entry{
		Action: action, Resource: audit.Candidate, ID: &row.ID, Details: audit.Details{"changed": changed},
	})
}

// present returns a candidate as the actor sees it.
func (c *Candidates) present(ctx context.Context, tx *db.Queries, row db.Candidate) (api.CandidateJSONResponse, error) {
	shown, err := c.show(ctx, tx, []db.Candidate{row})
	if err != nil {
		return api.CandidateJSONResponse{}, err
	}
	return api.CandidateJSONResponse{
		Body:    shown[0],
		Headers: api.CandidateResponseHeaders{ETag: etag.Of(row.Version, shown[0].AllowedActions)},
	}, nil
}

// show converts candidates for the actor.
func (c *Candidates) show(ctx context.Context, tx *db.Queries, rows []db.Candidate) ([]api.Candidate, error) {
	by := lifecycle.StandingOf(access.Of(ctx), false)
	busy, err := c.busy(ctx, tx, by, rows)
	if err != nil {
		return nil, err
	}
	shown := make([]api.Candidate, len(rows))
	for i, row := range rows {
		shown[i] = convert(row, allowedActions(row.Status, by, busy[row.ID]))
	}
	return shown, nil
}
