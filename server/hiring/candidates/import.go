package candidates

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

const (
	// maxRows is how many rows a file may have.
	maxRows = 500_000
	// maxErrors is how many errors are listed in the report. Further failed rows are only counted.
	maxErrors = 1_000
	// maxWriteTime bounds the time from the first written row to the commit. It is less than the five minutes by which
	// clients that synchronize by updated_since overlap their requests, so they miss no row of an import.
	maxWriteTime = 4 * time.Minute
)

// ImportCandidatesCSV creates and updates candidates from a CSV file.
func (c *Candidates) ImportCandidatesCSV(
	ctx context.Context, call service.Call, request api.ImportCandidatesCSVRequestObject,
) (api.ImportCandidatesCSVResponseObject, error) {
	return importFile(ctx, c, call, bulk.CSV, request.Body, request.Params,
		func(report api.ImportReport) api.ImportCandidatesCSVResponseObject {
			return api.ImportCandidatesCSV200JSONResponse(report)
		})
}

// ImportCandidatesNDJSON creates and updates candidates from a file with one JSON object per line.
func (c *Candidates) ImportCandidatesNDJSON(
	ctx context.Context, call service.Call, request api.ImportCandidatesNDJSONRequestObject,
) (api.ImportCandidatesNDJSONResponseObject, error) {
	return importFile(ctx, c, call, bulk.NDJSON, request.Body, api.ImportCandidatesCSVParams(request.Params),
		func(report api.ImportReport) api.ImportCandidatesNDJSONResponseObject {
			return api.ImportCandidatesNDJSON200JSONResponse(report)
		})
}

// importFile stores the whole upload and then writes it in one transaction, which commits exactly what the report
// says. An atomic import first makes a pass that does not write, so that a file with errors takes no locks.
func importFile[R api.Response](
	ctx context.Context, c *Candidates, call service.Call, format bulk.Format, body io.Reader,
	params api.ImportCandidatesCSVParams, respond func(api.ImportReport) R,
) (none R, err error) {
	mode := api.ImportModeAtomic
	if params.Mode != nil {
		mode = *params.Mode
	}
	file, err := spool(body)
	if err != nil {
		return none, err
	}
	defer func() { _ = file.Close() }() // the file has no name, so closing it also deletes it
	dryRun := params.DryRun != nil && *params.DryRun
	if dryRun || mode == api.ImportModeAtomic {
		company := call.Actor.CompanyID
		report, err := c.runPass(ctx, c.Store.Planned(company), company, file, format, false)
		if err != nil {
			return none, err
		}
		// The pass may take minutes.
		if err := call.CheckRights(ctx); err != nil {
			return none, err
		}
		report.Mode, report.DryRun = mode, dryRun
		if dryRun {
			return respond(report), nil
		}
		if err := importError(report); err != nil {
			return none, err
		}
	}
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (R, error) {
		report, err := c.write(ctx, tx, call.Actor, file, format, mode)
		return respond(report), err
	})
}

// write writes a file and its audit entry.
func (c *Candidates) write(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, file *os.File, format bulk.Format, mode api.ImportMode,
) (api.ImportReport, error) {
	if err := tx.LockImports(ctx, actor.CompanyID); err != nil {
		return api.ImportReport{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, maxWriteTime)
	defer cancel()
	report, err := c.runPass(bounded, tx.Queries, actor.CompanyID, file, format, true)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return report, fault.New(fault.PayloadTooLarge).
			With("Writing the file takes longer than %d minutes. Split it into smaller files.", maxWriteTime/time.Minute).
			Because(err)
	}
	if err != nil {
		return report, err
	}
	report.Mode = mode
	if mode == api.ImportModeAtomic {
		// Another request may have changed a candidate between the two passes.
		if err := importError(report); err != nil {
			return report, err
		}
	}
	return report, c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.CandidatesImported, Resource: audit.Candidate,
		Details: audit.Details{
			"format": format, "mode": mode, "total": report.Total, "created": report.Created, "updated": report.Updated,
			"unchanged": report.Unchanged, "failed": report.Failed,
		},
	})
}

// runPass reads a file from its beginning and reports what an import does. If write is false, it writes nothing.
func (c *Candidates) runPass(
	ctx context.Context, tenant *db.Queries, company uuid.UUID, file *os.File, format bulk.Format, write bool,
) (api.ImportReport, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return api.ImportReport{}, fmt.Errorf("rewind upload: %w", err)
	}
	reader, err := bulk.NewReader(file, format, importColumns(), maxRows)
	if err != nil {
		return api.ImportReport{}, err
	}
	in := newImporter(c, company, tenant, write)
	for more := true; more; {
		var rows []importRow
		if rows, more, err = in.readBatch(reader); err != nil {
			return in.report, err
		}
		if err := in.applyBatch(ctx, rows); err != nil {
			return in.report, err
		}
		in.reportErrors()
	}
	return in.report, nil
}

// importError returns the fault ImportRefused with the errors of a report, or nil if no row failed.
func importError(report api.ImportReport) error {
	if report.Failed == 0 {
		return nil
	}
	truncated := ""
	if report.ErrorsTruncated {
		truncated = fmt.Sprintf(" The first %d errors are listed.", maxErrors)
	}
	f := fault.New(fault.ImportRefused).
		With("%d of %d rows are invalid, so nothing was imported.%s", report.Failed, report.Total, truncated)
	for _, rowError := range report.Errors {
		f.Row(int(rowError.Line), rowError.Pointer, rowError.Code, rowError.Detail)
	}
	return f
}
