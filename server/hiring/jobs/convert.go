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

// present shows a job as the caller may handle it.
func present(who access.Actor, row db.Job) api.JobJSONResponse {
	shown := convert(who, row)
	return api.JobJSONResponse{
		Body: shown, Headers: api.JobResponseHeaders{ETag: etag.Of(row.Version, shown.AllowedActions)},
	}
}

func convert(who access.Actor, row db.Job) api.Job {
	return api.Job{
		ID: row.ID, Title: row.Title, Department: optional.Of(row.Department), Location: optional.Of(row.Location),
		Description: row.Description, Status: row.Status, OpenedAt: optional.Time(row.OpenedAt),
		ClosedAt: optional.Time(row.ClosedAt), AllowedActions: lifecycle.Job().Allowed(row.Status, standing(who)),
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertMember(row db.JobMember, firstName, lastName string) api.JobMember {
	return api.JobMember{
		User: api.PersonSummary{ID: row.UserID, FirstName: firstName, LastName: lastName}, Role: row.Role,
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// newJob takes what a client wants of a new job into the form of a row; id and time come later.
func newJob(wanted api.CreateJobRequest, company uuid.UUID) db.InsertJobParams {
	return db.InsertJobParams{
		CompanyID: company, Title: strings.TrimSpace(wanted.Title), Department: optional.Text(nil, wanted.Department),
		Location: optional.Text(nil, wanted.Location), Description: optional.Trimmed("", wanted.Description),
		Status: lifecycle.Job().Initial,
	}
}

// edit applies a patch to a row: absent stays, null clears.
func edit(row db.Job, patch api.UpdateJobRequest) db.UpdateJobParams {
	return db.UpdateJobParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Title: optional.Trimmed(row.Title, patch.Title),
		Department: optional.Text(row.Department, patch.Department), Location: optional.Text(row.Location, patch.Location),
		Description: optional.Trimmed(row.Description, patch.Description),
	}
}

func changes(row db.Job, change db.UpdateJobParams) bool {
	return row.Title != change.Title || row.Description != change.Description ||
		!optional.Same(row.Department, change.Department) || !optional.Same(row.Location, change.Location)
}

// attributes is what the audit compares of a job.
func attributes(row db.Job) map[string]any {
	return map[string]any{
		"title": row.Title, "department": optional.Plain(row.Department), "location": optional.Plain(row.Location),
		"description": row.Description, "status": row.Status,
	}
}

// blank is what a job was before there was one.
func blank() map[string]any {
	return map[string]any{"title": nil, "department": nil, "location": nil, "description": nil, "status": nil}
}

// membership is what the audit keeps of a change of a job's members: who it is about, and their job role before and
// after, which is none where they were no member.
func membership(user uuid.UUID, from, to *db.JobMember) audit.Details {
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
