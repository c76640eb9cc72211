package server

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
)

// TestHandoverKeepsGoroutines sends more requests at once than goroutines are kept.
func TestHandoverKeepsGoroutines(t *testing.T) {
	t.Parallel()
	const kept, requests = 3, 20
	var running, all sync.WaitGroup
	running.Add(requests)
	h := newHandover(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Done()
		running.Wait() // all requests run at the same time
		w.Header().Set("Path", r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	}), kept)
	for range requests {
		all.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/path", http.NoBody))
			if w.Code != http.StatusTeapot || w.Header().Get("Path") != "/path" {
				t.Errorf("got status %d and path %q", w.Code, w.Header().Get("Path"))
			}
		})
	}
	all.Wait()
	untilSpare(h, kept)
	h.Close()
	untilSpare(h, 0)
}

// untilSpare waits until a number of goroutines wait for requests; the limit of the test binary ends it.
func untilSpare(h *handover, want int) {
	for len(h.spare) != want {
		runtime.Gosched()
	}
}

func TestHandoverPassesPanics(t *testing.T) {
	t.Parallel()
	h := newHandover(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), 1)
	defer h.Close()
	for range 3 {
		func() {
			defer func() {
				if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
					t.Errorf("got panic %v, want http.ErrAbortHandler", got)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		}()
	}
}
