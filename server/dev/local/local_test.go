package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/testkit/leak"
)

// launcherVariable makes the test binary a launcher that tests can kill. Its value is "postgres" or "redis". The launcher
// starts that server in the directory of its first argument, prints the server's process id and URL, and waits for the end
// of its input.
const launcherVariable = "LOCAL_TEST_LAUNCHER"

func TestMain(m *testing.M) {
	if server := os.Getenv(launcherVariable); server != "" {
		if err := launch(context.Background(), server, local.Options{Dir: os.Args[1]}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	leak.Main(m, nil)
}

func launch(ctx context.Context, server string, o local.Options) error {
	var url string
	var pid int
	switch server {
	case "postgres":
		p, err := local.StartPostgres(ctx, o)
		if err != nil {
			return err
		}
		url = p.URL("postgres")
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		const query = `SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int`
		if err := errors.Join(conn.QueryRow(ctx, query).Scan(&pid), conn.Close(ctx)); err != nil {
			return err
		}
	case "redis":
		r, err := local.StartRedis(ctx, o)
		if err != nil {
			return err
		}
		url = r.URL()
		option, err := rueidis.ParseURL(url)
		if err != nil {
			return err
		}
		client, err := rueidis.NewClient(option)
		if err != nil {
			return err
		}
		info, err := client.Do(ctx, client.B().Info().Section("server").Build()).ToString()
		client.Close()
		if err != nil {
			return err
		}
		_, after, _ := strings.Cut(info, "process_id:")
		number, _, _ := strings.Cut(after, "\r")
		if pid, err = strconv.Atoi(number); err != nil {
			return err
		}
	}
	fmt.Println(pid, url)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// startLauncher starts a process that starts a server. It returns the process, the server's process id and its URL.
func startLauncher(t *testing.T, server, dir string) (command *exec.Cmd, pid int, url string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command = exec.CommandContext(t.Context(), program, dir)
	command.Env = append(os.Environ(), launcherVariable+"="+server)
	command.Stderr = os.Stderr
	if _, err = command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() }) // killed by the test or by its context
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &pid, &url); err != nil {
		t.Fatal(err)
	}
	return command, pid, url
}

// tempDir returns an empty directory. Unlike that of t.TempDir, it is accessible to the servers' user if the tests run as
// root.
func tempDir(t *testing.T) string {
	t.Helper()
	scratch, err := local.ScratchDir("local-test")
	if err != nil {
		t.Fatal(err)
	}
	return tempDirIn(t, filepath.Dir(scratch), "local-test-")
}

func tempDirIn(t *testing.T, parent, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, name) //nolint:usetesting // see tempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestStartPostgresRefusesDirectoryInUse(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	command, _, _ := startLauncher(t, "postgres", dir)

	_, err := local.StartPostgres(t.Context(), local.Options{Dir: dir, Fast: true})
	if !errors.Is(err, local.ErrInUse) {
		t.Fatalf("got error %v, want ErrInUse", err)
	}
	for _, part := range []string{dir, strconv.Itoa(command.Process.Pid), "stop"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got error %q, want it to contain %q", err, part)
		}
	}
}

func TestServerEndsWithKilledLauncher(t *testing.T) {
	t.Parallel()
	servers := []string{"postgres"}
	if _, err := exec.LookPath("redis-server"); err == nil {
		servers = append(servers, "redis")
	}
	for _, server := range servers {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			command, pid, url := startLauncher(t, server, dir)
			if server == "postgres" {
				execute(t, url, `CREATE TABLE answer (n int)`, `INSERT INTO answer VALUES (42)`)
			}

			if err := command.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err == nil {
				t.Fatal("the killed launcher succeeded")
			}

			// A new server starts immediately, although the server of the killed launcher may not have ended yet.
			switch server {
			case "postgres":
				if got := answer(t, startPostgres(t, dir).URL("postgres")); got != 42 {
					t.Errorf("row after the kill: got %d, want 42", got)
				}
			case "redis":
				startRedis(t, local.Options{Dir: dir, Fast: true})
			}
			waitForEnd(t, pid)
		})
	}
}

// waitForEnd waits until the process has ended. A zombie counts as ended.
func waitForEnd(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for tick := time.Tick(10 * time.Millisecond); ; <-tick {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && strings.Contains(string(state), ") Z ") {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("process %d has not ended", pid)
		default:
		}
	}
}

func TestStartPostgresRefusesUnusableDirectory(t *testing.T) {
	t.Parallel()
	foreign := "/"
	cases := map[string]struct{ dir, want string }{
		"empty": {dir: "", want: "Dir is empty"},
	}
	if os.Geteuid() == 0 {
		foreign = tempDir(t)
		if err := os.Chown(foreign, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		cases["not accessible to the server's user"] = struct{ dir, want string }{dir: t.TempDir(), want: "below /var/tmp"}
	}
	cases["of another user"] = struct{ dir, want string }{dir: foreign, want: "not a directory of the current user"}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := local.StartPostgres(t.Context(), local.Options{Dir: c.dir})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

// TestAsUnprivilegedUser runs tests again as an unprivileged user if they run as root.
func TestAsUnprivilegedUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // the other tests run as an unprivileged user
	}
	// Other users cannot access the test binary and its working directory.
	dir := tempDirIn(t, "/var/tmp", "local-test-")
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "tests")
	if err := os.WriteFile(copied, program, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, copied} {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), copied,
		"-test.v", "-test.run=^Test(PostgresKeepsRows|RedisKeepsKeys|ServerEnds.*|StartPostgresRefuses.*)$")
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	output, err := command.CombinedOutput()
	if err != nil || strings.Count(string(output), "\n--- PASS: ") != 5 {
		t.Errorf("got error %v, want 5 passed tests:\n%s", err, output)
	}
}
