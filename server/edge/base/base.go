// Package base is the first middleware of every request. It creates the access.Request, sets the headers that all
// responses have, turns errors and panics into problems, and writes one line to the log and one observation to the
// metrics for each request.
package base

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

const (
	headerRequestID = "X-Request-Id"
	// maxUserAgent is in characters.
	maxUserAgent = 512
)

// requestIDForm is what a client's request id must look like to be used.
var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{8,128}$`)

// Base is the middleware.
type Base struct{ Options }

// Options are the dependencies and settings of the middleware.
type Options struct {
	Clock   clock.Source
	Log     *slog.Logger
	Metrics *telemetry.Metrics
	// Proxies are those whose forwarding headers are trusted.
	Proxies Proxies `optional:"true"`
	// Path is the base path: what precedes all paths in the URLs that clients see. It begins with a slash and does not
	// end with one, or is empty.
	Path string `optional:"true"`
}

// New fails if a dependency is missing.
func New(options Options) (*Base, error) {
	if err := service.Check("base", options); err != nil {
		return nil, err
	}
	return &Base{options}, nil
}

// Enter is the middleware. It handles every error of the rest, so it returns none.
func (b *Base) Enter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := b.Clock.Now()
		b.Metrics.InFlight(1)
		defer b.Metrics.InFlight(-1)
		request := b.request(c)
		ctx := access.With(c.Request().Context(), request)
		c.SetRequest(c.Request().WithContext(ctx))
		protect(c.Response().Header(), request.HTTPS)
		if b.Path != "" {
			c.Response().Before(func() { publish(c.Response().Header(), b.Path) })
		}
		err := b.recovered(ctx, c, next)
		unfinished := err != nil && c.Response().Committed
		if err != nil {
			c.Error(err)
		}
		status, took := c.Response().Status, b.Clock.Now().Sub(began)
		b.Metrics.Request(request.Operation, c.Request().Method, status, took)
		b.log(ctx, began.Add(took),
			slog.String("method", c.Request().Method), slog.String("path", logged(request.Target.Path)),
			slog.Int("status", status),
			slog.Int64("bytes", c.Response().Size), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
			slog.String("ip", request.IP.String()), slog.String("user_agent", request.UserAgent))
		if unfinished || err != nil && !c.Response().Committed {
			// Either a stream broke off, and must not end as if it were complete. Or the client has left, so there was no
			// response: a client that closed only its sending half would get a 200 from net/http, which treats a handler that
			// wrote nothing as a success.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// log writes the line of a request. The logger itself would look up the position in the source, which no line has.
func (b *Base) log(ctx context.Context, at time.Time, attrs ...slog.Attr) {
	handler := b.Log.Handler()
	if !handler.Enabled(ctx, slog.LevelInfo) {
		return
	}
	record := slog.NewRecord(at, slog.LevelInfo, "request", 0)
	record.AddAttrs(attrs...)
	_ = handler.Handle(ctx, record) // nobody can be informed of a log that cannot be written
}

// secretPath is the beginning of paths that end in the token of a link.
const secretPath = "/password/"

// logged returns a path without the token of a link.
func logged(path string) string {
	if strings.HasPrefix(path, secretPath) {
		return secretPath + "[redacted]"
	}
	return path
}

// recovered runs the rest of the request and turns a panic into an error, so that a defect affects one request only.
func (b *Base) recovered(ctx context.Context, c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		recovered := recover()
		if recovered == nil {
			return
		}
		if recovered == http.ErrAbortHandler { //nolint:errorlint // net/http compares the value as well
			panic(recovered)
		}
		b.Log.ErrorContext(ctx, "panic", slog.Any("panic", recovered), slog.String("stack", string(debug.Stack())))
		err = fault.New(fault.InternalError).Because(fmt.Errorf("panic: %v", recovered))
	}()
	return next(c)
}

func (b *Base) request(c echo.Context) *access.Request {
	r := c.Request()
	id := r.Header.Get(headerRequestID)
	if !requestIDForm.MatchString(id) {
		id = b.Clock.ID().String()
	}
	c.Response().Header().Set(headerRequestID, id)
	agent := strings.ReplaceAll(strings.ToValidUTF8(r.UserAgent(), ""), "\x00", "")
	if len(agent) > maxUserAgent {
		if runes := []rune(agent); len(runes) > maxUserAgent {
			agent = string(runes[:maxUserAgent])
		}
	}
	from := b.Proxies.read(r)
	if from.host != "" {
		r.Host = from.host // the gate compares it with the Origin of browsers
	}
	encodings := strings.Join(r.Header.Values("Accept-Encoding"), ",")
	return &access.Request{
		ID: id, IP: from.address, UserAgent: agent, Encodings: encodings, Target: r.URL,
		HTTPS: from.https, Host: from.host, Base: b.Path,
	}
}

// protect sets the headers of all responses. The reference pages replace the Content-Security-Policy, since they run
// scripts.
func protect(header http.Header, https bool) {
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	header["Content-Security-Policy"] = noContent
	header["Referrer-Policy"] = noReferrer
	if https {
		header["Strict-Transport-Security"] = onlyHTTPS
	}
}

// The values of the headers of all responses. They are shared, so they are replaced and never changed: Header.Set does
// that, and Header.Add copies a slice that is full.
//
//nolint:gochecknoglobals // constants
var (
	noStore    = []string{"no-store"}
	noSniff    = []string{"nosniff"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"}
	noReferrer = []string{"no-referrer"}
	onlyHTTPS  = []string{"max-age=31536000; includeSubDomains"}
)
