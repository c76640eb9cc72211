package server

import (
	"fmt"
	"net/http"
	"net/http/pprof" // it also registers with the default server, which this program does not have
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/github.com/labstack/echo/otelecho"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/base"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
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
			otelecho.WithPropagators(telemetry.Propagator()), otelecho.WithSkipper(hasSecret)))
	}
	first, err := base.New(base.Options{
		Clock: o.Clock, Log: o.Log, Metrics: metrics, Proxies: o.Config.TrustedProxies, Path: o.Config.BasePath,
	})
	if err != nil {
		return nil, err
	}
	// Echo would build the chain again for each request. It ends with the handler that the router has found.
	chain := admission.Enter(func(c echo.Context) error { return c.Handler()(c) })
	if len(o.Config.CORSOrigins) > 0 {
		chain = base.CrossOrigin(o.Config.CORSOrigins)(chain)
	}
	chain = first.Enter(chain)
	e.Use(func(echo.HandlerFunc) echo.HandlerFunc { return chain })
	routePages(e, o)
	if o.Config.Profiles {
		routeProfiles(e, admission)
	}
	reserve(e, admission.Contract)
	api.RegisterHandlers(answersHead{e}, api.NewStrictHandler(all, gate.CallOf, gate.Respond))
	return e, nil
}

// hasSecret reports whether the path of a request contains a secret, which spans would contain as well.
func hasSecret(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, mail.PasswordPath)
}

// routePages routes the reference pages, and / to the first of them. They are outside the specification. They are built
// when the first of them is requested.
func routePages(e *echo.Echo, o Options) {
	pages := sync.OnceValues(func() (http.Handler, error) {
		document, err := referenceDocument()
		if err != nil {
			return nil, err
		}
		pages, err := docs.Handler(docs.Options{
			Document: document, Title: o.Config.AppName, Version: o.Version, SpecURL: "/openapi.json", Status: problem.Status,
			Demo: o.Demo, Base: o.Config.BasePath,
		})
		if err != nil {
			return nil, fmt.Errorf("build the reference pages: %w", err)
		}
		return pages, nil
	})
	read := []string{http.MethodGet, http.MethodHead}
	for _, path := range []string{docs.Prefix, docs.Prefix + "/*"} {
		e.Match(read, path, func(c echo.Context) error {
			handler, err := pages()
			if err != nil {
				return err
			}
			handler.ServeHTTP(c.Response(), c.Request())
			return nil
		})
	}
	e.Match(read, "/", func(c echo.Context) error { return c.Redirect(http.StatusFound, docs.Prefix) })
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
