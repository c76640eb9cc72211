package server_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestFailover runs a replica with the addresses of a primary and of its real standby. The primary becomes read-only,
// recovers, and is replaced by the standby.
func TestFailover(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir, err := os.MkdirTemp("/var/tmp", "failover-") //nolint:usetesting // the servers' user cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	primary := startPostgres(t, filepath.Join(dir, "primary"))
	migrations, err := schema.Open(ctx, primary.URL("postgres"), schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Close(ctx); err != nil {
		t.Fatal(err)
	}
	standby := startStandby(t, primary, filepath.Join(dir, "standby"))
	both := "postgres://postgres@/postgres?host=" + socketOf(t, standby) + "," + socketOf(t, primary) + "&port=5432,5432"

	i := testkit.New(t)
	i.Config.DatabaseURL = config.SecretURL(both)
	replica := i.Replica()
	ready := func(want int) func() bool {
		return func() bool { return replica.Anonymous(t).Get("/health/ready").Status == want }
	}
	const idle = 3
	store, err := postgres.Open(ctx, postgres.Options{URL: both, MaxConns: idle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	// No row matches, but a server that accepts no writes refuses it all the same.
	write := func() error {
		_, err := store.Pool().Exec(ctx, "UPDATE companies SET name = name WHERE false")
		return err
	}
	hold := func() {
		t.Helper()
		for range idle { // opens connections that are idle afterwards
			conn, err := store.Pool().Acquire(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Release()
		}
	}
	hold()
	if got := store.Stat().IdleConns(); got != idle {
		t.Errorf("idle connections: got %d, want %d", got, idle)
	}
	if err := write(); err != nil {
		t.Errorf("write on the primary, although the standby is listed first: %v", err)
	}
	testkit.Eventually(t, maxRecoveryTime, "ready with the primary", ready(http.StatusOK))

	administer(t, primary, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	testkit.Eventually(t, maxRecoveryTime, "not ready while no server accepts writes", ready(http.StatusServiceUnavailable))
	testkit.Eventually(t, maxRecoveryTime, "the first write that is refused closes all connections", func() bool {
		return write() != nil && store.Stat().TotalConns() == 0
	})
	if _, err := store.SchemaVersion(ctx); !fault.Is(err, fault.DependencyDown) {
		t.Errorf("read while no server accepts writes: got error %v, want dependency_unavailable", err)
	}
	administer(t, primary, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only",
		"SELECT pg_reload_conf()")
	testkit.Eventually(t, maxRecoveryTime, "ready again", ready(http.StatusOK))
	testkit.Eventually(t, maxRecoveryTime, "writes again", func() bool { return write() == nil })

	hold()
	if err := primary.Stop(); err != nil { // with SQLSTATE 57P01
		t.Fatal(err)
	}
	testkit.Eventually(t, maxRecoveryTime, "not ready with the standby only", ready(http.StatusServiceUnavailable))
	administer(t, standby, "SELECT pg_promote()")
	testkit.Eventually(t, maxRecoveryTime, "ready after the promotion", ready(http.StatusOK))
	testkit.Eventually(t, maxRecoveryTime, "writes after the promotion", func() bool { return write() == nil })
}

// administer runs statements on a server, as its superuser.
func administer(t *testing.T, server *local.Postgres, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func startPostgres(t *testing.T, dir string) *local.Postgres {
	t.Helper()
	server, err := local.StartPostgres(t.Context(), local.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return server
}

// socketOf returns the directory of a server's socket.
func socketOf(t *testing.T, server *local.Postgres) string {
	t.Helper()
	parsed, err := url.Parse(server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Query().Get("host")
}

// startStandby starts a server that replicates another one.
func startStandby(t *testing.T, of *local.Postgres, dir string) *local.Postgres {
	t.Helper()
	program, err := exec.LookPath("pg_basebackup")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_basebackup")
		if len(found) == 0 {
			t.Fatal("pg_basebackup is not installed")
		}
		program = found[len(found)-1]
	}
	data := filepath.Join(dir, "postgres", "data")
	if err := os.MkdirAll(filepath.Dir(data), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(socketOf(t, of))
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(data, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	copying := exec.CommandContext(t.Context(), program, "--pgdata="+data, "--write-recovery-conf", "--checkpoint=fast",
		"--host="+socketOf(t, of), "--port=5432", "--username=postgres")
	copying.Dir = "/"
	if os.Geteuid() == 0 {
		copying.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if output, err := copying.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, output)
	}
	return startPostgres(t, dir)
}
