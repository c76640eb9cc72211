package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// scrape returns the lines of a scrape in the text format.
func scrape(t *testing.T, m *telemetry.Metrics) []string {
	t.Helper()
	server := httptest.NewServer(m.Handler())
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("scrape: status = %d (error %v), want %d: %s", response.StatusCode, err, http.StatusOK, body)
	}
	return strings.Split(string(body), "\n")
}

// wantLines reports every line that is missing in a scrape.
func wantLines(t *testing.T, m *telemetry.Metrics, want ...string) {
	t.Helper()
	got := scrape(t, m)
	lines := make(map[string]bool, len(got))
	for _, line := range got {
		lines[line] = true
	}
	for _, line := range want {
		if !lines[line] {
			t.Errorf("the scrape has no line %q", line)
			name, _, _ := strings.Cut(line, "{")
			for _, other := range got {
				if strings.HasPrefix(other, name) {
					t.Logf("  found %q", other)
				}
			}
		}
	}
}

// families has, for each counter with known values, its label, its values and the function that counts one.
func families(m *telemetry.Metrics) map[string]struct {
	label  string
	values []string
	count  func(string)
} {
	return map[string]struct {
		label  string
		values []string
		count  func(string)
	}{
		"interviewer_logins_total": {"outcome", []string{
			telemetry.LoginSucceeded, telemetry.LoginRefused, telemetry.LoginInactive, telemetry.LoginThrottled,
			telemetry.LoginOverloaded, telemetry.LoginUnavailable,
		}, m.Login},
		"interviewer_refreshes_total": {"outcome", []string{
			telemetry.RefreshRotated, telemetry.RefreshReplayed, telemetry.RefreshReused,
			telemetry.RefreshInvalid, telemetry.RefreshRevoked, telemetry.RefreshUnavailable,
		}, m.Refresh},
		"interviewer_invalid_tokens_total": {"reason", []string{
			telemetry.TokenMissing, telemetry.TokenMalformed, telemetry.TokenSignature, telemetry.TokenClaims,
			telemetry.TokenExpired, telemetry.TokenRevoked, telemetry.TokenKey,
		}, m.InvalidToken},
		"interviewer_throttled_total": {"limit", []string{
			telemetry.LimitCaller, telemetry.LimitAnonymous, telemetry.LimitLogin,
		}, m.Throttled},
		"interviewer_revocation_checks_total": {"source", []string{
			telemetry.SourceLocal, telemetry.SourceRedis, telemetry.SourcePostgres,
		}, m.Revocation},
	}
}

func TestKnownValuesExistFromTheStart(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	want := []string{"interviewer_audit_sealed_total 0", "http_requests_in_flight 0"}
	for name, family := range families(m) {
		for _, value := range append(family.values, "other") {
			want = append(want, fmt.Sprintf("%s{%s=%q} 0", name, family.label, value))
		}
	}
	wantLines(t, m, want...)
}

func TestValuesAreCountedSeparately(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	var want []string
	for name, family := range families(m) {
		for i, value := range family.values {
			for range i + 1 {
				family.count(value)
			}
			want = append(want, fmt.Sprintf("%s{%s=%q} %d", name, family.label, value, i+1))
		}
		family.count("an unknown value")
		family.count("")
		want = append(want, fmt.Sprintf("%s{%s=%q} 2", name, family.label, "other"))
	}
	m.AuditSealed(3)
	m.AuditSealed(0)
	m.InFlight(1)
	m.InFlight(1)
	m.InFlight(-1)
	wantLines(t, m, append(want, "interviewer_audit_sealed_total 3", "http_requests_in_flight 1")...)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	m.Request("GetMe", http.MethodGet, 200, 3*time.Millisecond)
	m.Request("GetMe", http.MethodGet, 200, 30*time.Millisecond)
	m.Request("GetMe", http.MethodGet, 401, 200*time.Microsecond)
	m.Request("", http.MethodPost, 404, time.Minute)
	wantLines(
		t, m,
		`http_requests_total{method="GET",operation="GetMe",status="200"} 2`,
		`http_requests_total{method="GET",operation="GetMe",status="401"} 1`,
		`http_requests_total{method="POST",operation="unmatched",status="404"} 1`,
		`http_request_duration_seconds_bucket{operation="GetMe",le="0.0005"} 1`,
		`http_request_duration_seconds_bucket{operation="GetMe",le="0.005"} 2`,
		`http_request_duration_seconds_bucket{operation="GetMe",le="0.05"} 3`,
		`http_request_duration_seconds_count{operation="GetMe"} 3`,
		`http_request_duration_seconds_bucket{operation="unmatched",le="10"} 0`,
		`http_request_duration_seconds_sum{operation="unmatched"} 60`,
	)
}

