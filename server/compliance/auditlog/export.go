package auditlog

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportAuditLogs streams the entries that the actor sees. The export itself is recorded before the first line is sent.
func (a *AuditLog) ExportAuditLogs(
	ctx context.Context, call service.Call, request api.ExportAuditLogsRequestObject,
) (api.ExportAuditLogsResponseObject, error) {
	filters := request.Params
	// Entries written while the export runs, including the one about the export itself, are not part of it.
	until := a.Clock.Now()
	if filters.CreatedBefore == nil || until.Before(*filters.CreatedBefore) {
		filters.CreatedBefore = &until
	}
	query := a.query(call.Actor, filters)
	file, err := a.Export(ctx, call, service.Export{
		Name: "audit-logs", Action: audit.AuditExported, Resource: audit.AuditLog, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return Export(ctx, a.Store, query, format, to)
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportAuditLogs200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportAuditLogs200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportAuditLogs200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportAuditLogs200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// Export writes the entries that a query selects, oldest first. It reads batches of one statement each, so that neither
// memory nor a transaction grows with the number of entries.
func Export(
	ctx context.Context, s *postgres.Store, query db.ListAuditLogsParams, format api.ExportFormat, to bulk.Sink,
) error {
	out := bulk.NewWriter(bulk.Format(format), to, table())
	query.Ascending, query.MaxRows = true, bulk.Batch
	convertRow := func(row db.ListAuditLogsRow) (api.AuditLog, error) {
		return convert(row.AuditLog, row.Sequence, row.Hash)
	}
	return bulk.Export(out, convertRow, func(after *db.ListAuditLogsRow) ([]db.ListAuditLogsRow, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.AuditLog.CreatedAt, &after.AuditLog.ID
		}
		return s.Planned(query.CompanyID).ListAuditLogs(ctx, query)
	})
}

// table describes the CSV form.
func table() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "company_id", "created_at", "actor_type", "actor_id", "session_id", "action", "resource_type", "resource_id",
		"outcome", "ip", "user_agent", "request_id", "details", "sequence", "hash",
		"erased_by",
	}}
}

// Everything selects all entries of a company, for the operator.
func Everything(company uuid.UUID) db.ListAuditLogsParams {
	return db.ListAuditLogsParams{CompanyID: company, Reach: access.ReachAll.String()}
}
