package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// expiredRows is the number of rows that BenchmarkRetention has deleted.
const expiredRows = 1_000_000

// BenchmarkRetention measures requests first alone and then while a million expired idempotency records are deleted, and
// reports the 99th percentile of both in milliseconds, and the deleted rows per second. Four clients send 50 requests a
// second each: reads, and creations with an Idempotency-Key. Run it with -benchtime 1x; one run takes some minutes.
func BenchmarkRetention(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		i := testkit.New(b)
		i.Config.Workers, i.Config.DatabaseMaxConnections = 0, 16
		acme, replica := i.Company("acme"), i.Replica()
		token := replica.SignIn(b, acme.Users[api.RoleHr]).Token
		send := sender(b, replica, token)
		i.Exec(`INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
			SELECT $1, $2, sha256(n::text::bytea), sha256(n::text::bytea) || sha256(n::text::bytea), now() - interval '2 days',
				now() - interval '1 day' - n * interval '0.01 s' FROM generate_series(1, $3::integer) AS n`,
			acme.ID, acme.Users[api.RoleHr].ID, expiredRows)
		i.Exec(`VACUUM ANALYZE idempotency_records`)
		left := func() (n int) {
			err := i.Database.QueryRow(b.Context(), `SELECT count(*) FROM idempotency_records WHERE expires_at < now()`).Scan(&n)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
		traffic(send, func() { time.Sleep(5 * time.Second) }) // fills the caches
		alone := traffic(send, func() { time.Sleep(30 * time.Second) })
		i.Config.Workers = 1
		b.StartTimer()
		began := time.Now()
		beside := traffic(send, func() {
			i.Replica()
			for left() > 0 {
				time.Sleep(time.Second)
			}
		})
		b.ReportMetric(expiredRows/time.Since(began).Seconds(), "rows/s")
		b.ReportMetric(percentile(alone, 50), "ms-p50-alone")
		b.ReportMetric(percentile(beside, 50), "ms-p50-beside")
		b.ReportMetric(percentile(alone, 99), "ms-p99-alone")
		b.ReportMetric(percentile(beside, 99), "ms-p99-beside")
	}
}

// sender returns a function that sends the request with a number.
func sender(b *testing.B, replica *testkit.Replica, token string) func(n int) {
	b.Helper()
	return func(n int) {
		method, path, body := http.MethodGet, []string{"/api/v1/users/me", "/api/v1/jobs", "/api/v1/users"}[n%3], ""
		if n%10 == 0 {
			method, path, body = http.MethodPost, "/api/v1/jobs", `{"title":"Welder"}`
		}
		request := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+token)
		if method == http.MethodPost {
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Idempotency-Key", fmt.Sprint("benchmark-", time.Now().UnixNano(), "-", n))
		}
		recorder := httptest.NewRecorder()
		replica.Server.Handler().ServeHTTP(recorder, request)
		if recorder.Code >= http.StatusBadRequest {
			b.Errorf("%s %s: got status %d: %s", method, path, recorder.Code, recorder.Body)
		}
	}
}

// traffic sends requests from four clients until the work is done, and returns their durations.
func traffic(send func(n int), work func()) []time.Duration {
	const clients, pause = 4, 20 * time.Millisecond
	var (
		mu        sync.Mutex
		durations []time.Duration
		all       sync.WaitGroup
	)
	done := make(chan struct{})
	for client := range clients {
		all.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for n := client; ; n += clients {
				select {
				case <-done:
					return
				case <-tick.C:
				}
				began := time.Now()
				send(n)
				took := time.Since(began)
				mu.Lock()
				durations = append(durations, took)
				mu.Unlock()
			}
		})
	}
	work()
	close(done)
	all.Wait()
	return durations
}

// percentile returns a percentile in milliseconds.
func percentile(durations []time.Duration, p int) float64 {
	slices.Sort(durations)
	return float64(durations[(len(durations)-1)*p/100].Microseconds()) / 1000
}
