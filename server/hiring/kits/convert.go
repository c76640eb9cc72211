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

// presentKit returns a kit as the actor sees it. The ETag covers its versions, which change without it.
func presentKit(actor access.Actor, row db.GetKitRow) api.KitJSONResponse {
	shown := convertKit(row, lifecycle.StandingOf(actor, row.IsMember))
	return api.KitJSONResponse{
		Body: shown,
		Headers: api.KitResponseHeaders{ETag: etag.Of(row.Kit.Version, shown.PublishedVersionID, shown.DraftVersionID,
			shown.LatestNumber, shown.UpdatedAt, shown.AllowedActions)},
	}
}

func convertKit(joined db.GetKitRow, who lifecycle.Standing) api.Kit {
	row := joined.Kit
	return api.Kit{
		ID: row.ID, Name: row.Name, Description: row.Description, JobID: optional.Of(row.JobID),
		PublishedVersionID: optional.Of(joined.PublishedVersionID), DraftVersionID: optional.Of(joined.DraftVersionID),
		LatestNumber: joined.LatestNumber, AllowedActions: kitActions(who, joined.DraftVersionID != nil),
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// presentVersion returns a version as the actor sees it.
func presentVersion(row db.KitVersion, who lifecycle.Standing) (api.KitVersionJSONResponse, error) {
	shown, err := convertVersion(row, who)
	return api.KitVersionJSONResponse{
		Body: shown, Headers: api.KitVersionResponseHeaders{ETag: etag.Of(row.Version, shown.AllowedActions)},
	}, err
}

func convertVersion(row db.KitVersion, who lifecycle.Standing) (api.KitVersion, error) {
	content, err := kept(row)
	return api.KitVersion{
		ID: row.ID, KitID: row.KitID, Number: row.Number, Status: row.Status, Questions: content.Questions,
		Criteria: content.Criteria, ContentHash: optional.Of(row.ContentHash), PublishedAt: optional.Time(row.PublishedAt),
		PublishedBy: optional.Of(row.PublishedBy), ArchivedAt: optional.Time(row.ArchivedAt),
		AllowedActions: lifecycle.KitVersion().Allowed(row.Status, who), CreatedAt: row.CreatedAt.UTC(),
		UpdatedAt: row.UpdatedAt.UTC(),
	}, err
}

// newKit converts a request into a row without id and time.
func newKit(wanted api.CreateKitRequest, company uuid.UUID) db.InsertKitParams {
	return db.InsertKitParams{
		CompanyID: company, Name: strings.TrimSpace(wanted.Name), Description: optional.Trimmed("", wanted.Description),
		JobID: given(wanted.JobID),
	}
}

// edit applies a merge patch to a row: an absent field keeps its value.
func edit(row db.Kit, patch api.UpdateKitRequest) db.UpdateKitParams {
	return db.UpdateKitParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Name: optional.Trimmed(row.Name, patch.Name),
		Description: optional.Trimmed(row.Description, patch.Description),
	}
}

// kitAttributes are the fields of a kit that the audit log records.
func kitAttributes(row db.Kit) map[string]any {
	return map[string]any{"name": row.Name, "description": row.Description, "job_id": optional.Plain(row.JobID)}
}

// blankKit are the attributes of a kit that does not exist yet.
func blankKit() map[string]any {
	return map[string]any{"name": nil, "description": nil, "job_id": nil}
}

// versionDetails are the details that the audit log records of a change of a version; from is nil if the version is
// new. The content may be long, so it is recorded as its hash, which proves later what the version contained.
func versionDetails(from *db.KitVersion, to db.KitVersion) (audit.Details, error) {
	was := map[string]any{"status": nil, "content_hash": nil}
	if from != nil {
		var err error
		if was, err = versionAttributes(*from); err != nil {
			return nil, err
		}
	}
	is, err := versionAttributes(to)
	if err != nil {
		return nil, err
	}
	details := audit.Diff(was, is)
	details["kit_version_id"], details["number"] = to.ID, to.Number
	return details, nil
}

func versionAttributes(row db.KitVersion) (map[string]any, error) {
	content, err := kept(row)
	if err != nil {
		return nil, err
	}
	hash, err := content.hash()
	return map[string]any{"status": row.Status, "content_hash": hash}, err
}
