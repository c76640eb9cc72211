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
)

// UpdateKitVersion changes a draft. A patch that changes nothing leaves the row and its version unchanged.
func (k *Kits) UpdateKitVersion(
	ctx context.Context, request api.UpdateKitVersionRequestObject,
) (api.UpdateKitVersionResponseObject, error) {
	patch := request.Body
	response, err := k.act(ctx, request.KitID, request.KitVersionID, etag.Needed(request.Params.IfMatch),
		api.KitVersionActionUpdate, func(tx *db.Queries, row db.KitVersion, _ api.KitVersionStatus) (db.KitVersion, error) {
			return k.updateDraft(ctx, tx, row, *patch)
		})
	if err != nil {
		return nil, err
	}
	return api.UpdateKitVersion200JSONResponse{KitVersionJSONResponse: response}, nil
}

// PublishKitVersion publishes a draft, after which its content cannot change. The previously published version is
// archived.
func (k *Kits) PublishKitVersion(
	ctx context.Context, request api.PublishKitVersionRequestObject,
) (api.PublishKitVersionResponseObject, error) {
	response, err := k.act(ctx, request.KitID, request.KitVersionID, etag.If(request.Params.IfMatch),
		api.KitVersionActionPublish, func(tx *db.Queries, row db.KitVersion, to api.KitVersionStatus) (db.KitVersion, error) {
			return k.publish(ctx, tx, row, to)
		})
	if err != nil {
		return nil, err
	}
	return api.PublishKitVersion200JSONResponse{KitVersionJSONResponse: response}, nil
}

// ArchiveKitVersion archives a published version, so that new interviews cannot use it.
func (k *Kits) ArchiveKitVersion(
	ctx context.Context, request api.ArchiveKitVersionRequestObject,
) (api.ArchiveKitVersionResponseObject, error) {
	response, err := k.act(ctx, request.KitID, request.KitVersionID, etag.If(request.Params.IfMatch),
		api.KitVersionActionArchive, func(tx *db.Queries, row db.KitVersion, _ api.KitVersionStatus) (db.KitVersion, error) {
			archived, err := k.archive(ctx, tx, row.CompanyID, row.KitID)
			if err != nil {
				return row, err
			}
			// Decide saw a published version, so another request must have replaced it if it is not the archived one.
			if len(archived) != 1 || archived[0].ID != row.ID {
				return row, fault.New(fault.ConcurrentRequest)
			}
			return archived[0], k.touchKit(ctx, tx, archived[0])
		})
	if err != nil {
		return nil, err
	}
	return api.ArchiveKitVersion200JSONResponse{KitVersionJSONResponse: response}, nil
}

// act performs an action on a version. It locks the kit, checks that the state machine permits the action and that the
// precondition holds, and then calls write with the version and the state after the action.
func (k *Kits) act(
	ctx context.Context, kit, version uuid.UUID, match etag.Condition, action api.KitVersionAction,
	write func(tx *db.Queries, row db.KitVersion, to api.KitVersionStatus) (db.KitVersion, error),
) (response api.KitVersionJSONResponse, err error) {
	err = k.write(ctx, kit, func(tx *db.Queries, kit db.Kit, relation lifecycle.Relation) error {
		row, err := getVersion(ctx, tx, access.Of(ctx), kit.ID, version)
		if err != nil {
			return err
		}
		to, err := lifecycle.KitVersion().Decide(row.Status, action, relation, nil)
		if err := match.Before(row.Version, err); err != nil {
			return err
		}
		saved, err := write(tx, row, to)
		if err != nil {
			return err
		}
		response, err = versionResponse(saved, relation)
		return err
	})
	return response, err
}

// updateDraft applies a merge patch to a draft.
func (k *Kits) updateDraft(
	ctx context.Context, tx *db.Queries, row db.KitVersion, patch api.UpdateKitVersionRequest,
) (db.KitVersion, error) {
	before, err := decodeContent(row)
	if err != nil {
		return row, err
	}
	after := before.patched(patch.Questions, patch.Criteria)
	if before.equal(after) {
		return row, nil
	}
	f := fault.New(fault.RuleViolated)
	if checkContent(f, after); len(f.Fields()) > 0 {
		return row, f
	}
	questions, criteria, err := after.columns()
	if err != nil {
		return row, err
	}
	saved, err := tx.UpdateKitVersion(ctx, db.UpdateKitVersionParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Status: row.Status, Questions: questions,
		Criteria: criteria, Now: k.Clock.Now(),
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, k.recordVersion(ctx, tx, audit.KitVersionUpdated, &row, saved)
}

// publish publishes a draft and archives the previously published version.
func (k *Kits) publish(
	ctx context.Context, tx *db.Queries, row db.KitVersion, to api.KitVersionStatus,
) (db.KitVersion, error) {
	content, err := decodeContent(row)
	if err != nil {
		return row, err
	}
	if err := checkPublishable(content); err != nil {
		return row, err
	}
	hash, err := content.hash()
	if err != nil {
		return row, err
	}
	if _, err := k.archive(ctx, tx, row.CompanyID, row.KitID); err != nil {
		return row, err
	}
	saved, err := tx.PublishKitVersion(ctx, db.PublishKitVersionParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, FromStatus: row.Status, ToStatus: to,
		ContentHash: hash, PublishedBy: access.Of(ctx).ID, Now: k.Clock.Now(),
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	if err := k.touchKit(ctx, tx, saved); err != nil {
		return row, err
	}
	return saved, k.recordVersion(ctx, tx, audit.KitVersionPublished, &row, saved)
}

// archive archives the published version of a kit, if it has one. It returns the archived versions, at most one.
func (k *Kits) archive(ctx context.Context, tx *db.Queries, company, kit uuid.UUID) ([]db.KitVersion, error) {
	archived, err := tx.ArchiveKitVersions(ctx, db.ArchiveKitVersionsParams{
		CompanyID: company, KitID: kit, Now: k.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	for _, after := range archived {
		before := after
		before.Status = api.KitVersionStatusPublished
		if err := k.recordVersion(ctx, tx, audit.KitVersionArchived, &before, after); err != nil {
			return nil, err
		}
	}
	return archived, nil
}
