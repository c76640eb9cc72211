package gate_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// ends are what a document says of something that will go.
func ends(since, sunset string) map[string]any {
	return map[string]any{"x-deprecated-at": since, "x-sunset": sunset}
}

// deprecate calls some of the specification deprecated: an operation, a parameter, a member of a request, and one of an
// answer.
func deprecate(d *openapi3.T) {
	health := d.Paths.Value("/health").Get
	health.Deprecated = true
	health.Extensions["x-deprecated-at"], health.Extensions["x-sunset"] = "2026-01-01", "2026-12-31"
	member := *d.Components.Schemas["RefreshRequest"].Value.Properties["refresh_token"].Value
	member.Deprecated, member.Extensions = true, ends("2026-02-01", "2026-10-01")
	d.Components.Schemas["RefreshRequest"].Value.Properties["refresh_token"] = member.NewRef()
	answered := *d.Components.Schemas["Readiness"].Value.Properties["status"].Value
	answered.Deprecated, answered.Extensions = true, ends("2026-03-01", "2027-01-01")
	d.Components.Schemas["Readiness"].Value.Properties["status"] = answered.NewRef()
}

func TestWhatWillGoIsAnnouncedAndCounted(t *testing.T) {
	t.Parallel()
	d := document(t)
	deprecate(d)
	c, err := gate.Load(d)
	if err != nil {
		t.Fatal(err)
	}
	metrics := telemetry.NewMetrics("test")
	door := &gate.Gate{
		Contract: c, Timeout: time.Minute, Metrics: metrics, Log: slog.New(slog.DiscardHandler), Screen: pass,
	}
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(slog.New(slog.DiscardHandler))
	e.Use(door.Enter)
	fine := func(c echo.Context) error { return c.NoContent(http.StatusOK) }
	e.GET("/health", fine)
	e.GET("/health/ready", fine)
	e.GET("/openapi.yaml", fine)
	e.POST("/api/v1/auth/refresh", fine)
	for _, one := range []struct {
		method, path, body, deprecation, sunset string
	}{
		{"GET", "/health?no=1", "", "@1767225600", "Thu, 31 Dec 2026 00:00:00 GMT"}, // who is refused is told as well
		{"GET", "/health", "", "@1767225600", "Thu, 31 Dec 2026 00:00:00 GMT"},
		{"GET", "/health/ready", "", "@1772323200", "Fri, 01 Jan 2027 00:00:00 GMT"},
		{"GET", "/openapi.yaml", "", "", ""},
		{"POST", "/api/v1/auth/refresh", `{"refresh_token":"aiprt_x"}`, "@1769904000", "Thu, 01 Oct 2026 00:00:00 GMT"},
		{"POST", "/api/v1/auth/refresh", "", "", ""},
	} {
		request := httptest.NewRequestWithContext(t.Context(), one.method, one.path, strings.NewReader(one.body))
		if one.body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		request = request.WithContext(access.With(request.Context(), &access.Request{Target: request.URL}))
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, request)
		got := recorder.Header()
		if refused := strings.Contains(one.path, "?"); (recorder.Code != http.StatusOK) != refused || got.Get("Deprecation") != one.deprecation || got.Get("Sunset") != one.sunset {
			t.Errorf("%s %s %s: %d, Deprecation %q, Sunset %q", one.method, one.path, one.body, recorder.Code,
				got.Get("Deprecation"), got.Get("Sunset"))
		}
	}
	scraped := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(scraped, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="operation",operation="GetHealth"} 2`,
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="response /status",operation="GetReadiness"} 1`,
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="request /refresh_token",operation="RefreshTokens"} 1`,
	} {
		if !strings.Contains(scraped.Body.String(), want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}

func TestWhatWillGoSaysWhen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says map[string]any
		want string
	}{
		"nothing":       {map[string]any{}, "operation is deprecated without x-"},
		"no end":        {map[string]any{"x-deprecated-at": "2026-01-01"}, "without x-sunset"},
		"a time":        {ends("2026-01-01T00:00:00Z", "2027-01-01"), "without x-deprecated-at"},
		"little notice": {ends("2026-01-01", "2026-05-01"), "less than half a year"},
		"the other way": {ends("2026-05-01", "2026-01-01"), "less than half a year"},
		"enough":        {ends("2026-05-01", "2027-01-01"), ""},
	} {
		d := document(t)
		health := d.Paths.Value("/health").Get
		health.Deprecated = true
		for key, value := range c.says {
			health.Extensions[key] = value
		}
		_, err := gate.Load(d)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
