package main

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// cluster is a PostgreSQL server of a test's own, without our roles.
type cluster struct{ *local.Postgres }

func newCluster(t *testing.T) cluster {
	t.Helper()
	server, err := local.StartPostgres(t.Context(), local.Options{
		Dir: sharedTempDir(t), Fast: true, Bin: os.Getenv(local.BinVariable), Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cluster{server}
}

// exec runs statements as the superuser.
func (c cluster) exec(t *testing.T, database string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// as returns the URL of a database for a login.
func (c cluster) as(t *testing.T, login, database string) string {
	t.Helper()
	address, err := url.Parse(c.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.User(login)
	return address.String()
}

// TestUnfitDatabase runs commands with a database that an operator must change first. They end at once, with an exit code of its
// own, and say what to do.
func TestUnfitDatabase(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	i := testkit.New(t)
	c.exec(t, "postgres", `CREATE ROLE owner LOGIN`, `CREATE DATABASE fresh OWNER owner`, `CREATE ROLE login LOGIN`)
	env := func(database string, more ...string) []string {
		return append([]string{
			"APP_ENV=production", "DATABASE_URL=" + database, "REDIS_URL=" + i.Redis.URL, "PORT=0", "HOST=127.0.0.1",
			"SECRET_KEY=" + i.Config.SecretKey.Reveal(),
		}, more...)
	}
	serve := []string{"serve"}
	company := []string{"company", "create", "--name", "Acme", "--slug", "acme"}
	owner := c.as(t, "owner", "fresh")
	steps := []struct {
		name       string
		env        []string
		args       []string
		texts      []string
		statements []string
	}{
		{"unknown login", env(c.as(t, "nobody", "fresh")), serve, []string{"refuses the login"}, nil},
		{"no database", env(c.as(t, "owner", "none")), serve, []string{`CREATE DATABASE "none"`}, nil},
		{"no roles", env(owner), company, []string{"interviewer migrate up"}, nil},
		{"missing roles", env(owner), serve, []string{"CREATE ROLE interviewer_backup NOLOGIN;"}, []string{
			`CREATE ROLE interviewer_service`, `CREATE ROLE interviewer_lookup`, `CREATE ROLE interviewer_backup`,
			`GRANT interviewer_service, interviewer_lookup, interviewer_backup TO owner WITH ADMIN OPTION`,
		}},
		{"empty database", env(owner), company, []string{"The database is empty", "interviewer migrate up"}, nil},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			call(t, step.env, "", step.args...).fails(t, exitUnfit, step.texts...)
		})
		c.exec(t, "postgres", step.statements...)
	}
	call(t, env(owner), "", "migrate", "up").succeeds(t)
	plain := env(c.as(t, "login", "fresh"), "MIGRATION_DATABASE_URL="+owner)
	t.Run("login without the role", func(t *testing.T) {
		call(t, plain, "", serve...).fails(t, exitUnfit, `GRANT interviewer_service TO "login";`)
	})
	c.exec(t, "fresh", `GRANT interviewer_service TO login`, `DROP POLICY tenant ON scores`,
		`REVOKE SELECT ON companies FROM interviewer_service`)
	t.Run("missing rights", func(t *testing.T) {
		call(t, plain, "", serve...).fails(t, exitUnfit, "2 rights are missing", "DROP POLICY IF EXISTS tenant ON public.scores;",
			"CREATE POLICY tenant ON public.scores AS", "GRANT SELECT ON public.companies TO interviewer_service;")
	})
	c.exec(t, "fresh", `DROP POLICY IF EXISTS tenant ON scores`, `GRANT SELECT ON companies TO interviewer_service`,
		`CREATE POLICY tenant ON scores TO interviewer_service
			USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()))`,
		`DROP TRIGGER jobs_update_changes ON jobs`, `ALTER TABLE scores DISABLE TRIGGER ALL`)
	t.Run("missing triggers", func(t *testing.T) {
		call(t, plain, "", serve...).fails(t, exitUnfit, "3 triggers are missing or disabled",
			"CREATE OR REPLACE TRIGGER jobs_update_changes AFTER UPDATE ON public.jobs", "ALTER TABLE public.scores ENABLE TRIGGER USER;", "ALTER TABLE public.scores ENABLE TRIGGER ALL;")
	})
	c.exec(t, "fresh", `REVOKE USAGE ON SCHEMA public FROM PUBLIC`)
	t.Run("schema without the right to use it", func(t *testing.T) {
		call(t, plain, "", serve...).fails(t, exitUnfit, "may not use the schema public", "GRANT USAGE ON SCHEMA public TO interviewer_service;")
		call(t, plain, "", company...).fails(t, exitUnfit, "may not use the schema public")
	})
	c.exec(t, "fresh", `GRANT USAGE ON SCHEMA public TO PUBLIC`)
	for _, encoding := range []string{"SQL_ASCII", "LATIN1"} {
		t.Run(encoding, func(t *testing.T) {
			name := strings.ToLower(encoding)
			c.exec(t, "postgres", `CREATE DATABASE `+name+` OWNER owner ENCODING '`+encoding+`' LOCALE 'C' TEMPLATE template0`)
			for _, args := range [][]string{serve, company, {"migrate", "up"}} {
				call(t, env(c.as(t, "owner", name)), "", args...).fails(t, exitUnfit, "has the encoding "+encoding, "TEMPLATE template0 ENCODING 'UTF8'")
			}
		})
	}
	c.exec(t, "fresh", `REVOKE SELECT ON companies FROM interviewer_service`, `UPDATE schema_migrations SET version = version - 1`)
	t.Run("older schema", func(t *testing.T) {
		call(t, plain, "", company...).fails(t, exitUnfit, "this program needs", "interviewer migrate up")
	})
	c.exec(t, "fresh", `UPDATE schema_migrations SET version = version + 2`)
	t.Run("newer schema that lacks a right", func(t *testing.T) {
		call(t, plain, "", serve...).fails(t, exitUnfit, "start the current release")
	})
	t.Run("superuser", func(t *testing.T) {
		got := call(t, env(c.URL("fresh")), "", company...)
		if got.code == exitUnfit || strings.Contains(got.err, "restrict") {
			t.Errorf("got exit code %d and\n%s\nwant the role of the service to apply", got.code, got.err)
		}
	})
}

// value returns the result of a query with one column and one row, as the superuser.
func (c cluster) value(t *testing.T, database, query string) (got string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), query).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return got
}
