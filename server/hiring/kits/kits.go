// Package kits manages interview kits and the versions of their questions and criteria. It guarantees that a version
// does not change once it is published, which its content hash proves; that a kit has at most one draft and one
// published version; and that a published version can be used: every key is unique, and questions refer to existing
// criteria.
package kits

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
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Kits implements the operations of the tag kits.
type Kits struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*Kits, error) {
	if err := service.Check("kits", deps); err != nil {
		return nil, err
	}
	return &Kits{deps}, nil
}

// GetKit shows a kit that the actor sees.
func (k *Kits) GetKit(ctx context.Context, request api.GetKitRequestObject) (api.GetKitResponseObject, error) {
	actor := access.Of(ctx)
	row, err := get(ctx, k.Store.Of(actor.CompanyID), actor, request.KitID)
	if err != nil {
		return nil, err
	}
	return api.GetKit200JSONResponse{KitJSONResponse: presentKit(actor, row)}, nil
}

// get reads a kit that the actor sees.
func get(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) (db.GetKitRow, error) {
	return tenant.GetKit(ctx, db.GetKitParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(),
		JobReach: actor.Reach().String(), ID: id,
	})
}

// CreateKit creates a kit with its first version as a draft.
func (k *Kits) CreateKit(ctx context.Context, request api.CreateKitRequestObject) (api.CreateKitResponseObject, error) {
	actor, wanted := access.Of(ctx), request.Body
	row, content := newKit(*wanted, actor.CompanyID), contentOf(wanted.Questions, wanted.Criteria)
	row.ID, row.Now = k.Clock.ID(), k.Clock.Now()
	var shown api.KitJSONResponse
	err := k.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		f := fault.New(fault.RuleViolated)
		member, err := k.checkJob(ctx, tx, f, actor, row.JobID)
		if err != nil {
			return err
		}
		if err := mayWrite(lifecycle.StandingOf(actor, member)); err != nil && len(f.Fields()) == 0 {
			return err
		}
		checkKit(f, row.Name, row.Description)
		checkContent(f, content)
		if len(f.Fields()) > 0 {
			return f
		}
		created, err := tx.InsertKit(ctx, row)
		if err != nil {
			return err
		}
		if err := k.record(ctx, tx, audit.KitCreated, row.ID, audit.Diff(blankKit(), kitAttributes(created))); err != nil {
			return err
		}
		if _, err := k.addVersion(ctx, tx, created, 1, content); err != nil {
			return err
		}
		saved, err := get(ctx, tx, actor, created.ID)
		shown = presentKit(actor, saved)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.CreateKit201JSONResponse{
		Body: shown.Body,
		Headers: api.CreateKit201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/kits/" + shown.Body.ID.String(),
		},
	}, nil
}

// UpdateKit changes a kit's name and description. If nothing changed, it leaves the row and its version as they are.
func (k *Kits) UpdateKit(ctx context.Context, request api.UpdateKitRequestObject) (api.UpdateKitResponseObject, error) {
	actor, patch := access.Of(ctx), request.Body
	var shown api.KitJSONResponse
	err := k.write(ctx, request.KitID, func(tx *db.Queries, row db.Kit, by lifecycle.Standing) error {
		if err := mayWrite(by); err != nil {
			return err
		}
		if err := etag.Require(request.Params.IfMatch, row.Version); err != nil {
			return err
		}
		if err := k.save(ctx, tx, row, edit(row, *patch)); err != nil {
			return err
		}
		saved, err := get(ctx, tx, actor, row.ID)
		shown = presentKit(actor, saved)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateKit200JSONResponse{KitJSONResponse: shown}, nil
}

// save saves an edited kit.
func (k *Kits) save(ctx context.Context, tx *db.Queries, row db.Kit, change db.UpdateKitParams) error {
	if change.Name == row.Name && change.Description == row.Description {
		return nil
	}
	f := fault.New(fault.RuleViolated)
	if checkKit(f, change.Name, change.Description); len(f.Fields()) > 0 {
		return f
	}
	change.Now = k.Clock.Now()
	saved, err := tx.UpdateKit(ctx, change)
	if err != nil {
		return postgres.Guarded(err)
	}
	return k.record(ctx, tx, audit.KitUpdated, row.ID, audit.Diff(kitAttributes(row), kitAttributes(saved)))
}

// checkJob reports whether the actor leads the job of a new kit, false for a kit without a job. It adds to f that a job
// does not exist.
func (k *Kits) checkJob(
	ctx context.Context, tx *db.Queries, f *fault.Fault, actor access.Actor, job *uuid.UUID,
) (member bool, err error) {
	if job == nil {
		return false, nil
	}
	_, err = tx.GetJob(ctx, db.GetJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(), ID: *job,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		_ = f.Field("/job_id", "unknown", "names no job of the company")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return tx.LeadsJob(ctx, db.LeadsJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), JobID: *job,
	})
}

// write runs a change of a kit or its versions in a transaction that locks the kit's row.
func (k *Kits) write(
	ctx context.Context, id uuid.UUID, change func(tx *db.Queries, row db.Kit, by lifecycle.Standing) error,
) error {
	actor := access.Of(ctx)
	return k.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := tx.GetKitForUpdate(ctx, db.GetKitForUpdateParams{
			CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(),
			JobReach: actor.Reach().String(), ID: id,
		})
		if err != nil {
			return err
		}
		return change(tx, row.Kit, lifecycle.StandingOf(actor, row.IsMember))
	})
}

// record writes an audit log entry about a kit or one of its versions.
func (k *Kits) record(
	ctx context.Context, tx *db.Queries, action audit.Action, kit uuid.UUID, details audit.Details,
) error {
	return k.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.Kit, ID: &kit, Details: details,
	})
}
