package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// patience bounds a start, on a machine that does other things besides.
const patience = 4 * time.Minute

// service is the program as a process of its own.
type service struct {
	command *exec.Cmd
	ended   chan error
	mu      sync.Mutex
	said    bytes.Buffer
}

// Write keeps what the process says.
func (s *service) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(text)
}

func (s *service) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// serve starts the service in development with private servers in a folder, and gives the address it tells.
func serve(t *testing.T, dir string) (s *service, base string) {
	t.Helper()
	s = &service{ended: make(chan error, 1)}
	s.command = exec.CommandContext(t.Context(), os.Args[0], "serve")
	s.command.Env = append(os.Environ(), asProgram+"=yes")
	s.command.Env = append(s.command.Env, private(dir)...)
	s.command.Dir = dir
	s.command.Stderr = s
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = patience
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.command.Wait() }()
	at := regexp.MustCompile(`(?m)^ +API +(http://\S+)/api/v1$`)
	testkit.Eventually(t, patience, "the service tells where it listens", func() bool {
		select {
		case err := <-s.ended:
			t.Fatalf("the service ended: %v\n%s", err, s.output())
		default:
		}
		found := at.FindStringSubmatch(s.output())
		if found != nil {
			base = found[1]
		}
		return found != nil
	})
	return s, base
}

// end asks the service to stop, and fails the test unless it does so properly.
func (s *service) end(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Fatalf("the service ends with %v\n%s", err, s.output())
		}
	case <-time.After(patience):
		t.Fatalf("the service does not end\n%s", s.output())
	}
}

// private is the environment of a developer who has named nothing but a folder.
func private(dir string) []string {
	return []string{
		"APP_ENV=development", "LOCAL_DIR=" + filepath.Join(dir, "local"), "PORT=0", "HOST=", "LOG_LEVEL=warn",
		"DATABASE_URL=", "REDIS_URL=", "SECRET_KEY=", "SEED_DEMO=",
	}
}

// openFolder gives a folder that PostgreSQL can reach when, started by root, it runs as another user.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "interviewer-test-") //nolint:usetesting // t.TempDir's is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// signsIn waits until a demo account can sign in: hashing gives way to whatever else the machine does.
func signsIn(t *testing.T, base string) {
	t.Helper()
	testkit.Eventually(t, patience, "a demo account signs in", func() bool {
		status := signIn(t.Context(), t, base)
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Fatalf("signing in is answered %d", status)
		}
		return status == http.StatusOK
	})
}

// signIn tries to sign a demo account in, and gives the status.
func signIn(ctx context.Context, t *testing.T, base string) int {
	t.Helper()
	body := strings.NewReader(`{"email":"admin@acme.example","password":"` + demo.Password + `"}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/auth/login", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

// TestPrivateService is the service with nothing but a folder: it brings what it needs, lets other commands work beside
// it, ends when it is told, and has kept everything at the next start.
func TestPrivateService(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	first, base := serve(t, dir)
	signsIn(t, base)
	for _, text := range []string{"admin@acme.example", demo.Password, base + "/docs", "Demo data was loaded"} {
		if !strings.Contains(first.output(), text) {
			t.Errorf("the welcome does not tell %s:\n%s", text, first.output())
		}
	}

	call(t, private(dir), "", "company", "create", "--name", "Beside", "--slug", "beside").succeeds(t)
	call(t, private(dir), "", "serve").fails(t, failed, "in use", "choose another directory")
	first.end(t)

	kept := call(t, private(dir), "", "company", "list").succeeds(t) // on a PostgreSQL that it runs itself
	if !strings.Contains(kept, "acme-robotics") || !strings.Contains(kept, "beside") {
		t.Errorf("of the companies are left:\n%s", kept)
	}
	second, base := serve(t, dir)
	if strings.Contains(second.output(), "Demo data was loaded") {
		t.Errorf("the second start loads the demo data anew:\n%s", second.output())
	}
	signsIn(t, base)
	second.end(t)
}

// TestKeyIsKept holds the key that development makes to lasting, to its length, and to being nobody else's.
func TestKeyIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep := func() string {
		c, err := program{environ: private(dir)}.load()
		if err != nil {
			t.Fatal(err)
		}
		if err := (&backing{dir: c.LocalDir}).keepSecret(c); err != nil {
			t.Fatal(err)
		}
		return c.SecretKey.Reveal()
	}
	made := keep()
	if len(made) < 32 || keep() != made {
		t.Errorf("the key is %d bytes long, and another one the next time", len(made))
	}
	info, err := os.Stat(filepath.Join(dir, "local", secretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, error %v", info, err)
	}
}
