package auditlog_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/auditlog"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestExportEqualsList(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.write(h.acme, h.acme.Users[api.RoleHr].ID, "candidate", 2600) // several batches, with entries of the same time at their borders
	listed := listAll(h.as[api.RoleAdmin], map[string][]string{"sort": {"created_at"}, "limit": {"200"}})

	answer := h.as[api.RoleAdmin].Get(collection + "/export").Expect(http.StatusOK)
	if got := answer.Header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Errorf("Content-Type = %q, want application/x-ndjson", got)
	}
	if got := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="audit-logs-`) || !strings.HasSuffix(got, `.ndjson"`) {
		t.Errorf("Content-Disposition = %q, want a file audit-logs-….ndjson", got)
	}
	var ids []uuid.UUID
	lines := bufio.NewScanner(bytes.NewReader(answer.Body))
	for lines.Scan() {
		var entry api.AuditLog
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		ids = append(ids, entry.ID)
	}
	want := make([]uuid.UUID, len(listed))
	for i, e := range listed {
		want[i] = e.ID
	}
	if !slices.Equal(ids, want) {
		t.Errorf("%d lines, want the %d entries of the list in the same order", len(ids), len(want))
	}

	answer = h.as[api.RoleAdmin].Get(collection + "/export?format=csv&resource_type=candidate&outcome=denied").Expect(http.StatusOK)
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(answer.Body, []byte("\ufeff")))).ReadAll()
	if err != nil || len(records) != 1+866 {
		t.Fatalf("records = %d (error %v), want 867", len(records), err)
	}
	if !bytes.Contains(answer.Body, []byte("\r\n")) || records[0][0] != "id" {
		t.Errorf("the export begins with %q, want the column id, and lines that end in CR LF", answer.Body[:100])
	}
	agent := slices.Index(records[0], "user_agent")
	for _, record := range records[1:] {
		if !strings.HasPrefix(record[agent], "'=cmd") {
			t.Fatalf("user agent = %q, want an escaped formula", record[agent])
		}
	}
}

func TestExportWithoutMatches(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	none := collection + "/export?action=job.closed"
	if body := h.as[api.RoleEmployee].Get(none).Expect(http.StatusOK).Body; len(body) != 0 {
		t.Errorf("NDJSON without matches = %q, want nothing", body)
	}
	body := h.as[api.RoleEmployee].Get(none + "&format=csv").Expect(http.StatusOK).Body
	if records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))).ReadAll(); err != nil || len(records) != 1 || len(records[0]) != 17 {
		t.Errorf("CSV without matches = %q, want only the header with 17 columns", body)
	}
	h.as[api.RoleEmployee].Get(collection+"/export?format=xml").Refused(http.StatusBadRequest, "malformed_request")
	h.as[api.RoleEmployee].Get(collection+"/export?limit=5").Refused(http.StatusBadRequest, "malformed_request")
}

// TestCSVRoundTrip exports texts that need quoting or that a spreadsheet would run as a formula. Only a carriage return
// is lost, because it ends a line of the file; the service records no text that contains one.
func TestCSVRoundTrip(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	texts := map[string]string{
		`plain`: `plain`, `a,b`: `a,b`, `"quoted"`: `"quoted"`, "line\nfeed": "line\nfeed", `ünïcödé 😀`: `ünïcödé 😀`, ``: ``,
		`=1+1`: `'=1+1`, `+1`: `'+1`, `-1`: `'-1`, `@SUM(A1)`: `'@SUM(A1)`, "\t=1": "'\t'=1", "\r=1": "''=1", `a=1`: `a=1`, `'=1`: `''=1`,
	}
	for text := range texts {
		h.Exec(`INSERT INTO audit_logs (company_id, id, created_at, actor_type, action, resource_type, outcome, user_agent)
			VALUES ($1, gen_random_uuid(), now() - interval '1 hour', 'system', 'candidate.updated', 'user', 'success', $2)`, h.acme.ID, text)
	}
	body := h.as[api.RoleAdmin].Get(collection + "/export?format=csv&action=candidate.updated").Expect(http.StatusOK).Body
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))).ReadAll()
	if err != nil || len(records) != 1+len(texts) {
		t.Fatalf("records = %d (error %v), want %d", len(records), err, 1+len(texts))
	}
	var got, want []string
	for _, record := range records[1:] {
		got = append(got, record[11])
	}
	for _, text := range texts {
		want = append(want, text)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("read back as %q, want %q", got, want)
	}
}

// peak is a writer that measures the memory in use during an export.
type peak struct {
	lines int
	most  uint64
}

func (p *peak) Write(chunk []byte) (int, error) {
	before := p.lines / 5000
	p.lines += bytes.Count(chunk, []byte("\n"))
	if p.lines/5000 > before {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		p.most = max(p.most, now.HeapAlloc)
	}
	return len(chunk), nil
}

