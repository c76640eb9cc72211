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

// UpdateKitVersion changes a draft; a patch that changes nothing leaves the row and its version alone.
func (k *Kits) UpdateKitVersion(
	ctx context.Context, request api.UpdateKitVersionRequestObject,
) (api.UpdateKitVersionResponseObject, error) {
	patch := request.Body
	shown, err := k.act(ctx, request.KitID, request.KitVersionID, etag.Needed(request.Params.IfMatch),
		api.KitVersionActionUpdate, func(tx *db.Queries, row db.KitVersion, _ api.KitVersionStatus) (db.KitVersion, error) {
			return k.rewrite(ctx, tx, row, *patch)
		})
	if err != nil {
		return nil, err
	}
	return api.UpdateKitVersion200JSONResponse{KitVersionJSONResponse: shown}, nil
}

// PublishKitVersion fixes the content of a draft for good. The version that was published before is archived.
func (k *Kits) PublishKitVersion(
	ctx context.Context, request api.PublishKitVersionRequestObject,
) (api.PublishKitVersionResponseObject, error) {
	shown, err := k.act(ctx, request.KitID, request.KitVersionID, etag.If(request.Params.IfMatch),
		api.KitVersionActionPublish, func(tx *db.Queries, row db.KitVersion, to api.KitVersionStatus) (db.KitVersion, error) {
			return k.publish(ctx, tx, row, to)
		})
	if err != nil {
		return nil, err
	}
	return api.PublishKitVersion200JSONResponse{KitVersionJSONResponse: shown}, nil
}

// ArchiveKitVersion lets no new interview use a published version.
func (k *Kits) ArchiveKitVersion(
	ctx context.Context, request api.ArchiveKitVersionRequestObject,
) (api.ArchiveKitVersionResponseObject, error) {
	shown, err := k.act(ctx, request.KitID, request.KitVersionID, etag.If(request.Params.IfMatch),
		api.KitVersionActionArchive, func(tx *db.Queries, row db.KitVersion, _ api.KitVersionStatus) (db.KitVersion, error) {
			archived, err := k.archive(ctx, tx, row.CompanyID, row.KitID)
			if err != nil {
				return row, err
			}
			if len(archived) != 1 || archived[0].ID != row.ID {
				return row, fault.New(fault.ConcurrentRequest)
			}
			return archived[0], k.touch(ctx, tx, archived[0])
		})
	if err != nil {
		return nil, err
	}
	return api.ArchiveKitVersion200JSONResponse{KitVersionJSONResponse: shown}, nil
}

// act is the one way of every action on a version: write does it where it is decided that it may be done.
func (k *Kits) act(
	ctx context.Context, kit, version uuid.UUID, match etag.Condition, action api.KitVersionAction,
	write func(tx *db.Queries, row db.KitVersion, to api.KitVersionStatus) (db.KitVersion, error),
) (shown api.KitVersionJSONResponse, err error) {
	err = k.write(ctx, kit, func(tx *db.Queries, kit db.Kit, who lifecycle.Standing) error {
		row, err := getVersion(ctx, tx, access.Of(ctx), kit.ID, version)
		if err != nil {
			return err
		}
		to, err := lifecycle.KitVersion().Decide(row.Status, action, who, nil)
		if err := match.Before(row.Version, err); err != nil {
			return err
		}
		saved, err := write(tx, row, to)
		if err != nil {
			return err
		}
		shown, err = presentVersion(saved, who)
		return err
	})
	return shown, err
}

// rewrite writes an edited draft.
func (k *Kits) rewrite(
	ctx context.Context, tx *db.Queries, row db.KitVersion, patch api.UpdateKitVersionRequest,
) (db.KitVersion, error) {
	was, err := kept(row)
	if err != nil {
		return row, err
	}
	is := was.replaced(patch.Questions, patch.Criteria)
	if was.equal(is) {
		return row, nil
	}
	f := fault.New(fault.RuleViolated)
	if checkContent(f, is); len(f.Fields()) > 0 {
		return row, f
	}
	questions, criteria, err := is.columns()
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

// publish takes the place of the version that was published before.
func (k *Kits) publish(
	ctx context.Context, tx *db.Queries, row db.KitVersion, to api.KitVersionStatus,
) (db.KitVersion, error) {
	content, err := kept(row)
	if err != nil {
		return row, err
	}
	if err := mayPublish(content); err != nil {
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
	if err := k.touch(ctx, tx, saved); err != nil {
		return row, err
	}
	return saved, k.recordVersion(ctx, tx, audit.KitVersionPublished, &row, saved)
}

// archive archives the published version of a kit, where it has one.
func (k *Kits) archive(ctx context.Context, tx *db.Queries, company, kit uuid.UUID) ([]db.KitVersion, error) {
	archived, err := tx.ArchiveKitVersions(ctx, db.ArchiveKitVersionsParams{
		CompanyID: company, KitID: kit, Now: k.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	for _, is := range archived {
		was := is
		was.Status = api.KitVersionStatusPublished
		if err := k.recordVersion(ctx, tx, audit.KitVersionArchived, &was, is); err != nil {
			return nil, err
		}
	}
	return archived, nil
}
