package telemetry

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
)

// The classes of errors of statements.
const (
	ErrorConnection = "connection"
	ErrorCanceled   = "canceled"
	ErrorTimeout    = "timeout"
	ErrorLock       = "lock"
	ErrorConflict   = "conflict"
	ErrorConstraint = "constraint"
	ErrorReadOnly   = "read_only"
	ErrorPrivilege  = "privilege"
)

// statements measures round trips to PostgreSQL.
type statements struct {
	duration prometheus.Histogram
	errors   outcomes
}

func newStatements(r prometheus.Registerer) statements {
	s := statements{
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "interviewer_db_statement_seconds", Help: "Duration of round trips to PostgreSQL, of one or more statements.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .1, .5, 1, 10},
		}),
		errors: newOutcomes(r, "interviewer_db_errors_total", "class", "Round trips to PostgreSQL that failed, by class.",
			ErrorConnection, ErrorCanceled, ErrorTimeout, ErrorLock, ErrorConflict, ErrorConstraint, ErrorReadOnly,
			ErrorPrivilege),
	}
	r.MustRegister(s.duration)
	return s
}

// Statements returns a stopwatch for the round trips of a store, which is also a tracer for those of others.
func (m *Metrics) Statements(now func() time.Time) *Stopwatch { return &Stopwatch{m.statements, now} }

// Stopwatch measures round trips to PostgreSQL.
type Stopwatch struct {
	statements statements
	now        func() time.Time
}

var (
	_ pgx.QueryTracer = (*Stopwatch)(nil)
	_ pgx.BatchTracer = (*Stopwatch)(nil)
)

// Began returns the time at the beginning of a round trip.
func (s *Stopwatch) Began() time.Time { return s.now() }

// Ended is called at the end of a round trip.
func (s *Stopwatch) Ended(began time.Time, err error) {
	s.statements.duration.Observe(s.now().Sub(began).Seconds())
	if err != nil {
		s.statements.errors.count(errorClass(err))
	}
}

// began is the key of the time in a context at which a round trip began.
type began struct{}

// TraceQueryStart is called before a statement.
func (s *Stopwatch) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, began{}, s.Began())
}

// TraceQueryEnd is called when the result of a statement is complete.
func (s *Stopwatch) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	s.end(ctx, data.Err)
}

// TraceBatchStart is called before a batch.
func (s *Stopwatch) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return context.WithValue(ctx, began{}, s.Began())
}

// TraceBatchQuery is called for each result of a batch, which is measured as a whole.
func (*Stopwatch) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is called when all results of a batch are complete.
func (s *Stopwatch) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	s.end(ctx, data.Err)
}

func (s *Stopwatch) end(ctx context.Context, err error) {
	if start, ok := ctx.Value(began{}).(time.Time); ok {
		s.Ended(start, err)
	}
}

// errorClass returns the class of an error by its SQLSTATE (PostgreSQL's manual, appendix A).
func errorClass(err error) string {
	var said *pgconn.PgError
	switch {
	case errors.Is(err, context.Canceled):
		return ErrorCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return ErrorTimeout
	case !errors.As(err, &said):
		return ErrorConnection
	}
	switch said.Code {
	case "57014":
		return ErrorTimeout
	case "55P03":
		return ErrorLock
	case "25006":
		return ErrorReadOnly
	case "42501":
		return ErrorPrivilege
	}
	for prefix, class := range map[string]string{
		"08": ErrorConnection, "53": ErrorConnection, "57P": ErrorConnection, "40": ErrorConflict, "23": ErrorConstraint,
	} {
		if strings.HasPrefix(said.Code, prefix) {
			return class
		}
	}
	return other
}

// WatchPostgres adds whether PostgreSQL accepts changes, and how long it takes to say so, read at each scrape. If read
// fails, the values are missing. Call it once.
func (m *Metrics) WatchPostgres(
	ctx context.Context, now func() time.Time, read func(context.Context) (readOnly bool, err error),
) {
	standby := prometheus.NewDesc("interviewer_db_read_only",
		"1 if PostgreSQL is a standby or accepts no changes for another reason, 0 if it accepts them.", nil, nil)
	ping := prometheus.NewDesc("interviewer_db_ping_seconds",
		"Duration of one query that reads no table, at the scrape.", nil, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		ctx, cancel := scrape(ctx)
		defer cancel()
		start := now()
		readOnly, err := read(ctx)
		if err != nil {
			return
		}
		ch <- gauge(standby, one(readOnly))
		ch <- gauge(ping, now().Sub(start).Seconds())
	}))
}

// Dependency is something that the service needs to be ready.
type Dependency struct {
	// Name is postgresql, redis or migrations.
	Name string
	Up   bool
}

// WatchReadiness adds whether the service is ready, and whether each dependency is up, as /health/ready reports it,
// read at each scrape. Call it once.
func (m *Metrics) WatchReadiness(ctx context.Context, read func(context.Context) (ready bool, all []Dependency)) {
	whole := prometheus.NewDesc("interviewer_ready", "1 if /health/ready answers 200, 0 if not.", nil, nil)
	each := prometheus.NewDesc("interviewer_dependency_up",
		"1 if a dependency of the service is up, 0 if not.", []string{"dependency"}, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		ctx, cancel := scrape(ctx)
		defer cancel()
		ready, all := read(ctx)
		ch <- gauge(whole, one(ready))
		for _, d := range all {
			ch <- gauge(each, one(d.Up), d.Name)
		}
	}))
}

// one returns 1 for true and 0 for false.
func one(value bool) float64 {
	if value {
		return 1
	}
	return 0
}
