package main

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
	"sync/atomic"
	"testing"
	"time"
)

// patience bounds the requests of tests. It is long, because test machines are busy.
const patience = 30 * time.Second

// dialed returns a connection to an address, which ends with the test.
func dialed(t *testing.T, address string) *connection {
	t.Helper()
	c := &connection{address: address, now: time.Now}
	t.Cleanup(c.close)
	return c
}

func TestExchangeWithServerOfNetHTTP(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", 8<<10)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /length", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	mux.HandleFunc("GET /empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /unchanged", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	mux.HandleFunc("GET /long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) })
	mux.HandleFunc("GET /chunks", func(w http.ResponseWriter, _ *http.Request) {
		for _, part := range []string{"one ", "two ", long, " three"} {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("GET /trailers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "Sum")
		_, _ = io.WriteString(w, "body")
		_ = http.NewResponseController(w).Flush()
		w.Header().Set("Sum", "4")
	})
	mux.HandleFunc("GET /early", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "late")
	})
	mux.HandleFunc("GET /close", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "last")
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		content, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("X"), content)
	})
	mux.HandleFunc("GET /failure", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) })
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(mux)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := dialed(t, server.Listener.Addr().String())
	// All requests use one connection, in this order; only the response before "after close" ends it.
	for _, exchanged := range []struct {
		name    string
		request []byte
		status  int
		body    string
		last    bool
	}{
		{"length", request("GET", "/length", "", "", ""), 200, "hello", false},
		{"empty", request("GET", "/empty", "", "", ""), 200, "", false},
		{"no content", request("GET", "/none", "", "", ""), 204, "", false},
		{"not modified", request("GET", "/unchanged", "", "", ""), 304, "", false},
		{"long", request("GET", "/long", "", "", ""), 200, long, false},
		{"chunks", request("GET", "/chunks", "", "", ""), 200, "one two " + long + " three", false},
		{"trailers", request("GET", "/trailers", "", "", ""), 200, "body", false},
		{"informational response", request("GET", "/early", "", "", ""), 200, "late", false},
		{"body and headers", request("POST", "/echo", "token", "text/plain", "ähm", "X", "y"), 201, "Bearer token text/plain y ähm", false},
		{"POST without a body", request("POST", "/echo", "", "", ""), 201, "   ", false},
		{"failure", request("GET", "/failure", "", "", ""), 418, "no\n", false},
		{"close", request("GET", "/close", "", "", ""), 200, "last", true},
		{"after close", request("GET", "/length", "", "", ""), 200, "hello", false},
	} {
		t.Run(exchanged.name, func(t *testing.T) {
			for _, keep := range []bool{true, false} {
				if exchanged.last && !keep {
					continue
				}
				got, err := c.exchange(t.Context(), exchanged.request, patience, keep)
				if err != nil {
					t.Fatalf("keep %t: %v", keep, err)
				}
				if got.status != exchanged.status || got.size != int64(len(exchanged.body)) || got.last != exchanged.last ||
					!keep && got.body != nil || keep && string(got.body) != exchanged.body {
					t.Errorf("keep %t: got status %d, %d bytes, last %t, body %.60q; want %d, %d, %t, %.60q", keep, got.status,
						got.size, got.last, got.body, exchanged.status, len(exchanged.body), exchanged.last, exchanged.body)
				}
			}
		})
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("got %d connections, want 2: one, and another after the close", n)
	}
}

