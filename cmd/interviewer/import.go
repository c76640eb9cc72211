package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// importOptions are the arguments of an import.
type importOptions struct {
	path, format, mode string
	sameEmail, unknown string
	columns            []string
	dryRun             bool
}

func (p program) imports() *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "Import files with the API of a running service"}
	var to target
	options := importOptions{mode: string(apiclient.ImportModeAtomic)}
	candidates := &cobra.Command{
		Use: "candidates FILE", Short: "Import candidates from CSV, XLSX or NDJSON", Args: cobra.ExactArgs(1),
		Long: `Sends a file of candidates to a running service and prints the result. A row whose external_id exists
updates that candidate; any other row creates one, unless a candidate has its email: --same-email says what happens
then. The columns of CSV and XLSX and the members of NDJSON are those of CreateCandidateRequest; the reference
describes them, and the names by which columns are recognized, at ImportCandidatesCSV. --column names the field of
another column. An exported file can be imported again: its ids identify the candidates, too.

By default nothing is imported if any row is invalid; --mode partial imports the valid rows. --dry-run imports
nothing and prints what an import would do. Every error has the line number and the field. The command fails if any
row is invalid.

If FILE is -, it is standard input. With --email the command signs in: on a terminal it asks for the password,
otherwise it reads the first line of standard input. Alternatively, set INTERVIEWER_TOKEN to an access token or to
the secret of an API key with the scope candidates:write.`,
		Example: `  interviewer import candidates candidates.csv --email hr@acme.example --dry-run
  interviewer import candidates candidates.ndjson --email hr@acme.example --mode partial <password.txt
  INTERVIEWER_TOKEN=… interviewer import candidates - --format csv --api https://hiring.acme.example <candidates.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			options.path = args[0]
			return p.importCandidates(c.Context(), to, options)
		},
	}
	flags := candidates.Flags()
	flags.StringVar(&to.address, "api", "http://localhost:8000", "the URL of the service")
	flags.StringVar(&to.email, "email", "", "the email address to sign in with")
	flags.StringVar(&to.test, "test-company", "", "the slug of the company to sign in to, if that is a test company")
	flags.StringVar(&options.mode, "mode", options.mode, "atomic or partial")
	flags.StringVar(&options.format, "format", "", "csv, xlsx or ndjson; by default from the file's extension")
	flags.StringVar(&options.sameEmail, "same-email", string(apiclient.SameEmailSkip),
		"skip, update or create: what happens with a row whose email a candidate has")
	flags.StringVar(&options.unknown, "unknown-columns", string(apiclient.UnknownColumnsRefuse), "refuse or ignore")
	flags.StringArrayVar(&options.columns, "column", nil, "the field of a column, as HEADING:FIELD; can be repeated")
	flags.BoolVar(&options.dryRun, "dry-run", false, "import nothing and print what an import would do")
	c.AddCommand(candidates)
	return c
}

// importCandidates validates all arguments before it signs in.
func (p program) importCandidates(ctx context.Context, to target, options importOptions) (err error) {
	if !apiclient.ImportMode(options.mode).Valid() {
		return fmt.Errorf("--mode must be atomic or partial, not %q", options.mode)
	}
	if !apiclient.SameEmail(options.sameEmail).Valid() {
		return fmt.Errorf("--same-email must be skip, update or create, not %q", options.sameEmail)
	}
	if !apiclient.UnknownColumns(options.unknown).Valid() {
		return fmt.Errorf("--unknown-columns must be refuse or ignore, not %q", options.unknown)
	}
	format, err := formatOf(options)
	if err != nil {
		return err
	}
	file, size, err := p.open(options.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	client, logout, err := p.connect(ctx, to, options.path == stdin)
	if err != nil {
		return err
	}
	defer logout()
	response, err := p.send(ctx, client, file, size, format, options)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return p.reportRefusal(response)
	}
	var report apiclient.ImportReport
	if err := json.NewDecoder(response.Body).Decode(&report); err != nil {
		return fmt.Errorf("decode import report: %w", err)
	}
	return p.reportImport(report)
}

// stdin is the file argument that means standard input.
const stdin = "-"

// formatOf returns the given format, or the one of the file's extension.
func formatOf(options importOptions) (bulk.Format, error) {
	switch format := bulk.Format(options.format); {
	case format == bulk.CSV || format == bulk.XLSX || format == bulk.NDJSON:
		return format, nil
	case format != "":
		return "", fmt.Errorf("--format must be csv, xlsx or ndjson, not %q", options.format)
	}
	switch strings.ToLower(filepath.Ext(options.path)) {
	case ".csv", ".tsv", ".txt":
		return bulk.CSV, nil
	case ".xlsx":
		return bulk.XLSX, nil
	case ".ndjson", ".jsonl":
		return bulk.NDJSON, nil
	}
	return "", fmt.Errorf("the format of %q is unknown: set --format csv, xlsx or ndjson", options.path)
}

// open opens a file and returns its size, or -1 if that is unknown.
func (p program) open(path string) (io.ReadCloser, int64, error) {
	if path == stdin {
		return io.NopCloser(p.in), -1, nil
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, 0, err
	}
	about, err := file.Stat()
	if err == nil && about.IsDir() {
		err = fmt.Errorf("%s is a directory, not a file", path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	if !about.Mode().IsRegular() {
		return file, -1, nil
	}
	return file, about.Size(), nil
}

// send sends the file. On a terminal it shows the progress.
func (p program) send(
	ctx context.Context, client *apiclient.Client, file io.Reader, size int64, format bulk.Format, options importOptions,
) (*http.Response, error) {
	body := file
	if terminal, ok := p.err.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		bar := newProgressReader(terminal, file, size)
		defer bar.finish()
		body = bar
	}
	setLength := func(_ context.Context, request *http.Request) error {
		request.ContentLength = size // the service can refuse a file that is too large before it is sent
		return nil
	}
	mode, sameEmail := apiclient.ImportMode(options.mode), apiclient.SameEmail(options.sameEmail)
	unknown := apiclient.UnknownColumns(options.unknown)
	params := apiclient.ImportCandidatesCSVParams{
		Mode: &mode, DryRun: &options.dryRun, SameEmail: &sameEmail, UnknownColumns: &unknown, Column: options.columns,
	}
	var response *http.Response
	var err error
	switch format {
	case bulk.CSV:
		response, err = client.ImportCandidatesCSVWithBody(ctx, &params, "text/csv", body, setLength)
	case bulk.XLSX:
		sheet := apiclient.ImportCandidatesXLSXParams(params)
		response, err = client.ImportCandidatesXLSXWithBody(ctx, &sheet,
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body, setLength)
	case bulk.NDJSON:
		response, err = client.ImportCandidatesNDJSONWithBody(ctx,
			&apiclient.ImportCandidatesNDJSONParams{Mode: &mode, DryRun: &options.dryRun, SameEmail: &sameEmail},
			"application/x-ndjson", body, setLength)
	}
	if err != nil {
		return nil, fmt.Errorf("send file: %w", err)
	}
	return response, nil
}

// progressReader is a reader that shows how much was read.
type progressReader struct {
	file io.Reader
	bar  *progressbar.ProgressBar
	to   io.Writer
	sent atomic.Bool
}

func newProgressReader(to io.Writer, file io.Reader, size int64) *progressReader {
	return &progressReader{file: file, to: to, bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(to), progressbar.OptionSetDescription("Sending"), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // redraw only after reads
	)}
}

// Read reads from the file. At its end it prints a message, because the service then needs time to process the file.
func (w *progressReader) Read(into []byte) (int, error) {
	n, err := w.file.Read(into)
	_ = w.bar.Add(n) // a failure to draw does not matter
	if errors.Is(err, io.EOF) && !w.sent.Swap(true) {
		_ = w.bar.Clear()
		_, _ = fmt.Fprintln(w.to, "The file was sent. The service is processing it.")
	}
	return n, err
}

// finish ends the line of an incomplete bar.
func (w *progressReader) finish() {
	if !w.sent.Swap(true) {
		_, _ = fmt.Fprintln(w.to)
	}
}

// reportImport prints the report of an import. It returns an error if rows are invalid.
func (p program) reportImport(report apiclient.ImportReport) error {
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, count := range []struct {
		of string
		n  int32
	}{
		{"created", report.Created},
		{"updated", report.Updated},
		{"unchanged", report.Unchanged},
		{"skipped", report.Skipped},
		{"failed", report.Failed},
		{"total", report.Total},
		{"applications", report.ApplicationsCreated},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%d\t\n", count.of, count.n) // Flush returns the error
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	for _, wrong := range report.Errors {
		if err := p.print("line %d: %s\n", wrong.Line, withPlace(wrong.Pointer, wrong.Detail)); err != nil {
			return err
		}
	}
	for _, note := range report.Notes {
		if err := p.print("line %d: note: %s\n", note.Line, withPlace(note.Pointer, note.Detail)); err != nil {
			return err
		}
	}
	if encoding, err := report.Encoding.Get(); err == nil {
		p.message("The file was read as %s, with cells separated by %q.", encoding, report.Delimiter.MustGet())
	}
	switch {
	case report.ErrorsTruncated:
		p.message("There are more than these %d errors.", len(report.Errors))
	case report.DryRun && report.Failed == 0:
		p.message("This was a dry run; nothing was imported.")
	}
	if report.Failed > 0 {
		return fmt.Errorf("%d of %d rows are invalid", report.Failed, report.Total)
	}
	return nil
}

// reportRefusal prints the errors of a refused file and returns the error of the response.
func (p program) reportRefusal(response *http.Response) error {
	problem, err := readProblem(response)
	if err != nil {
		return err
	}
	if problem.Code != string(fault.ImportRefused) {
		return errors.New(problemText(problem))
	}
	for _, wrong := range problem.Errors {
		if wrong.Line == nil {
			continue
		}
		pointer := ""
		if wrong.Pointer != nil {
			pointer = *wrong.Pointer
		}
		if err := p.print("line %d: %s\n", *wrong.Line, withPlace(pointer, wrong.Detail)); err != nil {
			return err
		}
	}
	return errors.New(problem.Detail)
}

// withPlace puts the place of an error before its detail.
func withPlace(place, detail string) string {
	if place == "" {
		return detail
	}
	return place + ": " + detail
}
