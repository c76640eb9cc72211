package candidates_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestImportThatBreaksOff leaves in the middle of the file. Nothing of it may have been written, in either mode, and the
// service must go on.
func TestImportThatBreaksOff(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, mode := range []string{"atomic", "partial"} {
		body, sender := io.Pipe()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.replica.URL+collection+"/import.csv?mode="+mode, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "text/csv")
		request.Header.Set("Authorization", "Bearer "+h.as[api.RoleHr].Token)
		go func() {
			_, _ = io.WriteString(sender, "first_name,last_name\n"+strings.Repeat("Mira,Solheim\n", 5000))
			_ = sender.CloseWithError(io.ErrUnexpectedEOF) // never fails
		}()
		if response, err := http.DefaultClient.Do(request); err == nil {
			t.Errorf("%s: answered with %d", mode, response.StatusCode)
			_ = response.Body.Close()
		}
	}
	// The next one is let in once those two have ended.
	testkit.Eventually(t, 10*time.Second, "an import goes through", func() bool {
		return upload(h.as[api.RoleHr], "csv", "external_id,first_name,last_name\na,Nora,Lind\n").Status == http.StatusOK
	})
	if got := list(h.as[api.RoleHr], nil).Data; len(got) != 1 {
		t.Errorf("%d candidates were imported, want 1", len(got))
	}
}

// TestImportOfTooMuch sends more than is read, without saying beforehand how much it is.
func TestImportOfTooMuch(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.Config.MaxUploadBytes = 1 << 20
	replica := h.Replica()
	line := "Mira,Solheim\n"
	body := io.MultiReader(strings.NewReader("first_name,last_name\n"), strings.NewReader(strings.Repeat(line, 1<<20/len(line)+1)))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, replica.URL+collection+"/import.csv?mode=partial", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+h.as[api.RoleHr].Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("answered with %d", response.StatusCode)
	}
	if got := list(h.as[api.RoleHr], nil).Data; len(got) != 0 {
		t.Errorf("%d candidates were imported", len(got))
	}
}

