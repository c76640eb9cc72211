package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pipeline is a query that was sent behind its preludes, and whose results are read in the same order.
//
// It is a batch of package pgconn. Batches of pgx do the same, and keep a list of the answers that they wait for and
// plans for the conversion of each column, which cost more than the rest of a usual query.
type pipeline struct {
	store    *Store
	conn     *pgx.Conn
	results  *pgconn.MultiResultReader
	preludes []prelude
	sql      string
	began    time.Time
	// trace is nil if nothing is traced.
	trace *trace
	// pooled is the connection if it goes back to the pool at the end of the pipeline; nil within a transaction.
	pooled *pgxpool.Conn
	// entered says that the holder has a place for the connection, which it gives back as well.
	entered bool
	holder  holder
}

// send sends a statement on a connection of the pool.
func (s *Store) send(ctx context.Context, preludes []prelude, sql string, args []any) (pipeline, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return pipeline{}, queryFailed(sql, err)
	}
	p, err := s.sendOn(ctx, conn.Conn(), preludes, sql, args)
	if err != nil {
		conn.Release()
		return pipeline{}, err
	}
	p.pooled = conn
	return p, nil
}

// sendOn sends a statement on a connection that the caller has. Statements that the server does not know yet are
// prepared first.
func (s *Store) sendOn(
	ctx context.Context, conn *pgx.Conn, preludes []prelude, sql string, args []any,
) (pipeline, error) {
	sql, args = fixReach(sql, args)
	p := pipeline{store: s, conn: conn, preludes: preludes, sql: sql, began: s.stopwatch.Began()}
	ctx, p.trace = s.startTrace(ctx, conn, preludes, sql, args)
	var batch pgconn.Batch
	if err := p.fill(ctx, &batch, args); err != nil {
		p.trace.end(err)
		s.stopwatch.Ended(p.began, err)
		return pipeline{}, err
	}
	p.results = conn.PgConn().ExecBatch(ctx, &batch)
	return p, nil
}

// fill adds the preludes and the query to a batch.
func (p *pipeline) fill(ctx context.Context, batch *pgconn.Batch, args []any) error {
	known := preparedOf(p.conn)
	for i := range p.preludes {
		prelude := &p.preludes[i]
		if err := known.add(ctx, p.conn, batch, prelude.sql, prelude.args, prelude.company); err != nil {
			return prelude.errorOf(p.sql, err)
		}
	}
	return queryFailed(p.sql, known.add(ctx, p.conn, batch, p.sql, args, none))
}

// exec returns the tag of the query, and closes the pipeline.
func (p *pipeline) exec() (pgconn.CommandTag, error) {
	if err := p.open(); err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := p.skip()
	return tag, queryFailed(p.sql, p.close(err))
}

// query returns the rows of the query. The pipeline is closed together with them.
func (p *pipeline) query() (pgx.Rows, error) {
	rows, err := p.read()
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// row returns the first row of the query.
func (p *pipeline) row() pgx.Row {
	rows, err := p.read()
	if err != nil {
		return failedRow{err}
	}
	return row{rows}
}

func (p *pipeline) read() (*result, error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	if !p.results.NextResult() {
		err := p.results.Close()
		p.trace.result(pgconn.CommandTag{}, err)
		return nil, queryFailed(p.sql, p.close(err))
	}
	return &result{Rows: pgx.RowsFromResultReader(p.conn.TypeMap(), p.results.ResultReader()), batch: *p}, nil
}

// open reads the results of the preludes.
func (p *pipeline) open() error {
	for i := range p.preludes {
		if _, err := p.skip(); err != nil {
			return p.preludes[i].errorOf(p.sql, p.close(err))
		}
	}
	return nil
}

// skip reads the next result, and returns its tag.
func (p *pipeline) skip() (tag pgconn.CommandTag, err error) {
	if p.results.NextResult() {
		tag, err = p.results.ResultReader().Close()
	} else {
		err = p.results.Close()
	}
	p.trace.result(tag, err)
	return tag, err
}

// close ends the pipeline, and returns the first error. That of closing repeats an earlier one. It must be called once.
func (p *pipeline) close(err error) error {
	if closing := p.results.Close(); err == nil {
		err = closing
	}
	if err != nil {
		preparedOf(p.conn).failed()
	}
	p.trace.end(err)
	p.store.stopwatch.Ended(p.began, err)
	if p.pooled != nil {
		p.pooled.Release()
	}
	if p.entered {
		p.store.leave(p.holder)
	}
	return err
}
