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

// order is what somebody wants of an import.
type order struct {
	path, format, mode string
	dry                bool
}

func (p program) imports() *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "Import files through a running service"}
	var to account
	wanted := order{mode: string(apiclient.ImportModeAtomic)}
	candidates := &cobra.Command{
		Use: "candidates FILE", Short: "Import candidates from CSV or NDJSON", Args: cobra.ExactArgs(1),
		Long: `Sends a file of candidates to a running service, as somebody who may import them, and prints what was done. A
candidate whose external_id is known already is changed, and any other one is created. The columns of CSV, and the
members of NDJSON, are those of CreateCandidateRequest; the reference describes them under ImportCandidatesCSV. What
was exported can be imported again: its id names the candidate too.

By default a file is imported whole or, where any row is wrong, not at all; --mode partial imports the rows that are
right. --dry-run imports nothing, and tells what would be done. Every error names the line and where in it. The command
fails where any row is wrong.

FILE may be -, which is standard input. Sign in with --email: the password is asked for at a terminal, and otherwise is
the first line of standard input. Or set INTERVIEWER_TOKEN to an access token or, as a program that runs at night does,
to the secret of an API key with the scope candidates:write.`,
		Example: `  interviewer import candidates candidates.csv --email hr@acme.example --dry-run
  interviewer import candidates candidates.ndjson --email hr@acme.example --mode partial <password.txt
  INTERVIEWER_TOKEN=… interviewer import candidates - --format csv --api https://hiring.acme.example <candidates.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			wanted.path = args[0]
			return p.importCandidates(c.Context(), to, wanted)
		},
	}
	flags := candidates.Flags()
	flags.StringVar(&to.address, "api", "http://localhost:8000", "where the service answers")
	flags.StringVar(&to.email, "email", "", "the email address to sign in with")
	flags.StringVar(&to.test, "test-company", "", "the slug of the company to sign in to, where that is a test company")
	flags.StringVar(&wanted.mode, "mode", wanted.mode, "atomic or partial")
	flags.StringVar(&wanted.format, "format", "", "csv or ndjson; by the file's name when absent")
	flags.BoolVar(&wanted.dry, "dry-run", false, "import nothing, and tell what would be done")
	c.AddCommand(candidates)
	return c
}

// importCandidates looks at everything that can be wrong with the call before it signs in.
func (p program) importCandidates(ctx context.Context, to account, wanted order) (err error) {
	if !apiclient.ImportMode(wanted.mode).Valid() {
		return fmt.Errorf("--mode must be atomic or partial, not %q", wanted.mode)
	}
	format, err := formatOf(wanted)
	if err != nil {
		return err
	}
	file, size, err := p.open(wanted.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	client, leave, err := p.enter(ctx, to, wanted.path == stdin)
	if err != nil {
		return err
	}
	defer leave()
	answer, err := p.send(ctx, client, file, size, format, wanted)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return p.refused(answer)
	}
	var report apiclient.ImportReport
	if err := json.NewDecoder(answer.Body).Decode(&report); err != nil {
		return fmt.Errorf("read the report: %w", err)
	}
	return p.reportImport(report)
}

// stdin is the name of standard input as a file.
const stdin = "-"

// formatOf is the format that is wanted, or else the one that the file's name tells.
func formatOf(wanted order) (bulk.Format, error) {
	switch format := bulk.Format(wanted.format); {
	case format == bulk.CSV || format == bulk.NDJSON:
		return format, nil
	case format != "":
		return "", fmt.Errorf("--format must be csv or ndjson, not %q", wanted.format)
	}
	switch strings.ToLower(filepath.Ext(wanted.path)) {
	case ".csv":
		return bulk.CSV, nil
	case ".ndjson", ".jsonl":
		return bulk.NDJSON, nil
	}
	return "", fmt.Errorf("the name %q does not tell the format: say --format csv or --format ndjson", wanted.path)
}

// open opens a file; its size is -1 where nobody knows it.
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
		err = fmt.Errorf("%s is a folder", path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	if !about.Mode().IsRegular() {
		return file, -1, nil
	}
	return file, about.Size(), nil
}

// send sends the file, and shows at a terminal how far it has come.
func (p program) send(
	ctx context.Context, client *apiclient.Client, file io.Reader, size int64, format bulk.Format, wanted order,
) (*http.Response, error) {
	body := file
	if terminal, ok := p.err.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		bar := watch(terminal, file, size)
		defer bar.leave()
		body = bar
	}
	known := func(_ context.Context, request *http.Request) error {
		request.ContentLength = size // so that what is too large is refused before it is sent
		return nil
	}
	mode := apiclient.ImportMode(wanted.mode)
	var answer *http.Response
	var err error
	if format == bulk.CSV {
		answer, err = client.ImportCandidatesCSVWithBody(ctx,
			&apiclient.ImportCandidatesCSVParams{Mode: &mode, DryRun: &wanted.dry}, "text/csv", body, known)
	} else {
		answer, err = client.ImportCandidatesNDJSONWithBody(ctx,
			&apiclient.ImportCandidatesNDJSONParams{Mode: &mode, DryRun: &wanted.dry}, "application/x-ndjson", body, known)
	}
	if err != nil {
		return nil, fmt.Errorf("send the file: %w", err)
	}
	return answer, nil
}

// watched is a file that draws how much of it has been read.
type watched struct {
	file io.Reader
	bar  *progressbar.ProgressBar
	to   io.Writer
	sent atomic.Bool
}

func watch(to io.Writer, file io.Reader, size int64) *watched {
	return &watched{file: file, to: to, bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(to), progressbar.OptionSetDescription("Sending"), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // it moves when something is read, and not by itself
	)}
}

// Read reads on. At the end it says that the file is sent, since the service then takes its time.
func (w *watched) Read(into []byte) (int, error) {
	n, err := w.file.Read(into)
	_ = w.bar.Add(n) // a bar that cannot be drawn keeps nothing from being sent
	if errors.Is(err, io.EOF) && !w.sent.Swap(true) {
		_ = w.bar.Clear()
		_, _ = fmt.Fprintln(w.to, "The file is sent. The service works on it.")
	}
	return n, err
}

// leave ends the line of a bar that has not come to its end.
func (w *watched) leave() {
	if !w.sent.Swap(true) {
		_, _ = fmt.Fprintln(w.to)
	}
}

// reportImport prints what an import has done, or would do. It fails where rows have failed.
func (p program) reportImport(report apiclient.ImportReport) error {
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, count := range []struct {
		of string
		n  int32
	}{
		{"created", report.Created},
		{"updated", report.Updated},
		{"unchanged", report.Unchanged},
		{"failed", report.Failed},
		{"total", report.Total},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%d\t\n", count.of, count.n) // Flush tells what went wrong
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	for _, wrong := range report.Errors {
		if err := p.print("line %d: %s\n", wrong.Line, at(wrong.Pointer, wrong.Detail)); err != nil {
			return err
		}
	}
	switch {
	case report.ErrorsTruncated:
		p.say("More is wrong than these %d errors.", len(report.Errors))
	case report.DryRun && report.Failed == 0:
		p.say("Nothing was written: this was a dry run.")
	}
	if report.Failed > 0 {
		return fmt.Errorf("%d of %d rows are wrong", report.Failed, report.Total)
	}
	return nil
}

// refused prints which lines of a file are wrong, and is the error of an answer that is no success.
func (p program) refused(answer *http.Response) error {
	problem, err := readProblem(answer)
	if err != nil {
		return err
	}
	if problem.Code != string(fault.ImportRefused) {
		return errors.New(wordProblem(problem))
	}
	for _, wrong := range problem.Errors {
		if wrong.Line == nil {
			continue
		}
		pointer := ""
		if wrong.Pointer != nil {
			pointer = *wrong.Pointer
		}
		if err := p.print("line %d: %s\n", *wrong.Line, at(pointer, wrong.Detail)); err != nil {
			return err
		}
	}
	return errors.New(problem.Detail)
}

// at is what is wrong, behind where it is.
func at(place, detail string) string {
	if place == "" {
		return detail
	}
	return place + ": " + detail
}
