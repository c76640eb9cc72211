package candidates

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ExportCandidates streams the candidates that are visible to the actor, oldest first. The audit entry commits before
// the first line is sent.
func (c *Candidates) ExportCandidates(
	ctx context.Context, call service.Call, request api.ExportCandidatesRequestObject,
) (api.ExportCandidatesResponseObject, error) {
	params, oldestFirst := request.Params, api.CandidateSortCreatedAtAsc
	query, err := listQuery(call.Actor, api.ListCandidatesParams{
		Source: params.Source, UpdatedSince: params.UpdatedSince, Status: params.Status, Tag: params.Tag, Sort: &oldestFirst,
	})
	if err != nil {
		return nil, err
	}
	file, err := c.Export(ctx, call, service.Export{
		Name: "candidates", Action: audit.CandidatesExported, Resource: audit.Candidate, Format: request.Params.Format,
		ByteOrderMark: request.Params.Bom, Delimiter: request.Params.Delimiter,
		Write: func(format api.ExportFormat, to bulk.Sink) error {
			return c.export(ctx, call.Actor, query, bulk.NewWriter(bulk.Format(format), to, exportTable()))
		},
	})
	if err != nil {
		return nil, err
	}
	headers := api.ExportCandidates200ResponseHeaders{ContentDisposition: file.ContentDisposition}
	switch file.Format {
	case api.ExportFormatCsv:
		return api.ExportCandidates200TextCsvResponse{Body: file.Body, Headers: headers}, nil
	case api.ExportFormatXlsx:
		return api.ExportCandidates200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{
			Body: file.Body, Headers: headers,
		}, nil
	case api.ExportFormatNdjson:
	}
	return api.ExportCandidates200ApplicationXNdjsonResponse{Body: file.Body, Headers: headers}, nil
}

// entry is a candidate of an export.
type entry struct {
	row       db.Candidate
	candidate api.Candidate
}

// export writes the selected candidates in batches. Each batch is a query of its own, which checks again what is
// visible to the actor.
func (c *Candidates) export(
	ctx context.Context, actor access.Actor, query db.ListCandidatesParams, out *bulk.Writer,
) error {
	tenant := c.Store.Of(query.CompanyID)
	query.MaxRows = bulk.Batch
	convertEntry := func(e entry) (api.Candidate, error) { return e.candidate, nil }
	return bulk.Export(out, convertEntry, func(after *entry) ([]entry, error) {
		if after != nil {
			query.AfterTime, query.AfterID = &after.row.CreatedAt, &after.row.ID
		}
		rows, err := tenant.ListCandidates(ctx, query)
		if err != nil {
			return nil, err
		}
		batch := make([]entry, len(rows))
		for i, candidate := range convertAll(actor, rows) {
			batch[i] = entry{rows[i].Candidate, candidate}
		}
		return batch, nil
	})
}

// exportTable returns the columns of the CSV export. An import reads or ignores each of them.
func exportTable() bulk.Table {
	return bulk.Table{Columns: []string{
		"id", "first_name", "last_name", "email", "phone", "location", "links", "tags", "source", "external_id", "status",
		"created_at", "updated_at",
	}}
}
