package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// Tx is a transaction for one company. It is passed on as an argument to everything that reads or writes in it, and is
// valid until the function that InTx called with it returns. It is not safe for concurrent use.
type Tx struct {
	*db.Queries

	tx *transaction
}

// errNotYours is the error of a commit or rollback by a user of the transaction.
var errNotYours = errors.New("the transaction is committed and rolled back by InTx only")

// InTx runs fn in one transaction for one company and commits it if fn returns nil. After InTx returns nil, the
// transaction is committed. After an error it is not, unless the error is that the connection was lost during the
// commit. BEGIN is sent together with the first statement. A canceled context prevents the commit, but does not
// interrupt a commit or rollback that has started.
//
// Whatever must happen after the commit is a row that the transaction wrote.
func (s *Store) InTx(ctx context.Context, company uuid.UUID, fn func(tx *Tx) error) error {
	h := holder{company: company}
	if err := s.enter(ctx, h); err != nil {
		return err
	}
	defer s.leave(h)
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return failed("acquire a connection for a transaction", err)
	}
	defer conn.Release()
	tx := begin(conn, setting(s.setTenant, company))
	committed := false
	defer func() {
		if !committed {
			tx.rollback(ctx)
		}
	}()
	if err := fn(&Tx{db.New(tx), tx}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return tx.failed(err)
	}
	if err := tx.commit(ctx); err != nil {
		return err
	}
	committed = true
	return nil
}

// PGX returns the transaction for a library that uses pgx. It begins the transaction if no statement has. Begin of the
// result sets a savepoint; its Commit and Rollback fail.
func (t *Tx) PGX(ctx context.Context) (pgx.Tx, error) {
	if t.tx.opening != nil {
		if _, err := t.tx.Exec(ctx, "SELECT 1"); err != nil {
			return nil, err
		}
	}
	// The transaction has begun, so pgx begins it with a comment.
	inner, err := t.tx.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "-- begun"})
	if err != nil {
		return nil, failed("hand over the transaction", err)
	}
	return handle{inner}, nil
}

// handle is a transaction that its user cannot end.
type handle struct{ pgx.Tx }

func (handle) Commit(context.Context) error   { return errNotYours }
func (handle) Rollback(context.Context) error { return errNotYours }

// transaction is a db.DBTX inside one transaction.
type transaction struct {
	conn    *pgx.Conn
	opening []prelude
	// last is the statement that ran last; it identifies the transaction in an error of the commit.
	last string
}

// begin returns a transaction for the company that a prelude sets. It begins with its first statement.
func begin(conn *pgxpool.Conn, tenant prelude) *transaction {
	return &transaction{conn: conn.Conn(), opening: []prelude{{"begin transaction", "BEGIN", nil}, tenant}}
}

func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.opening != nil {
		return t.open(ctx, sql, args).exec()
	}
	t.last = sql
	tag, err := t.conn.Exec(ctx, sql, args...)
	return tag, queryFailed(sql, err)
}

func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.opening != nil {
		return t.open(ctx, sql, args).query()
	}
	t.last = sql
	rows, err := t.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, queryFailed(sql, err)
	}
	return &result{Rows: rows, sql: sql}, nil
}

func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := t.Query(ctx, sql, args...)
	return row{rows, sql, err}
}

// open sends BEGIN and the tenant together with the first statement.
func (t *transaction) open(ctx context.Context, sql string, args []any) pipeline {
	opening := t.opening
	t.opening, t.last = nil, sql
	return send(ctx, t.conn, opening, sql, args)
}

func (t *transaction) commit(ctx context.Context) error {
	if t.opening != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
	defer cancel()
	tag, err := t.conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the transaction was rolled back: %w", pgx.ErrTxCommitRollback)
	}
	if err != nil {
		return t.failed(err)
	}
	return nil
}

// failed is the error of a transaction that cannot be committed.
func (t *transaction) failed(err error) error {
	if t.last == "" {
		return failed("commit transaction", err)
	}
	return failed("commit transaction after "+queryName(t.last), err)
}

// rollback leaves the connection clean. If it fails, the pool sees the open transaction and discards the connection.
func (t *transaction) rollback(ctx context.Context) {
	if t.opening != nil || t.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "ROLLBACK")
}
