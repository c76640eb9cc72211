package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestSettingsBehindPgBouncer expects the role, the company and the time limits of the service in every statement, also
// if each transaction gets another session.
func TestSettingsBehindPgBouncer(t *testing.T) {
	t.Parallel()
	for mode, pooled := range map[string]bool{"session": false, "transaction": true} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			i := testkit.New(t)
			company := i.Company("acme").ID
			through := testkit.PgBouncer(t, i.DatabaseURL, mode)
			config, err := pgx.ParseConfig(through)
			if err != nil {
				t.Fatal(err)
			}
			config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
			neighbor, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = neighbor.Close(context.WithoutCancel(t.Context())) })
			s, err := postgres.Open(t.Context(), postgres.Options{
				URL: through, MaxConns: 3, TransactionPool: pooled,
				StatementTimeout: 400 * time.Millisecond, Wait: 300 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			for name, statements := range map[string]interface {
				QueryRow(sql string) (string, error)
			}{
				"Of":      asker{t, s.RawOf(company)},
				"Planned": asker{t, s.RawPlanned(company)},
				"Lookup":  asker{t, s.RawLookup()},
				"InTx":    inTx{t, s, company},
			} {
				want := "interviewer_service 400ms 300ms 400ms off UTC interviewer"
				if err := s.Ping(t.Context()); err != nil {
					t.Fatal(err)
				}
				// Another client of the pooler leaves nothing of what was set for the session, if it gets the same one.
				if _, err := neighbor.Exec(t.Context(), "DISCARD ALL"); err != nil {
					t.Fatal(err)
				}
				got, err := statements.QueryRow(`SELECT concat_ws(' ', current_user, current_setting('statement_timeout'),
					current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('jit'),
					current_setting('timezone'), current_setting('application_name'))`)
				if err != nil || got != want {
					t.Errorf("%s: got %q (error %v), want %q", name, got, err, want)
				}
				if _, err := statements.QueryRow("SELECT pg_sleep(20)::text"); !fault.Is(err, fault.Overloaded) {
					t.Errorf("%s: a statement of 20 seconds: got error %v, want overloaded", name, err)
				}
			}
		})
	}
}

// asker asks for one text.
type asker struct {
	t *testing.T
	db.DBTX
}

func (a asker) QueryRow(sql string) (text string, err error) {
	err = a.DBTX.QueryRow(a.t.Context(), sql).Scan(&text)
	return text, err
}

// inTx asks in a transaction.
type inTx struct {
	t       *testing.T
	store   *postgres.Store
	company uuid.UUID
}

func (i inTx) QueryRow(sql string) (text string, err error) {
	err = i.store.RawInTx(i.t.Context(), i.company, func(tx db.DBTX) error {
		if _, err := tx.Exec(i.t.Context(), "SELECT 1"); err != nil {
			return err
		}
		text, err = asker{i.t, tx}.QueryRow(sql)
		return err
	})
	return text, err
}
