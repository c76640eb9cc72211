package jobs

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

// jobResponse converts a job for the actor; the actor's allowed actions are part of the body and of the ETag.
func jobResponse(actor access.Actor, row db.Job) api.JobJSONResponse {
	job := convert(actor, row)
	return api.JobJSONResponse{
		Body: job, Headers: api.JobResponseHeaders{ETag: etag.Of(row.Version, job.AllowedActions)},
	}
}

func convert(actor access.Actor, row db.Job) api.Job {
	return api.Job{
		ID: row.ID, Title: row.Title, Department: optional.Of(row.Department), Location: optional.Of(row.Location),
		Description: row.Description, ExternalID: optional.Of(row.ExternalID),
		Status: api.JobStatus(row.Status), OpenedAt: optional.Time(row.OpenedAt),
		ClosedAt:       optional.Time(row.ClosedAt),
		AllowedActions: lifecycle.Job().Allowed(row.Status, lifecycle.RelationOf(actor, false)),
		CreatedAt:      row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertMember(row db.JobMember, firstName, lastName string) api.JobMember {
	return api.JobMember{
		User: api.PersonSummary{ID: row.UserID, FirstName: firstName, LastName: lastName}, Role: api.JobRole(row.Role),
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertUserJob(actor access.Actor, row db.ListUserJobsRow) api.UserJob {
	return api.UserJob{
		Job: convert(actor, row.Job), Role: api.JobRole(row.JobMember.Role),
		CreatedAt: row.JobMember.CreatedAt.UTC(), UpdatedAt: row.JobMember.UpdatedAt.UTC(),
	}
}

// newJob converts a request into a row. The caller sets the id and the time.
func newJob(body api.CreateJobRequest, company uuid.UUID) db.InsertJobParams {
	return db.InsertJobParams{
		CompanyID: company, Title: strings.TrimSpace(body.Title), Department: optional.Text(nil, body.Department),
		Location: optional.Text(nil, body.Location), Description: optional.Trimmed("", body.Description),
		ExternalID: optional.Patched(nil, body.ExternalID), Status: lifecycle.Job().Initial,
	}
}

// applyPatch applies a merge patch to a row: an absent member keeps its value, null clears it.
func applyPatch(row db.Job, patch api.UpdateJobRequest) db.UpdateJobParams {
	return db.UpdateJobParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Title: optional.Trimmed(row.Title, patch.Title),
		Department: optional.Text(row.Department, patch.Department), Location: optional.Text(row.Location, patch.Location),
		Description: optional.Trimmed(row.Description, patch.Description),
		ExternalID:  optional.Patched(row.ExternalID, patch.ExternalID),
	}
}

// hasChanges reports whether an update changes a job.
func hasChanges(row db.Job, change db.UpdateJobParams) bool {
	return row.Title != change.Title || row.Description != change.Description ||
		!optional.Same(row.Department, change.Department) || !optional.Same(row.Location, change.Location) ||
		!optional.Same(row.ExternalID, change.ExternalID)
}

// attributes returns the fields of a job that the audit log records.
func attributes(row db.Job) map[string]any {
	return map[string]any{
		"title": row.Title, "department": optional.Plain(row.Department), "location": optional.Plain(row.Location),
		"description": row.Description, "external_id": optional.Plain(row.ExternalID), "status": row.Status,
	}
}

// emptyAttributes returns the attributes of a job that does not exist yet.
func emptyAttributes() map[string]any {
	return map[string]any{
		"title": nil, "department": nil, "location": nil, "description": nil, "external_id": nil, "status": nil,
	}
}

// membershipDetails returns the audit details of a change of a job's members: the user, and their job role before and
// after the change. A nil member stands for a user who is not a member; the role is null.
func membershipDetails(user uuid.UUID, from, to *db.JobMember) audit.Details {
	role := func(member *db.JobMember) map[string]any {
		if member == nil {
			return map[string]any{"role": nil}
		}
		return map[string]any{"role": member.Role}
	}
	details := audit.Diff(role(from), role(to))
	details["user_id"] = user
	return details
}
