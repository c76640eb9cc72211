package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
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
	pool   *pgxpool.Pool
	tenant []prelude
}

func (s *statements) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return send(ctx, s.pool, s.tenant, sql, args).exec()
}

func (s *statements) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return send(ctx, s.pool, s.tenant, sql, args).query()
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
}

func send(ctx context.Context, to sender, preludes []prelude, sql string, args []any) pipeline {
	batch := &pgx.Batch{}
	for _, p := range preludes {
		batch.Queue(p.sql, p.args...)
	}
	batch.Queue(sql, args...)
	return pipeline{to.SendBatch(ctx, batch), preludes, sql}
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
	return &result{Rows: rows, sql: p.sql, batch: p.results}, nil
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

// close ends the pipeline, and returns the first error. That of closing repeats an earlier one.
func (p pipeline) close(err error) error {
	if closing := p.results.Close(); err == nil {
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
	sql    string
	batch  pgx.BatchResults
	closed bool
	err    error
}

func (r *result) Close() {
	r.Rows.Close()
	if r.closed {
		return
	}
	r.closed = true
	if r.batch != nil {
		r.err = r.batch.Close()
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