// TestExportUsesLittleMemory exports entries that would take more memory than it allows. It runs alone, because it measures
// the memory of the process.
func TestExportUsesLittleMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	installation := testkit.New(t)
	company := installation.Company("acme").ID
	installation.Exec(`INSERT INTO audit_logs (company_id, id, created_at, actor_type, action, resource_type, outcome, details)
		SELECT $1, gen_random_uuid(), now(), 'system', 'candidate.updated', 'user', 'success', jsonb_build_object('text', repeat('x', 2000))
		FROM generate_series(1, 20000)`, company)
	s, err := postgres.Open(t.Context(), postgres.Options{URL: installation.DatabaseURL, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	out := &peak{}
	if err := auditlog.Export(t.Context(), s, auditlog.Everything(company), api.ExportFormatNdjson, bulk.Sink{Writer: out}); err != nil {
		t.Fatal(err)
	}
	if grown := int64(out.most) - int64(before.HeapAlloc); out.lines != 20000 || grown > 16<<20 {
		t.Errorf("%d lines, and the heap grew by %d bytes; want 20000 and at most %d", out.lines, grown, 16<<20)
	}
}

// ended are rights that end once an export has begun.
type ended struct{}

func (ended) Check(context.Context) error                 { return fault.New(fault.InvalidToken) }
func (ended) Confirm(context.Context, *postgres.Tx) error { return nil }

// TestFailedExportIsLogged checks the log line of an export that fails while its lines are written, and of one that ends
// with the rights of its actor: before a batch, or while a batch is read.
func TestFailedExportIsLogged(t *testing.T) {
	t.Parallel()
	const endedLine = `level=INFO msg="export ended with the rights of its actor" export=scores error="invalid_token: `
	for name, test := range map[string]struct {
		rights service.Rights
		write  func(to bulk.Sink, clock *clocktest.Clock) error
		want   string
	}{
		"an error": {
			nil, func(bulk.Sink, *clocktest.Clock) error { return errors.New("the disk is full") },
			`level=WARN msg="export failed" export=scores error="the disk is full"`,
		},
		"before a batch": {ended{}, func(to bulk.Sink, _ *clocktest.Clock) error { return to.Ready() }, endedLine},
		"in a batch": {
			ended{}, func(to bulk.Sink, clock *clocktest.Clock) error {
				clock.Advance(time.Second)
				_, err := io.WriteString(to, "a row")
				return err
			}, endedLine,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := logOfExport(t, test.rights, test.write)
			if !strings.Contains(got, test.want) || strings.Count(got, "msg=") != 1 {
				t.Errorf("got log %q, want the line %q", got, test.want)
			}
		})
	}
}

// logOfExport runs an export, which must fail, and returns the log.
func logOfExport(t *testing.T, rights service.Rights, write func(bulk.Sink, *clocktest.Clock) error) string {
	t.Helper()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	actor := access.Actor{Kind: access.KindUser, ID: acme.Users[api.RoleAdmin].ID, CompanyID: acme.ID}
	store, err := postgres.Open(t.Context(), postgres.Options{URL: installation.DatabaseURL, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	var log bytes.Buffer
	stopped := clocktest.Stopped()
	source := stopped.Source()
	deps := service.Deps{
		Store: store, Clock: source, Audit: audit.NewRecorder(source), Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	written := make(chan struct{})
	file, err := deps.Export(t.Context(), service.Call{Actor: actor, Rights: rights}, service.Export{
		Name: "scores", Action: audit.ScoresExported, Resource: audit.Score,
		Write: func(_ api.ExportFormat, to bulk.Sink) error {
			defer close(written)
			return write(to, stopped)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(file.Body); err == nil {
		t.Error("reading a failed export: got no error, want one")
	}
	<-written
	return log.String()
}

// TestExportEndsWithItsClient closes the connection in the middle of exports. The exports must end and free their places.
func TestExportEndsWithItsClient(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.write(h.acme, h.acme.Users[api.RoleHr].ID, "candidate", 5000)
	// The server notices a closed connection at its next write. Until then the export counts as one of the two that a
	// user may run at the same time.
	const noticed = 30 * time.Second
	abort := func(n int) (begun bool) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.replica.URL+collection+"/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+h.as[api.RoleAdmin].Token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if begun = response.StatusCode == http.StatusOK; begun {
			if _, err := io.CopyN(io.Discard, response.Body, int64(n)*1000+1); err != nil {
				t.Error(err)
			}
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		return begun
	}
	for n := range 8 {
		testkit.Eventually(t, noticed, "another export can begin", func() bool { return abort(n) })
	}
	testkit.Eventually(t, noticed, "an export runs to its end", func() bool {
		return h.as[api.RoleAdmin].Get(collection+fmt.Sprintf("/export?actor_id=%s", h.acme.Users[api.RoleHr].ID)).Status == http.StatusOK
	})
}
