package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestRootRedirectsToReference expects that GET and HEAD of / lead to the reference pages.
func TestRootRedirectsToReference(t *testing.T) {
	t.Parallel()
	replica := testkit.New(t).Replica()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), method, replica.URL+"/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusFound || response.Header.Get("Location") != "/docs" ||
				response.Header.Get("X-Request-Id") == "" {
				t.Errorf("got status %d with %v, want 302 to /docs", response.StatusCode, response.Header)
			}
		})
	}
}

// TestOptionsOfServer sends "OPTIONS *" to a replica that listens as in production. The response must be a problem with
// our headers, and not the empty 200 of net/http.
func TestOptionsOfServer(t *testing.T) {
	t.Parallel()
	replica := testkit.New(t).Replica()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- replica.Server.Serve(ctx, listener, 0, 10*time.Second) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	conn := dial(t, "http://"+listener.Addr().String())
	send(t, conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var p api.Problem
	if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusMethodNotAllowed || p.Code != "method_not_allowed" ||
		response.Header.Get("X-Request-Id") == "" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got status %d, %+v with %v; want method_not_allowed with our headers", response.StatusCode, p, response.Header)
	}
	if got, want := response.Header.Get("Allow"), "DELETE, GET, HEAD, PATCH, POST, PUT"; got != want {
		t.Errorf("Allow: got %q, want %q", got, want)
	}
}
