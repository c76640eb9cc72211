package kits

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
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

// UpdateKitVersion changes a draft. A patch that changes nothing leaves the row and its version unchanged.
func (k *Kits) UpdateKitVersion(
	ctx context.Context, call service.Call, request api.UpdateKitVersionRequestObject,
) (api.UpdateKitVersionResponseObject, error) {
	patch := request.Body
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.UpdateKitVersionResponseObject, error) {
		response, err := k.act(ctx, tx, call.Actor, request.KitID, request.KitVersionID, etag.Needed(request.Params.IfMatch),
			api.KitVersionActionUpdate, func(row db.KitVersion, _ stored.KitVersionStatus) (db.KitVersion, error) {
				return k.updateDraft(ctx, tx, call.Actor, row, *patch)
			})
		return api.UpdateKitVersion200JSONResponse{KitVersionJSONResponse: response}, err
	})
}

// PublishKitVersion publishes a draft, after which its content cannot change. The previously published version is
// archived.
func (k *Kits) PublishKitVersion(
	ctx context.Context, call service.Call, request api.PublishKitVersionRequestObject,
) (api.PublishKitVersionResponseObject, error) {
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.PublishKitVersionResponseObject, error) {
		response, err := k.act(ctx, tx, call.Actor, request.KitID, request.KitVersionID, etag.If(request.Params.IfMatch),
			api.KitVersionActionPublish, func(row db.KitVersion, to stored.KitVersionStatus) (db.KitVersion, error) {
				return k.publish(ctx, tx, call.Actor, row, to)
			})
		return api.PublishKitVersion200JSONResponse{KitVersionJSONResponse: response}, err
	})
}

// ArchiveKitVersion archives a published version, so that new interviews cannot use it.
func (k *Kits) ArchiveKitVersion(
	ctx context.Context, call service.Call, request api.ArchiveKitVersionRequestObject,
) (api.ArchiveKitVersionResponseObject, error) {
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.ArchiveKitVersionResponseObject, error) {
		response, err := k.act(ctx, tx, call.Actor, request.KitID, request.KitVersionID, etag.If(request.Params.IfMatch),
			api.KitVersionActionArchive, func(row db.KitVersion, _ stored.KitVersionStatus) (db.KitVersion, error) {
				archived, err := k.archive(ctx, tx, call.Actor, row.CompanyID, row.KitID)
				if err != nil {
					return row, err
				}
				// Decide saw a published version, so another request must have replaced it if it is not the archived one.
				if len(archived) != 1 || archived[0].ID != row.ID {
					return row, fault.New(fault.ConcurrentRequest)
				}
				return archived[0], k.touchKit(ctx, tx, archived[0])
			})
		return api.ArchiveKitVersion200JSONResponse{KitVersionJSONResponse: response}, err
	})
}

// act performs an action on a version. It locks the kit, checks that the state machine permits the action and that the
// precondition holds, and then calls write with the version and the state after the action.
func (k *Kits) act(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, kit, version uuid.UUID, match etag.Condition,
	action api.KitVersionAction, write func(row db.KitVersion, to stored.KitVersionStatus) (db.KitVersion, error),
) (response api.KitVersionJSONResponse, err error) {
	locked, relation, err := lock(ctx, tx, actor, kit)
	if err != nil {
		return response, err
	}
	row, err := getVersion(ctx, tx.Queries, actor, locked.ID, version)
	if err != nil {
		return response, err
	}
	to, err := lifecycle.KitVersion().Decide(row.Status, action, relation, nil)
	if err := match.Before(row.Version, err); err != nil {
		return response, err
	}
	saved, err := write(row, to)
	if err != nil {
		return response, err
	}
	return versionResponse(saved, relation), nil
}

// updateDraft applies a merge patch to a draft.
func (k *Kits) updateDraft(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.KitVersion, patch api.UpdateKitVersionRequest,
) (db.KitVersion, error) {
	before := contentIn(row)
	after := before.patched(patch.Questions, patch.Criteria)
	if before.equal(after) {
		return row, nil
	}
	f := fault.New(fault.RuleViolated)
	if checkContent(f, after); len(f.Fields()) > 0 {
		return row, f
	}
	saved, err := tx.UpdateKitVersion(ctx, db.UpdateKitVersionParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Status: row.Status,
		Questions: after.Questions, Criteria: after.Criteria, Now: k.Clock.Now(),
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, k.recordVersion(ctx, tx, actor, audit.KitVersionUpdated, &row, saved)
}

// publish publishes a draft and archives the previously published version.
func (k *Kits) publish(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.KitVersion, to stored.KitVersionStatus,
) (db.KitVersion, error) {
	content := contentIn(row)
	if err := checkPublishable(content); err != nil {
		return row, err
	}
	hash, err := content.hash()
	if err != nil {
		return row, err
	}
	if _, err := k.archive(ctx, tx, actor, row.CompanyID, row.KitID); err != nil {
		return row, err
	}
	saved, err := tx.PublishKitVersion(ctx, db.PublishKitVersionParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, FromStatus: row.Status, ToStatus: to,
		ContentHash: hash, PublishedBy: actor.ID, Now: k.Clock.Now(),
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	if err := k.touchKit(ctx, tx, saved); err != nil {
		return row, err
	}
	return saved, k.recordVersion(ctx, tx, actor, audit.KitVersionPublished, &row, saved)
}

// archive archives the published version of a kit, if it has one. It returns the archived versions, at most one.
func (k *Kits) archive(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, company, kit uuid.UUID,
) ([]db.KitVersion, error) {
	archived, err := tx.ArchiveKitVersions(ctx, db.ArchiveKitVersionsParams{
		CompanyID: company, KitID: kit, Now: k.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	for _, after := range archived {
		before := after
		before.Status = stored.KitVersionStatusPublished
		if err := k.recordVersion(ctx, tx, actor, audit.KitVersionArchived, &before, after); err != nil {
			return nil, err
		}
	}
	return archived, nil
}
