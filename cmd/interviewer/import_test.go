package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// writeFile writes a text to a new file and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	validCSV         = "external_id,first_name,last_name\r\nats-1,Mira,Solheim\r\nats-2,Nora,Lind\r\n"
	partlyInvalidCSV = "external_id,first_name,last_name,email\r\nats-3,Omar,Aziz,\r\nats-4,,Berg,berg\r\n"
)

// TestImport runs a dry run, an import and a repeated import, and imports of files with errors.
func TestImport(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	hr := replica.SignIn(t, company.Users[api.RoleHr])
	run := func(in string, args ...string) result {
		return call(t, nil, in, append([]string{"import", "candidates", "--api", replica.URL, "--email", "hr@acme.example"}, args...)...)
	}
	wantCounts := func(got string, created, updated, unchanged, failed, total string) {
		t.Helper()
		want := strings.Fields("created " + created + " updated " + updated + " unchanged " + unchanged + " skipped 0 failed " + failed + " total " + total)
		fields := strings.Fields(got)
		if len(fields) < len(want) || strings.Join(fields[:len(want)], " ") != strings.Join(want, " ") {
			t.Errorf("got report\n%s\nwant %s", got, strings.Join(want, " "))
		}
	}
	password, file := testkit.Password+"\n", writeFile(t, "candidates.csv", validCSV)

	dry := run(password, file, "--dry-run")
	wantCounts(dry.succeeds(t), "2", "0", "0", "0", "2")
	if !strings.Contains(dry.err, "dry run") {
		t.Errorf("dry run: got standard error %q, want it to contain \"dry run\"", dry.err)
	}
	wantCounts(run(password, file, "--dry-run").succeeds(t), "2", "0", "0", "0", "2")
	wantCounts(run(password, file).succeeds(t), "2", "0", "0", "0", "2")
	wantCounts(run(password, file).succeeds(t), "0", "0", "2", "0", "2")
	lines := writeFile(t, "candidates.jsonl", `{"external_id":"ats-1","tags":["ros2"]}`+"\n")
	wantCounts(run(password, lines).succeeds(t), "0", "1", "0", "0", "1")

	bad := writeFile(t, "bad.csv", partlyInvalidCSV)
	// By default a file with an invalid row is refused, with --mode partial its valid rows are imported.
	refused := run(password, bad)
	refused.fails(t, exitFailure, "1 of 2 rows are invalid, so nothing was imported")
	if refused.out != "line 3: /email: must be an email address\n" {
		t.Errorf("refused import: got output %q, want the error of line 3", refused.out)
	}
	partial := run(password, bad, "--mode", "partial")
	partial.fails(t, exitFailure, "1 of 2 rows are invalid")
	wantCounts(partial.out, "1", "0", "0", "1", "2")
	if !strings.HasSuffix(partial.out, "\nline 3: /email: must be an email address\n") {
		t.Errorf("partial import: got output %q, want it to end with the error of line 3", partial.out)
	}

	listed := testkit.Decode[api.CandidatePage](hr.Get("/api/v1/candidates").Expect(http.StatusOK))
	if len(listed.Data) != 3 {
		t.Errorf("candidates: got %d, want 3", len(listed.Data))
	}
	sessions := testkit.Decode[api.SessionPage](hr.Get("/api/v1/auth/sessions").Expect(http.StatusOK))
	if len(sessions.Data) != 1 {
		t.Errorf("sessions: got %d, want only that of the test", len(sessions.Data))
	}
}

// TestImportFromStandardInput signs in with a token, because standard input is the file.
func TestImportFromStandardInput(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	run := func(role api.Role, args ...string) result {
		environ := []string{tokenVariable + "=overridden", tokenVariable + "=" + replica.SignIn(t, company.Users[role]).Token}
		return call(t, environ, validCSV, append([]string{"import", "candidates", "--api", replica.URL + "/"}, args...)...)
	}
	if got := run(api.RoleHr, "-", "--format", "csv").succeeds(t); !strings.Contains(got, "created") {
		t.Errorf("got output %q, want a report", got)
	}
	run(api.RoleHr, "-").fails(t, exitFailure, "--format csv, xlsx or ndjson")
	run(api.RoleTeamLead, "-", "--format", "csv").fails(t, exitFailure, "candidates:write")
	run(api.RoleHr, writeFile(t, "odd.csv", "external_id,shoe_size\r\n1,46\r\n")).fails(t, exitFailure, "must contain the headings of this table")
}

