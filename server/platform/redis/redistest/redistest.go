// Package redistest runs real Redis servers for tests, and simulates their faults: they hang, are killed, and restart
// empty at the same address. Tests fail if redis-server is not installed.
package redistest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// startTimeout bounds the waits for a server.
const startTimeout = 10 * time.Second

// Server is a redis-server process on a private Unix socket. Its methods must be called by the goroutine of the test.
type Server struct {
	// URL is the address, for redis.Open. Start does not change it.
	URL string

	t      testing.TB
	socket string
	cmd    *exec.Cmd
}

// New returns a server that is not started.
func New(t testing.TB) *Server {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	return &Server{URL: "unix://" + socket, t: t, socket: socket}
}

// Start returns a server that is started.
func Start(t testing.TB) *Server {
	t.Helper()
	s := New(t)
	s.Start()
	return s
}

// Start starts the server without data, and waits until it listens.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = Run(s.t, "unix", s.socket,
		"--port", "0", "--unixsocket", s.socket, "--save", "", "--dir", filepath.Dir(s.socket))
}

// Kill kills the server, even while it hangs. Its data is lost.
func (s *Server) Kill() { end(s.cmd) }

// Hang stops the process: its socket accepts connections, but does not answer.
func (s *Server) Hang() { s.signal(syscall.SIGSTOP) }

// Resume continues a hung server, with its data.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatalf("signal redis-server: %v", err)
	}
}

// Run starts redis-server with the arguments, and waits until it listens on the address. The process ends with the
// test.
func Run(t testing.TB, network, address string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("this test needs redis-server 7 or later in PATH (Debian: apt-get install redis-server): %v", err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	t.Cleanup(func() { end(cmd) })
	Eventually(t, startTimeout, "redis-server listens on "+address, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), network, address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return cmd
}

// end kills a process, if it is still running, and waits for its end.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// Eventually calls ok until it returns true, and fails the test if it does not within the time.
func Eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	late := time.NewTimer(within)
	defer late.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}
