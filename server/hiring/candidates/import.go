package candidates

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// maxRows is how many rows a file may have.
	maxRows = 500_000
	// maxErrors is how many things that are wrong are listed; the rest is only counted.
	maxErrors = 1_000
	// writeTime bounds how long a file may be written, from the first row to the commit: whoever follows the list of
	// candidates looks five minutes back for what was begun before it was seen.
	writeTime = 4 * time.Minute
)

// ImportCandidatesCSV creates and changes the candidates of a CSV file.
func (c *Candidates) ImportCandidatesCSV(
	ctx context.Context, request api.ImportCandidatesCSVRequestObject,
) (api.ImportCandidatesCSVResponseObject, error) {
	report, err := c.importFile(ctx, bulk.CSV, request.Body, request.Params)
	if err != nil {
		return nil, err
	}
	return api.ImportCandidatesCSV200JSONResponse(report), nil
}

// ImportCandidatesNDJSON creates and changes the candidates of a file with one JSON object a line.
func (c *Candidates) ImportCandidatesNDJSON(
	ctx context.Context, request api.ImportCandidatesNDJSONRequestObject,
) (api.ImportCandidatesNDJSONResponseObject, error) {
	report, err := c.importFile(ctx, bulk.NDJSON, request.Body, api.ImportCandidatesCSVParams(request.Params))
	if err != nil {
		return nil, err
	}
	return api.ImportCandidatesNDJSON200JSONResponse(report), nil
}

// importFile takes the whole upload before anything is read of it, and writes it in one transaction: it happens as its
// report says, or not at all. An atomic import is gone through without writing first, so that everything wrong with it
// is known before anything is locked.
func (c *Candidates) importFile(
	ctx context.Context, format bulk.Format, body io.Reader, wanted api.ImportCandidatesCSVParams,
) (report api.ImportReport, err error) {
	who := access.Of(ctx)
	mode := api.ImportModeAtomic
	if wanted.Mode != nil {
		mode = *wanted.Mode
	}
	file, err := spool(body)
	if err != nil {
		return report, err
	}
	defer func() { _ = file.Close() }() // it has no name, and is gone with this
	dry := wanted.DryRun != nil && *wanted.DryRun
	if dry || mode == api.ImportModeAtomic {
		report, err = c.pass(ctx, c.Store.Planned(who.CompanyID), file, format, false)
		report.Mode, report.DryRun = mode, dry
		if err != nil || dry {
			return report, err
		}
		if err := refuseImport(report); err != nil {
			return report, err
		}
	}
	err = c.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) (err error) {
		if err := tx.LockImports(ctx, who.CompanyID); err != nil {
			return err
		}
		bounded, cancel := context.WithTimeout(ctx, writeTime)
		defer cancel()
		report, err = c.pass(bounded, tx, file, format, true)
		if err != nil && bounded.Err() != nil && ctx.Err() == nil {
			return fault.New(fault.PayloadTooLarge).
				With("Writing the file takes longer than %d minutes; send it in parts.", writeTime/time.Minute).Because(err)
		}
		if err != nil {
			return err
		}
		report.Mode = mode
		if mode == api.ImportModeAtomic { // a candidate may have been changed between the two passes
			if err := refuseImport(report); err != nil {
				return err
			}
		}
		return c.Audit.Record(ctx, tx, who.CompanyID, audit.Entry{
			Action: audit.CandidatesImported, Resource: audit.Candidate,
			Details: audit.Details{
				"format": format, "mode": mode, "total": report.Total, "created": report.Created, "updated": report.Updated,
				"unchanged": report.Unchanged, "failed": report.Failed,
			},
		})
	})
	return report, err
}

// pass goes through a file from its beginning, and writes it or only tells what writing it would do.
func (c *Candidates) pass(
	ctx context.Context, tx *db.Queries, file *os.File, format bulk.Format, write bool,
) (api.ImportReport, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return api.ImportReport{}, fmt.Errorf("read the upload again: %w", err)
	}
	reader, err := bulk.NewReader(file, format, columns(), maxRows)
	if err != nil {
		return api.ImportReport{}, err
	}
	in := newIntake(c, access.Of(ctx).CompanyID, tx, write)
	for more := true; more; {
		var rows []row
		if rows, more, err = in.read(reader); err != nil {
			return in.report, err
		}
		if err := in.settle(ctx, rows); err != nil {
			return in.report, err
		}
		in.endBatch()
	}
	return in.report, nil
}

// refuseImport is the error of an atomic import with wrong rows; nil where none is.
func refuseImport(report api.ImportReport) error {
	if report.Failed == 0 {
		return nil
	}
	listed := ""
	if report.ErrorsTruncated {
		listed = fmt.Sprintf(" The first %d errors are listed.", maxErrors)
	}
	f := fault.New(fault.ImportRefused).
		With("%d of %d rows are wrong, so nothing was imported.%s", report.Failed, report.Total, listed)
	for _, wrong := range report.Errors {
		f.Row(int(wrong.Line), wrong.Pointer, wrong.Code, wrong.Detail)
	}
	return f
}
