package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// nameOf reads the company's name outside of any transaction.
func nameOf(t *testing.T, w two) string {
	t.Helper()
	var name string
	if err := w.Database.QueryRow(t.Context(), `SELECT name FROM companies WHERE id = $1`, w.acme.ID).Scan(&name); err != nil {
		t.Error(err)
	}
	return name
}

// TestInTxReturnsNilAfterTheCommit compares what another connection sees inside and after the transaction.
func TestInTxReturnsNilAfterTheCommit(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	err := w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
		_, err := tx.Exec(t.Context(), `UPDATE companies SET name = 'one'`)
		if name := nameOf(t, w); name != "acme" {
			t.Errorf("inside the transaction others see the name %q", name)
		}
		return err
	})
	if name := nameOf(t, w); err != nil || name != "one" {
		t.Errorf("after the transaction others see the name %q (error %v), want one", name, err)
	}
}

// TestInTxFailsWithTheCommit makes PostgreSQL refuse the commit after all statements succeeded.
func TestInTxFailsWithTheCommit(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	w.Exec(`CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE 'refused at the commit'; END $$`)
	w.Exec(`CREATE CONSTRAINT TRIGGER refuse_commit AFTER UPDATE ON companies DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION refuse_commit()`)
	reached := false
	err := w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
		_, err := tx.Exec(t.Context(), `UPDATE companies SET name = 'one'`)
		reached = err == nil
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "refused at the commit") || !reached {
		t.Errorf("got %v, and the statement succeeded %t; want the error of the commit", err, reached)
	}
	if name := nameOf(t, w); name != "acme" {
		t.Errorf("the name is %q, want acme", name)
	}
	if n := count(t, w.store.RawOf(w.globex.ID), `SELECT count(*) FROM companies`); n != 1 {
		t.Errorf("afterwards the connection sees %d companies, want 1", n)
	}
}

// TestPGX writes through the handle for libraries that use pgx, before and after another statement.
func TestPGX(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for name, c := range map[string]struct {
		first bool // a statement runs before
		fails error
		want  string
	}{
		"first, and committed":    {false, nil, "one!"},
		"second, and committed":   {true, nil, "one!"},
		"first, and rolled back":  {false, failed, "acme"},
		"second, and rolled back": {true, failed, "acme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, postgres.Options{})
			ctx := t.Context()
			err := w.store.InTx(ctx, w.acme.ID, func(tx *postgres.Tx) error {
				if c.first {
					if _, err := tx.GetCompany(ctx, w.acme.ID); err != nil {
						return err
					}
				}
				handle, err := tx.PGX(ctx)
				if err != nil {
					return err
				}
				// Without a condition: the handle acts for the tenant.
				if tag, err := handle.Exec(ctx, `UPDATE companies SET name = 'one'`); err != nil || tag.RowsAffected() != 1 {
					t.Errorf("updated %d companies: %v", tag.RowsAffected(), err)
				}
				if err := errors.Join(undone(ctx, t, tx), handle.Commit(ctx), handle.Rollback(ctx)); err == nil {
					t.Error("the user of a handle ended the transaction")
				}
				again, err := tx.PGX(ctx)
				if err != nil {
					return err
				}
				if _, err := again.Exec(ctx, `UPDATE companies SET name = name || '!'`); err != nil {
					return err
				}
				if row, err := tx.GetCompany(ctx, w.acme.ID); err != nil || row.Name != "one!" {
					t.Errorf("inside the transaction the name is %q: %v", row.Name, err)
				}
				return c.fails
			})
			if !errors.Is(err, c.fails) {
				t.Error(err)
			}
			if name := nameOf(t, w); name != c.want {
				t.Errorf("the name is %q, want %q", name, c.want)
			}
			if n := count(t, w.store.RawOf(w.globex.ID), `SELECT count(*) FROM companies`); n != 1 {
				t.Errorf("afterwards the connection sees %d companies, want 1", n)
			}
		})
	}
}

// undone writes behind a savepoint of the handle, and rolls back to it.
func undone(ctx context.Context, t *testing.T, tx *postgres.Tx) error {
	t.Helper()
	handle, err := tx.PGX(ctx)
	if err != nil {
		return err
	}
	nested, err := handle.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := nested.Exec(ctx, `UPDATE companies SET name = 'undone'`); err != nil {
		return err
	}
	return nested.Rollback(ctx)
}
