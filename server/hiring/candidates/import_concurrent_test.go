package candidates_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// newUpload returns the request of an import in CSV.
func (f fixture) newUpload(ctx context.Context, replica *testkit.Replica, query string, body io.Reader) *http.Request {
	f.t.Helper()
	target := replica.URL + collection + "/import.csv?" + query
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, body)
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+f.as[api.RoleHr].Token)
	return request
}

// TestImportOfTruncatedUpload breaks the connection in the middle of the file. In either mode, nothing may have been
// written, and the next import must succeed.
func TestImportOfTruncatedUpload(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, mode := range []string{"atomic", "partial"} {
		t.Run(mode, func(t *testing.T) {
			f := f.in(t)
			body, sender := io.Pipe()
			request := f.newUpload(t.Context(), f.replica, "mode="+mode, body)
			go func() {
				_, _ = io.WriteString(sender, "first_name,last_name\n"+strings.Repeat("Mira,Solheim\n", 5000))
				_ = sender.CloseWithError(io.ErrUnexpectedEOF) // always returns nil
			}()
			if response, err := http.DefaultClient.Do(request); err == nil {
				t.Errorf("got status %d, want no response", response.StatusCode)
				_ = response.Body.Close()
			}
		})
	}

	// The limit of concurrent imports admits the next one as soon as those two have ended.
	testkit.Eventually(t, 10*time.Second, "an import succeeds", func() bool {
		return upload(f.as[api.RoleHr], "csv", "external_id,first_name,last_name\na,Nora,Lind\n").Status == http.StatusOK
	})
	if got := listPage(f.as[api.RoleHr], nil).Data; len(got) != 1 {
		t.Errorf("%d candidates were imported, want 1", len(got))
	}
}

// TestImportTooLarge sends more than MaxUploadBytes without a Content-Length.
func TestImportTooLarge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Config.MaxUploadBytes = 1 << 20
	replica := f.Replica()
	line := "Mira,Solheim\n"
	body := io.MultiReader(
		strings.NewReader("first_name,last_name\n"), strings.NewReader(strings.Repeat(line, 1<<20/len(line)+1)))
	response, err := http.DefaultClient.Do(f.newUpload(t.Context(), replica, "mode=partial", body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got status %d, want %d", response.StatusCode, http.StatusRequestEntityTooLarge)
	}
	if got := listPage(f.as[api.RoleHr], nil).Data; len(got) != 0 {
		t.Errorf("%d candidates were imported, want none", len(got))
	}
}

// TestConcurrentImports imports the same candidates several times at once, in opposite orders. Each import writes all of
// them or is refused because another one runs.
func TestConcurrentImports(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const rows = 600
	file := func(reversed bool, source string) string {
		lines := make([]string, rows)
		for i := range lines {
			lines[i] = fmt.Sprintf("ats-%04d,Mira,Solheim,%s\n", i, source)
		}
		if reversed {
			slices.Reverse(lines)
		}
		return "external_id,first_name,last_name,source\n" + strings.Join(lines, "")
	}
	for round := range 2 {
		var all sync.WaitGroup
		var succeeded atomic.Int32
		for n, role := range []api.Role{api.RoleHr, api.RoleAdmin} {
			for _, reversed := range []bool{false, true} {
				all.Go(func() {
					answer := upload(f.as[role], "csv", file(reversed, fmt.Sprintf("%d-%d-%t", round, n, reversed)))
					if answer.Status == http.StatusConflict {
						// It waited for the lock of another import longer than the lock timeout.
						answer.Refused(http.StatusConflict, "concurrent_request")
						return
					}
					if report := decodeReport(answer); report.Created+report.Updated != rows {
						t.Errorf("got %+v, want %d created or updated", report, rows)
					}
					succeeded.Add(1)
				})
			}
		}
		all.Wait()
		var stored, sources int
		err := f.Database.QueryRow(t.Context(),
			`SELECT count(*), count(DISTINCT source) FROM candidates WHERE company_id = $1`, f.acme.ID).Scan(&stored, &sources)
		if err != nil || succeeded.Load() == 0 || stored != rows || sources != 1 {
			t.Errorf("after %d successful imports, there are %d candidates with %d sources, %v; want %d with 1",
				succeeded.Load(), stored, sources, err, rows)
		}
	}
}

// TestImportUpdatesCandidateCreatedMeanwhile creates a candidate in a transaction that commits while an import waits to
// insert the same one.
func TestImportUpdatesCandidateCreatedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	inTx := f.beginTransaction()
	inTx(`INSERT INTO candidates (company_id, id, first_name, last_name, phone, external_id, created_at, updated_at)
		VALUES ($1, gen_random_uuid(), 'First', 'Come', '+49 1', 'b', now(), now())`, f.acme.ID)
	answered := make(chan *testkit.Answer, 1)
	go func() {
		file := "external_id,first_name,last_name\na,Mira,Solheim\nb,Nora,Lind\nc,Omar,Aziz\n"
		answered <- upload(f.as[api.RoleHr], "csv", file)
	}()
	f.waitForLock("InsertImportedCandidates")
	inTx(`COMMIT`)
	if report := decodeReport(<-answered); counts(report) != [5]int32{3, 2, 1, 0, 0} {
		t.Errorf("got %+v, want 2 created and 1 updated", report)
	}
	f.expectStored("a v1 Mira Solheim {} {} active", "b v2 Nora Lind +49 1 {} {} active", "c v1 Omar Aziz {} {} active")
}