// TestExchangeWithUnusualResponses sends a request to servers that net/http does not have.
func TestExchangeWithUnusualResponses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		response string
		status   int
		body     string
		last     bool
		failure  error
	}{
		"until the end":             {"HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it", true, nil},
		"HTTP/1.0":                  {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, "ab", true, nil},
		"HTTP/1.0 kept alive":       {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab", 200, "ab", false, nil},
		"lines end with LF":         {"HTTP/1.1 200 OK\ncontent-length: 2\n\nab", 200, "ab", false, nil},
		"no reason":                 {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", false, nil},
		"close in a list":           {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", 200, "", true, nil},
		"extension of a chunk":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200, "0123456789", false, nil},
		"same length twice":         {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 200, "ab", false, nil},
		"nothing":                   {"", 0, "", false, errClosed},
		"cut off in the head":       {"HTTP/1.1 200 OK\r\nContent-Le", 0, "", false, errCut},
		"cut off in the body":       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 0, "", false, errCut},
		"cut off in a chunk":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", 0, "", false, errCut},
		"cut off between chunks":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0, "", false, errCut},
		"another protocol":          {"SSH-2.0-OpenSSH\r\n", 0, "", false, errMalformed},
		"HTTP/2":                    {"HTTP/2 200\r\n\r\n", 0, "", false, errMalformed},
		"no status":                 {"HTTP/1.1 abc\r\n\r\n", 0, "", false, errMalformed},
		"different lengths":         {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 0, "", false, errMalformed},
		"negative length":           {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, "", false, errMalformed},
		"unknown encoding":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0, "", false, errMalformed},
		"size of a chunk":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 0, "", false, errMalformed},
		"chunk longer than claimed": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 0, "", false, errMalformed},
		"header without a colon":    {"HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n", 0, "", false, errMalformed},
		"header without a name":     {"HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n", 0, "", false, errMalformed},
		"long line":                 {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", longestLine) + "\r\n\r\n", 0, "", false, errMalformed},
		"many headers":              {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", mostHeaders+1) + "\r\n", 0, "", false, errMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := dialed(t, responding(t, c.response))
			got, err := connection.exchange(t.Context(), request("GET", "/", "", "", ""), patience, true)
			if !errors.Is(err, c.failure) {
				t.Fatalf("got error %v, want %v", err, c.failure)
			}
			if c.failure != nil {
				if failure := failureOf(got, err); failure != c.failure.Error() || connection.tcp != nil {
					t.Errorf("got failure %q with the connection open %t, want %q and closed", failure, connection.tcp != nil, c.failure)
				}
				return
			}
			if got.status != c.status || string(got.body) != c.body || got.last != c.last || c.last != (connection.tcp == nil) {
				t.Errorf("got status %d, body %q, last %t, open %t; want %d, %q, %t", got.status, got.body, got.last,
					connection.tcp != nil, c.status, c.body, c.last)
			}
		})
	}
}

// responding serves connections: it reads the head of a request, sends the response and closes.
func responding(t *testing.T, response string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.WriteString(conn, response)
			}
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestExchangeWithoutAServer(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = dialed(t, listener.Addr().String()).exchange(t.Context(), request("GET", "/", "", "", ""), patience, false)
	if !errors.Is(err, errConnect) {
		t.Errorf("got error %v, want %v", err, errConnect)
	}
}

func TestExchangeTimesOut(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	c := dialed(t, server.Listener.Addr().String())
	_, err := c.exchange(t.Context(), request("GET", "/", "", "", ""), 50*time.Millisecond, false)
	if !errors.Is(err, errTimeout) || c.tcp != nil {
		t.Errorf("got error %v and the connection open %t, want %v and closed", err, c.tcp != nil, errTimeout)
	}
}

// TestNothingIsSentTwice closes a connection instead of responding. The client must not repeat the request.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	var received atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if received.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	c := dialed(t, server.Listener.Addr().String())
	for i, want := range []error{nil, errClosed, nil} {
		if _, err := c.exchange(t.Context(), request("GET", "/", "", "", ""), patience, false); !errors.Is(err, want) {
			t.Errorf("request %d: got error %v, want %v", i+1, err, want)
		}
	}
	if n := received.Load(); n != 3 {
		t.Errorf("the server received %d requests, want 3", n)
	}
}

// TestRefusalOfUnfinishedUpload answers before the request is read, and closes. The client must report the status.
func TestRefusalOfUnfinishedUpload(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	c := dialed(t, server.Listener.Addr().String())
	got, err := c.exchange(t.Context(), request("POST", "/", "", "text/plain", "short"), patience, true)
	if err != nil || got.status != http.StatusForbidden {
		t.Errorf("got status %d and error %v, want 403", got.status, err)
	}
}

// BenchmarkExchange measures the client with a server of net/http.
func BenchmarkExchange(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer server.Close()
	c := &connection{address: server.Listener.Addr().String(), now: time.Now}
	defer c.close()
	raw := request("GET", "/", "", "", "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.exchange(context.Background(), raw, patience, false); err != nil {
			b.Fatal(err)
		}
	}
}
