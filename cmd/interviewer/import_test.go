package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// written puts a text into a file of its own.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	right = "external_id,first_name,last_name\r\nats-1,Mira,Solheim\r\nats-2,Nora,Lind\r\n"
	wrong = "external_id,first_name,last_name,email\r\nats-3,Omar,Aziz,\r\nats-4,,Berg,berg\r\n"
)

// TestImport is what somebody does with a file: look what would happen, import it, and import it again.
func TestImport(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	hr := replica.SignIn(t, company.Users[api.RoleHr])
	run := func(in string, more ...string) result {
		return call(t, nil, in, append([]string{"import", "candidates", "--api", replica.URL, "--email", "hr@acme.example"}, more...)...)
	}
	counts := func(got string, created, updated, unchanged, failed, total string) {
		t.Helper()
		want := strings.Fields("created " + created + " updated " + updated + " unchanged " + unchanged + " failed " + failed + " total " + total)
		fields := strings.Fields(got)
		if len(fields) < len(want) || strings.Join(fields[:len(want)], " ") != strings.Join(want, " ") {
			t.Errorf("the report is\n%s, want %s", got, want)
		}
	}
	password, file := testkit.Password+"\n", written(t, "candidates.csv", right)

	dry := run(password, file, "--dry-run")
	counts(dry.succeeds(t), "2", "0", "0", "0", "2")
	if !strings.Contains(dry.err, "dry run") {
		t.Errorf("a dry run says %q", dry.err)
	}
	counts(run(password, file, "--dry-run").succeeds(t), "2", "0", "0", "0", "2")
	counts(run(password, file).succeeds(t), "2", "0", "0", "0", "2")
	counts(run(password, file).succeeds(t), "0", "0", "2", "0", "2")
	lines := written(t, "candidates.jsonl", `{"external_id":"ats-1","tags":["ros2"]}`+"\n")
	counts(run(password, lines).succeeds(t), "0", "1", "0", "0", "1")

	bad := written(t, "bad.csv", wrong)
	refused := run(password, bad)
	refused.fails(t, failed, "1 of 2 rows are invalid, so nothing was imported")
	if refused.out != "line 3: /email: must be an email address\n" {
		t.Errorf("a refused import prints %q", refused.out)
	}
	partial := run(password, bad, "--mode", "partial")
	partial.fails(t, failed, "1 of 2 rows are wrong")
	counts(partial.out, "1", "0", "0", "1", "2")
	if !strings.HasSuffix(partial.out, "\nline 3: /email: must be an email address\n") {
		t.Errorf("a partial import prints %q", partial.out)
	}

	listed := testkit.Decode[api.CandidatePage](hr.Get("/api/v1/candidates").Expect(http.StatusOK))
	if len(listed.Data) != 3 {
		t.Errorf("%d candidates were imported, want 3", len(listed.Data))
	}
	sessions := testkit.Decode[api.SessionPage](hr.Get("/api/v1/auth/sessions").Expect(http.StatusOK))
	if len(sessions.Data) != 1 {
		t.Errorf("the imports have left %d sessions behind", len(sessions.Data)-1)
	}
}

// TestImportFromStandardInput has a token, because standard input is taken.
func TestImportFromStandardInput(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	run := func(role api.Role, args ...string) result {
		environ := []string{tokenVariable + "=forgotten", tokenVariable + "=" + replica.SignIn(t, company.Users[role]).Token}
		return call(t, environ, right, append([]string{"import", "candidates", "--api", replica.URL + "/"}, args...)...)
	}
	if got := run(api.RoleHr, "-", "--format", "csv").succeeds(t); !strings.Contains(got, "created") {
		t.Errorf("the report is %q", got)
	}
	run(api.RoleHr, "-").fails(t, failed, "--format csv or --format ndjson")
	run(api.RoleTeamLead, "-", "--format", "csv").fails(t, failed, "candidates:write")
	run(api.RoleHr, written(t, "odd.csv", "external_id,shoe_size\r\n1,46\r\n")).fails(t, failed, "names columns of this table")
}

func TestImportRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	replica := installation.Replica()
	installation.Company("acme")
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	file := written(t, "candidates.csv", right)
	for name, test := range map[string]struct {
		in   string
		args []string
		says string
	}{
		"mode":          {"x", []string{file, "--mode", "some"}, "--mode must be atomic or partial"},
		"format":        {"x", []string{file, "--format", "xml"}, "--format must be csv or ndjson"},
		"no format":     {"x", []string{written(t, "candidates", right)}, "does not tell the format"},
		"no file":       {"x", []string{file + ".csv"}, "no such file"},
		"a folder":      {"x", []string{t.TempDir(), "--format", "csv"}, "is a folder"},
		"nobody":        {"x", []string{file, "--email", ""}, "say as whom"},
		"stdin twice":   {"x", []string{"-", "--format", "csv"}, "set INTERVIEWER_TOKEN"},
		"no address":    {"x", []string{file, "--api", "hiring.acme.example"}, "--api must be an address"},
		"no password":   {"", []string{file}, "the first line of standard input is the password"},
		"wrong":         {"x", []string{file}, "The email or the password is incorrect."},
		"no email":      {"x", []string{file, "--email", "hr"}, "--email hr: "},
		"no service":    {"x", []string{file, "--api", gone.URL}, "no service answers at " + gone.URL},
		"other service": {"x", []string{file, "--api", stranger.URL}, "this is not the service: the answer is 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"import", "candidates", "--api", replica.URL, "--email", "hr@acme.example"}, test.args...)
			call(t, nil, test.in, args...).fails(t, failed, test.says)
		})
	}
}

// TestWatch reads through the bar, which says once when the file is sent, whether its size is known or not, and ends its
// line where nobody reads to the end.
func TestWatch(t *testing.T) {
	t.Parallel()
	const sent = "The file is sent."
	for _, size := range []int64{int64(len(right)), -1} {
		var shown, read bytes.Buffer
		file := watch(&shown, strings.NewReader(right), size)
		for range 2 {
			if _, err := read.ReadFrom(file); err != nil || read.String() != right {
				t.Errorf("the bar lets %q through, %v", read.String(), err)
			}
		}
		file.leave()
		if got := shown.String(); strings.Count(got, sent) != 1 || strings.Count(got, "\n") != 1 {
			t.Errorf("of %d bytes the bar shows %q", size, got)
		}
		shown.Reset()
		file = watch(&shown, strings.NewReader(right), size)
		if _, err := io.CopyN(io.Discard, file, 10); err != nil {
			t.Error(err)
		}
		file.leave()
		if got := shown.String(); strings.Contains(got, sent) || !strings.HasSuffix(got, "\n") {
			t.Errorf("of 10 of %d bytes the bar shows %q", size, got)
		}
	}
}
