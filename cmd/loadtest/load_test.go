package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/testkit/leak"
)

func TestMain(m *testing.M) { leak.Main(m, nil) }

// counting serves requests and counts them by their path.
type counting struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]int
}

func newCounting(t *testing.T, respond http.HandlerFunc) *counting {
	t.Helper()
	c := &counting{seen: map[string]int{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.seen[r.URL.Path]++
		c.mu.Unlock()
		respond(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *counting) address() string { return c.Listener.Addr().String() }

func (c *counting) total() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, count := range c.seen {
		n += count
	}
	return n
}

// TestClosedLoop sends requests whose path says the connection and the status of the response before. Every request
// must be counted, and the steps of each connection must see its responses.
func TestClosedLoop(t *testing.T) {
	t.Parallel()
	server := newCounting(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/0") {
			w.WriteHeader(http.StatusCreated)
		}
		_, _ = io.WriteString(w, r.URL.Path)
	})
	f := newFleet(server.address(), 3, time.Now, func(i int) step {
		return func(previous response) call {
			if previous.status != 0 && !strings.HasPrefix(string(previous.body), fmt.Sprintf("/%d/", i)) {
				t.Errorf("connection %d: got the body %q", i, previous.body)
			}
			return call{keep: true, request: request("GET", fmt.Sprintf("/%d/%d", i, previous.status), "", "", "")}
		}
	})
	defer f.close()
	got := f.closed(t.Context(), 50*time.Millisecond)
	if len(got.latencies) != server.total() || len(got.errors) != 0 || got.shed != 0 || got.ended.IsZero() {
		t.Errorf("got %d latencies, errors %v, %d shed; want %d requests without errors", len(got.latencies), got.errors, got.shed, server.total())
	}
	for i := range 3 {
		if n := server.seen[fmt.Sprintf("/%d/0", i)]; n != 1 {
			t.Errorf("connection %d: got %d requests without a response before, want 1", i, n)
		}
	}
}

// TestClosedLoopCountsFailures serves a failure of each kind.
func TestClosedLoopCountsFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		respond http.HandlerFunc
		failure string
	}{
		"status": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, "429"},
		"shed":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, failureShed},
		"closed": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, errClosed.Error()},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "short")
		}, errCut.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newCounting(t, c.respond)
			f := newFleet(server.address(), 2, time.Now, func(int) step { return fixed(request("GET", "/", "", "", "")) })
			defer f.close()
			got := f.closed(t.Context(), 30*time.Millisecond)
			n := got.errors[c.failure]
			if c.failure == failureShed {
				n = got.shed
			}
			if n == 0 || n != server.total() || len(got.latencies) != 0 || len(got.errors) > 1 {
				t.Errorf("got errors %v and %d shed, want %q for all %d requests", got.errors, got.shed, c.failure, server.total())
			}
		})
	}
}

// TestOpenLoop has a clock that jumps by 5 seconds while the only connection is busy. The requests that were due in the
// meantime must be sent, and their latency must include the time that they have waited for the connection.
func TestOpenLoop(t *testing.T) {
	t.Parallel()
	const jump, d = 5 * time.Second, 100 * time.Millisecond
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	server := newCounting(t, func(http.ResponseWriter, *http.Request) { ahead.Store(int64(jump)) })
	f := newFleet(server.address(), 1, now, func(int) step { return fixed(request("GET", "/", "", "", "")) })
	defer f.close()
	got := f.open(t.Context(), 100, d)
	if len(got.latencies) != 10 || server.total() != 10 || len(got.errors) != 0 {
		t.Fatalf("got %d latencies, %d requests and errors %v, want 10 in 100 ms at 100 per second", len(got.latencies), server.total(), got.errors)
	}
	for _, latency := range got.latencies {
		if latency < jump-d {
			t.Errorf("got a latency of %v, want at least %v, the wait for the connection", latency, jump-d)
		}
	}
}

// TestOpenLoopGivesUp has a clock that jumps while the only connection is busy. The requests that are late by more than
// the timeout must not be sent, and count as timeouts.
func TestOpenLoopGivesUp(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	server := newCounting(t, func(http.ResponseWriter, *http.Request) { ahead.Store(int64(time.Minute)) })
	f := newFleet(server.address(), 1, now, func(int) step { return fixed(request("GET", "/", "", "", "")) })
	defer f.close()
	got := f.open(t.Context(), 100, 100*time.Millisecond)
	if server.total() != 1 || got.errors[errTimeout.Error()] != 9 || len(got.latencies) != 1 {
		t.Errorf("got %d requests, %d latencies and errors %v; want 1, 1 and 9 timeouts", server.total(), len(got.latencies), got.errors)
	}
}

func TestLoopsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	for name, loop := range map[string]func(context.Context, *fleet) *tally{
		"closed": func(ctx context.Context, f *fleet) *tally { return f.closed(ctx, time.Hour) },
		"open":   func(ctx context.Context, f *fleet) *tally { return f.open(ctx, 0.001, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			server := newCounting(t, func(http.ResponseWriter, *http.Request) { stop() })
			f := newFleet(server.address(), 2, time.Now, func(int) step { return fixed(request("GET", "/", "", "", "")) })
			defer f.close()
			if got := loop(ctx, f); len(got.latencies) == 0 {
				t.Errorf("got %+v, want the request that was under way", got)
			}
		})
	}
}

func TestConnectFailsWithoutAServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()
	f := newFleet(address, 5, time.Now, func(int) step { return fixed(nil) })
	if err := f.connect(t.Context()); err == nil {
		t.Error("got no error, want one")
	}
}