// TestConcurrentImports of the same candidates in opposite orders: each is whole, or told that the service is busy.
func TestConcurrentImports(t *testing.T) {
	t.Parallel()
	h := build(t)
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
		var wait sync.WaitGroup
		var mu sync.Mutex
		whole := 0
		for n, role := range []api.Role{api.RoleHr, api.RoleAdmin} {
			for _, reversed := range []bool{false, true} {
				wait.Go(func() {
					answer := upload(h.as[role], "csv", file(reversed, fmt.Sprintf("%d-%d-%t", round, n, reversed)))
					if answer.Status == http.StatusServiceUnavailable { // it has waited for the others too long
						answer.Refused(http.StatusServiceUnavailable, "overloaded")
						return
					}
					if report := imported(answer); report.Created+report.Updated != rows {
						t.Errorf("the report is %+v", report)
					}
					mu.Lock()
					defer mu.Unlock()
					whole++
				})
			}
		}
		wait.Wait()
		var kept, sources int
		err := h.Database.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT source) FROM candidates WHERE company_id = $1`, h.acme.ID).
			Scan(&kept, &sources)
		if err != nil || whole == 0 || kept != rows || sources != 1 {
			t.Errorf("of %d whole imports %d candidates from %d sources are kept, %v", whole, kept, sources, err)
		}
	}
}

// TestImportTakesUpWhoCameFirst creates a candidate in a transaction that ends while an import waits for it.
func TestImportTakesUpWhoCameFirst(t *testing.T) {
	t.Parallel()
	h := build(t)
	run := h.transaction()
	run(`INSERT INTO candidates (company_id, id, first_name, last_name, phone, external_id, created_at, updated_at)
		VALUES ($1, gen_random_uuid(), 'First', 'Come', '+49 1', 'b', now(), now())`, h.acme.ID)
	answered := make(chan *testkit.Answer, 1)
	go func() {
		answered <- upload(h.as[api.RoleHr], "csv", "external_id,first_name,last_name\na,Mira,Solheim\nb,Nora,Lind\nc,Omar,Aziz\n")
	}()
	h.expectWaiting("InsertImportedCandidates")
	run(`COMMIT`)
	if report := imported(<-answered); counts(report) != [5]int32{3, 2, 1, 0, 0} {
		t.Errorf("the report is %+v", report)
	}
	h.expectKnown("a v1 Mira Solheim {} {} active", "b v2 Nora Lind +49 1 {} {} active", "c v1 Omar Aziz {} {} active")
}

// TestImportIsCheckedAgainWhereItIsWritten changes a candidate between the two passes of an atomic import, so that a row
// which was right no longer is.
func TestImportIsCheckedAgainWhereItIsWritten(t *testing.T) {
	t.Parallel()
	h := build(t)
	imported(upload(h.as[api.RoleHr], "csv", "external_id,first_name,last_name\nb,Nora,Lind\n"))
	run := h.transaction()
	run(`UPDATE candidates SET external_id = 'z' WHERE company_id = $1 AND external_id = 'b'`, h.acme.ID)
	answered := make(chan *testkit.Answer, 1)
	go func() {
		answered <- upload(h.as[api.RoleHr], "csv", "external_id,first_name,last_name\na,Mira,Solheim\nb,Nora,\n")
	}()
	h.expectWaiting("ListImportedCandidatesForUpdate")
	run(`COMMIT`)
	if got := refusedRows(<-answered); !slices.Equal(got, []string{"3/last_name required"}) {
		t.Errorf("refused for %q", got)
	}
	h.expectKnown("z v1 Nora Lind {} {} active")
	if entries := h.audited("candidate.imported"); len(entries) != 1 {
		t.Errorf("audited %q", entries)
	}
}

// TestImportEndsWithItsClient leaves while the file is being written.
func TestImportEndsWithItsClient(t *testing.T) {
	t.Parallel()
	h := build(t)
	imported(upload(h.as[api.RoleHr], "csv", "external_id,first_name,last_name\nz,Nora,Lind\n"))
	run := h.transaction()
	run(`SELECT FROM candidates WHERE company_id = $1 AND external_id = 'z' FOR UPDATE`, h.acme.ID)
	ctx, leave := context.WithCancel(t.Context())
	var file strings.Builder
	file.WriteString("external_id,first_name,last_name\n")
	for i := range 1000 {
		fmt.Fprintf(&file, "ats-%d,Mira,Solheim\n", i)
	}
	file.WriteString("z,Nora,Lindt\n")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.replica.URL+collection+"/import.csv?mode=partial", strings.NewReader(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+h.as[api.RoleHr].Token)
	left := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		left <- err
	}()
	h.expectWaiting("ListImportedCandidatesForUpdate")
	leave()
	if err := <-left; err == nil {
		t.Error("the import was answered")
	}
	run(`ROLLBACK`)
	testkit.Eventually(t, 10*time.Second, "nobody holds the candidate any more", func() bool {
		_, err := h.Database.Exec(t.Context(), `SELECT FROM candidates WHERE external_id = 'z' FOR UPDATE NOWAIT`)
		return err == nil
	})
	h.expectKnown("z v1 Nora Lind {} {} active")
}

// transaction begins one, and gives what runs statements in it.
func (h house) transaction() func(sql string, args ...any) {
	conn := h.Connect()
	run := func(sql string, args ...any) {
		h.t.Helper()
		if _, err := conn.Exec(h.t.Context(), sql, args...); err != nil {
			h.t.Fatal(err)
		}
	}
	run(`BEGIN`)
	return run
}

// expectWaiting waits until a query of the service waits for a lock.
func (h house) expectWaiting(query string) {
	h.t.Helper()
	testkit.Eventually(h.t, 10*time.Second, query+" waits for a candidate", func() bool {
		var waiting bool
		err := h.Database.QueryRow(h.t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%name: ' || $1 || ' %')`, query).Scan(&waiting)
		return err == nil && waiting
	})
}
