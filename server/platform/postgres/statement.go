package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// prelude is a statement that is sent ahead of a query, in the same round trip.
type prelude struct {
	// purpose says in an error what the statement was for. Statements of Tx.Later have none; they are named by themselves.
	purpose string
	sql     string
	args    []any
	// company is the only argument, in place of args; uuid.Nil for none.
	company uuid.UUID
	later   bool
	// refused returns the error if the statement divides by zero; nil if that has no meaning.
	refused func() error
}

// statements is a db.DBTX that runs each statement alone. PostgreSQL treats a pipeline up to its end as one
// transaction, so the tenant that a prelude sets applies to the statement behind it and to nothing else.
type statements struct {
	store  *Store
	holder holder
	tenant []prelude
}

func (s *statements) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	p, err := s.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return p.exec()
}

func (s *statements) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	p, err := s.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return p.query()
}

func (s *statements) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	p, err := s.send(ctx, sql, args)
	if err != nil {
		return failedRow{err}
	}
	return p.row()
}

// send sends a statement. The place of its connection is given back when the pipeline is closed.
func (s *statements) send(ctx context.Context, sql string, args []any) (pipeline, error) {
	if err := s.store.enter(ctx, s.holder); err != nil {
		return pipeline{}, queryFailed(sql, err)
	}
	p, err := s.store.send(ctx, s.tenant, sql, args)
	if err != nil {
		s.store.leave(s.holder)
		return pipeline{}, err
	}
	p.entered, p.holder = true, s.holder
	return p, nil
}

// failed adds the prelude's purpose to an error that PostgreSQL reports about it. The first result of a pipeline also
// carries the errors of the connection.
func (p *prelude) failed(err error) error {
	var reported *pgconn.PgError
	if !errors.As(err, &reported) || p.later {
		return err
	}
	return fmt.Errorf("%s: %w", p.purpose, err)
}

// divisionByZero is the SQLSTATE by which statements of Tx.Require refuse.
const divisionByZero = "22012"

// errorOf returns an error of the prelude in front of a statement.
func (p *prelude) errorOf(sql string, err error) error {
	err = p.failed(err)
	var reported *pgconn.PgError
	switch {
	case !p.later:
		return queryFailed(sql, err)
	case p.refused != nil && errors.As(err, &reported) && reported.Code == divisionByZero:
		return p.refused()
	}
	return queryFailed(p.sql, err)
}

// result returns the rows of a query, and closes the pipeline that they came with.
type result struct {
	pgx.Rows

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
	r.batch.trace.result(r.CommandTag(), r.Rows.Err())
	r.err = r.batch.close(nil)
}

func (r *result) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Scan copies the columns of a row. What copyColumn cannot do, pgx does.
func (r *result) Scan(into ...any) error {
	fields, values, left := r.FieldDescriptions(), r.RawValues(), 0
	for i, to := range into {
		if len(fields) == len(into) && len(values) == len(into) && copyColumn(&fields[i], values[i], to) {
			into[i] = nil // which pgx leaves out
		} else {
			left++
		}
	}
	if left == 0 {
		return nil
	}
	return queryFailed(r.batch.sql, r.Rows.Scan(into...))
}

func (r *result) Err() error {
	if err := r.Rows.Err(); err != nil {
		return queryFailed(r.batch.sql, err)
	}
	return queryFailed(r.batch.sql, r.err)
}

// row is the first row of a result. Scan returns the fault ResourceNotFound if there is none.
type row struct{ *result }

func (r row) Scan(into ...any) error {
	defer r.Close()
	if !r.Next() {
		if err := r.Err(); err != nil {
			return err
		}
		return queryFailed(r.batch.sql, pgx.ErrNoRows)
	}
	if err := r.result.Scan(into...); err != nil {
		return err
	}
	r.Close()
	return r.Err()
}

// failedRow is a row that could not be asked for.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
