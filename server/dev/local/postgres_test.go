package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
)

// startPostgres starts the server of a directory. It runs until the test ends.
func startPostgres(t *testing.T, dir string) *local.Postgres {
	t.Helper()
	p, err := local.StartPostgres(t.Context(), local.Options{Dir: dir, Fast: true, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn := connect(t, url)
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// answer returns the number in the table answer.
func answer(t *testing.T, url string) (n int) {
	t.Helper()
	if err := connect(t, url).QueryRow(t.Context(), `SELECT n FROM answer`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostgresKeepsRows(t *testing.T) {
	t.Parallel()
	dir := tempDirIn(t, "/var/tmp", "local-test-")
	p := startPostgres(t, dir)
	execute(t, p.URL("postgres"), `CREATE TABLE answer (n int)`, `INSERT INTO answer VALUES (42)`)
	connect(t, p.URL("postgres")) // an open connection does not prevent the stop

	for range 2 {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pgx.Connect(t.Context(), p.URL("postgres")); err == nil {
		t.Error("the stopped server accepts connections")
	}

	if got := answer(t, startPostgres(t, dir).URL("postgres")); got != 42 {
		t.Errorf("row after a restart: got %d, want 42", got)
	}
}

// TestPostgresSettings checks the settings that migrations, queries and the speed of tests depend on.
func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	conn := connect(t, startPostgres(t, tempDir(t)).URL("postgres"))
	for query, want := range map[string]string{
		`SHOW server_encoding`:  "UTF8",
		`SHOW timezone`:         "UTC",
		`SHOW listen_addresses`: "",
		`SHOW fsync`:            "off",
		`SHOW full_page_writes`: "off",
		`SELECT lower('ÄÖÉ')`:   "äöé",
		`SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user`:                          "true",
		`SELECT count(*)::text FROM pg_available_extensions WHERE name IN ('pg_trgm', 'btree_gin')`: "2",
	} {
		t.Run(query, func(t *testing.T) {
			var got string
			if err := conn.QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
				t.Errorf("got %q and error %v, want %q", got, err, want)
			}
		})
	}
}

func TestPostgresInDirectoryTooLongForSocket(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, tempDirIn(t, "/var/tmp", strings.Repeat("long", 30)))
	config, err := pgx.ParseConfig(p.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(config.Host); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory %s of the socket: got %v, want it to be removed", config.Host, err)
	}
}

func TestStartPostgresAfterInterruptedInitialization(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := local.StartPostgres(ctx, local.Options{Dir: dir, Log: func(string, ...any) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want context.Canceled", err)
	}
	startPostgres(t, dir)
}

func TestStartErrorIncludesLog(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := startPostgres(t, dir).Stop(); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "postgres", "data", "postgresql.conf")
	if err := os.WriteFile(settings, []byte("no_such_setting = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.StartPostgres(t.Context(), local.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), `"no_such_setting"`) {
		t.Errorf("got error %v, want the message of PostgreSQL about no_such_setting", err)
	}
}

func TestStartPostgresKeepsDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	data := filepath.Join(dir, "postgres", "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(data, "PG_VERSION")
	if err := os.WriteFile(version, []byte("8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.StartPostgres(t.Context(), local.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "created by PostgreSQL 8") {
		t.Errorf("got error %v, want one that names the version of the data", err)
	}
	if _, err := os.Stat(version); err != nil {
		t.Error(err)
	}
}
