package server

import (
	"fmt"
	"net/http"
	"net/http/pprof" // it also registers with the default server, which this program does not have

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/github.com/labstack/echo/otelecho"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/base"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// router builds the middleware and routes of the service.
func router(o Options, all operations, admission *gate.Gate, metrics *telemetry.Metrics) (*echo.Echo, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect() // only package base reads forwarding headers
	e.HTTPErrorHandler = problem.Handler(o.Log)
	if o.Config.OTLPEndpoint != "" {
		e.Use(otelecho.Middleware(o.Config.OTLPServiceName, otelecho.WithTracerProvider(o.Traces),
			otelecho.WithPropagators(telemetry.Propagator())))
	}
	first, err := base.New(base.Options{
		Clock: o.Clock, Log: o.Log, Metrics: metrics, Proxies: o.Config.TrustedProxies, Path: o.Config.BasePath,
	})
	if err != nil {
		return nil, err
	}
	e.Use(first.Enter)
	if len(o.Config.CORSOrigins) > 0 {
		e.Use(base.CrossOrigin(o.Config.CORSOrigins))
	}
	e.Use(admission.Enter)
	if err := routePages(e, o); err != nil {
		return nil, err
	}
	if o.Config.Profiles {
		routeProfiles(e, admission)
	}
	reserve(e, admission.Contract)
	api.RegisterHandlers(answersHead{e}, api.NewStrictHandler(all, gate.CallOf, nil))
	return e, nil
}

// routePages routes the reference pages, and / to the first of them. They are outside the specification.
func routePages(e *echo.Echo, o Options) error {
	document, err := referenceDocument()
	if err != nil {
		return err
	}
	pages, err := docs.Handler(docs.Options{
		Document: document, Title: o.Config.AppName, Version: o.Version, SpecURL: "/openapi.json", Status: problem.Status,
		Demo: o.Demo, Base: o.Config.BasePath,
	})
	if err != nil {
		return fmt.Errorf("build the reference pages: %w", err)
	}
	read := []string{http.MethodGet, http.MethodHead}
	for _, path := range []string{docs.Prefix, docs.Prefix + "/*"} {
		e.Match(read, path, echo.WrapHandler(pages))
	}
	e.Match(read, "/", func(c echo.Context) error { return c.Redirect(http.StatusFound, docs.Prefix) })
	return nil
}

// profilesPath is the path of the profiles, which is outside the specification.
const profilesPath = "/debug/pprof/"

// routeProfiles routes the profiles of the Go runtime, which need the operator's token. Only GET is routed.
func routeProfiles(e *echo.Echo, admission *gate.Gate) {
	for path, profile := range map[string]http.HandlerFunc{
		profilesPath + "*": pprof.Index, profilesPath + "profile": pprof.Profile, profilesPath + "trace": pprof.Trace,
	} {
		e.GET(path, echo.WrapHandler(profile), admission.Operator)
	}
}

// answersHead is a router on which every route for GET answers HEAD as well (RFC 9110, section 9.3.2); net/http omits
// the body. The gate decides which operations answer HEAD.
type answersHead struct{ *echo.Echo }

// GET routes both methods.
func (r answersHead) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	r.HEAD(path, h, m...)
	return r.Echo.GET(path, h, m...)
}

// reserve routes all methods of every path of the specification; the routes of the operations replace these. Without
// it, the router would match a method that a path does not have with another path: DELETE /auth/sessions/revoke-others
// would be DELETE /auth/sessions/{session_id} with a malformed id. The gate refuses the other methods.
func reserve(e *echo.Echo, contract *gate.Contract) {
	for _, path := range contract.Paths() {
		e.Match([]string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		}, path, func(echo.Context) error { return fault.New(fault.MethodNotAllowed) })
	}
}
