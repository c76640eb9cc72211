package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Export is the export of one kind of resource.
type Export struct {
	// Name is the plural name of what is exported, such as "audit-logs". The file name and log lines contain it.
	Name string
	// Action and Resource are those of the audit entry.
	Action   audit.Action
	Resource string
	// Format is the requested format, NDJSON if nil.
	Format *api.ExportFormat
	// Write writes the export to a file of the format.
	Write func(format api.ExportFormat, to io.Writer) error
}

// Download is a started export.
type Download struct {
	// Format is the format of Body.
	Format api.ExportFormat
	// Body is the content. If the export fails, reading fails too.
	Body io.ReadCloser
	// ContentDisposition is the value of the header, which names the file.
	ContentDisposition string
}

// Export records an export in the audit log and starts it. The audit entry commits before the first line can be read.
// An export that ends early, because of an error or because the client closed the connection, is logged.
func (d Deps) Export(ctx context.Context, call Call, export Export) (Download, error) {
	format := api.ExportFormatNdjson
	if export.Format != nil {
		format = *export.Format
	}
	err := d.Store.InTx(ctx, call.Actor.CompanyID, func(tx *postgres.Tx) error {
		return d.Audit.Record(ctx, tx, call.Actor, audit.Entry{
			Action: export.Action, Resource: export.Resource,
			Details: audit.Details{"format": format, "query": call.Query},
		})
	})
	if err != nil {
		return Download{}, err
	}
	name := fmt.Sprintf("%s-%s.%s", export.Name, d.Clock.Now().Format("20060102T150405Z"), format)
	body := bulk.Stream(func(to io.Writer) error {
		err := export.Write(format, to)
		if err != nil {
			d.Log.WarnContext(ctx, "export failed", slog.String("export", export.Name), slog.Any("error", err))
		}
		return err
	})
	return Download{Format: format, Body: body, ContentDisposition: fmt.Sprintf("attachment; filename=%q", name)}, nil
}
