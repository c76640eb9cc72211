package gate_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

// dates are the extensions of something deprecated.
func dates(since, sunset string) map[string]any {
	return map[string]any{"x-deprecated-at": since, "x-sunset": sunset}
}

// deprecate marks an operation, a parameter, a member of a request and a member of a response as deprecated.
func deprecate(d *openapi3.T) {
	health := d.Paths.Value("/health").Get
	health.Deprecated = true
	health.Extensions["x-deprecated-at"], health.Extensions["x-sunset"] = "2026-01-01", "2026-12-31"
	member := *d.Components.Schemas["RefreshRequest"].Value.Properties["refresh_token"].Value
	member.Deprecated, member.Extensions = true, dates("2026-02-01", "2026-10-01")
	d.Components.Schemas["RefreshRequest"].Value.Properties["refresh_token"] = member.NewRef()
	shown := *d.Components.Schemas["Readiness"].Value.Properties["status"].Value
	shown.Deprecated, shown.Extensions = true, dates("2026-03-01", "2027-01-01")
	d.Components.Schemas["Readiness"].Value.Properties["status"] = shown.NewRef()
	asked := openapi3.NewQueryParameter("verbose").WithSchema(openapi3.NewBoolSchema())
	asked.Deprecated, asked.Extensions = true, dates("2026-04-01", "2027-02-01")
	machines := d.Paths.Value("/api/v1/meta/state-machines").Get
	machines.Parameters = append(machines.Parameters, &openapi3.ParameterRef{Value: asked})
}

func TestDeprecationsAreAnnouncedAndCounted(t *testing.T) {
	t.Parallel()
	d := document(t)
	deprecate(d)
	c, err := gate.Load(d)
	if err != nil {
		t.Fatal(err)
	}
	deps, options := dependencies(c)
	e := router(t, deps, options)
	fine := func(c echo.Context) error { return c.NoContent(http.StatusOK) }
	for _, path := range []string{"/health", "/health/ready", "/openapi.yaml", "/api/v1/meta/state-machines"} {
		e.GET(path, fine)
	}
	e.POST("/api/v1/auth/refresh", fine)
	for _, one := range []struct {
		name, method, path, body, deprecation, sunset string
		status                                        int
	}{
		{"refused health check", "GET", "/health?no=1", "", "@1767225600", "Thu, 31 Dec 2026 00:00:00 GMT", 400}, // refused requests count as well
		{"health check", "GET", "/health", "", "@1767225600", "Thu, 31 Dec 2026 00:00:00 GMT", 200},
		{"readiness", "GET", "/health/ready", "", "@1772323200", "Fri, 01 Jan 2027 00:00:00 GMT", 200},
		{"specification", "GET", "/openapi.yaml", "", "", "", 200},
		{"state machines", "GET", "/api/v1/meta/state-machines", "", "", "", 200},
		{"verbose state machines", "GET", "/api/v1/meta/state-machines?verbose=true", "", "@1775001600", "Mon, 01 Feb 2027 00:00:00 GMT", 200},
		{"refresh with a token in the body", "POST", "/api/v1/auth/refresh", `{"refresh_token":"aiprt_x"}`, "@1769904000", "Thu, 01 Oct 2026 00:00:00 GMT", 200},
		{"refresh without a body", "POST", "/api/v1/auth/refresh", "", "", "", 200},
	} {
		t.Run(one.name, func(t *testing.T) {
			recorder := serve(t, e, one.method, one.path, one.body, "Content-Type", "application/json")
			got := recorder.Header()
			if recorder.Code != one.status || got.Get("Deprecation") != one.deprecation || got.Get("Sunset") != one.sunset {
				t.Errorf("%s %s %s: %d, Deprecation %q, Sunset %q", one.method, one.path, one.body, recorder.Code,
					got.Get("Deprecation"), got.Get("Sunset"))
			}
		})
	}
	scraped := httptest.NewRecorder()
	options.Metrics.Handler().ServeHTTP(scraped,
		httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="operation",operation="GetHealth"} 2`,
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="response /status",operation="GetReadiness"} 1`,
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="request /refresh_token",operation="RefreshTokens"} 1`,
		`interviewer_deprecated_requests_total{client="anonymous",deprecated="parameter verbose",operation="GetStateMachines"} 1`,
	} {
		if !strings.Contains(scraped.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

func TestDeprecationsNeedDates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says map[string]any
		want string
	}{
		"nothing":       {map[string]any{}, "operation is deprecated without the date x-"},
		"no end":        {map[string]any{"x-deprecated-at": "2026-01-01"}, "without the date x-sunset"},
		"a time":        {dates("2026-01-01T00:00:00Z", "2027-01-01"), "without the date x-deprecated-at"},
		"little notice": {dates("2026-01-01", "2026-05-01"), "less than half a year"},
		"the other way": {dates("2026-05-01", "2026-01-01"), "less than half a year"},
		"enough":        {dates("2026-05-01", "2027-01-01"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document(t)
			health := d.Paths.Value("/health").Get
			health.Deprecated = true
			maps.Copy(health.Extensions, c.says)
			_, err := gate.Load(d)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
