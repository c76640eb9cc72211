package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// dial opens a connection to a replica for a request written by hand.
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

// metric reads one series as text.
func metric(c *testkit.Client, series string) string {
	for line := range strings.Lines(string(c.Get("/metrics").Body)) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// A client that leaves takes its request's work with it, and is never told of a success that was none.
func TestClientThatLeaves(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	replica := i.Replica()
	c := replica.SignIn(t, acme.Users[api.RoleHr])
	const inFlight = "http_requests_in_flight"
	for name, leave := range map[string]func(*net.TCPConn) error{
		"closes": (*net.TCPConn).Close, "closes its sending half": (*net.TCPConn).CloseWrite,
	} {
		lock := i.Connect()
		if _, err := lock.Exec(t.Context(), "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		conn := dial(t, replica.URL)
		send(t, conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "/api/v1/auth/logout")
		if status, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(status, " 401 ") {
			t.Fatalf("%s %v", status, err)
		}
		conn = dial(t, replica.URL)
		send(t, conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", mePath, c.Token)
		testkit.Eventually(t, recovery, "the request waits for the lock", func() bool {
			return metric(c, inFlight) == "2" // itself, and the request for the metrics
		})
		if err := leave(conn.(*net.TCPConn)); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, recovery, "the work has ended: "+name, func() bool { return metric(c, inFlight) == "1" })
		if name != "closes" {
			if told, err := io.ReadAll(conn); err != nil || len(told) > 0 {
				t.Errorf("who %s is told %q (%v)", name, told, err)
			}
		}
		if err := lock.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Get(mePath).Expect(http.StatusOK)
	}
}

// serving is a replica that listens as in production, until the test stops it.
type serving struct {
	*testkit.Replica
	stop  context.CancelFunc
	ended chan error
}

func serve(t *testing.T, i *testkit.Installation, shutdown time.Duration) serving {
	t.Helper()
	replica := i.Replica()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := serving{replica, stop, make(chan error, 1)}
	s.URL = "http://" + listener.Addr().String()
	go func() { s.ended <- replica.Server.Serve(ctx, listener, 0, shutdown) }()
	t.Cleanup(stop)
	return s
}

// Who is stopped finishes what it has begun, and takes nothing new.
func TestStopFinishesWhatHasBegun(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Company("acme").Users[api.RoleHr]
	s := serve(t, i, 30*time.Second)
	c := s.SignIn(t, hr)
	body := fmt.Sprintf(`{"refresh_token":%q}`, c.RefreshToken)
	conn := dial(t, s.URL)
	send(t, conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		refreshPath, len(body), body[:10])
	testkit.Eventually(t, recovery, "the request is under way", func() bool {
		return metric(c, "http_requests_in_flight") == "2"
	})
	s.stop()
	testkit.Eventually(t, recovery, "the replica says that it stops", func() bool {
		recorder := httptest.NewRecorder()
		s.Server.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/health/ready", nil))
		return recorder.Code == http.StatusServiceUnavailable && strings.Contains(recorder.Body.String(), `"stopping"`)
	})
	testkit.Eventually(t, recovery, "nothing new is taken", func() bool {
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
		t.Errorf("the request under way got %s", response.Status)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("the stop ended with %v", err)
	}
}

// A request that does not end does not hold up the stop for longer than is allowed.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	s := serve(t, i, 100*time.Millisecond)
	conn := dial(t, s.URL)
	send(t, conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{", loginPath)
	testkit.Eventually(t, recovery, "the request is under way", func() bool {
		return metric(s.Anonymous(t), "http_requests_in_flight") == "2"
	})
	s.stop()
	select {
	case err := <-s.ended:
		if err == nil {
			t.Error("nothing says that a request was cut off")
		}
	case <-time.After(patience):
		t.Fatal("the stop does not end")
	}
}
