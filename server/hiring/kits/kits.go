// Package kits looks after what structures interviews: kits, and the versions of their questions and criteria. It
// promises that a version never changes once it is published, and carries the proof; that a kit has one draft and one
// published version at most; and that what is published can be asked and rated: every key is unique, and every question
// refers to criteria that there are.
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
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
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

// GetKit shows one kit to those who may see it.
func (k *Kits) GetKit(ctx context.Context, request api.GetKitRequestObject) (api.GetKitResponseObject, error) {
	row, r, err := k.see(ctx, request.KitID)
	if err != nil {
		return nil, err
	}
	shown := presentKit(row, r.standing(row.Kit))
	return api.GetKit200JSONResponse{KitJSONResponse: shown}, nil
}

// CreateKit creates a kit with its first version as a draft.
func (k *Kits) CreateKit(ctx context.Context, request api.CreateKitRequestObject) (api.CreateKitResponseObject, error) {
	company, wanted := access.Of(ctx).CompanyID, request.Body
	row, content := newKit(*wanted, company), contentOf(wanted.Questions, wanted.Criteria)
	row.ID, row.Now = k.Clock.ID(), k.Clock.Now()
	var shown api.KitJSONResponse
	err := k.Store.InTx(ctx, company, func(tx *db.Queries) error {
		f := fault.New(fault.RuleViolated)
		if err := k.checkJob(ctx, tx, f, row); err != nil {
			return err
		}
		seen, err := visibility.Of(ctx, tx, access.Of(ctx))
		if err != nil {
			return err
		}
		who := standing(seen, row.JobID)
		if err := mayWrite(who); err != nil && len(f.Fields()) == 0 {
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
		shown, err = k.written(ctx, tx, created, who)
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

// UpdateKit changes a kit's name and description; one that changes nothing leaves the row and its version alone.
func (k *Kits) UpdateKit(ctx context.Context, request api.UpdateKitRequestObject) (api.UpdateKitResponseObject, error) {
	patch := request.Body
	var shown api.KitJSONResponse
	err := k.write(ctx, request.KitID, func(tx *db.Queries, row db.Kit, who lifecycle.Standing) error {
		if err := mayWrite(who); err != nil {
			return err
		}
		if err := etag.Require(request.Params.IfMatch, row.Version); err != nil {
			return err
		}
		saved, err := k.save(ctx, tx, row, edit(row, *patch))
		if err != nil {
			return err
		}
		shown, err = k.written(ctx, tx, saved, who)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateKit200JSONResponse{KitJSONResponse: shown}, nil
}

// save writes an edited kit.
func (k *Kits) save(ctx context.Context, tx *db.Queries, row db.Kit, change db.UpdateKitParams) (db.Kit, error) {
	if change.Name == row.Name && change.Description == row.Description {
		return row, nil
	}
	f := fault.New(fault.RuleViolated)
	if checkKit(f, change.Name, change.Description); len(f.Fields()) > 0 {
		return row, f
	}
	change.Now = k.Clock.Now()
	saved, err := tx.UpdateKit(ctx, change)
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, k.record(ctx, tx, audit.KitUpdated, row.ID, audit.Diff(kitAttributes(row), kitAttributes(saved)))
}

// checkJob adds to a fault that the job of a new kit is none of the company's.
func (k *Kits) checkJob(ctx context.Context, tx *db.Queries, f *fault.Fault, row db.InsertKitParams) error {
	if row.JobID == nil {
		return nil
	}
	_, err := tx.GetJob(ctx, db.GetJobParams{CompanyID: row.CompanyID, ID: *row.JobID, SeesAll: true})
	if fault.Is(err, fault.ResourceNotFound) {
		_ = f.Field("/job_id", "unknown", "names no job of the company")
		return nil
	}
	return err
}

// write runs what changes a kit or its versions in one transaction that holds the kit's row. Whoever gets here by the
// door's leave sees every kit; what they are to this one is handed on.
func (k *Kits) write(
	ctx context.Context, id uuid.UUID, change func(tx *db.Queries, row db.Kit, who lifecycle.Standing) error,
) error {
	company := access.Of(ctx).CompanyID
	return k.Store.InTx(ctx, company, func(tx *db.Queries) error {
		row, err := tx.GetKitForUpdate(ctx, db.GetKitForUpdateParams{CompanyID: company, ID: id})
		if err != nil {
			return err
		}
		seen, err := visibility.Of(ctx, tx, access.Of(ctx))
		if err != nil {
			return err
		}
		return change(tx, row, standing(seen, row.JobID))
	})
}

// written shows a kit to who has written it, and so reads all of its versions.
func (k *Kits) written(
	ctx context.Context, tx *db.Queries, kit db.Kit, who lifecycle.Standing,
) (api.KitJSONResponse, error) {
	row, err := tx.GetKit(ctx, db.GetKitParams{CompanyID: kit.CompanyID, ID: kit.ID, SeesAll: true})
	return presentKit(row, who), err
}

// record writes what happened to a kit or one of its versions.
func (k *Kits) record(
	ctx context.Context, tx *db.Queries, action audit.Action, kit uuid.UUID, details audit.Details,
) error {
	return k.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.Kit, ID: &kit, Details: details,
	})
}
