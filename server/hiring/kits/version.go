package kits

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// GetKitVersion shows a version that the actor sees of a kit that the actor sees.
func (k *Kits) GetKitVersion(
	ctx context.Context, request api.GetKitVersionRequestObject,
) (api.GetKitVersionResponseObject, error) {
	actor := access.Of(ctx)
	tenant := k.Store.Of(actor.CompanyID)
	kit, err := get(ctx, tenant, actor, request.KitID)
	if err != nil {
		return nil, err
	}
	row, err := getVersion(ctx, tenant, actor, kit.Kit.ID, request.KitVersionID)
	if err != nil {
		return nil, err
	}
	shown, err := presentVersion(row, lifecycle.StandingOf(actor, kit.IsMember))
	if err != nil {
		return nil, err
	}
	return api.GetKitVersion200JSONResponse{KitVersionJSONResponse: shown}, nil
}

// getVersion reads a version of a kit that the actor sees.
func getVersion(
	ctx context.Context, tenant *db.Queries, actor access.Actor, kit, version uuid.UUID,
) (db.KitVersion, error) {
	return tenant.GetKitVersion(ctx, db.GetKitVersionParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(), KitID: kit, ID: version,
	})
}

// CreateKitVersion begins a new version of a kit. What the request leaves out is copied from the newest one.
func (k *Kits) CreateKitVersion(
	ctx context.Context, request api.CreateKitVersionRequestObject,
) (api.CreateKitVersionResponseObject, error) {
	var wanted api.CreateKitVersionRequest
	if request.Body != nil {
		wanted = *request.Body
	}
	var shown api.KitVersionJSONResponse
	err := k.write(ctx, request.KitID, func(tx *db.Queries, kit db.Kit, who lifecycle.Standing) error {
		if err := mayWrite(who); err != nil {
			return err
		}
		newest, err := tx.GetNewestKitVersion(ctx, db.GetNewestKitVersionParams{
			CompanyID: kit.CompanyID, KitID: kit.ID,
		})
		if err != nil {
			return err
		}
		copied, err := kept(newest)
		if err != nil {
			return err
		}
		content, f := copied.replaced(wanted.Questions, wanted.Criteria), fault.New(fault.RuleViolated)
		if checkContent(f, content); len(f.Fields()) > 0 {
			return f
		}
		created, err := k.addVersion(ctx, tx, kit, newest.Number+1, content)
		if err != nil {
			return err
		}
		if shown, err = presentVersion(created, who); err != nil {
			return err
		}
		return k.touch(ctx, tx, created)
	})
	if err != nil {
		return nil, err
	}
	version := shown.Body
	return api.CreateKitVersion201JSONResponse{
		Body: version,
		Headers: api.CreateKitVersion201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/kits/" + version.KitID.String() + "/versions/" + version.ID.String(),
		},
	}, nil
}

// addVersion writes a draft of a kit. Its content has been checked.
func (k *Kits) addVersion(
	ctx context.Context, tx *db.Queries, kit db.Kit, number int32, c content,
) (db.KitVersion, error) {
	questions, criteria, err := c.columns()
	if err != nil {
		return db.KitVersion{}, err
	}
	created, err := tx.InsertKitVersion(ctx, db.InsertKitVersionParams{
		CompanyID: kit.CompanyID, ID: k.Clock.ID(), KitID: kit.ID, Number: number, Status: lifecycle.KitVersion().Initial,
		Questions: questions, Criteria: criteria, Now: k.Clock.Now(),
	})
	if err != nil {
		return created, err
	}
	return created, k.recordVersion(ctx, tx, audit.KitVersionCreated, nil, created)
}

// touch makes the kit of a version one that has changed, because it shows another version now.
func (k *Kits) touch(ctx context.Context, tx *db.Queries, version db.KitVersion) error {
	return tx.TouchKit(ctx, db.TouchKitParams{
		CompanyID: version.CompanyID, ID: version.KitID, Now: version.UpdatedAt,
	})
}

// recordVersion writes what happened to a version; from is nil where it was created.
func (k *Kits) recordVersion(
	ctx context.Context, tx *db.Queries, action audit.Action, from *db.KitVersion, to db.KitVersion,
) error {
	details, err := versionDetails(from, to)
	if err != nil {
		return err
	}
	return k.record(ctx, tx, action, to.KitID, details)
}
