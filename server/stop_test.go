package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// dial opens a connection to a replica.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func send(t *testing.T, conn net.Conn, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(conn, format, args...); err != nil {
		t.Fatal(err)
	}
}

// metric returns the value of a series as text, or "".
func metric(c *testkit.Client, series string) string {
	for line := range strings.Lines(string(c.Get("/metrics").Body)) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestDisconnectCancelsRequest checks that the work of a request ends when its client closes the connection, and that no
// response is sent.
func TestDisconnectCancelsRequest(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	replica := i.Replica()
	c := replica.SignIn(t, acme.Users[api.RoleHr])
	const inFlight = "http_requests_in_flight"
	for name, disconnect := range map[string]func(*net.TCPConn) error{
		"closes": (*net.TCPConn).Close, "closes its sending half": (*net.TCPConn).CloseWrite,
	} {
		t.Run(name, func(t *testing.T) {
			lock := i.Connect()
			if _, err := lock.Exec(t.Context(), "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE"); err != nil {
				t.Fatal(err)
			}
			conn := dial(t, replica.URL)
			send(t, conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "/api/v1/auth/logout")
			if status, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(status, " 401 ") {
				t.Fatalf("status line: got %q (error %v), want 401", status, err)
			}
			conn = dial(t, replica.URL)
			send(t, conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", mePath, c.Token)
			testkit.Eventually(t, maxRecoveryTime, "the request waits for the lock", func() bool {
				return metric(c.In(t), inFlight) == "2" // the waiting request, and the request for the metrics
			})
			if err := disconnect(conn.(*net.TCPConn)); err != nil {
				t.Fatal(err)
			}
			testkit.Eventually(t, maxRecoveryTime, "the work has ended: "+name, func() bool { return metric(c.In(t), inFlight) == "1" })
			if name != "closes" {
				if response, err := io.ReadAll(conn); err != nil || len(response) > 0 {
					t.Errorf("response: got %q (error %v), want none", response, err)
				}
			}
			if err := lock.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.In(t).Get(mePath).Expect(http.StatusOK)
		})
	}
}

// serving is a replica that runs Serve until the test stops it.
type serving struct {
	*testkit.Replica
	listener net.Listener
	stop     context.CancelFunc
	ended    chan error
}

// serve starts a replica that accepts requests for the duration of drain when it is stopped, and then waits up to
// shutdown for the running ones.
func serve(t *testing.T, i *testkit.Installation, drain, shutdown time.Duration) serving {
	t.Helper()
	replica := i.Replica()
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := serving{replica, listener, stop, make(chan error, 1)}
	s.URL = "http://" + listener.Addr().String()
	go func() { s.ended <- replica.Server.Serve(ctx, listener, drain, shutdown) }()
	t.Cleanup(stop)
	return s
}

// TestStopFinishesRunningRequests checks that a stopping replica finishes running requests and accepts no new connections.
func TestStopFinishesRunningRequests(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Company("acme").Users[api.RoleHr]
	s := serve(t, i, 0, 30*time.Second)
	c := s.SignIn(t, hr)
	body := fmt.Sprintf(`{"refresh_token":%q}`, c.RefreshToken)
	conn := dial(t, s.URL)
	send(t, conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		refreshPath, len(body), body[:10])
	testkit.Eventually(t, maxRecoveryTime, "the request is running", func() bool {
		return metric(c, "http_requests_in_flight") == "2"
	})
	s.stop()
	testkit.Eventually(t, maxRecoveryTime, "the replica reports that it is stopping", func() bool {
		recorder := httptest.NewRecorder()
		s.Server.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/health/ready", nil))
		return recorder.Code == http.StatusServiceUnavailable && strings.Contains(recorder.Body.String(), `"stopping"`)
	})
	testkit.Eventually(t, maxRecoveryTime, "new connections are refused", func() bool {
		another, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
		if err == nil {
			_ = another.Close()
		}
		return err != nil
	})
	send(t, conn, "%s", body[10:])
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK || response.Header.Get("Set-Cookie") == "" {
		t.Errorf("status of the running request: got %s, want 200 with a cookie", response.Status)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("Serve: got error %v, want none", err)
	}
}

// TestDrainAnswersRequests checks that a draining replica reports that it is not ready, answers requests, also on new
// connections, and closes each connection after its response.
func TestDrainAnswersRequests(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	s := serve(t, i, time.Hour, 30*time.Second)
	const request = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
	kept := dial(t, s.URL)
	reader := bufio.NewReader(kept)
	read := func(from *bufio.Reader) (status int, closing bool) {
		t.Helper()
		response, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode, response.Close
	}
	testkit.Eventually(t, maxRecoveryTime, "the replica is ready", func() bool {
		send(t, kept, request)
		status, closing := read(reader)
		return status == http.StatusOK && !closing
	})
	s.stop()
	testkit.Eventually(t, maxRecoveryTime, "the replica reports that it is stopping", func() bool {
		conn := dial(t, s.URL)
		send(t, conn, request)
		status, _ := read(bufio.NewReader(conn))
		return status == http.StatusServiceUnavailable
	})
	for name, conn := range map[string]net.Conn{"a connection that was open": kept, "a new connection": dial(t, s.URL)} {
		send(t, conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
		from := bufio.NewReader(conn)
		if status, closing := read(from); status != http.StatusOK || !closing {
			t.Errorf("%s: got status %d, Connection: close %t; want 200 and close", name, status, closing)
		}
		if _, err := from.ReadByte(); err != io.EOF {
			t.Errorf("%s is still open after the response: %v", name, err)
		}
	}
	select {
	case err := <-s.ended:
		t.Fatalf("Serve ended during the drain: %v", err)
	default:
	}
	if err := s.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-s.ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve without a listener: got error %v, want net.ErrClosed", err)
	}
}

// TestStopIsBounded checks that a request that does not end delays the stop for at most the shutdown time.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	s := serve(t, i, 0, 100*time.Millisecond)
	conn := dial(t, s.URL)
	send(t, conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{", loginPath)
	testkit.Eventually(t, maxRecoveryTime, "the request is running", func() bool {
		return metric(s.Anonymous(t), "http_requests_in_flight") == "2"
	})
	s.stop()
	select {
	case err := <-s.ended:
		if err == nil {
			t.Error("Serve: got no error, want one about the request that was cut off")
		}
	case <-time.After(maxResponseTime):
		t.Fatal("Serve did not return")
	}
}
