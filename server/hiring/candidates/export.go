package candidates

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
)

// ExportCandidates streams the candidates that the actor sees. The export is recorded in the audit log before its first
// line.
func (c *Candidates) ExportCandidates(
	ctx context.Context, request api.ExportCandidatesRequestObject,
) (api.ExportCandidatesResponseObject, error) {
	actor, wanted := access.Of(ctx), request.Params
	format := api.ExportFormatNdjson
	if wanted.Format != nil {
		format = *wanted.Format
	}
	oldestFirst := api.CandidateSortCreatedAtAsc
	query, err := listQuery(actor, api.ListCandidatesParams{
		Source: wanted.Source, UpdatedSince: wanted.UpdatedSince, Status: wanted.Status, Tag: wanted.Tag, Sort: &oldestFirst,
	})
	if err != nil {
		return nil, err
	}
	err = c.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		return c.Audit.Record(ctx, tx, actor.CompanyID, audit.Entry{
			Action: audit.CandidatesExported, Resource: audit.Candidate,
			Details: audit.Details{"format": format, "query": access.RequestOf(ctx).Target.RawQuery},
		})
	})
	if err != nil {
		return nil, err
	}
	stream := bulk.Stream(func(to io.Writer) error {
		err := c.export(ctx, query, bulk.NewWriter(bulk.Format(format), to, table()))
		if err != nil {
			c.Log.WarnContext(ctx, "candidate export broken off", slog.Any("error", err))
		}
		return err
	})
	name := fmt.Sprintf(`attachment; filename="candidates-%s.%s"`, c.Clock.Now().Format("20060102T150405Z"), format)
	headers := api.ExportCandidates200ResponseHeaders{ContentDisposition: name}
	if format == api.ExportFormatCsv {
		return api.ExportCandidates200TextCsvResponse{Body: stream, Headers: headers}, nil
	}
	return api.ExportCandidates200ApplicationXNdjsonResponse{Body: stream, Headers: headers}, nil
}

// entry is a candidate of an export.
type entry struct {
	row   db.Candidate
	shown api.Candidate
}

// export writes the selected candidates in batches of two statements each. Every batch checks again what the actor
// sees.
func (c *Candidates) export(ctx context.Context, query db.ListCandidatesParams, out *bulk.Writer) error {
	tenant := c.Store.Of(query.CompanyID)
	query.MaxRows = bulk.Batch
	convertEntry := func(one entry) (api.Candidate, error) { return one.shown, nil }
	return bulk.Export(out, convertEntry, func(after *entry) ([]entry, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.row.CreatedAt, &after.row.ID
		}
		rows, err := tenant.ListCandidates(ctx, query)
		if err != nil {
			return nil, err
		}
		shown, err := c.show(ctx, tenant, rows)
		if err != nil {
			return nil, err
		}
		batch := make([]entry, len(rows))
		for i := range rows {
			batch[i] = entry{rows[i], shown[i]}
		}
		return batch, nil
	})
}

// table are the columns of the CSV export. An import reads or ignores each of them.
func table() bulk.Table {
	return bulk.Table{Importable: true, Columns: []string{
		"id", "first_name", "last_name", "email", "phone", "location", "links", "tags", "source", "external_id", "status",
		"created_at", "updated_at",
	}}
}
