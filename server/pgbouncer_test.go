package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestPgBouncer runs a hiring process on two replicas behind a real PgBouncer in each mode: with the owner's login, and
// with one that is only a member of the service's role. PgBouncer has its default settings, and so refuses start-up
// parameters that it does not know.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	for _, mode := range []config.PoolMode{config.PoolSession, config.PoolTransaction} {
		for _, login := range []string{"the owner", testkit.PooledLogin} {
			t.Run(string(mode)+", "+login, func(t *testing.T) {
				t.Parallel()
				installation := testkit.New(t)
				installation.Exec(`DO $$ BEGIN
					CREATE ROLE ` + testkit.PooledLogin + ` LOGIN IN ROLE interviewer_service;
				EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
				through := testkit.PgBouncer(t, installation.DatabaseURL, string(mode))
				if login == testkit.PooledLogin {
					through = as(t, through, login)
				}
				installation.Config.DatabaseURL = config.SecretURL(through)
				installation.Config.DatabasePoolMode = mode
				installation.Config.DatabaseWait = 300
				installation.Config.Workers = 2
				replicas := []*testkit.Replica{installation.Replica(), installation.Replica()}
				for _, replica := range replicas {
					if err := replica.Server.Prepare(t.Context()); err != nil {
						t.Fatalf("Prepare: %v", err)
					}
					replica.Anonymous(t).Get("/health/ready").Expect(http.StatusOK)
				}
				acme := installation.Company("acme")
				hire(t, installation, acme, replicas)

				// The time limit of a lock applies.
				lock := installation.Connect()
				if _, err := lock.Exec(t.Context(), "BEGIN; LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"); err != nil {
					t.Fatal(err)
				}
				hr := replicas[0].SignIn(t, acme.Users[api.RoleHr])
				if answer := hr.Get("/api/v1/jobs"); answer.Status != http.StatusServiceUnavailable {
					t.Errorf("a request that waits for a lock: got status %d, want 503: %s", answer.Status, answer.Body)
				}
				if _, err := lock.Exec(t.Context(), "ROLLBACK"); err != nil {
					t.Fatal(err)
				}
				hr.Get("/api/v1/jobs").Expect(http.StatusOK)

				testkit.Eventually(t, maxRecoveryTime, "a background job is completed", func() bool {
					var n int
					err := installation.Database.QueryRow(t.Context(), `SELECT count(*) FROM river.river_job WHERE state = 'completed'`).Scan(&n)
					return err == nil && n > 0
				})
				if mode == config.PoolTransaction {
					expectNoSettings(t, through)
				}
			})
		}
	}
}

// as replaces the user of a URL.
func as(t *testing.T, url, user string) string {
	t.Helper()
	settings, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(url, "//"+settings.User+"@", "//"+user+"@", 1)
}

// expectNoSettings expects that the sessions of a pooler have the settings of their login, and not those of the service.
func expectNoSettings(t *testing.T, through string) {
	t.Helper()
	settings, err := pgx.ParseConfig(through)
	if err != nil {
		t.Fatal(err)
	}
	settings.DefaultQueryExecMode = pgx.QueryExecModeExec
	for range 4 {
		conn, err := pgx.ConnectConfig(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		// The transaction stays open, so that each connection gets another session.
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		var role, company, timeout string
		if _, err := conn.Exec(t.Context(), "BEGIN"); err != nil {
			t.Fatal(err)
		}
		err = conn.QueryRow(t.Context(), `SELECT current_user::text, coalesce(current_setting('app.company_id', true), ''),
			current_setting('statement_timeout')`).Scan(&role, &company, &timeout)
		if err != nil || role != settings.User || company != "" || timeout != "0" {
			t.Errorf("a session of the pooler has the role %s, the company %q and the timeout %s (error %v), want %s, none and 0",
				role, company, timeout, err, settings.User)
		}
	}
}

// TestWrongPoolModeIsFound expects that the service and migrations refuse a pooler in transaction mode that they were
// not configured for, and that no other connection is refused.
func TestWrongPoolModeIsFound(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	urls := map[string]string{
		"direct":      installation.DatabaseURL,
		"session":     testkit.PgBouncer(t, installation.DatabaseURL, "session"),
		"transaction": testkit.PgBouncer(t, installation.DatabaseURL, "transaction"),
	}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := postgres.Open(t.Context(), postgres.Options{URL: url, MaxConns: 2})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(store.Close)
			migrations, failed := schema.Open(t.Context(), url, schema.Options{})
			if failed == nil {
				if err := migrations.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for remedy, err := range map[string]error{
				"DATABASE_POOL_MODE=transaction": store.CheckRole(t.Context()), "MIGRATION_DATABASE_URL to a direct connection": failed,
			} {
				if found := err != nil && strings.Contains(err.Error(), remedy); found != (name == "transaction") || err != nil && !found {
					t.Errorf("got error %v, want one with %q: %t", err, remedy, name == "transaction")
				}
			}
		})
	}
}
