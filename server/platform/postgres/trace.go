package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Stopwatch measures round trips: those of the store, and as a tracer those of others with connections of its pool.
type Stopwatch interface {
	pgx.QueryTracer
	// Began returns the time at the beginning of a round trip, and Ended is called at its end.
	Began() time.Time
	Ended(began time.Time, err error)
}

// unmeasured is a Stopwatch that measures nothing.
type unmeasured struct{}

func (unmeasured) Began() time.Time       { return time.Time{} }
func (unmeasured) Ended(time.Time, error) {}

func (unmeasured) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (unmeasured) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// trace tells a tracer about a pipeline, as pgx does about its batches and queries. The nil trace has no tracer.
type trace struct {
	ctx  context.Context //nolint:containedctx // that of the tracer, which wants it back
	conn *pgx.Conn
	// query is the tracer of a query without preludes, and batch the tracer otherwise.
	query pgx.QueryTracer
	batch pgx.BatchTracer
	// sent are the statements whose result has not come.
	sent []*pgx.QueuedQuery
	tag  pgconn.CommandTag
}

// startTrace tells the tracer, if there is one, that statements are sent.
func (s *Store) startTrace(
	ctx context.Context, conn *pgx.Conn, preludes []prelude, sql string, args []any,
) (context.Context, *trace) {
	if s.tracer == nil {
		return ctx, nil
	}
	t := &trace{conn: conn}
	if batch, ok := s.tracer.(pgx.BatchTracer); ok && len(preludes) > 0 {
		var statements pgx.Batch
		for _, p := range preludes {
			if p.company != none {
				p.args = []any{p.company.String()}
			}
			statements.Queue(p.sql, p.args...)
		}
		statements.Queue(sql, args...)
		t.batch, t.sent = batch, statements.QueuedQueries
		t.ctx = batch.TraceBatchStart(ctx, conn, pgx.TraceBatchStartData{Batch: &statements})
	} else {
		t.query = s.tracer
		t.ctx = s.tracer.TraceQueryStart(ctx, conn, pgx.TraceQueryStartData{SQL: sql, Args: args})
	}
	return t.ctx, t
}

// result is called with each result.
func (t *trace) result(tag pgconn.CommandTag, err error) {
	if t == nil {
		return
	}
	t.tag = tag
	if t.batch != nil && len(t.sent) > 0 {
		next := t.sent[0]
		t.sent = t.sent[1:]
		t.batch.TraceBatchQuery(t.ctx, t.conn, pgx.TraceBatchQueryData{
			SQL: next.SQL, Args: next.Arguments, CommandTag: tag, Err: err,
		})
	}
}

// end is called when all results have come.
func (t *trace) end(err error) {
	switch {
	case t == nil:
	case t.batch != nil:
		t.batch.TraceBatchEnd(t.ctx, t.conn, pgx.TraceBatchEndData{Err: err})
	default:
		t.query.TraceQueryEnd(t.ctx, t.conn, pgx.TraceQueryEndData{CommandTag: t.tag, Err: err})
	}
}
