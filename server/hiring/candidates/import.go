package candidates

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

const (
	// maxRows is how many rows a file may have.
	maxRows = 500_000
	// maxErrors is how many errors are listed in the report. Further failed rows are only counted.
	maxErrors = 1_000
	// maxNotes is how many notes are listed in the report.
	maxNotes = 1_000
	// maxWriteTime bounds the time from the first written row to the commit. It is less than the five minutes by which
	// clients that synchronize by updated_since overlap their requests, so they miss no row of an import.
	maxWriteTime = 4 * time.Minute
)

// upload is a stored file with what determines how it is read and imported.
type upload struct {
	file     *os.File
	format   bulk.Format
	encoding bulk.Encoding // of CSV
	params   api.ImportCandidatesCSVParams
	mode     api.ImportMode
	table    bulk.Options
}

// ImportCandidatesCSV creates and updates candidates from a CSV file.
func (c *Candidates) ImportCandidatesCSV(
	ctx context.Context, call service.Call, request api.ImportCandidatesCSVRequestObject,
) (api.ImportCandidatesCSVResponseObject, error) {
	return importFile(ctx, c, call, bulk.CSV, request.Body, request.Params,
		func(report api.ImportReport) api.ImportCandidatesCSVResponseObject {
			return api.ImportCandidatesCSV200JSONResponse(report)
		})
}

// ImportCandidatesXLSX creates and updates candidates from the first sheet of a workbook.
func (c *Candidates) ImportCandidatesXLSX(
	ctx context.Context, call service.Call, request api.ImportCandidatesXLSXRequestObject,
) (api.ImportCandidatesXLSXResponseObject, error) {
	return importFile(ctx, c, call, bulk.XLSX, request.Body, api.ImportCandidatesCSVParams(request.Params),
		func(report api.ImportReport) api.ImportCandidatesXLSXResponseObject {
			return api.ImportCandidatesXLSX200JSONResponse(report)
		})
}

// ImportCandidatesNDJSON creates and updates candidates from a file with one JSON object per line.
func (c *Candidates) ImportCandidatesNDJSON(
	ctx context.Context, call service.Call, request api.ImportCandidatesNDJSONRequestObject,
) (api.ImportCandidatesNDJSONResponseObject, error) {
	params := api.ImportCandidatesCSVParams{
		Mode: request.Params.Mode, DryRun: request.Params.DryRun, SameEmail: request.Params.SameEmail,
	}
	return importFile(ctx, c, call, bulk.NDJSON, request.Body, params,
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
	up := upload{format: format, params: params, mode: optional.Or(params.Mode, api.ImportModeAtomic)}
	if up.table, err = tableOptions(params); err != nil {
		return none, err
	}
	if up.file, err = spool(body); err != nil {
		return none, err
	}
	defer func() { _ = up.file.Close() }() // the file has no name, so closing it also deletes it
	if err := up.detect(); err != nil {
		return none, err
	}
	dryRun := optional.Or(params.DryRun, false)
	if dryRun || up.mode == api.ImportModeAtomic {
		report, err := c.runPass(ctx, c.Store.Planned(call.Actor.CompanyID), call.Actor, up, false)
		if err != nil {
			return none, err
		}
		// The pass may take minutes.
		if err := call.CheckRights(ctx); err != nil {
			return none, err
		}
		report.DryRun = dryRun
		if dryRun {
			return respond(report), nil
		}
		if err := importError(report); err != nil {
			return none, err
		}
	}
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (R, error) {
		report, err := c.write(ctx, tx, call.Actor, up)
		return respond(report), err
	})
}

// tableOptions returns how the columns of a file are read. A parameter that names a field that does not exist is the
// fault RuleViolated.
func tableOptions(params api.ImportCandidatesCSVParams) (bulk.Options, error) {
	options := bulk.Options{
		Columns: importColumns(), Explanations: explanations(), Most: maxRows, Fields: map[string]string{},
		IgnoreUnknown: optional.Or(params.UnknownColumns, api.UnknownColumnsRefuse) == api.UnknownColumnsIgnore,
	}
	known := []string{bulk.Ignore}
	for _, column := range options.Columns {
		if !column.Ignored {
			known = append(known, column.Name)
		}
	}
	f := fault.New(fault.RuleViolated)
	for _, given := range params.Column {
		at := strings.LastIndexByte(given, ':')
		heading, field := given[:at], given[at+1:]
		if !slices.Contains(known, field) {
			f.Parameter("column", "unknown",
				fmt.Sprintf("%s is not a field; the fields are %s", field, strings.Join(known, ", ")))
		}
		if other, repeated := options.Fields[heading]; repeated && other != field {
			f.Parameter("column", "repeated",
				fmt.Sprintf("names the fields %s and %s for %s; give one of them", other, field, heading))
		}
		options.Fields[heading] = field
	}
	if len(f.Fields()) > 0 {
		return options, f
	}
	return options, nil
}

