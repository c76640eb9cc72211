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
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// GetKitVersion returns a version that the actor sees.
func (k *Kits) GetKitVersion(
	ctx context.Context, call service.Call, request api.GetKitVersionRequestObject,
) (api.GetKitVersionResponseObject, error) {
	actor := call.Actor
	tenant := k.Store.Of(actor.CompanyID)
	kit, err := getKit(ctx, tenant, actor, request.KitID)
	if err != nil {
		return nil, err
	}
	row, err := getVersion(ctx, tenant, actor, kit.Kit.ID, request.KitVersionID)
	if err != nil {
		return nil, err
	}
	response := versionResponse(row, lifecycle.RelationOf(actor, kit.IsMember))
	return api.GetKitVersion200JSONResponse{KitVersionJSONResponse: response}, nil
}

// getVersion reads a version that the actor sees. The error is ResourceNotFound if there is none.
func getVersion(
	ctx context.Context, tenant *db.Queries, actor access.Actor, kit, version uuid.UUID,
) (db.KitVersion, error) {
	return tenant.GetKitVersion(ctx, db.GetKitVersionParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Kits.String(), KitID: kit, ID: version,
	})
}

// CreateKitVersion creates a draft of a new version. Questions and criteria that the request omits are copied from the
// newest version.
func (k *Kits) CreateKitVersion(
	ctx context.Context, call service.Call, request api.CreateKitVersionRequestObject,
) (api.CreateKitVersionResponseObject, error) {
	var body api.CreateKitVersionRequest
	if request.Body != nil {
		body = *request.Body
	}
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.CreateKitVersionResponseObject, error) {
		kit, relation, err := lock(ctx, tx, call.Actor, request.KitID)
		if err != nil {
			return nil, err
		}
		if err := checkWrite(relation); err != nil {
			return nil, err
		}
		newest, err := tx.GetNewestKitVersion(ctx, db.GetNewestKitVersionParams{
			CompanyID: kit.CompanyID, KitID: kit.ID,
		})
		if err != nil {
			return nil, err
		}
		content, f := contentIn(newest).patched(body.Questions, body.Criteria), fault.New(fault.RuleViolated)
		if checkContent(f, content); len(f.Fields()) > 0 {
			return nil, f
		}
		created, err := k.addVersion(ctx, tx, call.Actor, kit, newest.Number+1, content)
		if err != nil {
			return nil, err
		}
		if err := k.touchKit(ctx, tx, created); err != nil {
			return nil, err
		}
		response := versionResponse(created, relation)
		version := response.Body
		return api.CreateKitVersion201JSONResponse{
			Body: version,
			Headers: api.CreateKitVersion201ResponseHeaders{
				ETag:     response.Headers.ETag,
				Location: "/api/v1/kits/" + version.KitID.String() + "/versions/" + version.ID.String(),
			},
		}, nil
	})
}

// addVersion inserts a draft. The caller has checked its content.
func (k *Kits) addVersion(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, kit db.Kit, number int32, c content,
) (db.KitVersion, error) {
	created, err := tx.InsertKitVersion(ctx, db.InsertKitVersionParams{
		CompanyID: kit.CompanyID, ID: k.Clock.ID(), KitID: kit.ID, Number: number, Status: lifecycle.KitVersion().Initial,
		Questions: c.Questions, Criteria: c.Criteria, Now: k.Clock.Now(),
	})
	if err != nil {
		return created, err
	}
	return created, k.recordVersion(ctx, tx, actor, audit.KitVersionCreated, nil, created)
}

// touchKit sets the update time of a version's kit, which shows the ids of its versions.
func (k *Kits) touchKit(ctx context.Context, tx *postgres.Tx, version db.KitVersion) error {
	return tx.TouchKit(ctx, db.TouchKitParams{
		CompanyID: version.CompanyID, ID: version.KitID, Now: version.UpdatedAt,
	})
}

// recordVersion writes an audit log entry about a version; from is nil if the version is new.
func (k *Kits) recordVersion(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, from *db.KitVersion, to db.KitVersion,
) error {
	details, err := versionDetails(from, to)
	if err != nil {
		return err
	}
	return k.record(ctx, tx, actor, action, to.KitID, details)
}
