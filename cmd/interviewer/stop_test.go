package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestStopLosesNoRequest sends requests on 50 connections while the process gets a SIGTERM. When the process closes a
// connection, its client connects again, unless the process reports that it is not ready: then the client would turn to
// another replica, as a load balancer does. 50 others open a connection for each request until it is refused. Every
// request that was sent must be answered.
func TestStopLosesNoRequest(t *testing.T) {
	t.Parallel()
	const clients = 50
	process, base := serve(t, sharedTempDir(t), "DRAIN_SECONDS=8", "RATE_LIMIT_ANONYMOUS_PER_MINUTE=0", "SEED_DEMO=false")
	// send returns the status of a response, and whether the process closes the connection. Transports do not repeat a POST.
	send := func(transport *http.Transport, method, path string) (status int, closed bool) {
		request, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(""))
		if err != nil {
			t.Error(err)
			return 0, true
		}
		response, err := transport.RoundTrip(request)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
		if err != nil {
			t.Errorf("a request was lost: %v", err)
			return 0, true
		}
		return response.StatusCode, response.Close
	}
	var started, all sync.WaitGroup
	var answered, again atomic.Int64
	started.Add(clients)
	for range clients {
		all.Go(func() {
			transport := &http.Transport{} // with a connection of its own
			defer transport.CloseIdleConnections()
			for n := 0; ; n++ {
				status, closed := send(transport, http.MethodPost, "/api/v1/auth/logout")
				if status != http.StatusUnauthorized {
					t.Errorf("status: got %d, want 401", status)
				}
				answered.Add(1)
				if n == 0 {
					started.Done()
				}
				if !closed {
					continue
				}
				if status, _ := send(transport, http.MethodGet, "/health/ready"); status == http.StatusOK {
					t.Error("the process closes connections although it is ready")
				}
				if n%2 == 0 || status == 0 {
					return
				}
				again.Add(1) // the other clients send once more, on a new connection
			}
		})
	}
	// The others open a connection for each request, until the port is closed.
	var opened atomic.Int64
	for range clients {
		all.Go(func() {
			transport := &http.Transport{DisableKeepAlives: true}
			for {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/v1/auth/logout", strings.NewReader(""))
				if err != nil {
					t.Error(err)
					return
				}
				response, err := transport.RoundTrip(request)
				if errors.Is(err, syscall.ECONNREFUSED) {
					return
				}
				if err == nil {
					_, err = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
				if err != nil {
					t.Errorf("a request on a new connection was lost: %v", err)
					return
				}
				opened.Add(1)
			}
		})
	}
	started.Wait()
	process.stop(t)
	all.Wait()
	t.Logf("%d requests were answered, %d of them on connections that were opened while the process stopped; "+
		"%d others had a connection of their own", answered.Load(), again.Load(), opened.Load())
}
