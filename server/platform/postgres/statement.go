package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// prelude is a statement that is sent ahead of a query, in the same round trip.
type prelude struct {
	// purpose says in an error what the statement was for.
	purpose string
	sql     string
	args    []any
}

// statements is a db.DBTX that runs each statement alone. PostgreSQL treats a pipeline up to its end as one
// transaction, so the tenant that a prelude sets applies to the statement behind it and to nothing else.
type statements struct {
	store  *Store
	holder holder
	tenant []prelude
}

func (s *statements) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := s.store.enter(ctx, s.holder); err != nil {
		return pgconn.CommandTag{}, queryFailed(sql, err)
	}
	return s.send(ctx, sql, args).exec()
}

func (s *statements) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := s.store.enter(ctx, s.holder); err != nil {
		return nil, queryFailed(sql, err)
	}
	return s.send(ctx, sql, args).query()
}

// send sends a statement. The place of its connection is given back when the pipeline is closed.
func (s *statements) send(ctx context.Context, sql string, args []any) pipeline {
	p := send(ctx, s.store.pool, s.tenant, sql, args)
	p.store, p.holder = s.store, s.holder
	return p
}

func (s *statements) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := s.Query(ctx, sql, args...)
	return row{rows, sql, err}
}

type sender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// pipeline is a query that was sent behind its preludes.
type pipeline struct {
	results  pgx.BatchResults
	preludes []prelude
	sql      string
	// store has a place of the holder for the connection; nil within a transaction, which has it itself.
	store  *Store
	holder holder
}

func send(ctx context.Context, to sender, preludes []prelude, sql string, args []any) pipeline {
	batch := &pgx.Batch{}
	for _, p := range preludes {
		batch.Queue(p.sql, p.args...)
	}
	batch.Queue(sql, args...)
	return pipeline{results: to.SendBatch(ctx, batch), preludes: preludes, sql: sql}
}

func (p pipeline) exec() (pgconn.CommandTag, error) {
	if err := p.open(); err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := p.results.Exec()
	return tag, queryFailed(p.sql, p.close(err))
}

func (p pipeline) query() (pgx.Rows, error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	rows, err := p.results.Query()
	if err != nil {
		return nil, queryFailed(p.sql, p.close(err))
	}
	return &result{Rows: rows, sql: p.sql, batch: p}, nil
}

// open reads the results of the preludes.
func (p pipeline) open() error {
	for _, prelude := range p.preludes {
		if _, err := p.results.Exec(); err != nil {
			return queryFailed(p.sql, p.close(prelude.failed(err)))
		}
	}
	return nil
}

// close ends the pipeline, and returns the first error. That of closing repeats an earlier one. It must be called once.
func (p pipeline) close(err error) error {
	closing := p.results.Close()
	if p.store != nil {
		p.store.leave(p.holder)
	}
	if err == nil {
		return closing
	}
	return err
}

// failed adds the prelude's purpose to an error that PostgreSQL reports about it. The first result of a pipeline also
// carries the errors of the connection, and those of preparing any of its statements.
func (p prelude) failed(err error) error {
	var preparing pgx.ErrPreprocessingBatch
	if errors.As(err, &preparing) && preparing.SQL() != p.sql {
		return err
	}
	var reported *pgconn.PgError
	if !errors.As(err, &reported) {
		return err
	}
	return fmt.Errorf("%s: %w", p.purpose, err)
}

// result returns the rows of a query, and closes the pipeline that they came with.
type result struct {
	pgx.Rows
	sql string
	// batch is the pipeline; one without results for a query that was sent alone.
	batch  pipeline
	closed bool
	err    error
}

func (r *result) Close() {
	r.Rows.Close()
	if r.closed {
		return
	}
	r.closed = true
	if r.batch.results != nil {
		r.err = r.batch.close(nil)
	}
}

func (r *result) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *result) Scan(into ...any) error { return queryFailed(r.sql, r.Rows.Scan(into...)) }

func (r *result) Err() error {
	if err := r.Rows.Err(); err != nil {
		return queryFailed(r.sql, err)
	}
	return queryFailed(r.sql, r.err)
}

// row is the first row of a result. Scan returns the fault ResourceNotFound if there is none.
type row struct {
	rows pgx.Rows
	sql  string
	err  error
}

func (r row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return queryFailed(r.sql, pgx.ErrNoRows)
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
