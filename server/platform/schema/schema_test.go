package schema_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// empty returns the URL of an empty database, and a connection to it.
func empty(t *testing.T) (string, *pgx.Conn) {
	t.Helper()
	installation := testkit.New(t)
	address, err := url.Parse(installation.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	address.Path += "_empty"
	name := strings.TrimPrefix(address.Path, "/")
	installation.Exec(`CREATE DATABASE ` + name)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, installation.DatabaseURL)
		if err == nil {
			_, err = conn.Exec(ctx, `DROP DATABASE `+name+` WITH (FORCE)`)
			_ = conn.Close(ctx)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return address.String(), connect(t, address.String())
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func migrator(t *testing.T, address string) *schema.Migrator {
	t.Helper()
	m, err := schema.Open(t.Context(), address, schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return m
}

func latest(t *testing.T) uint {
	t.Helper()
	version, err := schema.Latest()
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// picture returns a description of everything that migrations create.
func picture(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return column(t, conn, `
		SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
		FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT 'constraint ' || conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT 'policy ' || tablename || policyname || coalesce(qual, '') FROM pg_policies
		UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typcategory <> 'A'
		UNION ALL SELECT 'function ' || oid::regprocedure || prosecdef || coalesce(proacl::text, '') FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT 'grants ' || relname || coalesce(relacl::text, '') FROM pg_class WHERE relnamespace = 'public'::regnamespace
		ORDER BY 1`)
}

// TestUpDownUp migrates up, down step by step, and up again.
func TestUpDownUp(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	m := migrator(t, address)
	if n, err := m.Up(t.Context()); err != nil || n != int(latest(t)) {
		t.Fatalf("up: migrations = %d (error %v), want %d", n, err, latest(t))
	}
	first := picture(t, conn)
	if n, err := m.Up(t.Context()); err != nil || n != 0 {
		t.Errorf("up again: got %d migrations, error %v; want 0", n, err)
	}
	for version := latest(t); version > 0; version-- {
		if err := m.Down(t.Context(), 1); err != nil {
			t.Fatalf("down from %d: got error %v", version, err)
		}
		if now, err := m.Version(t.Context()); err != nil || now != version-1 {
			t.Errorf("down from %d: version = %d (error %v), want %d", version, now, err, version-1)
		}
	}
	for _, left := range picture(t, conn) {
		if !strings.Contains(left, "schema_migrations") {
			t.Errorf("left after the last down migration: got %s, want nothing", left)
		}
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatalf("second up: got error %v", err)
	}
	if second := picture(t, conn); !slices.Equal(first, second) {
		t.Error("the schema after the second up differs from the first")
	}
}

// TestConcurrentMigrations migrates an empty database from several replicas at once.
func TestConcurrentMigrations(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			m, err := schema.Open(t.Context(), address, schema.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := m.Up(t.Context()); err != nil {
				t.Error(err)
			}
			if version, err := m.Version(t.Context()); err != nil || version != latest(t) {
				t.Errorf("version = %d (error %v), want %d", version, err, latest(t))
			}
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := column(t, conn, `SELECT version || ' ' || dirty FROM schema_migrations`); !slices.Equal(got, []string{fmt.Sprint(latest(t), " false")}) {
		t.Errorf("versions = %q, want only %d", got, latest(t))
	}
}

// TestKilledMigrationRollsBack delays the second migration by a lock on the version table, and terminates its connection
// while it waits.
func TestKilledMigrationRollsBack(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	m, err := schema.Open(t.Context(), address, schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(t.Context()) }) // its connection is gone by then
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(t.Context(), int(latest(t))-1); err != nil {
		t.Fatal(err)
	}
	before := picture(t, conn)
	for _, sql := range []string{`BEGIN`, `LOCK TABLE schema_migrations IN SHARE MODE`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() {
		_, err := m.Up(t.Context())
		ended <- err
	}()
	watch := connect(t, address)
	testkit.Eventually(t, 10*time.Second, "the migration waits at its end", func() bool {
		return len(column(t, watch, `SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'interviewer-migrate' AND wait_event_type = 'Lock'`)) == 1
	})
	if err := <-ended; err == nil {
		t.Fatal("the killed migration says that it has succeeded")
	}
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if after := picture(t, conn); !slices.Equal(after, before) {
		t.Error("the killed migration has changed the schema")
	}
	next := migrator(t, address)
	if version, err := next.Version(t.Context()); err != nil || version != 1 {
		t.Errorf("version: got %d, error %v; want 1", version, err)
	}
	if _, err := next.Up(t.Context()); err != nil {
		t.Errorf("next migration: got error %v", err)
	}
}

// TestNewerSchemaIsNotChanged migrates a database whose version is higher than that of the program.
func TestNewerSchemaIsNotChanged(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	m := migrator(t, address)
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE schema_migrations SET version = version + 7`); err != nil {
		t.Fatal(err)
	}
	if n, err := migrator(t, address).Up(t.Context()); err != nil || n != 0 {
		t.Errorf("got %d migrations, error %v; want 0", n, err)
	}
}

// plainOwner returns the URL of a database for a role that owns it and is not a superuser, so that row-level security
// applies to it.
func plainOwner(t *testing.T, address string, conn *pgx.Conn) string {
	t.Helper()
	exec := func(ctx context.Context, sql string) {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	name := "owner_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	exec(t.Context(), `CREATE ROLE `+name+` LOGIN CREATEROLE PASSWORD 'owner'`)
	exec(t.Context(), `ALTER DATABASE `+conn.Config().Database+` OWNER TO `+name)
	// The roles exist, so from PostgreSQL 16 on a superuser must grant them.
	exec(t.Context(), `GRANT interviewer_service, interviewer_lookup, interviewer_backup TO `+name+` WITH ADMIN OPTION`)
	t.Cleanup(func() {
		for _, sql := range []string{`REASSIGN OWNED BY ` + name + ` TO CURRENT_USER`, `DROP OWNED BY ` + name, `DROP ROLE ` + name} {
			exec(context.WithoutCancel(t.Context()), sql)
		}
	})
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parsed.User = url.UserPassword(name, "owner")
	return parsed.String()
}

// TestOwnerWithoutSuperuser migrates up and down as a role that owns the database and can create roles, and runs the service
// with it.
func TestOwnerWithoutSuperuser(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	as := plainOwner(t, address, conn)
	m := migrator(t, as)
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{URL: as, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.CheckRole(t.Context()); err != nil {
		t.Errorf("service with the owner's URL: got error %v", err)
	}
	s.Close()
	if err := m.Down(t.Context(), int(latest(t))); err != nil {
		t.Errorf("down: got error %v", err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Errorf("up again: got error %v", err)
	}
}

func TestNamesAndURLs(t *testing.T) {
	t.Parallel()
	names, err := schema.Names()
	if err != nil || len(names) != int(latest(t)) || names[1] != "foundation" {
		t.Errorf("names = %v (error %v), want %d with foundation as number 1", names, err, latest(t))
	}
	for _, address := range []string{"postgres://%zz", "postgres://nobody@127.0.0.1:1/none?sslmode=disable"} {
		if _, err := schema.Open(t.Context(), address, schema.Options{}); err == nil {
			t.Errorf("%s: got no error", address)
		}
	}
}

// TestUsersBecomePrincipals checks that the migrations create principals for existing users, API keys and companies, also
// if row-level security applies to the role that migrates.
func TestUsersBecomePrincipals(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	owner := migrator(t, plainOwner(t, address, conn))
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-5); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Exec(t.Context(), `WITH acme AS (
			INSERT INTO companies (id, name, slug) VALUES ('10000000-0000-0000-0000-000000000000', 'Acme', 'acme') RETURNING id
		)
		INSERT INTO users (company_id, id, email, password_hash, first_name, last_name)
		SELECT id, '20000000-0000-0000-0000-000000000000', 'nora@acme.example', '', 'Nora', 'Lind' FROM acme`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"10000000-0000-0000-0000-000000000000 system", "20000000-0000-0000-0000-000000000000 user"}
	const principals = `SELECT id || ' ' || kind FROM principals`
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "principals", column(t, conn, principals), want)
	_, err = conn.Exec(t.Context(), `INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, created_at, updated_at)
		VALUES ('10000000-0000-0000-0000-000000000000', '30000000-0000-0000-0000-000000000000', 'x', 'x', sha256('x'), '{jobs:read}', now(), now())`)
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-8); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "principals after the way down and up", column(t, conn, principals), append(want, "30000000-0000-0000-0000-000000000000 api_key"))
}

// TestEmailsOfTestCompaniesMove checks that the emails of test companies move to their own realms and back, also if
// row-level security applies to the owner.
func TestEmailsOfTestCompaniesMove(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	owner := migrator(t, plainOwner(t, address, conn))
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-6); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	hire := func(company, email string) {
		t.Helper()
		exec(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name)
			SELECT id, gen_random_uuid(), '` + email + `', '', 'x', 'x' FROM companies WHERE slug = '` + company + `'`)
	}
	exec(`INSERT INTO companies (id, name, slug, test_of) VALUES ('10000000-0000-0000-0000-000000000000', 'Live', 'live', NULL),
		('20000000-0000-0000-0000-000000000000', 'First', 'first', '10000000-0000-0000-0000-000000000000'),
		('30000000-0000-0000-0000-000000000000', 'Second', 'second', '10000000-0000-0000-0000-000000000000')`)
	hire("live", "live@x.example")
	hire("first", "first@x.example")
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	const directory = `SELECT realm || ' ' || email FROM login_emails`
	const live, first, second = "00000000-0000-0000-0000-000000000000 ", "20000000-0000-0000-0000-000000000000 ", "30000000-0000-0000-0000-000000000000 "
	same(t, "realms", column(t, conn, directory), []string{live + "live@x.example", first + "first@x.example"})
	same(t, "first names", column(t, conn, `SELECT opened_as || ' ' || slug FROM companies WHERE opened_as IS NOT NULL`),
		[]string{"First first", "Second second"})
	hire("first", "live@x.example")
	hire("second", "live@x.example")
	hire("second", "first@x.example")
	same(t, "realms", column(t, conn, directory), []string{
		live + "live@x.example", first + "first@x.example", first + "live@x.example", second + "live@x.example", second + "first@x.example",
	})
	// A program that is older than the migration looks for an email alone.
	same(t, "accounts by email", column(t, conn, `SELECT slug FROM find_account('live@x.example') AS a JOIN companies ON id = a.company_id
		UNION ALL SELECT slug FROM find_account('first@x.example') AS a JOIN companies ON id = a.company_id`), []string{"live"})
	exec(`INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, created_at, updated_at) VALUES
		('20000000-0000-0000-0000-000000000000', gen_random_uuid(), 'x', 'x', decode(repeat('00', 32), 'hex'), '{jobs:read}', now(), now())`)
	exec(`UPDATE companies SET is_active = false WHERE slug = 'live'`)
	const keys = `SELECT is_test::text FROM live_api_keys`
	same(t, "keys while the opener is away", column(t, conn, keys), []string{})
	if err := owner.Down(t.Context(), int(latest(t))-6); err != nil {
		t.Fatal(err)
	}
	same(t, "keys after the way back", column(t, conn, keys), []string{})
	same(t, "emails after the way back", column(t, conn, `SELECT slug || ' ' || email FROM login_emails JOIN companies ON id = company_id`),
		[]string{"live live@x.example", "first first@x.example"})
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "emails after the way there again", column(t, conn, directory), []string{
		live + "live@x.example", first + "first@x.example", first + "live@x.example", second + "live@x.example", second + "first@x.example",
	})
}
