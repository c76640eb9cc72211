package auditlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// ExportAuditLogs streams the entries that the actor sees. The export itself is recorded before the first line is sent.
func (a *AuditLog) ExportAuditLogs(
	ctx context.Context, request api.ExportAuditLogsRequestObject,
) (api.ExportAuditLogsResponseObject, error) {
	actor, filters := access.Of(ctx), request.Params
	format := api.ExportFormatNdjson
	if filters.Format != nil {
		format = *filters.Format
	}
	// Entries written while the export runs, including the one about the export itself, are not part of it.
	until := a.Clock.Now()
	if filters.CreatedBefore == nil || until.Before(*filters.CreatedBefore) {
		filters.CreatedBefore = &until
	}
	err := a.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		return a.Audit.Record(ctx, tx, actor.CompanyID, audit.Entry{
			Action: audit.AuditExported, Resource: audit.AuditLog,
			Details: audit.Details{"format": format, "query": access.RequestOf(ctx).Target.RawQuery},
		})
	})
	if err != nil {
		return nil, err
	}
	stream := a.stream(ctx, a.query(actor, filters), format)
	name := fmt.Sprintf(`attachment; filename="audit-logs-%s.%s"`, until.Format("20060102T150405Z"), format)
	headers := api.ExportAuditLogs200ResponseHeaders{ContentDisposition: name}
	if format == api.ExportFormatCsv {
		return api.ExportAuditLogs200TextCsvResponse{Body: stream, Headers: headers}, nil
	}
	return api.ExportAuditLogs200ApplicationXNdjsonResponse{Body: stream, Headers: headers}, nil
}

// stream writes in the background what the client reads, and stops when the client stops reading.
func (a *AuditLog) stream(ctx context.Context, query db.ListAuditLogsParams, format api.ExportFormat) io.ReadCloser {
	return bulk.Stream(func(to io.Writer) error {
		err := Export(ctx, a.Store, query, format, to)
		if err != nil {
			a.Log.WarnContext(ctx, "audit export ended early", slog.Any("error", err))
		}
		return err
	})
}

// Export writes the entries that a query selects, oldest first. It reads batches of one statement each, so that neither
// memory nor a transaction grows with the number of entries.
func Export(
	ctx context.Context, s *postgres.Store, query db.ListAuditLogsParams, format api.ExportFormat, to io.Writer,
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
	}}
}

// Everything selects all entries of a company, for the operator.
func Everything(company uuid.UUID) db.ListAuditLogsParams {
	return db.ListAuditLogsParams{CompanyID: company, SeesAll: true, VisibleTypes: []string{}}
}