// detect finds out the encoding of CSV.
func (u *upload) detect() (err error) {
	if u.format != bulk.CSV {
		return nil
	}
	if err := u.rewind(); err != nil {
		return err
	}
	u.encoding, err = bulk.DetectEncoding(u.file)
	return err
}

func (u *upload) rewind() error {
	if _, err := u.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind upload: %w", err)
	}
	return nil
}

// open returns a reader of the file from its beginning.
func (u *upload) open() (*bulk.Reader, error) {
	if err := u.rewind(); err != nil {
		return nil, err
	}
	switch u.format {
	case bulk.CSV:
		return bulk.NewCSVReader(u.file, u.encoding, u.table)
	case bulk.XLSX:
		about, err := u.file.Stat()
		if err != nil {
			return nil, fmt.Errorf("measure upload: %w", err)
		}
		return bulk.NewSheetReader(u.file, about.Size(), u.table)
	case bulk.NDJSON:
	}
	return bulk.NewJSONReader(u.file, u.table), nil
}

// write writes a file and its audit entry.
func (c *Candidates) write(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, up upload,
) (api.ImportReport, error) {
	if err := tx.LockImports(ctx, actor.CompanyID); err != nil {
		return api.ImportReport{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, maxWriteTime)
	defer cancel()
	report, err := c.runPass(bounded, tx.Queries, actor, up, true)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return report, fault.New(fault.PayloadTooLarge).
			With("Writing the file takes longer than %d minutes. Split it into smaller files.", maxWriteTime/time.Minute).
			Because(err)
	}
	if err != nil {
		return report, err
	}
	if up.mode == api.ImportModeAtomic {
		// Another request may have changed a candidate between the two passes.
		if err := importError(report); err != nil {
			return report, err
		}
	}
	return report, c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.CandidatesImported, Resource: audit.Candidate,
		Details: audit.Details{
			"format": up.format, "mode": up.mode, "total": report.Total, "created": report.Created, "updated": report.Updated,
			"unchanged": report.Unchanged, "skipped": report.Skipped, "failed": report.Failed,
			"applications_created": report.ApplicationsCreated,
		},
	})
}

// runPass reads a file from its beginning and reports what an import does. If write is false, it writes nothing.
func (c *Candidates) runPass(
	ctx context.Context, tenant *db.Queries, actor access.Actor, up upload, write bool,
) (report api.ImportReport, err error) {
	reader, err := up.open()
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	in := newImporter(c, actor, tenant, up, write)
	in.report.Delimiter = nullableText(reader.Delimiter)
	in.notes = append(in.notes, reader.Notes()...)
	more := true
	for batch := uint(1); more; batch++ {
		var rows []importRow
		if rows, more, err = in.readBatch(reader); err != nil {
			return in.report, err
		}
		if err := in.applyBatch(ctx, rows); err != nil {
			return in.report, err
		}
		if write && bits.OnesCount(batch) == 1 { // from time to time, until the tables were analyzed
			if err := tenant.AnalyzeEmptyTables(ctx); err != nil {
				return in.report, err
			}
		}
		in.reportBatch()
	}
	if in.unreadable > 0 {
		return in.report, withErrors(in.report, fmt.Sprintf("The quotation mark that is opened on line %d is never closed, "+
			"so the rest of the file cannot be read and nothing was imported.", in.unreadable))
	}
	return in.report, nil
}

// nullableText returns a text for the API; null for an empty one.
func nullableText(text string) nullable.Nullable[string] {
	if text == "" {
		return nullable.NewNullNullable[string]()
	}
	return nullable.NewNullableWithValue(text)
}

// importError returns the fault ImportRefused with the errors of a report, or nil if no row failed.
func importError(report api.ImportReport) error {
	if report.Failed == 0 {
		return nil
	}
	return withErrors(report,
		fmt.Sprintf("%d of %d rows are invalid, so nothing was imported.", report.Failed, report.Total))
}

// withErrors returns the fault ImportRefused with a detail and the errors of a report.
func withErrors(report api.ImportReport, detail string) error {
	if report.ErrorsTruncated {
		detail += fmt.Sprintf(" The first %d errors are listed.", maxErrors)
	}
	if encoding, err := report.Encoding.Get(); err == nil && encoding != string(bulk.UTF8) {
		detail += fmt.Sprintf(" The file was read as %s.", encoding)
	}
	f := fault.New(fault.ImportRefused).With("%s", detail)
	for _, rowError := range report.Errors {
		f.Row(int(rowError.Line), rowError.Pointer, rowError.Code, rowError.Detail)
	}
	return f
}
