package auditlog

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/audit"
	"github.com/ai-interviewer-platform/interviewer/server/caller"
	"github.com/ai-interviewer-platform/interviewer/server/store"
)

// exportBatch is how many entries are read at a time, and so what an export holds in memory.
const exportBatch = 500

// ExportAuditLogs streams the entries that the caller sees. That they took them out is recorded before the first line.
func (a *AuditLog) ExportAuditLogs(
	ctx context.Context, request api.ExportAuditLogsRequestObject,
) (api.ExportAuditLogsResponseObject, error) {
	who, wanted := caller.Of(ctx), request.Params
	format := api.ExportFormatNdjson
	if wanted.Format != nil {
		format = *wanted.Format
	}
	// What happens while the export runs, the export itself included, is not part of it.
	until := a.Clock.Now()
	if wanted.CreatedBefore == nil || until.Before(*wanted.CreatedBefore) {
		wanted.CreatedBefore = &until
	}
	err := a.Store.InTx(ctx, who.CompanyID, func(tx db.DBTX) error {
		return a.Audit.Record(ctx, tx, who.CompanyID, audit.Entry{
			Action: audit.AuditExported, Resource: audit.AuditLog,
			Details: audit.Details{"format": format, "query": caller.RequestOf(ctx).Target.RawQuery},
		})
	})
	if err != nil {
		return nil, err
	}
	stream := a.stream(ctx, a.query(who, wanted), format)
	name := fmt.Sprintf(`attachment; filename="audit-logs-%s.%s"`, until.Format("20060102T150405Z"), format)
	headers := api.ExportAuditLogs200ResponseHeaders{ContentDisposition: name}
	if format == api.ExportFormatCsv {
		return api.ExportAuditLogs200TextCsvResponse{Body: stream, Headers: headers}, nil
	}
	return api.ExportAuditLogs200ApplicationXNdjsonResponse{Body: stream, Headers: headers}, nil
}

// stream writes in the background what the client reads; it stops when the client does.
func (a *AuditLog) stream(ctx context.Context, query db.ListAuditLogsParams, format api.ExportFormat) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		err := Export(ctx, a.Store, query, format, writer)
		if err != nil {
			a.Log.WarnContext(ctx, "audit export broken off", slog.Any("error", err))
		}
		_ = writer.CloseWithError(err) // never fails
	}()
	return reader
}

// Export writes the entries that a query selects, oldest first, in batches of one statement each, so that neither
// memory nor a transaction grows with them.
func Export(
	ctx context.Context, s *store.Store, query db.ListAuditLogsParams, format api.ExportFormat, to io.Writer,
) error {
	out := newWriter(format, to)
	queries := db.New()
	query.Ascending, query.MaxRows = true, exportBatch
	for {
		rows, err := queries.ListAuditLogs(ctx, s.Planned(query.CompanyID), query)
		if err != nil {
			return err
		}
		for _, row := range rows {
			entry, err := convert(row.AuditLog, row.Sequence, row.Hash)
			if err != nil {
				return err
			}
			if err := out.write(entry); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		if err := out.flush(); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if len(rows) < exportBatch {
			return nil
		}
		last := rows[len(rows)-1].AuditLog
		query.AfterTime, query.AfterID = &last.CreatedAt, &last.ID
	}
}

// Everything selects a company's whole record, for the operator.
func Everything(company uuid.UUID) db.ListAuditLogsParams {
	return db.ListAuditLogsParams{CompanyID: company, SeesAll: true, VisibleTypes: []string{}}
}

type entryWriter interface {
	write(entry api.AuditLog) error
	flush() error
}

func newWriter(format api.ExportFormat, to io.Writer) entryWriter {
	if format == api.ExportFormatCsv {
		w := csv.NewWriter(to)
		w.UseCRLF = true
		return &csvWriter{out: w}
	}
	return &jsonWriter{json.NewEncoder(to)}
}

type jsonWriter struct{ out *json.Encoder }

func (w *jsonWriter) write(entry api.AuditLog) error { return w.out.Encode(entry) }

func (w *jsonWriter) flush() error { return nil }

// csvWriter writes RFC 4180. The header line comes first, also where nothing follows.
type csvWriter struct {
	out    *csv.Writer
	headed bool
}

func (w *csvWriter) head() error {
	if w.headed {
		return nil
	}
	w.headed = true
	return w.out.Write([]string{
		"id", "company_id", "created_at", "actor_type", "actor_id", "session_id", "action", "resource_type", "resource_id",
		"outcome", "ip", "user_agent", "request_id", "details", "sequence", "hash",
	})
}

func (w *csvWriter) write(e api.AuditLog) error {
	if err := w.head(); err != nil {
		return err
	}
	details, err := json.Marshal(e.Details)
	if err != nil {
		return err
	}
	sequence := ""
	if n, err := e.Sequence.Get(); err == nil {
		sequence = strconv.FormatInt(n, 10)
	}
	record := []string{
		e.ID.String(), e.CompanyID.String(), e.CreatedAt.Format(time.RFC3339Nano), string(e.ActorType), text(e.ActorID.Get()),
		text(e.SessionID.Get()), e.Action, e.ResourceType, text(e.ResourceID.Get()), string(e.Outcome), plain(e.IP.Get()),
		e.UserAgent, e.RequestID, string(details), sequence, plain(e.Hash.Get()),
	}
	for i, cell := range record {
		record[i] = defuse(cell)
	}
	return w.out.Write(record)
}

func (w *csvWriter) flush() error {
	if err := w.head(); err != nil {
		return err
	}
	w.out.Flush()
	return w.out.Error()
}

// defuse keeps a spreadsheet from taking a cell for a formula (OWASP, CSV injection).
func defuse(cell string) string {
	if strings.IndexAny(cell, "=+-@\t\r") == 0 {
		return "'" + cell
	}
	return cell
}

func text(id uuid.UUID, err error) string {
	if err != nil {
		return ""
	}
	return id.String()
}

func plain(value string, err error) string {
	if err != nil {
		return ""
	}
	return value
}
