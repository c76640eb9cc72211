package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

var errStep = errors.New("a step that fails")

// unit is a company's unit on a store with one connection, so that a connection that is not released is noticed.
type unit struct {
	two
	t     *testing.T
	ctx   context.Context //nolint:containedctx // the unit is in it
	unit  *postgres.Unit
	begun int
	after []string
}

func unite(t *testing.T) *unit {
	t.Helper()
	u := &unit{two: open(t, postgres.Options{}), t: t}
	u.ctx, u.unit = u.store.Unite(t.Context(), u.acme.ID, func(context.Context, *db.Queries) error {
		u.begun++
		return nil
	})
	return u
}

// name sets the company's name in a step of its own, which then returns an error.
func (u *unit) name(name string, then error) error {
	err := u.store.RawInTx(u.ctx, u.acme.ID, func(tx db.DBTX) error {
		if _, err := tx.Exec(u.ctx, `UPDATE companies SET name = $1`, name); err != nil {
			return err
		}
		postgres.AfterCommit(u.ctx, func() { u.after = append(u.after, name) })
		return then
	})
	return err
}

// sees compares the company's name inside the unit and outside of it.
func (u *unit) sees(inside, outside string) {
	u.t.Helper()
	var name string
	if inside != "" {
		if err := u.store.RawOf(u.acme.ID).QueryRow(u.ctx, `SELECT name FROM companies`).Scan(&name); err != nil || name != inside {
			u.t.Errorf("inside the name is %q, want %q: %v", name, inside, err)
		}
	}
	err := u.Database.QueryRow(u.t.Context(), `SELECT name FROM companies WHERE id = $1`, u.acme.ID).Scan(&name)
	if err != nil || name != outside {
		u.t.Errorf("outside the name is %q, want %q: %v", name, outside, err)
	}
}

// free fails if the unit still holds the only connection.
func (u *unit) free() {
	u.t.Helper()
	if n := count(u.t, u.store.RawOf(u.globex.ID), `SELECT count(*) FROM companies`); n != 1 || u.store.Stat().AcquiredConns() != 0 {
		u.t.Errorf("%d companies, and %d connections are held", n, u.store.Stat().AcquiredConns())
	}
}

func TestUnitCommitsOrRollsBackTogether(t *testing.T) {
	t.Parallel()
	u := unite(t)
	if err := u.name("one", nil); err != nil {
		t.Fatal(err)
	}
	u.sees("one", "acme")
	if err := u.name("two", errStep); !errors.Is(err, errStep) {
		t.Error(err)
	}
	u.sees("one", "acme")
	err := u.unit.RawCommit(u.ctx, func(tx db.DBTX) error {
		_, err := tx.Exec(u.ctx, `UPDATE companies SET name = name || '!'`)
		return err
	})
	if err != nil || u.begun != 1 {
		t.Errorf("begun %d times: %v", u.begun, err)
	}
	u.sees("", "one!")
	u.free()
}

func TestAfterCommitRunsAfterTheCommit(t *testing.T) {
	t.Parallel()
	u := unite(t)
	if err := u.name("one", nil); err != nil || len(u.after) != 0 {
		t.Errorf("called before the commit: %v: %v", u.after, err)
	}
	if err := u.unit.RawCommit(u.ctx, func(db.DBTX) error { return nil }); err != nil || !slices.Equal(u.after, []string{"one"}) {
		t.Errorf("called after the commit: %v: %v", u.after, err)
	}
	called := false
	if postgres.AfterCommit(t.Context(), func() { called = true }); !called {
		t.Error("outside a unit nothing was called")
	}
}

func TestFailedUnit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(u *unit) error
		want string
	}{
		"refused, and kept":   {func(u *unit) error { return u.unit.Settle(u.ctx, true) }, "one"},
		"failed":              {func(u *unit) error { return u.unit.Settle(u.ctx, false) }, "acme"},
		"the last step fails": {func(u *unit) error { return u.unit.RawCommit(u.ctx, func(db.DBTX) error { return errStep }) }, "acme"},
		"ended by a panic":    {func(u *unit) error { u.unit.End(u.ctx); return nil }, "acme"},
	} {
		u := unite(t)
		if err := u.name("one", nil); err != nil {
			t.Fatal(err)
		}
		if err := c.end(u); err != nil && !errors.Is(err, errStep) {
			t.Errorf("%s: %v", name, err)
		}
		u.unit.End(u.ctx)
		u.sees("", c.want)
		if called := len(u.after) > 0; called != (c.want == "one") {
			t.Errorf("%s: AfterCommit was called: %t", name, called)
		}
		u.free()
	}
	u := unite(t)
	if err := u.name("one", errStep); !errors.Is(err, errStep) {
		t.Error(err)
	}
	u.free() // A unit whose only step failed holds no connection.
	if err := u.unit.Settle(u.ctx, true); err != nil {
		t.Error(err)
	}
	u.sees("", "acme")
}

// TestUnitBelongsToOneCompany: statements of another company commit independently.
func TestUnitBelongsToOneCompany(t *testing.T) {
	t.Parallel()
	u := unite(t)
	if n := count(t, u.store.RawOf(u.globex.ID), `SELECT count(*) FROM companies`); n != 1 || u.begun != 0 {
		t.Errorf("%d companies, begun %d times", n, u.begun)
	}
	err := u.store.RawInTx(u.ctx, u.globex.ID, func(tx db.DBTX) error {
		_, err := tx.Exec(u.ctx, `UPDATE companies SET name = 'other'`)
		return err
	})
	if err != nil || u.begun != 0 {
		t.Errorf("begun %d times: %v", u.begun, err)
	}
	if err := u.unit.Settle(u.ctx, false); err != nil {
		t.Error(err)
	}
	var name string
	if err := u.Database.QueryRow(t.Context(), `SELECT name FROM companies WHERE id = $1`, u.globex.ID).Scan(&name); err != nil || name != "other" {
		t.Errorf("the other company's name is %q: %v", name, err)
	}
}
