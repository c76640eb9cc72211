package gate_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
)

// pass is a screen that lets everything through.
func pass(echo.Context) error { return nil }

// TestTheDoorAndTheErrorsBehindIt lets a request through to a handler that fails, and looks at what the client gets.
func TestTheDoorAndTheErrorsBehindIt(t *testing.T) {
	t.Parallel()
	c, err := gate.Load(document(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		handler func(context.Context) error
		want    int
	}{
		"something inside was canceled, and the client waits": {
			func(context.Context) error { return context.Canceled }, http.StatusInternalServerError,
		},
		"the time is up": {
			func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}, http.StatusServiceUnavailable,
		},
		"all is well": {
			func(ctx context.Context) error {
				if access.RequestOf(ctx).Operation != "GetHealth" {
					t.Error("the request does not know its operation")
				}
				return nil
			}, http.StatusOK,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			door := &gate.Gate{Contract: c, Timeout: 20 * time.Millisecond, Screen: pass}
			e := echo.New()
			e.HTTPErrorHandler = problem.Handler(slog.New(slog.DiscardHandler))
			e.Use(door.Enter)
			e.GET("/health", func(c echo.Context) error { return one.handler(c.Request().Context()) })
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/health", http.NoBody)
			request = request.WithContext(access.With(request.Context(), &access.Request{Target: request.URL}))
			recorder := httptest.NewRecorder()
			e.ServeHTTP(recorder, request)
			if recorder.Code != one.want || one.want != http.StatusOK && recorder.Body.Len() == 0 {
				t.Errorf("status %d, want %d: %s", recorder.Code, one.want, recorder.Body)
			}
		})
	}
}
