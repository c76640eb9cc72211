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

// present returns an application as the actor sees it. The ETag covers the names of candidate and job as well, because
// these change without the application.
func present(actor access.Actor, row db.GetApplicationRow) api.ApplicationJSONResponse {
	shown := convert(row, lifecycle.StandingOf(actor, row.IsMember))
	return api.ApplicationJSONResponse{
		Body: shown,
		Headers: api.ApplicationResponseHeaders{
			ETag: etag.Of(row.Application.Version, shown.Candidate, shown.Job, shown.AllowedActions, shown.AllowedStages),
		},
	}
}

func convert(joined db.GetApplicationRow, who lifecycle.Standing) api.Application {
	row := joined.Application
	return api.Application{
		ID:        row.ID,
		Candidate: api.PersonSummary{ID: row.CandidateID, FirstName: joined.FirstName, LastName: joined.LastName},
		Job:       api.JobSummary{ID: row.JobID, Title: joined.JobTitle},
		Stage:     row.Stage, Status: row.Status, RejectionReason: row.RejectionReason, Source: optional.Of(row.Source),
		StageEnteredAt: row.StageEnteredAt.UTC(), AllowedActions: lifecycle.Application().Allowed(row.Status, who),
		AllowedStages: allowedStages(row, who), CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertMove(joined db.ListApplicationMovesRow) api.ApplicationMove {
	row := joined.ApplicationMove
	return api.ApplicationMove{
		ID: row.ID, Event: row.Event, FromStage: row.FromStage, ToStage: row.ToStage, FromStatus: row.FromStatus,
		ToStatus: row.ToStatus, RejectionReason: row.RejectionReason, Reason: optional.Of(row.Reason),
		Actor:     access.Summarize(row.ActorID, joined.ActorName, joined.ByKey),
		CreatedAt: row.CreatedAt.UTC(),
	}
}

// newApplication converts a request into a row without id and time.
func newApplication(request api.CreateApplicationRequest, company uuid.UUID) db.InsertApplicationParams {
	return db.InsertApplicationParams{
		CompanyID: company, CandidateID: request.CandidateID, JobID: request.JobID, Stage: lifecycle.Stage().Initial,
		Status: lifecycle.Application().Initial, Source: optional.Text(nil, request.Source),
	}
}

// attributes are the fields of an application that the audit log records. Free text about the candidate, which are the
// source and the reasons of moves, is left out: it can be deleted with the application, but not from the log.
func attributes(row db.Application) map[string]any {
	return map[string]any{
		"candidate_id": row.CandidateID, "job_id": row.JobID, "stage": row.Stage, "status": row.Status,
		"rejection_reason": optional.Plain(row.RejectionReason),
	}
}

// blank are the attributes of an application that does not exist yet.
func blank() map[string]any {
	return map[string]any{"candidate_id": nil, "job_id": nil, "stage": nil, "status": nil, "rejection_reason": nil}
}
