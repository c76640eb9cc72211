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

// timeout bounds the start and the end of a process on a busy machine.
const timeout = 4 * time.Minute

// service is the program running as a separate process.
type service struct {
	command *exec.Cmd
	ended   chan error
	mu      sync.Mutex
	text    bytes.Buffer
}

// Write saves standard error of the process.
func (s *service) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *service) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// serve starts the service in development with private servers in a directory and with further variables, and returns
// the address that it prints.
func serve(t *testing.T, dir string, more ...string) (s *service, base string) {
	t.Helper()
	s = &service{ended: make(chan error, 1)}
	s.command = exec.CommandContext(t.Context(), build(t), "serve")
	s.command.Env = append(append(os.Environ(), developmentEnviron(dir)...), more...)
	s.command.Dir = dir
	s.command.Stderr = s
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = timeout
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.command.Wait() }()
	at := regexp.MustCompile(`(?m)^ +API +(http://\S+)/api/v1$`)
	testkit.Eventually(t, timeout, "the service prints its address", func() bool {
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

// build builds the program as make build does and returns its path. The test binary cannot take its place: under the race
// detector a password hash takes seven seconds, and on a busy machine longer than the service waits for it.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "interviewer")
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w", "-o", path, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return path
}

// stop terminates the service and requires it to end without an error.
func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Fatalf("end of the service: got error %v, want none\n%s", err, s.output())
		}
	case <-time.After(timeout):
		t.Fatalf("the service did not end within %s\n%s", timeout, s.output())
	}
}

// developmentEnviron returns the environment of a developer who has set only the directory.
func developmentEnviron(dir string) []string {
	return []string{
		"APP_ENV=development", "LOCAL_DIR=" + filepath.Join(dir, "local"), "PORT=0", "HOST=", "LOG_LEVEL=warn",
		"DATABASE_URL=", "REDIS_URL=", "SECRET_KEY=", "SEED_DEMO=",
	}
}

// sharedTempDir returns a directory that PostgreSQL can access if it runs as another user because root started it.
func sharedTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "interviewer-test-") //nolint:usetesting // other users cannot access t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// waitForSignIn waits until a demo account can sign in. On a busy machine, hashing can be too slow at first.
func waitForSignIn(t *testing.T, base string) {
	t.Helper()
	testkit.Eventually(t, timeout, "a demo account signs in", func() bool {
		status := signIn(t.Context(), t, base)
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Fatalf("sign in: got status %d, want 200 or 503", status)
		}
		return status == http.StatusOK
	})
}

// signIn signs in as a demo account and returns the status.
func signIn(ctx context.Context, t *testing.T, base string) int {
	t.Helper()
	body := strings.NewReader(`{"email":"admin@acme.example","password":"` + demo.Password + `"}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/auth/login", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// TestServeWithPrivateServers starts the service without a database. It starts private servers, commands can use them
// while it runs and afterwards, and the data is kept for the next start.
func TestServeWithPrivateServers(t *testing.T) {
	t.Parallel()
	dir := sharedTempDir(t)
	first, base := serve(t, dir)
	waitForSignIn(t, base)
	for _, text := range []string{"admin@acme.example", demo.Password, base + "/docs", "Demo data was loaded"} {
		if !strings.Contains(first.output(), text) {
			t.Errorf("got output\n%s\nwant it to contain %q", first.output(), text)
		}
	}

	call(t, developmentEnviron(dir), "", "company", "create", "--name", "Second", "--slug", "second").succeeds(t)
	call(t, developmentEnviron(dir), "", "serve").fails(t, exitFailure, "in use", "choose another directory")
	first.stop(t)

	companies := call(t, developmentEnviron(dir), "", "company", "list").succeeds(t) // starts PostgreSQL itself
	if !strings.Contains(companies, "acme-robotics") || !strings.Contains(companies, "second") {
		t.Errorf("got companies\n%s\nwant acme-robotics and second", companies)
	}

	second, base := serve(t, dir)
	if strings.Contains(second.output(), "Demo data was loaded") {
		t.Errorf("the second start loads the demo data again:\n%s", second.output())
	}
	waitForSignIn(t, base)
	second.stop(t)
}

// TestDevelopmentKeyIsSaved checks that a generated key is long enough, used again, and readable only by its owner.
func TestDevelopmentKeyIsSaved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load := func() string {
		c, err := program{environ: developmentEnviron(dir)}.load()
		if err != nil {
			t.Fatal(err)
		}
		if err := (&dependencies{dir: c.LocalDir}).loadOrCreateSecret(c); err != nil {
			t.Fatal(err)
		}
		return c.SecretKey.Reveal()
	}
	first := load()
	if len(first) < 32 {
		t.Errorf("got a key of %d bytes, want 32 or more", len(first))
	}
	if load() != first {
		t.Error("the second start has another key")
	}
	info, err := os.Stat(filepath.Join(dir, "local", secretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file of the key: got %v and error %v, want mode 0600", info, err)
	}
}
