package jobs

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportJobs streams the jobs that are visible to the actor, oldest first. The audit entry commits before the first
// line is sent.
func (j *Jobs) ExportJobs(
	ctx context.Context, call service.Call, request api.ExportJobsRequestObject,
) (api.ExportJobsResponseObject, error) {
	params, oldestFirst := request.Params, api.JobSortCreatedAtAsc
	query := listQuery(call.Actor, api.ListJobsParams{
		Status: params.Status, Department: params.Department, Mine: params.Mine, UpdatedSince: params.UpdatedSince,
		Sort: &oldestFirst,
	})
	file, err := j.Export(ctx, call, service.Export{
		Name: "jobs", Action: audit.JobsExported, Resource: audit.Job, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return j.export(ctx, call.Actor, query, format, to)
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportJobs200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportJobs200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportJobs200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportJobs200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// export writes the selected jobs in batches. Each batch is a query of its own, which checks again what is visible to
// the actor.
func (j *Jobs) export(
	ctx context.Context, actor access.Actor, query db.ListJobsParams, format api.ExportFormat, to bulk.Sink,
) error {
	query.MaxRows = bulk.Batch
	show := func(row db.Job) (api.Job, error) { return convert(actor, row), nil }
	out := bulk.NewWriter(bulk.Format(format), to, exportTable())
	return bulk.Export(out, show, func(after *db.Job) ([]db.Job, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.CreatedAt, &after.ID
		}
		return j.Store.Planned(actor.CompanyID).ListJobs(ctx, query)
	})
}

// exportTable returns the columns of the CSV and XLSX exports.
func exportTable() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "title", "department", "location", "description", "external_id", "status", "opened_at", "closed_at",
		"created_at", "updated_at",
	}}
}
