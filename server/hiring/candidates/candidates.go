// Package candidates looks after the people who may be hired: what is known of them, who may see them, and the files in
// which they come and go. It promises that nobody is found by whom they are not visible to, that nobody is archived
// while a company still considers them, and that a file of hundreds of thousands is read in memory that does not grow
// with it, and written whole or not at all.
package candidates

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
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

// GetCandidate shows one candidate to those who would see them in the list.
func (c *Candidates) GetCandidate(
	ctx context.Context, request api.GetCandidateRequestObject,
) (api.GetCandidateResponseObject, error) {
	who := access.Of(ctx)
	tenant := c.Store.Of(who.CompanyID)
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return nil, err
	}
	row, err := tenant.GetCandidate(ctx, db.GetCandidateParams{
		CompanyID: who.CompanyID, ID: request.CandidateID,
		SeesAll: seen.All, Jobs: seen.Jobs, Applications: seen.Applications,
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
	who := access.Of(ctx)
	made := blank().patched(asPatch(*request.Body))
	if err := refuse(check(made)); err != nil {
		return nil, err
	}
	var shown api.CandidateJSONResponse
	err := c.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		row, err := tx.InsertCandidate(ctx, insertion(made, who.CompanyID, c.Clock.ID(), c.Clock.Now()))
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

// UpdateCandidate changes what is known of a candidate, archived or not.
func (c *Candidates) UpdateCandidate(
	ctx context.Context, request api.UpdateCandidateRequestObject,
) (api.UpdateCandidateResponseObject, error) {
	who, patch := access.Of(ctx), request.Body
	var shown api.CandidateJSONResponse
	err := c.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		row, err := tx.GetCandidateForUpdate(ctx, db.GetCandidateForUpdateParams{
			CompanyID: who.CompanyID, ID: request.CandidateID,
		})
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

// save writes an edited profile; one that changes nothing leaves the row and its version alone.
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

// record keeps that a candidate was changed, and what: the names of the fields only, because the log is kept longer
// than a candidate may want to be remembered.
func (c *Candidates) record(
	ctx context.Context, tx *db.Queries, row db.Candidate, action audit.Action, changed []string,
) error {
	return c.Audit.Record(ctx, tx, row.CompanyID, audit.Entry{
		Action: action, Resource: audit.Candidate, ID: &row.ID, Details: audit.Details{"changed": changed},
	})
}

// present shows a candidate as the caller may handle them.
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

// show converts candidates for the caller. Only to those who may archive them does it matter who is busy.
func (c *Candidates) show(ctx context.Context, tx *db.Queries, rows []db.Candidate) ([]api.Candidate, error) {
	who := access.Of(ctx)
	busy, err := c.busy(ctx, tx, who, rows)
	if err != nil {
		return nil, err
	}
	shown := make([]api.Candidate, len(rows))
	for i, row := range rows {
		shown[i] = convert(row, allowedActions(row.Status, standing(who), busy[row.ID]))
	}
	return shown, nil
}