// TestImportOfSpreadsheets imports the same candidates from CSV in Windows-1252 and from XLSX, with columns that are not
// known and rows whose email a candidate has.
func TestImportOfSpreadsheets(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	environ := []string{tokenVariable + "=" + replica.SignIn(t, company.Users[api.RoleHr]).Token}
	run := func(args ...string) result {
		return call(t, environ, "", append([]string{"import", "candidates", "--api", replica.URL}, args...)...)
	}
	var sheet strings.Builder
	columns := []string{"Vorname", "Kandidat", "E-Mail", "Notiz"}
	writer := bulk.NewWriter(bulk.XLSX, bulk.Sink{Writer: &sheet}, bulk.Table{Columns: columns})
	row := map[string]string{"Vorname": "J\u00fcrgen", "Kandidat": "M\u00fcller", "E-Mail": "j@mail.example", "Notiz": "x"}
	if err := errors.Join(writer.Write(row), writer.Close()); err != nil {
		t.Fatal(err)
	}
	table := writeFile(t, "c.csv", "Vorname;Kandidat;E-Mail;Notiz\r\nJ\xfcrgen;M\xfcller;j@mail.example;x\r\n")
	workbook := writeFile(t, "c.xlsx", sheet.String())
	run(table).fails(t, exitFailure, "must contain the headings of this table")
	options := []string{"--column", "Kandidat:last_name", "--unknown-columns", "ignore"}
	first := run(append(options, table)...)
	first.succeeds(t)
	if !strings.Contains(first.out, "line 1: note: /Notiz: is not a known column") ||
		!strings.Contains(first.err, "read as Windows-1252") {
		t.Errorf("CSV: got output %q and %q, want a note about Notiz and the encoding", first.out, first.err)
	}
	for _, test := range [][2]string{{"skip", "skipped 1"}, {"update", "unchanged 1"}, {"create", "created 1"}} {
		got := run(append(options, workbook, "--same-email", test[0])...).succeeds(t)
		if counts := strings.Join(strings.Fields(got), " "); !strings.Contains(counts, test[1]) {
			t.Errorf("XLSX with --same-email %s: got output %q, want %s", test[0], got, test[1])
		}
	}
}

func TestImportFailsBeforeSendingTheFile(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	installation.Company("acme")
	otherService := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(otherService.Close)
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	file := writeFile(t, "candidates.csv", validCSV)
	for name, test := range map[string]struct {
		in   string
		args []string
		want string
	}{
		"invalid mode":                          {"x", []string{file, "--mode", "some"}, "--mode must be atomic or partial"},
		"invalid format":                        {"x", []string{file, "--format", "xml"}, "--format must be csv, xlsx or ndjson"},
		"invalid same-email":                    {"x", []string{file, "--same-email", "merge"}, "--same-email must be skip, update or create"},
		"invalid unknown-columns":               {"x", []string{file, "--unknown-columns", "drop"}, "--unknown-columns must be refuse or ignore"},
		"unknown extension":                     {"x", []string{writeFile(t, "candidates", validCSV)}, "set --format csv, xlsx or ndjson"},
		"missing file":                          {"x", []string{file + ".csv"}, "no such file"},
		"directory":                             {"x", []string{t.TempDir(), "--format", "csv"}, "is a directory"},
		"no credentials":                        {"x", []string{file, "--email", ""}, "no credentials: set --email"},
		"password and file from standard input": {"x", []string{"-", "--format", "csv"}, "set INTERVIEWER_TOKEN"},
		"invalid URL":                           {"x", []string{file, "--api", "hiring.acme.example"}, "--api must be a URL"},
		"empty password":                        {"", []string{file}, "the password is empty"},
		"wrong password":                        {"x", []string{file}, "The email or the password is incorrect."},
		"invalid email":                         {"x", []string{file, "--email", "hr"}, "/email: must have at least 3 characters"},
		"service not running":                   {"x", []string{file, "--api", stopped.URL}, "cannot reach the service at " + stopped.URL},
		"other service":                         {"x", []string{file, "--api", otherService.URL}, "does not come from the service: 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"import", "candidates", "--api", replica.URL, "--email", "hr@acme.example"}, test.args...)
			call(t, nil, test.in, args...).fails(t, exitFailure, test.want)
		})
	}
}

// TestProgressReader checks that the reader returns the content, prints one message at the end of the file, and ends the
// line of the bar if the file is not read to its end.
func TestProgressReader(t *testing.T) {
	t.Parallel()
	const sent = "The file was sent."
	for name, size := range map[string]int64{"known size": int64(len(validCSV)), "unknown size": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var shown, read bytes.Buffer
			file := newProgressReader(&shown, strings.NewReader(validCSV), size)
			for range 2 { // the second time at the end of the file
				if _, err := read.ReadFrom(file); err != nil || read.String() != validCSV {
					t.Errorf("got content %q and error %v, want the content of the file", read.String(), err)
				}
			}
			file.finish()
			if got := shown.String(); strings.Count(got, sent) != 1 || strings.Count(got, "\n") != 1 {
				t.Errorf("complete read: got output %q, want one line with %q", got, sent)
			}

			shown.Reset()
			file = newProgressReader(&shown, strings.NewReader(validCSV), size)
			if _, err := io.CopyN(io.Discard, file, 10); err != nil {
				t.Error(err)
			}
			file.finish()
			if got := shown.String(); strings.Contains(got, sent) || !strings.HasSuffix(got, "\n") {
				t.Errorf("incomplete read: got output %q, want no %q and a newline at the end", got, sent)
			}
		})
	}
}
