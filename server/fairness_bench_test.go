package server_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	importedRows    = 60_000
	concurrentEdits = 24
)

// BenchmarkFairSharing measures the requests of one company while another one imports 60,000 rows and 24 clients edit
// them, and while 24 edits wait for one lock. It reports their 99th percentile and maximum, and how many edits were
// answered with each status. Run it with -benchtime=1x.
func BenchmarkFairSharing(b *testing.B) {
	b.Run("import", func(b *testing.B) {
		c, replica := newSharingBenchmark(b, importedRows)
		var file strings.Builder
		file.WriteString("external_id,first_name,last_name\n")
		for n := range importedRows {
			fmt.Fprintf(&file, "ats-%d,Mira,Solheim\n", n+1)
		}
		hr, admin := replica.SignIn(b, c.acme.Users[api.RoleHr]), replica.SignIn(b, c.acme.Users[api.RoleAdmin])
		other := replica.SignIn(b, c.globex.Users[api.RoleHr])
		for b.Loop() {
			ctx, stop := context.WithCancel(b.Context())
			edited := edit(ctx, b, hr, func(n int) int { return 1 + n*7919%importedRows })
			go func() {
				defer stop()
				benchmarkSend(b.Context(), b, admin, http.MethodPost, importPath, file.String())
			}()
			measureSharing(ctx, b, other, 1<<30)
			b.ReportMetric(edited(), "refused-%")
		}
	})
	b.Run("lock", func(b *testing.B) {
		c, replica := newSharingBenchmark(b, 1)
		hr := replica.SignIn(b, c.acme.Users[api.RoleHr])
		other := replica.SignIn(b, c.globex.Users[api.RoleHr])
		for b.Loop() {
			ctx, stop := context.WithCancel(b.Context())
			release := c.hold(b, `SELECT FROM candidates WHERE external_id = 'ats-1' FOR UPDATE`)
			edited := edit(ctx, b, hr, func(int) int { return 1 })
			c.awaitLocks(b, 2)
			measureSharing(ctx, b, other, 200)
			stop()
			b.ReportMetric(edited(), "refused-%")
			release()
		}
	})
}

// newSharingBenchmark returns a replica with the default settings, and a company with candidates.
func newSharingBenchmark(b *testing.B, candidates int) (twoCompanies, *testkit.Replica) {
	b.Helper()
	c := newTwoCompanies(b)
	c.Config.DatabaseMaxConnections = 16
	c.Config.DatabaseWait = 1000
	c.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, external_id, created_at, updated_at)
		SELECT $1, lpad(n::text, 32, '0')::uuid, 'First', 'Last', 'ats-' || n, now(), now() FROM generate_series(1, $2::integer) AS n`,
		c.acme.ID, candidates)
	c.Exec(`ANALYZE candidates`)
	return c, c.Replica()
}

// benchmarkSend returns the status of a response, 0 if the context ended first.
func benchmarkSend(ctx context.Context, b *testing.B, as *testkit.Client, method, path, body string) int {
	b.Helper()
	request, err := http.NewRequestWithContext(ctx, method, as.URL+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+as.Token)
	request.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, importPath) {
		request.Header.Set("Content-Type", "text/csv")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// edit lets clients edit candidates until the context ends. The result waits for them, and returns the percentage of
// edits that were refused.
func edit(
	ctx context.Context, b *testing.B, hr *testkit.Client, candidate func(n int) int,
) (refused func() float64) {
	b.Helper()
	var all sync.WaitGroup
	var sent, refusals atomic.Int64
	for range concurrentEdits {
		all.Go(func() {
			for ctx.Err() == nil {
				n := int(sent.Add(1))
				path := fmt.Sprintf("%s/00000000-0000-0000-0000-%012d", candidatesPath, candidate(n))
				status := benchmarkSend(ctx, b, hr, http.MethodPatch, path, fmt.Sprintf(`{"first_name":"Nora %d"}`, n))
				if status != http.StatusOK && ctx.Err() == nil {
					refusals.Add(1)
				}
			}
		})
	}
	return func() float64 {
		all.Wait()
		return 100 * float64(refusals.Load()) / float64(sent.Load())
	}
}

// measureSharing sends up to a number of requests of the other company until the context ends.
func measureSharing(ctx context.Context, b *testing.B, other *testkit.Client, atMost int) {
	b.Helper()
	var took []time.Duration
	failed := 0
	for n := 0; n < atMost && ctx.Err() == nil; n++ {
		begun := time.Now()
		status := benchmarkSend(ctx, b, other, http.MethodGet, "/api/v1/users", "")
		if ctx.Err() != nil {
			break
		}
		if status != http.StatusOK {
			failed++
		}
		took = append(took, time.Since(begun))
		time.Sleep(10 * time.Millisecond)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
	b.ReportMetric(float64(failed), "failed")
}
