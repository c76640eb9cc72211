package kits

import (
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// kitResponse returns the response for a kit. The ETag covers its versions too, which change without a change of the
// kit's row.
func kitResponse(actor access.Actor, row db.GetKitRow) api.KitJSONResponse {
	body := convertKit(row, lifecycle.RelationOf(actor, row.IsMember))
	return api.KitJSONResponse{
		Body: body,
		Headers: api.KitResponseHeaders{ETag: etag.Of(row.Kit.Version, body.PublishedVersionID, body.DraftVersionID,
			body.LatestNumber, body.UpdatedAt, body.AllowedActions)},
	}
}

// convertKit converts a kit to the API's type.
func convertKit(joined db.GetKitRow, relation lifecycle.Relation) api.Kit {
	row := joined.Kit
	return api.Kit{
		ID: row.ID, Name: row.Name, Description: row.Description, JobID: optional.Of(row.JobID),
		PublishedVersionID: optional.Of(joined.PublishedVersionID), DraftVersionID: optional.Of(joined.DraftVersionID),
		LatestNumber: joined.LatestNumber, AllowedActions: kitActions(relation, joined.DraftVersionID != nil),
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// versionResponse returns the response for a version.
func versionResponse(row db.KitVersion, relation lifecycle.Relation) api.KitVersionJSONResponse {
	body := convertVersion(row, relation)
	return api.KitVersionJSONResponse{
		Body: body, Headers: api.KitVersionResponseHeaders{ETag: etag.Of(row.Version, body.AllowedActions)},
	}
}

// convertVersion converts a version to the API's type.
func convertVersion(row db.KitVersion, relation lifecycle.Relation) api.KitVersion {
	content := contentIn(row)
	return api.KitVersion{
		ID: row.ID, KitID: row.KitID, Number: row.Number, Status: api.KitVersionStatus(row.Status),
		Questions: content.questions(), Criteria: content.criteria(),
		ContentHash: optional.Of(row.ContentHash), PublishedAt: optional.Time(row.PublishedAt),
		PublishedBy: optional.Of(row.PublishedBy), ArchivedAt: optional.Time(row.ArchivedAt),
		AllowedActions: lifecycle.KitVersion().Allowed(row.Status, relation), CreatedAt: row.CreatedAt.UTC(),
		UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// newKit converts a request into a row. The caller sets id and time.
func newKit(request api.CreateKitRequest, company uuid.UUID) db.InsertKitParams {
	return db.InsertKitParams{
		CompanyID: company, Name: strings.TrimSpace(request.Name), Description: optional.Trimmed("", request.Description),
		JobID: value(request.JobID),
	}
}

// applyPatch applies a merge patch to a row: an absent field keeps its value.
func applyPatch(row db.Kit, patch api.UpdateKitRequest) db.UpdateKitParams {
	return db.UpdateKitParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Name: optional.Trimmed(row.Name, patch.Name),
		Description: optional.Trimmed(row.Description, patch.Description),
	}
}

// kitAttributes returns the fields of a kit that the audit log records.
func kitAttributes(row db.Kit) map[string]any {
	return map[string]any{"name": row.Name, "description": row.Description, "job_id": optional.Plain(row.JobID)}
}

// emptyAttributes returns the attributes of a kit that does not exist yet.
func emptyAttributes() map[string]any {
	return map[string]any{"name": nil, "description": nil, "job_id": nil}
}

// versionDetails returns the details that the audit log records for a change of a version; from is nil for a new
// version. Of the content, which may be long, it records the hash, which later proves what the version contained.
func versionDetails(from *db.KitVersion, to db.KitVersion) (audit.Details, error) {
	before := map[string]any{"status": nil, "content_hash": nil}
	if from != nil {
		var err error
		if before, err = versionAttributes(*from); err != nil {
			return nil, err
		}
	}
	after, err := versionAttributes(to)
	if err != nil {
		return nil, err
	}
	details := audit.Diff(before, after)
	details["kit_version_id"], details["number"] = to.ID, to.Number
	return details, nil
}

// versionAttributes returns the fields of a version that the audit log records.
func versionAttributes(row db.KitVersion) (map[string]any, error) {
	hash, err := contentIn(row).hash()
	return map[string]any{"status": row.Status, "content_hash": hash}, err
}
