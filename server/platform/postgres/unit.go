package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// Unit holds back the commit of what one request writes for its company, so that something more can be written with it
// once it is known what the request comes to. It is for one goroutine.
//
// Within the unit's context every InTx for the company joins one transaction, which the first of them begins, and every
// statement Of or Planned for the company sees what it has written. No connection is held before.
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

// Unite gives a context in which a company's writes are one unit. What begin does is the first of its transaction;
// where it fails, so does the InTx that would have begun it. The unit must be ended by Commit or Settle, and whatever
// happens by End.
func (s *Store) Unite(
	ctx context.Context, company uuid.UUID, begin func(ctx context.Context, tx *db.Queries) error,
) (context.Context, *Unit) {
	u := &Unit{store: s, company: company, begin: begin}
	return context.WithValue(ctx, unitKey{}, u), u
}

// AfterCommit calls a function once what has been written is committed: now, or when the unit that the context belongs
// to is. Where that comes to nothing, it is never called.
func AfterCommit(ctx context.Context, fn func()) {
	if u, ok := ctx.Value(unitKey{}).(*Unit); ok {
		u.after = append(u.after, fn)
		return
	}
	fn()
}

// unitOf gives the unit that a company's statements belong to, nil where they stand alone.
func unitOf(ctx context.Context, company uuid.UUID) *Unit {
	if u, ok := ctx.Value(unitKey{}).(*Unit); ok && u.company == company {
		return u
	}
	return nil
}

// run is InTx within the unit. What fails is undone, and leaves what succeeded before it.
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
		err = translate(ctx.Err())
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
		return translate(err)
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

// Commit writes something last and commits the unit, both or neither. Then it calls what waits for that.
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

// Settle ends a unit whose request has failed. What an InTx of it has written with success is committed if keep is
// true, as it would have been without the unit, and undone otherwise.
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

// End undoes what was neither committed nor settled, because a defect broke the request off.
func (u *Unit) End(ctx context.Context) {
	if u.tx != nil {
		u.abandon(ctx)
	}
}

func (u *Unit) finish(ctx context.Context) error {
	if err := u.tx.commit(ctx); err != nil {
		u.abandon(ctx)
		return translate(err)
	}
	u.conn.Release()
	after := u.after
	u.conn, u.tx, u.after = nil, nil, nil
	for _, fn := range after {
		fn()
	}
	return nil
}
