package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

const (
	// maxHeaderBytes bounds all headers together; the connection itself reads somewhat more, so that the answer is ours.
	maxHeaderBytes = 32 << 10
	// maxTargetBytes is more than any query needs that the specification allows, percent-encoded as it may be.
	maxTargetBytes  = 16 << 10
	maxUserAgent    = 512
	unmatched       = "none"
	requestIDHeader = "X-Request-Id"
)

// requestIDForm is what a client's own request id must look like to be taken over.
var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{8,128}$`)

// base is the first middleware: it makes the caller.Request, answers for whatever goes wrong further in, and leaves one
// line in the log and one observation in the metrics of every request.
type base struct {
	clock   clock.Source
	log     *slog.Logger
	metrics *telemetry.Metrics
}

func (b *base) enter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := b.clock.Now()
		b.metrics.InFlight(1)
		defer b.metrics.InFlight(-1)
		request := b.request(c)
		ctx := access.With(c.Request().Context(), request)
		c.SetRequest(c.Request().WithContext(ctx))
		protect(c)
		err := b.guarded(ctx, c, next)
		unfinished := err != nil && c.Response().Committed
		if err != nil {
			c.Error(err)
		}
		operation := request.Operation
		if operation == "" {
			operation = unmatched
		}
		status, took := c.Response().Status, b.clock.Now().Sub(began)
		b.metrics.Request(operation, c.Request().Method, status, took)
		b.log.LogAttrs(ctx, slog.LevelInfo, "request",
			slog.String("method", c.Request().Method), slog.String("path", request.Target.Path), slog.Int("status", status),
			slog.Int64("bytes", c.Response().Size), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
			slog.String("ip", request.IP.String()), slog.String("user_agent", request.UserAgent))
		if unfinished || err != nil && !c.Response().Committed {
			// What was to be streamed broke off, and must not end as if it were complete. Or the client has left, so nobody
			// was answered: who has only closed its sending half would be told 200 by net/http, which takes silence for an
			// empty success.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// guarded runs the rest and turns a panic into an error, so that one request's defect stays its own.
func (b *base) guarded(ctx context.Context, c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		recovered := recover()
		if recovered == nil {
			return
		}
		if recovered == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
			panic(recovered)
		}
		b.log.ErrorContext(ctx, "panic", slog.Any("panic", recovered), slog.String("stack", string(debug.Stack())))
		err = fault.New(fault.InternalError).Because(fmt.Errorf("panic: %v", recovered))
	}()
	return next(c)
}

func (b *base) request(c echo.Context) *access.Request {
	r := c.Request()
	id := r.Header.Get(requestIDHeader)
	if !requestIDForm.MatchString(id) {
		id = b.clock.ID().String()
	}
	c.Response().Header().Set(requestIDHeader, id)
	agent := strings.ReplaceAll(strings.ToValidUTF8(r.UserAgent(), ""), "\x00", "")
	if runes := []rune(agent); len(runes) > maxUserAgent {
		agent = string(runes[:maxUserAgent])
	}
	ip, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		ip = netip.Addr{}
	}
	encodings := strings.Join(r.Header.Values("Accept-Encoding"), ",")
	return &access.Request{ID: id, IP: ip.Unmap(), UserAgent: agent, Encodings: encodings, Target: r.URL}
}

// protect sets what every answer carries. The reference pages replace it by their own, since they run scripts.
func protect(c echo.Context) {
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	if c.Scheme() == "https" {
		header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

func headerBytes(header http.Header) int {
	total := 0
	for name, values := range header {
		for _, value := range values {
			total += len(name) + len(value) + len(": \r\n")
		}
	}
	return total
}

// limitHeaders refuses more headers than a request needs.
func limitHeaders(r *http.Request) error {
	if len(r.RequestURI) > maxTargetBytes || headerBytes(r.Header) > maxHeaderBytes {
		return fault.New(fault.HeadersTooLarge)
	}
	return nil
}

// limitBody bounds what may be read of a request's body; who announces more is refused before a byte of it is read.
func limitBody(c echo.Context, most int64) error {
	r := c.Request()
	if r.ContentLength > most {
		return fault.New(fault.PayloadTooLarge).With("The body is larger than %d bytes.", most)
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
	return nil
}

// crossOrigin lets pages of the listed origins call, with cookies, and nobody else's.
func crossOrigin(origins []string) echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{
		// An OPTIONS that is no preflight request is a method that no path knows.
		Skipper: func(c echo.Context) bool {
			header := c.Request().Header
			return c.Request().Method == http.MethodOptions &&
				(header.Get("Origin") == "" || header.Get("Access-Control-Request-Method") == "")
		},
		AllowOriginFunc:  func(origin string) (bool, error) { return slices.Contains(origins, origin), nil },
		AllowCredentials: true,
		AllowMethods:     []string{"GET", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders: []string{
			"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", requestIDHeader, "traceparent",
		},
		ExposeHeaders: []string{
			"ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", requestIDHeader,
			"Content-Disposition", "Idempotency-Replayed", "Deprecation", "Sunset",
		},
		MaxAge: 600,
	})
}

// sameSite makes the check that refuses what a browser sends from a foreign site to change something. It knows browsers
// by Sec-Fetch-Site and Origin; other clients send neither and pass.
func sameSite(origins []string) (func(r *http.Request) error, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("CORS_ORIGINS: %w", err)
		}
	}
	return func(r *http.Request) error {
		if err := protection.Check(r); err != nil {
			return fault.New(fault.CrossSiteRequest).Because(err)
		}
		return nil
	}, nil
}

// forwarded says where a client's address and scheme are taken from: the connection, and the forwarding headers only as
// far as the proxies that wrote them are trusted.
func forwarded(trusted []netip.Prefix) (echo.IPExtractor, echo.SchemeExtractor) {
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, prefix := range trusted {
		options = append(options, echo.TrustIPRange(network(prefix)))
	}
	return echo.ExtractIPFromXFFHeader(options...), echo.ExtractSchemeFromHeaders(options...)
}
