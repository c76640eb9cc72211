// Package redistest runs real Redis servers for tests, and does to them what happens to servers: they hang, are killed,
// and come back empty at the same address. Where redis-server is not installed, tests fail.
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

// patience bounds every wait for a server.
const patience = 10 * time.Second

// Server is one redis-server process on a private Unix socket. Its methods are for the test's own goroutine.
type Server struct {
	// URL is where the server answers, for redis.Open. It stays the same from one Start to the next.
	URL string

	t      testing.TB
	socket string
	cmd    *exec.Cmd
}

// New gives a server that is not yet started.
func New(t testing.TB) *Server {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	return &Server{URL: "unix://" + socket, t: t, socket: socket}
}

// Start gives a server that answers.
func Start(t testing.TB) *Server {
	t.Helper()
	s := New(t)
	s.Start()
	return s
}

// Start starts the server, empty, and waits until it listens.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = Run(s.t, "unix", s.socket,
		"--port", "0", "--unixsocket", s.socket, "--save", "", "--dir", filepath.Dir(s.socket))
}

// Kill ends the server as kill -9 does, even while it hangs. What it held is lost.
func (s *Server) Kill() { end(s.cmd) }

// Hang stops the server's process: its socket still takes connections, and nothing answers.
func (s *Server) Hang() { s.signal(syscall.SIGSTOP) }

// Resume lets a server that hangs go on with what it held.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatalf("signal redis-server: %v", err)
	}
}

// Run starts redis-server with these arguments, waits until it listens on the address, and ends it with the test.
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
	Eventually(t, patience, "redis-server listens on "+address, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), network, address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return cmd
}

// end kills a process and waits for its end; one that has ended already is left alone.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// Eventually asks again and again until ok holds, and fails the test when it does not come true in time.
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
			t.Fatalf("after %s still not: %s", within, what)
		}
	}
}
