package gate_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// dependencies are what a gate needs that admits public operations only: nothing of it is connected.
func dependencies(c *gate.Contract) (service.Deps, gate.Options) {
	source := clock.System()
	deps := service.Deps{
		Store: &postgres.Store{}, Clock: source, Audit: audit.NewRecorder(source),
		Cursors: page.NewCodec(make([]byte, 32)), Log: slog.New(slog.DiscardHandler),
	}
	return deps, gate.Options{
		Contract: c, Access: &session.Access{}, Refresh: &session.Refresh{}, Guard: &session.Guard{}, Keys: &apikey.Ring{}, Keeper: &idempotency.Keeper{},
		Metrics: telemetry.NewMetrics("test"), Timeout: time.Minute, MaxBody: 1 << 20, MaxUpload: 1 << 20,
		Admission: gate.NewAdmission(gate.Capacity{Connections: 1, Processors: 1, Hashes: 1, Share: 100, Now: source.Now}),
		// Without Redis, leases are counted in memory.
		Uploads: ratelimit.NewLeases(&redis.Redis{}, "uploads", 4, ratelimit.LeaseTime),
		Exports: ratelimit.NewLeases(&redis.Redis{}, "exports", 4, ratelimit.LeaseTime),
	}
}

// loaded is the contract of the specification, which never changes.
//
//nolint:gochecknoglobals // loading takes half a second; it is the same for every test
var loaded = sync.OnceValues(func() (*gate.Contract, error) {
	specification, err := api.GetSpec()
	if err != nil {
		return nil, err
	}
	return gate.Load(specification)
})

func load(t *testing.T) *gate.Contract {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// router puts a gate before routes. It does what the base middleware does for the gate.
func router(t *testing.T, deps service.Deps, options gate.Options) *echo.Echo {
	t.Helper()
	g, err := gate.New(deps, options)
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(slog.New(slog.DiscardHandler))
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			request := &access.Request{Target: c.Request().URL}
			c.SetRequest(c.Request().WithContext(access.With(c.Request().Context(), request)))
			return next(c)
		}
	}, g.Enter)
	return e
}

func serve(t *testing.T, e *echo.Echo, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	e.ServeHTTP(recorder, request)
	return recorder
}

func TestNewFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*service.Deps, *gate.Options)
		want   string
	}{
		"without a store": {func(d *service.Deps, _ *gate.Options) { d.Store = nil }, "gate: missing dependencies: Store"},
		"without a contract and a timeout": {
			func(_ *service.Deps, o *gate.Options) { o.Contract, o.Timeout = nil, 0 },
			"gate: missing dependencies: Contract, Timeout",
		},
		"with an origin that is a path": {
			func(_ *service.Deps, o *gate.Options) { o.Origins = []string{"https://a.example", "b/c"} }, `trust the origin "b/c"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deps, options := dependencies(load(t))
			c.change(&deps, &options)
			if _, err := gate.New(deps, options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestHandlerErrors runs handlers that fail, and checks the client's response.
func TestHandlerErrors(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		handler func(context.Context) error
		want    int
	}{
		"an inner context was canceled, and the client waits": {
			func(context.Context) error { return context.Canceled }, http.StatusInternalServerError,
		},
		"the deadline passes": {
			func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}, http.StatusServiceUnavailable,
		},
		"no error": {
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
			deps, options := dependencies(load(t))
			options.Timeout = 20 * time.Millisecond
			e := router(t, deps, options)
			e.GET("/health", func(c echo.Context) error { return one.handler(c.Request().Context()) })
			recorder := serve(t, e, http.MethodGet, "/health", "")
			if recorder.Code != one.want || one.want != http.StatusOK && recorder.Body.Len() == 0 {
				t.Errorf("status %d, want %d: %s", recorder.Code, one.want, recorder.Body)
			}
		})
	}
}

// TestMethodNotAllowed expects a 405 that lists the methods of the path, and for "OPTIONS *" those of all paths.
func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	deps, options := dependencies(load(t))
	e := router(t, deps, options)
	none := func(echo.Context) error {
		t.Error("a handler ran")
		return nil
	}
	for _, path := range []string{"/health", "/api/v1/auth/login", "/api/v1/users/:user_id"} {
		e.Any(path, none)
	}
	for name, c := range map[string]struct{ method, target, allow string }{
		"a GET operation":       {http.MethodPost, "/health", "GET, HEAD"},
		"a POST operation":      {http.MethodGet, "/api/v1/auth/login", "POST"},
		"several operations":    {http.MethodPut, "/api/v1/users/1", "GET, HEAD, PATCH"},
		"OPTIONS of a path":     {http.MethodOptions, "/health", "GET, HEAD"},
		"OPTIONS of the server": {http.MethodOptions, "*", "DELETE, GET, HEAD, PATCH, POST, PUT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serve(t, e, c.method, c.target, "")
			if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != c.allow {
				t.Errorf("%d, Allow %q, want %q", got.Code, got.Header().Get("Allow"), c.allow)
			}
		})
	}
	if got := serve(t, e, http.MethodGet, "/nowhere", ""); got.Code != http.StatusNotFound || got.Header().Get("Allow") != "" {
		t.Errorf("an unknown path: %d, Allow %q", got.Code, got.Header().Get("Allow"))
	}
}
