package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// Unit delays the commit of what one request writes for its company, so that the response can be recorded in the same
// transaction. It is not safe for concurrent use.
//
// In the unit's context every InTx for the company joins one transaction, which the first of them begins, and every
// query of Of or Planned for the company sees what was written. The unit holds no connection before.
type Unit struct {
	store   *Store
	company uuid.UUID
	begin   func(ctx context.Context, tx *db.Queries) error
	conn    *pgxpool.Conn
	tx      *transaction
	wrote   bool
	after   []func()
}

type unitKey struct{}

// Unite returns a context in which a company's writes are one unit. The function begin runs first in the transaction;
// if it fails, the InTx that would have begun the transaction fails. End the unit with Commit or Settle, and defer End.
func (s *Store) Unite(
	ctx context.Context, company uuid.UUID, begin func(ctx context.Context, tx *db.Queries) error,
) (context.Context, *Unit) {
	u := &Unit{store: s, company: company, begin: begin}
	return context.WithValue(ctx, unitKey{}, u), u
}

// AfterCommit calls a function after the commit: now, or after the commit of the context's unit. If the unit is rolled
// back, the function is never called.
func AfterCommit(ctx context.Context, fn func()) {
	if u, ok := ctx.Value(unitKey{}).(*Unit); ok {
		u.after = append(u.after, fn)
		return
	}
	fn()
}

// unitOf returns the unit that a company's statements belong to; nil for none.
func unitOf(ctx context.Context, company uuid.UUID) *Unit {
	if u, ok := ctx.Value(unitKey{}).(*Unit); ok && u.company == company {
		return u
	}
	return nil
}

// run is InTx in the unit. A failed step is rolled back; the steps before it are kept.
func (u *Unit) run(ctx context.Context, fn func(tx db.DBTX) error) error {
	first := u.tx == nil
	if first {
		if err := u.open(ctx); err != nil {
			return err
		}
	} else if _, err := u.tx.Exec(ctx, "SAVEPOINT step"); err != nil {
		return err
	}
	err := fn(u.tx)
	if err == nil {
		if err = ctx.Err(); err != nil {
			err = u.tx.failed(err)
		}
	}
	switch {
	case err == nil:
		u.wrote = true
	case first:
		u.abandon(ctx)
	default:
		u.tx.undo(ctx)
	}
	return err
}

func (u *Unit) open(ctx context.Context) error {
	conn, err := u.store.pool.Acquire(ctx)
	if err != nil {
		return failed("acquire a connection for a transaction", err)
	}
	u.conn, u.tx = conn, begin(conn, u.company)
	if err := u.begin(ctx, db.New(u.tx)); err != nil {
		u.abandon(ctx)
		return err
	}
	return nil
}

// abandon rolls everything back.
func (u *Unit) abandon(ctx context.Context) {
	u.tx.rollback(ctx)
	u.conn.Release()
	u.conn, u.tx, u.wrote, u.after = nil, nil, false, nil
}

// Commit runs last in the unit's transaction and commits it. Afterwards it calls the functions of AfterCommit. If last
// or the commit fails, everything is rolled back.
func (u *Unit) Commit(ctx context.Context, last func(tx *db.Queries) error) error {
	return u.commit(ctx, func(tx db.DBTX) error { return last(db.New(tx)) })
}

func (u *Unit) commit(ctx context.Context, last func(tx db.DBTX) error) error {
	if err := u.run(ctx, last); err != nil {
		if u.tx != nil {
			u.abandon(ctx)
		}
		return err
	}
	return u.finish(ctx)
}

// Settle ends a unit whose request failed. If keep is true, it commits what successful calls of InTx wrote, as it would
// have been without the unit; otherwise it rolls everything back.
func (u *Unit) Settle(ctx context.Context, keep bool) error {
	if u.tx == nil {
		return nil
	}
	if !keep || !u.wrote {
		u.abandon(ctx)
		return nil
	}
	return u.finish(ctx)
}

// End rolls back a unit that was neither committed nor settled, because the handler panicked.
func (u *Unit) End(ctx context.Context) {
	if u.tx != nil {
		u.abandon(ctx)
	}
}

func (u *Unit) finish(ctx context.Context) error {
	if err := u.tx.commit(ctx); err != nil {
		u.abandon(ctx)
		return err
	}
	u.conn.Release()
	after := u.after
	u.conn, u.tx, u.after = nil, nil, nil
	for _, fn := range after {
		fn()
	}
	return nil
}
