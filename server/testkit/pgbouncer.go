package testkit

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PgBouncer starts a real PgBouncer, with its default settings, before the server of a database URL. The mode is
// session or transaction. It returns the URL that leads through it. The test fails if PgBouncer is not installed.
func PgBouncer(t testing.TB, database, mode string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // which Debian has not in everyone's PATH
	}
	to, err := pgx.ParseConfig(database)
	must(t, err)
	// Root may not run PgBouncer, and other users cannot enter t.TempDir or the directory of the server's socket.
	var as *syscall.Credential
	if os.Geteuid() == 0 {
		as = ownerOf(t, to.Host)
	}
	dir, err := os.MkdirTemp("/var/tmp", "pgbouncer-") //nolint:usetesting // see above
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	must(t, listener.Close())
	users := filepath.Join(dir, "users.txt")
	names := ""
	for _, name := range []string{to.User, PooledLogin} {
		names += fmt.Sprintf("%q %q\n", name, to.Password)
	}
	must(t, os.WriteFile(users, []byte(names), 0o644))
	settings := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf("[databases]\n* = host=%s port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\n"+
		"unix_socket_dir =\nauth_type = trust\nauth_file = %s\npool_mode = %s\n", to.Host, to.Port, port, users, mode)
	must(t, os.WriteFile(settings, []byte(text), 0o644))
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, settings)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	through := (&url.URL{
		Scheme: "postgres", User: url.User(to.User), Host: net.JoinHostPort("127.0.0.1", port), Path: "/" + to.Database,
		RawQuery: "sslmode=disable",
	}).String()
	Eventually(t, 10*time.Second, "PgBouncer accepts connections", func() bool {
		conn, err := pgx.Connect(t.Context(), through)
		if err == nil {
			_ = conn.Close(context.WithoutCancel(t.Context()))
		}
		return err == nil
	})
	return through
}

// PooledLogin is a login that PgBouncer knows besides that of the database URL. A test creates it.
const PooledLogin = "pooled"

// ownerOf returns the user that owns the directory of a server's socket, or nobody if the server has none.
func ownerOf(t testing.TB, socket string) *syscall.Credential {
	t.Helper()
	if info, err := os.Stat(socket); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
		}
	}
	account, err := user.Lookup("nobody")
	must(t, err)
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	must(t, err)
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	must(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