// TestClientsCannotAddLabels counts unknown methods and statuses, which must not create new series.
func TestClientsCannotAddLabels(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	for i := range 100 {
		m.Request("", fmt.Sprintf("METHOD%d", i), 405, time.Millisecond)
		m.Request("", http.MethodGet, 600+i, time.Millisecond)
		m.Request("", http.MethodGet, -i, time.Millisecond)
	}
	wantLines(
		t, m,
		`http_requests_total{method="other",operation="unmatched",status="405"} 100`,
		`http_requests_total{method="GET",operation="unmatched",status="other"} 200`,
	)
	series := 0
	for _, line := range scrape(t, m) {
		if strings.HasPrefix(line, "http_requests_total{") {
			series++
		}
	}
	if series != 2 {
		t.Errorf("there are %d series of requests, want 2", series)
	}
}

func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				m.Request(fmt.Sprintf("Operation%d", i%20), http.MethodGet, 200+i%3, time.Millisecond)
			}
		})
	}
	all.Wait()
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprintf(`http_request_duration_seconds_count{operation="Operation%d"} 80`, i))
	}
	wantLines(t, m, want...)
}

func TestBuildRuntimeAndProcess(t *testing.T) {
	t.Parallel()
	text := strings.Join(scrape(t, telemetry.NewMetrics("1.2.3")), "\n")
	for _, want := range []string{`interviewer_build_info{`, `version="1.2.3"`, "go_goroutines ", "process_open_fds "} {
		if !strings.Contains(text, want) {
			t.Errorf("the scrape does not contain %q", want)
		}
	}
}

func TestWatchers(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig("postgres://nobody@127.0.0.1:1/none?connect_timeout=1")
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 7
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pool.Acquire(cancelled); err == nil {
		t.Fatal("a connection was acquired with a cancelled context")
	}

	m := telemetry.NewMetrics("1.2.3")
	running, waiting, up := 2, 5, true
	m.WatchPool(pool.Stat)
	m.WatchHashing(func() (int, int) { return running, waiting })
	m.WatchRedis(func() bool { return up })
	wantLines(
		t, m,
		`interviewer_db_connections{state="acquired"} 0`, `interviewer_db_connections{state="idle"} 0`,
		`interviewer_db_connections{state="constructing"} 0`, "interviewer_db_connections_max 7",
		"interviewer_db_acquires_total 0", "interviewer_db_acquires_waited_total 0",
		"interviewer_db_acquires_canceled_total 1", "interviewer_db_wait_seconds_total 0",
		`interviewer_hashing{state="running"} 2`, `interviewer_hashing{state="waiting"} 5`, "interviewer_redis_up 1",
	)
	running, waiting, up = 0, 1, false
	wantLines(
		t, m,
		`interviewer_hashing{state="running"} 0`, `interviewer_hashing{state="waiting"} 1`, "interviewer_redis_up 0",
	)
}

// TestCountingAllocatesNothing checks the metrics that every request updates.
//
//nolint:paralleltest // AllocsPerRun counts the allocations of the whole process.
func TestCountingAllocatesNothing(t *testing.T) {
	m := telemetry.NewMetrics("1.2.3")
	allocations := testing.AllocsPerRun(100, func() {
		m.InFlight(1)
		m.Revocation(telemetry.SourceLocal)
		m.Request("GetMe", http.MethodGet, 200, time.Millisecond)
		m.InFlight(-1)
	})
	if allocations != 0 {
		t.Errorf("counting a request allocates %v times, want 0", allocations)
	}
}

func BenchmarkRequest(b *testing.B) {
	m := telemetry.NewMetrics("1.2.3")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Request("GetMe", http.MethodGet, 200, 3*time.Millisecond)
		}
	})
}