// TestImportRechecksRowsWhenWriting changes a candidate between the two passes of an atomic import, so that a row that
// was valid in the first pass is invalid in the second.
func TestImportRechecksRowsWhenWriting(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	decodeReport(upload(f.as[api.RoleHr], "csv", "external_id,first_name,last_name\nb,Nora,Lind\n"))
	inTx := f.beginTransaction()
	inTx(`UPDATE candidates SET external_id = 'z' WHERE company_id = $1 AND external_id = 'b'`, f.acme.ID)
	answered := make(chan *testkit.Answer, 1)
	go func() {
		answered <- upload(f.as[api.RoleHr], "csv", "external_id,first_name,last_name\na,Mira,Solheim\nb,Nora,\n")
	}()
	f.waitForLock("ListImportedCandidatesForUpdate")
	inTx(`COMMIT`)
	if got := describeRefusal(<-answered); !slices.Equal(got, []string{"3/last_name required"}) {
		t.Errorf("got errors %q, want 3/last_name required", got)
	}
	f.expectStored("z v1 Nora Lind {} {} active")
	if entries := f.auditEntries("candidate.imported"); len(entries) != 1 {
		t.Errorf("got audit entries %q, want only that of the first import", entries)
	}
}

// TestImportStopsWhenClientLeaves cancels the request while the file is being written.
func TestImportStopsWhenClientLeaves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	decodeReport(upload(f.as[api.RoleHr], "csv", "external_id,first_name,last_name\nz,Nora,Lind\n"))
	inTx := f.beginTransaction()
	inTx(`SELECT FROM candidates WHERE company_id = $1 AND external_id = 'z' FOR UPDATE`, f.acme.ID)

	// The last row waits for the lock above, after the other rows have been written.
	var file strings.Builder
	file.WriteString("external_id,first_name,last_name\n")
	for i := range 1000 {
		fmt.Fprintf(&file, "ats-%d,Mira,Solheim\n", i)
	}
	file.WriteString("z,Nora,Lindt\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request := f.newUpload(ctx, f.replica, "mode=partial", strings.NewReader(file.String()))
	ended := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	f.waitForLock("ListImportedCandidatesForUpdate")
	cancel()
	if err := <-ended; err == nil {
		t.Error("got a response to the cancelled request")
	}
	f.waitForNoLock("ListImportedCandidatesForUpdate") // The server learns of it a little later than the client.

	inTx(`ROLLBACK`)
	testkit.Eventually(t, 10*time.Second, "the candidate is unlocked", func() bool {
		_, err := f.Database.Exec(t.Context(), `SELECT FROM candidates WHERE external_id = 'z' FOR UPDATE NOWAIT`)
		return err == nil
	})
	f.expectStored("z v1 Nora Lind {} {} active")
}

// beginTransaction begins a transaction on a connection of its own, and returns a function that runs statements in it.
func (f fixture) beginTransaction() func(sql string, args ...any) {
	f.t.Helper()
	conn := f.Connect()
	exec := func(sql string, args ...any) {
		f.t.Helper()
		if _, err := conn.Exec(f.t.Context(), sql, args...); err != nil {
			f.t.Fatal(err)
		}
	}
	exec(`BEGIN`)
	return exec
}

// waitForLock returns when a query of the service waits for a lock.
func (f fixture) waitForLock(query string) {
	f.t.Helper()
	testkit.Eventually(f.t, 10*time.Second, query+" waits for a lock", func() bool { return f.waitsForLock(query) })
}

// waitForNoLock waits until no such query waits for a lock.
func (f fixture) waitForNoLock(query string) {
	f.t.Helper()
	testkit.Eventually(f.t, 10*time.Second, query+" waits for no lock", func() bool { return !f.waitsForLock(query) })
}

func (f fixture) waitsForLock(query string) (waits bool) {
	f.t.Helper()
	err := f.Database.QueryRow(f.t.Context(), `
		SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND query LIKE '%name: ' || $1 || ' %')`, query).Scan(&waits)
	if err != nil {
		f.t.Fatal(err)
	}
	return waits
}

// TestImportMayReadForMinutes verifies that an import whose file is read for longer than a transaction may usually be
// idle keeps its transaction.
func TestImportMayReadForMinutes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const idle = 300 * time.Millisecond // a session's limit is that of its statements
	store, err := postgres.Open(t.Context(), postgres.Options{URL: f.DatabaseURL, MaxConns: 1, StatementTimeout: idle})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.InTx(t.Context(), f.acme.ID, func(tx *postgres.Tx) error {
		if err := tx.LockImports(t.Context(), f.acme.ID); err != nil {
			return err
		}
		time.Sleep(2 * idle)
		return tx.LockImports(t.Context(), f.acme.ID)
	}); err != nil {
		t.Error(err)
	}
}
