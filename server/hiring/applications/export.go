package applications

import (
	"context"

	"github.com/google/uuid"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportApplications streams the applications that are visible to the actor, oldest first. The audit entry commits
// before the first line is sent.
func (a *Applications) ExportApplications(
	ctx context.Context, call service.Call, request api.ExportApplicationsRequestObject,
) (api.ExportApplicationsResponseObject, error) {
	actor := call.Actor
	query := listQuery(actor, request.Params, api.ApplicationSortCreatedAtAsc)
	file, err := a.Export(ctx, call, service.Export{
		Name: "applications", Action: audit.ApplicationsExported, Resource: audit.Application, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return a.export(ctx, actor, query, format, to)
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportApplications200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportApplications200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportApplications200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportApplications200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// export writes the selected applications in batches. Each batch is a query of its own, which checks again what is
// visible to the actor.
func (a *Applications) export(
	ctx context.Context, actor access.Actor, query db.ListApplicationsParams, format api.ExportFormat, to bulk.Sink,
) error {
	query.MaxRows = bulk.Batch
	next := func(after *db.ListApplicationsRow) ([]db.ListApplicationsRow, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.Application.CreatedAt, &after.Application.ID
		}
		return a.Store.Of(actor.CompanyID).ListApplications(ctx, query)
	}
	show := func(row db.ListApplicationsRow) (any, error) {
		application := convert(actor, db.GetApplicationRow(row))
		if format == api.ExportFormatNdjson {
			return application, nil
		}
		return flatten(application), nil
	}
	return bulk.Export(bulk.NewWriter(bulk.Format(format), to, exportTable()), show, next)
}

// tableRow is an application in the CSV and XLSX exports, in which the fields of candidate and job are columns.
type tableRow struct {
	api.Application

	CandidateID uuid.UUID                              `json:"candidate_id"`
	FirstName   string                                 `json:"candidate_first_name"`
	LastName    string                                 `json:"candidate_last_name"`
	ExternalID  nullable.Nullable[string]              `json:"candidate_external_id,omitzero"`
	Email       nullable.Nullable[openapi_types.Email] `json:"candidate_email,omitzero"`
	JobID       uuid.UUID                              `json:"job_id"`
	JobTitle    string                                 `json:"job_title"`
}

func flatten(a api.Application) tableRow {
	return tableRow{
		Application: a, CandidateID: a.Candidate.ID, FirstName: a.Candidate.FirstName, LastName: a.Candidate.LastName,
		ExternalID: a.Candidate.ExternalID, Email: a.Candidate.Email,
		JobID: a.Job.ID, JobTitle: a.Job.Title,
	}
}

// exportTable returns the columns of the CSV and XLSX exports. It omits the allowed actions, which are of no use in a
// table.
func exportTable() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "candidate_id", "candidate_first_name", "candidate_last_name", "candidate_external_id", "candidate_email",
		"job_id", "job_title", "stage", "status", "rejection_reason",
		"source", "stage_entered_at", "created_at", "updated_at",
	}}
}
