package applications

import (
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// present shows an application as the caller may handle it. Candidate and job change without it.
func present(row db.GetApplicationRow, seen visibility.Sight) api.ApplicationJSONResponse {
	shown := convert(row, seen.Standing(row.Application.JobID))
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

// newApplication takes what a client wants of a new application into the form of a row; id and time come later.
func newApplication(wanted api.CreateApplicationRequest, company uuid.UUID) db.InsertApplicationParams {
	return db.InsertApplicationParams{
		CompanyID: company, CandidateID: wanted.CandidateID, JobID: wanted.JobID, Stage: lifecycle.Stage().Initial,
		Status: lifecycle.Application().Initial, Source: optional.Text(nil, wanted.Source),
	}
}

// attributes is what the audit compares of an application. Texts that somebody wrote about the candidate are not among
// it: the source and the reasons of moves stand with the application, which can be forgotten; the log cannot.
func attributes(row db.Application) map[string]any {
	return map[string]any{
		"candidate_id": row.CandidateID, "job_id": row.JobID, "stage": row.Stage, "status": row.Status,
		"rejection_reason": optional.Plain(row.RejectionReason),
	}
}

// blank is what an application was before there was one.
func blank() map[string]any {
	return map[string]any{"candidate_id": nil, "job_id": nil, "stage": nil, "status": nil, "rejection_reason": nil}
}
