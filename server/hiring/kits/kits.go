// Package kits manages interview kits and the versions of their questions and criteria. It guarantees that a published
// version does not change, which its content hash proves; that a kit has at most one draft and one published version;
// and that in every version the keys are unique and questions refer only to criteria of that version.
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

// New returns an error if a dependency is missing.
func New(deps service.Deps) (*Kits, error) {
	if err := service.Check("kits", deps); err != nil {
		return nil, err
	}
	return &Kits{deps}, nil
}

// GetKit returns a kit that the actor sees.
func (k *Kits) GetKit(
	ctx context.Context, call service.Call, request api.GetKitRequestObject,
) (api.GetKitResponseObject, error) {
	actor := call.Actor
	row, err := getKit(ctx, k.Store.Of(actor.CompanyID), actor, request.KitID)
	if err != nil {
		return nil, err
	}
	return api.GetKit200JSONResponse{KitJSONResponse: kitResponse(actor, row)}, nil
}

// getKit reads a kit that the actor sees. The error is ResourceNotFound if there is none.
func getKit(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) (db.GetKitRow, error) {
	return tenant.GetKit(ctx, db.GetKitParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(),
		JobReach: actor.Reach().String(), ID: id,
	})
}

// CreateKit creates a kit with its first version as a draft.
func (k *Kits) CreateKit(
	ctx context.Context, call service.Call, request api.CreateKitRequestObject,
) (api.CreateKitResponseObject, error) {
	actor, body := call.Actor, request.Body
	row, content := newKit(*body, actor.CompanyID), contentOf(body.Questions, body.Criteria)
	row.ID, row.Now = k.Clock.ID(), k.Clock.Now()
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.CreateKitResponseObject, error) {
		var response api.KitJSONResponse
		f := fault.New(fault.RuleViolated)
		member, err := k.checkJob(ctx, tx, f, actor, row.JobID)
		if err != nil {
			return nil, err
		}
		// If the job does not exist, the relation is unknown: report the job instead.
		if err := checkWrite(lifecycle.RelationOf(actor, member)); err != nil && len(f.Fields()) == 0 {
			return nil, err
		}
		checkKit(f, row.Name, row.Description)
		checkContent(f, content)
		if len(f.Fields()) > 0 {
			return nil, f
		}
		created, err := tx.InsertKit(ctx, row)
		if err != nil {
			return nil, err
		}
		details := audit.Diff(emptyAttributes(), kitAttributes(created))
		if err := k.record(ctx, tx, actor, audit.KitCreated, row.ID, details); err != nil {
			return nil, err
		}
		if _, err := k.addVersion(ctx, tx, actor, created, 1, content); err != nil {
			return nil, err
		}
		saved, err := getKit(ctx, tx.Queries, actor, created.ID)
		response = kitResponse(actor, saved)
		if err != nil {
			return nil, err
		}
		return api.CreateKit201JSONResponse{
			Body: response.Body,
			Headers: api.CreateKit201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/kits/" + response.Body.ID.String(),
			},
		}, nil
	})
}

// UpdateKit changes a kit's name and description. A patch that changes nothing leaves the row and its version
// unchanged.
func (k *Kits) UpdateKit(
	ctx context.Context, call service.Call, request api.UpdateKitRequestObject,
) (api.UpdateKitResponseObject, error) {
	actor, patch := call.Actor, request.Body
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.UpdateKitResponseObject, error) {
		row, relation, err := lock(ctx, tx, actor, request.KitID)
		if err != nil {
			return nil, err
		}
		if err := checkWrite(relation); err != nil {
			return nil, err
		}
		if err := etag.Require(request.Params.IfMatch, row.Version); err != nil {
			return nil, err
		}
		if err := k.save(ctx, tx, actor, row, applyPatch(row, *patch)); err != nil {
			return nil, err
		}
		saved, err := getKit(ctx, tx.Queries, actor, row.ID)
		if err != nil {
			return nil, err
		}
		return api.UpdateKit200JSONResponse{KitJSONResponse: kitResponse(actor, saved)}, nil
	})
}

// save saves an edited kit.
func (k *Kits) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Kit, change db.UpdateKitParams,
) error {
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
	return k.record(ctx, tx, actor, audit.KitUpdated, row.ID, audit.Diff(kitAttributes(row), kitAttributes(saved)))
}

// checkJob reports whether the actor leads the job of a new kit; false for a kit without a job. If the actor sees no
// such job, it adds an error to f.
func (k *Kits) checkJob(
	ctx context.Context, tx *postgres.Tx, f *fault.Fault, actor access.Actor, job *uuid.UUID,
) (member bool, err error) {
	if job == nil {
		return false, nil
	}
	_, err = tx.GetJob(ctx, db.GetJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(), ID: *job,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		_ = f.Field("/job_id", "unknown", "must be the id of a job in your company")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return tx.LeadsJob(ctx, db.LeadsJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), JobID: *job,
	})
}

// lock reads a kit that is visible to the actor, with the actor's relation to it, and locks its row until the
// transaction ends.
func lock(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID,
) (db.Kit, lifecycle.Relation, error) {
	row, err := tx.GetKitForUpdate(ctx, db.GetKitForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(),
		JobReach: actor.Reach().String(), ID: id,
	})
	return row.Kit, lifecycle.RelationOf(actor, row.IsMember), err
}

// record writes an audit log entry about a kit or one of its versions.
func (k *Kits) record(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, kit uuid.UUID, details audit.Details,
) error {
	return k.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.Kit, ID: &kit, Details: details,
	})
}
