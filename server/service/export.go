package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
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
	// ByteOrderMark says whether CSV begins with a byte order mark; it does if nil.
	ByteOrderMark *bool
	// Delimiter separates the cells of CSV, a comma if nil.
	Delimiter *api.ExportDelimiter
	// Write writes the export to a file of the format.
	Write func(format api.ExportFormat, to bulk.Sink) error
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

// rightsEvery is how long reading an export may go on without a check of the rights.
const rightsEvery = time.Second

// Export records an export in the audit log and starts it. The audit entry commits before the first line can be read.
//
// The rights of the call are checked before each batch, and once a second while the client reads: an export fails once
// they have ended. An export that ends early, for this reason, because of an error or because the client closed the
// connection, is logged.
func (d Deps) Export(ctx context.Context, call Call, export Export) (Download, error) {
	format := optional.Or(export.Format, api.ExportFormatNdjson)
	err := call.inTx(ctx, d.Store, func(tx *postgres.Tx) error {
		return d.Audit.Record(ctx, tx, call.Actor, audit.Entry{
			Action: export.Action, Resource: export.Resource,
			Details: audit.Details{"format": format, "query": call.Query},
		})
	})
	if err != nil {
		return Download{}, err
	}
	started := d.Clock.Now()
	name := fmt.Sprintf("%s-%s.%s", export.Name, started.Format("20060102T150405Z"), format)
	check := func() error {
		err := call.CheckRights(ctx)
		if lostRights(err) {
			d.Log.InfoContext(ctx, "export ended with the rights of its actor",
				slog.String("export", export.Name), slog.Any("error", err))
		}
		return err
	}
	body := bulk.Stream(func(to io.Writer) error {
		err := export.Write(format, bulk.Sink{
			Writer: to, Ready: check, ByteOrderMark: optional.Or(export.ByteOrderMark, true),
			Delimiter: delimiter(optional.Or(export.Delimiter, api.ExportDelimiterComma)),
		})
		if err != nil && !lostRights(err) {
			d.Log.WarnContext(ctx, "export failed", slog.String("export", export.Name), slog.Any("error", err))
		}
		return err
	})
	return Download{
		Format: format, Body: &guarded{PipeReader: body, check: check, now: d.Clock.Now, checked: started},
		ContentDisposition: fmt.Sprintf("attachment; filename=%q", name),
	}, nil
}

// delimiter returns the character for a name of the API.
func delimiter(name api.ExportDelimiter) rune {
	switch name {
	case api.ExportDelimiterSemicolon:
		return ';'
	case api.ExportDelimiterTab:
		return '\t'
	case api.ExportDelimiterPipe:
		return '|'
	case api.ExportDelimiterComma:
	}
	return ','
}

func lostRights(err error) bool {
	return fault.KindOf(err) == fault.Unauthenticated || fault.KindOf(err) == fault.Forbidden
}

// guarded is the body of an export. Reading fails once the rights have ended, also where the client takes long to read
// one batch.
type guarded struct {
	*io.PipeReader

	check   func() error
	now     func() time.Time
	checked time.Time
}

func (g *guarded) Read(into []byte) (int, error) {
	n, err := g.PipeReader.Read(into)
	now := g.now()
	if err != nil || now.Sub(g.checked) < rightsEvery {
		return n, err
	}
	if err := g.check(); err != nil {
		_ = g.CloseWithError(err) // never fails
		return 0, err
	}
	g.checked = now
	return n, nil
}
