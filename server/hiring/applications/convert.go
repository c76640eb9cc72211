package applications

import (
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// applicationResponse converts an application for the actor. The ETag covers what is shown of candidate and job,
// because that changes without the application.
func applicationResponse(actor access.Actor, row db.GetApplicationRow) api.ApplicationJSONResponse {
	body := convert(actor, row)
	return api.ApplicationJSONResponse{
		Body: body,
		Headers: api.ApplicationResponseHeaders{
			ETag: etag.Of(row.Application.Version, body.Candidate, body.Job, body.AllowedActions, body.AllowedStages),
		},
	}
}

func convert(actor access.Actor, joined db.GetApplicationRow) api.Application {
	row, relation := joined.Application, lifecycle.RelationOf(actor, joined.IsMember)
	return api.Application{
		ID:        row.ID,
		Candidate: summarize(actor, joined),
		Job:       api.JobSummary{ID: row.JobID, Title: joined.JobTitle},
		Stage:     api.ApplicationStage(row.Stage), Status: api.ApplicationStatus(row.Status),
		RejectionReason: (*api.RejectionReason)(row.RejectionReason), Source: optional.Of(row.Source),
		StageEnteredAt: row.StageEnteredAt.UTC(), AllowedActions: lifecycle.Application().Allowed(row.Status, relation),
		AllowedStages: allowedStages(row, relation), CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// summarize returns the candidate of an application. An actor who sees an application sees its candidate, but an API
// key may lack the permission to read candidates. It then gets the name only.
func summarize(actor access.Actor, joined db.GetApplicationRow) api.CandidateSummary {
	summary := api.CandidateSummary{
		ID: joined.Application.CandidateID, FirstName: joined.FirstName, LastName: joined.LastName,
	}
	if actor.Holds("candidates:read") {
		summary.ExternalID, summary.Email = optional.Of(joined.ExternalID), optional.Email(joined.Email)
	}
	return summary
}

func convertMove(joined db.ListApplicationMovesRow) api.ApplicationMove {
	row := joined.ApplicationMove
	return api.ApplicationMove{
		ID: row.ID, Event: api.ApplicationEvent(row.Event),
		FromStage: (*api.ApplicationStage)(row.FromStage), ToStage: api.ApplicationStage(row.ToStage),
		FromStatus: (*api.ApplicationStatus)(row.FromStatus), ToStatus: api.ApplicationStatus(row.ToStatus),
		RejectionReason: (*api.RejectionReason)(row.RejectionReason), Reason: optional.Of(row.Reason),
		Actor:     access.Summarize(row.ActorID, joined.ActorKind, joined.ActorName),
		CreatedAt: row.CreatedAt.UTC(),
	}
}

// newApplication converts a request into a row. The caller sets the id, the time, the candidate and the job.
func newApplication(request api.CreateApplicationRequest, company uuid.UUID) db.InsertApplicationParams {
	return db.InsertApplicationParams{
		CompanyID: company, Stage: lifecycle.Stage().Initial, Status: lifecycle.Application().Initial,
		Source: optional.Text(nil, request.Source),
	}
}

// attributes returns the fields of an application that the audit log records. It omits the source and the reasons of
// moves, which are free text about the candidate: the audit log must not retain them longer than the application does.
func attributes(row db.Application) map[string]any {
	return map[string]any{
		"candidate_id": row.CandidateID, "job_id": row.JobID, "stage": row.Stage, "status": row.Status,
		"rejection_reason": optional.Plain(row.RejectionReason),
	}
}

// emptyAttributes returns the attributes of an application that does not exist yet.
func emptyAttributes() map[string]any {
	return map[string]any{"candidate_id": nil, "job_id": nil, "stage": nil, "status": nil, "rejection_reason": nil}
}
