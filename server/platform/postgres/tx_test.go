package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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

// roundTrips counts what is sent to PostgreSQL.
type roundTrips struct{ batches, queries int }

func (r *roundTrips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	r.queries++
	return ctx
}
func (r *roundTrips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *roundTrips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	r.batches++
	return ctx
}
func (r *roundTrips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (r *roundTrips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// TestLaterTravelsWithTheNextStatement checks the order of statements, and that those of Later need no round trip.
func TestLaterTravelsWithTheNextStatement(t *testing.T) {
	t.Parallel()
	rename := func(t *testing.T, tx *postgres.Tx, to string) {
		t.Helper()
		if _, err := tx.RawLater().Exec(t.Context(), `UPDATE companies SET name = name || $1`, to); err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		fn    func(t *testing.T, tx *postgres.Tx, company uuid.UUID)
		want  string
		sends roundTrips
	}{
		"with COMMIT": {
			func(t *testing.T, tx *postgres.Tx, _ uuid.UUID) {
				t.Helper()
				rename(t, tx, "1")
				rename(t, tx, "2")
			},
			"acme12",
			roundTrips{batches: 1},
		},
		"with a statement": {
			func(t *testing.T, tx *postgres.Tx, company uuid.UUID) {
				t.Helper()
				rename(t, tx, "1")
				if row, err := tx.GetCompany(t.Context(), company); err != nil || row.Name != "acme1" {
					t.Errorf("the statement sees %q: %v", row.Name, err)
				}
				rename(t, tx, "2")
			},
			"acme12",
			roundTrips{batches: 2},
		},
		"with PGX": {
			func(t *testing.T, tx *postgres.Tx, _ uuid.UUID) {
				t.Helper()
				rename(t, tx, "1")
				handle, err := tx.PGX(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := handle.Exec(t.Context(), `UPDATE companies SET name = name || '!'`); err != nil {
					t.Error(err)
				}
				rename(t, tx, "2")
			},
			"acme1!2",
			roundTrips{batches: 2, queries: 2},
		},
		"nothing": {func(*testing.T, *postgres.Tx, uuid.UUID) {}, "acme", roundTrips{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent roundTrips
			w := open(t, postgres.Options{Tracer: &sent})
			err := w.store.InTx(t.Context(), w.acme.ID, func(tx *postgres.Tx) error { c.fn(t, tx, w.acme.ID); return nil })
			if name := nameOf(t, w); err != nil || name != c.want || sent != c.sends {
				t.Errorf("the name is %q after %+v: %v; want %q after %+v", name, sent, err, c.want, c.sends)
			}
		})
	}
}

// TestLaterFailsAtTheCommit checks the errors of statements that were sent with others, and that nothing is committed.
func TestLaterFailsAtTheCommit(t *testing.T) {
	t.Parallel()
	ended := errors.New("ended")
	for name, c := range map[string]struct {
		sql      string
		followed bool // by another statement
		want     string
	}{
		"a statement":              {"SELECT name::integer FROM companies", false, "query SELECT name::integer FROM companies: ERROR"},
		"a statement in the way":   {"SELECT name::integer FROM companies", true, "query SELECT name::integer FROM companies: ERROR"},
		"a condition":              {"SELECT 1 / (length(name) - 3) FROM companies", false, "ended"},
		"a condition in the way":   {"SELECT 1 / (length(name) - 3) FROM companies", true, "ended"},
		"a condition that is none": {"SELECT 1 / length(name) FROM companies", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, postgres.Options{})
			err := w.store.InTx(t.Context(), w.acme.ID, func(tx *postgres.Tx) error {
				later := tx.RawRequire(func() error { return ended })
				_, err1 := tx.RawLater().Exec(t.Context(), `UPDATE companies SET name = 'one'`)
				_, err2 := later.Exec(t.Context(), c.sql)
				if err := errors.Join(err1, err2); err != nil || !c.followed {
					return err
				}
				_, err := tx.GetCompany(t.Context(), w.acme.ID)
				return err
			})
			want := "acme"
			if c.want == "" {
				want = "one"
			}
			if err == nil != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if name := nameOf(t, w); name != want {
				t.Errorf("the name is %q, want %q", name, want)
			}
			if n := count(t, w.store.RawOf(w.globex.ID), `SELECT count(*) FROM companies`); n != 1 {
				t.Errorf("afterwards the connection sees %d companies, want 1", n)
			}
		})
	}
}

// TestLaterRefusesRows checks that a query whose rows nobody would read is an error.
func TestLaterRefusesRows(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	err := w.store.InTx(t.Context(), w.acme.ID, func(tx *postgres.Tx) error {
		_, err := tx.Later().GetCompany(t.Context(), w.acme.ID)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "GetCompany: only statements without rows") {
		t.Errorf("got %v", err)
	}
}
