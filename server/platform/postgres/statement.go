package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// prelude is a statement that travels ahead of the one that was asked for, in the same round trip.
type prelude struct {
	sql  string
	args []any
}

// statements is a db.DBTX whose statements each run alone. PostgreSQL treats a pipeline up to its end as one
// transaction, so the tenant that a prelude sets holds for the statement behind it, and for nothing after. Where a Unit
// has begun they run in its transaction.
type statements struct {
	pool    *pgxpool.Pool
	company uuid.UUID
	tenant  []prelude
}

func (s *statements) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return exec(send(ctx, s.place(ctx), s.tenant, sql, args), len(s.tenant))
}

func (s *statements) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return query(send(ctx, s.place(ctx), s.tenant, sql, args), len(s.tenant))
}

func (s *statements) place(ctx context.Context) sender {
	if u := unitOf(ctx, s.company); u != nil && u.tx != nil && u.tx.opening == nil {
		return u.tx.conn
	}
	return s.pool
}

func (s *statements) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := s.Query(ctx, sql, args...)
	return row{rows, err}
}

type sender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

func send(ctx context.Context, to sender, before []prelude, sql string, args []any) pgx.BatchResults {
	batch := &pgx.Batch{}
	for _, p := range before {
		batch.Queue(p.sql, p.args...)
	}
	batch.Queue(sql, args...)
	return to.SendBatch(ctx, batch)
}

func exec(results pgx.BatchResults, before int) (pgconn.CommandTag, error) {
	var tag pgconn.CommandTag
	var err error
	for range before + 1 {
		if tag, err = results.Exec(); err != nil {
			break
		}
	}
	return tag, translate(errors.Join(err, results.Close()))
}

func query(results pgx.BatchResults, before int) (pgx.Rows, error) {
	for range before {
		if _, err := results.Exec(); err != nil {
			return nil, translate(errors.Join(err, results.Close()))
		}
	}
	rows, err := results.Query()
	if err != nil {
		return nil, translate(errors.Join(err, results.Close()))
	}
	return &result{Rows: rows, batch: results}, nil
}

// result gives the rows of a statement, and closes the batch that it came with.
type result struct {
	pgx.Rows
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

func (r *result) Err() error {
	if err := r.Rows.Err(); err != nil {
		return translate(err)
	}
	return translate(r.err)
}

// row is the first row of a result; that there is none is the fault "not found".
type row struct {
	rows pgx.Rows
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
		return translate(pgx.ErrNoRows)
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
