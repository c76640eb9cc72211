package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

var described = regexp.MustCompile(`^Desc\{fqName: "(.*?)", help: "(.*?)"(?:, unit: ".*?")?, constLabels: .*, variableLabels: \{(.*)\}\}$`)

// watchers are calls of all methods that add metrics.
func watchers(t *testing.T, m *telemetry.Metrics) map[string]func() {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), "postgres://nobody@127.0.0.1:1/none")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return map[string]func(){
		"WatchPool":      func() { m.WatchPool(pool.Stat) },
		"WatchHashing":   func() { m.WatchHashing(func() (int, int) { return 0, 0 }) },
		"WatchAdmission": func() { m.WatchAdmission(func() (running, waiting [2]int) { return running, waiting }) },
		"WatchShares":    func() { m.WatchShares(func() []telemetry.Share { return []telemetry.Share{{Resource: "x"}} }) },
		"WatchRedis":     func() { m.WatchRedis(func() bool { return true }) },
		"WatchJobs": func() {
			m.WatchJobs(t.Context(), func(context.Context) ([]telemetry.JobDepth, error) { return []telemetry.JobDepth{{}}, nil })
		},
		"WatchSealing": func() {
			m.WatchSealing(t.Context(), func(context.Context) (int64, time.Duration, error) { return 0, 0, nil })
		},
		"WatchMails": func() {
			m.WatchMails(t.Context(), func(context.Context) (map[string]int64, error) { return map[string]int64{"x": 0}, nil })
		},
		"WatchPostgres": func() {
			m.WatchPostgres(t.Context(), func() time.Time { return time.Time{} }, func(context.Context) (bool, error) { return true, nil })
		},
		"WatchReadiness": func() {
			m.WatchReadiness(t.Context(), func(context.Context) (bool, []telemetry.Dependency) {
				return false, []telemetry.Dependency{{Name: "redis"}, {Name: "postgresql", Up: true}}
			})
		},
	}
}

// TestDocumentationListsEveryMetric compares the table of docs/operations/metrics.md with the metrics that are registered.
func TestDocumentationListsEveryMetric(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	calls := watchers(t, m)
	for method := range reflect.TypeFor[*telemetry.Metrics]().Methods() {
		if strings.HasPrefix(method.Name, "Watch") && calls[method.Name] == nil {
			t.Errorf("%s is not called by this test", method.Name)
		}
	}
	for _, call := range calls {
		call()
	}
	found := make(chan *prometheus.Desc, 1000)
	m.Describe(found)
	close(found)
	var want []string
	for desc := range found {
		parts := described.FindStringSubmatch(desc.String())
		if parts == nil {
			t.Fatalf("the description %s has another form", desc)
		}
		if strings.HasPrefix(parts[1], "go_") || strings.HasPrefix(parts[1], "process_") {
			continue // of the Prometheus client
		}
		labels := ""
		if parts[3] != "" {
			labels = "`" + strings.Join(strings.Split(parts[3], ","), "`, `") + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", parts[1], labels, parts[2]))
	}
	slices.Sort(want)
	want = slices.Compact(want) // a watcher describes each of its values
	page, err := os.ReadFile("../../../docs/operations/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the table in docs/operations/metrics.md must be:\n%s\n\nit is:\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
}

// TestPostgresAndReadiness checks the values of what is read at a scrape, and that they are missing if the read fails.
func TestPostgresAndReadiness(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	at, readOnly, down := time.Unix(0, 0), true, error(nil)
	ticking := func() time.Time { at = at.Add(time.Second / 4); return at }
	m.WatchPostgres(t.Context(), ticking, func(context.Context) (bool, error) { return readOnly, down })
	watchers(t, m)["WatchReadiness"]()
	wantLines(t, m, "interviewer_db_read_only 1", "interviewer_db_ping_seconds 0.25", "interviewer_ready 0",
		`interviewer_dependency_up{dependency="redis"} 0`, `interviewer_dependency_up{dependency="postgresql"} 1`)
	readOnly = false
	wantLines(t, m, "interviewer_db_read_only 0")
	down = errors.New("down")
	if text := strings.Join(scrape(t, m), "\n"); strings.Contains(text, "interviewer_db_read_only ") {
		t.Error("interviewer_db_read_only is reported although PostgreSQL does not answer")
	}
}

// TestStatements measures statements and a batch, and classifies their errors.
func TestStatements(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	at := time.Unix(0, 0)
	tracer := m.Statements(func() time.Time { at = at.Add(time.Millisecond * 2); return at })
	ctx := tracer.TraceQueryStart(t.Context(), nil, pgx.TraceQueryStartData{})
	tracer.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{})
	ctx = tracer.TraceBatchStart(t.Context(), nil, pgx.TraceBatchStartData{})
	tracer.TraceBatchQuery(ctx, nil, pgx.TraceBatchQueryData{})
	tracer.TraceBatchEnd(ctx, nil, pgx.TraceBatchEndData{Err: &pgconn.PgError{Code: "57014"}})
	wantLines(t, m, "interviewer_db_statement_seconds_count 2", `interviewer_db_statement_seconds_bucket{le="0.0025"} 2`,
		`interviewer_db_statement_seconds_bucket{le="0.001"} 0`, `interviewer_db_errors_total{class="timeout"} 1`,
		`interviewer_db_errors_total{class="lock"} 0`)
	for class, errs := range map[string][]error{
		telemetry.ErrorConnection: {io.ErrUnexpectedEOF, code("08006"), code("53300"), code("57P01")},
		telemetry.ErrorCanceled:   {fmt.Errorf("x: %w", context.Canceled)},
		telemetry.ErrorTimeout:    {context.DeadlineExceeded, code("57014")},
		telemetry.ErrorLock:       {code("55P03")},
		telemetry.ErrorConflict:   {code("40001"), code("40P01")},
		telemetry.ErrorConstraint: {code("23505"), code("23P01")},
		telemetry.ErrorReadOnly:   {code("25006")},
		telemetry.ErrorPrivilege:  {code("42501")},
		"other":                   {code("42P01"), code("22001")},
	} {
		for _, err := range errs {
			t.Run(class+" "+err.Error(), func(t *testing.T) {
				if got := telemetry.ErrorClass(err); got != class {
					t.Errorf("got class %s, want %s", got, class)
				}
			})
		}
	}
}

func code(sqlState string) error { return &pgconn.PgError{Code: sqlState} }
