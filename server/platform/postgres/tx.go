package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

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
// commit. BEGIN is sent together with the first statement, and COMMIT together with those of Later. A canceled context
// prevents the commit, but does not interrupt a commit or rollback that has started.
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
	tx := s.begin(conn, setting(s.setTenant, company))
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

// Later returns queries that are sent with the next statement of the transaction, or with COMMIT, in their order and in
// the same round trip. Their errors are those of that statement, or of InTx. They cannot return rows: a query that does
// fails.
func (t *Tx) Later() *db.Queries { return db.New(later{tx: t.tx}) }

// Require is Later for queries that fail with a division by zero if a condition for the commit is not met. The error is
// then the result of refused.
func (t *Tx) Require(refused func() error) *db.Queries { return db.New(later{t.tx, refused}) }

// PGX returns the transaction for a library that uses pgx. It begins the transaction if no statement has. Begin of the
// result sets a savepoint; its Commit and Rollback fail.
func (t *Tx) PGX(ctx context.Context) (pgx.Tx, error) {
	if len(t.tx.ahead) > 0 {
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
	store *Store
	conn  *pgx.Conn
	// ahead is what the next statement is sent behind, and begun says that it has been sent once.
	ahead []prelude
	begun bool
	// last is the statement that ran last; it identifies the transaction in an error of the commit.
	last string
	// commitTime limits the commit, with the statements that are sent with it, which may wait for a lock.
	commitTime time.Duration
}

// begin returns a transaction for the company that a prelude sets. It begins with its first statement.
func (s *Store) begin(conn *pgxpool.Conn, tenant prelude) *transaction {
	return &transaction{
		store: s, conn: conn.Conn(), ahead: []prelude{{purpose: "begin transaction", sql: "BEGIN"}, tenant},
		commitTime: detachedTime + s.wait,
	}
}

func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	p, err := t.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return p.exec()
}

func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	p, err := t.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return p.query()
}

func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	p, err := t.send(ctx, sql, args)
	if err != nil {
		return failedRow{err}
	}
	return p.row()
}

// send sends a statement together with what is ahead of it.
func (t *transaction) send(ctx context.Context, sql string, args []any) (pipeline, error) {
	ahead := t.ahead
	t.ahead, t.begun, t.last = nil, true, sql
	return t.store.sendOn(ctx, t.conn, ahead, sql, args)
}

// idle reports whether nothing has been sent and nothing will be.
func (t *transaction) idle() bool {
	for _, p := range t.ahead {
		if p.later {
			return false
		}
	}
	return !t.begun
}

func (t *transaction) commit(ctx context.Context) error {
	if t.idle() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.commitTime)
	defer cancel()
	last := t.last
	p, err := t.send(ctx, "COMMIT", nil)
	t.last = last
	if err != nil {
		return err
	}
	if err := p.open(); err != nil {
		return err
	}
	tag, err := p.skip()
	err = p.close(err)
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
	if !t.begun || t.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "ROLLBACK")
}

// later is a db.DBTX that only notes what to send.
type later struct {
	tx      *transaction
	refused func() error
}

// errRows is the error of a query that returns rows, which nobody would read.
var errRows = errors.New("only statements without rows can be sent later")

func (l later) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	l.tx.ahead = append(l.tx.ahead, prelude{sql: sql, args: args, later: true, refused: l.refused})
	return pgconn.CommandTag{}, nil
}

func (l later) Query(_ context.Context, sql string, _ ...any) (pgx.Rows, error) {
	return nil, queryFailed(sql, errRows)
}

func (l later) QueryRow(_ context.Context, sql string, _ ...any) pgx.Row {
	return failedRow{queryFailed(sql, errRows)}
}
