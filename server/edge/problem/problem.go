// Package problem converts errors into responses: application/problem+json documents (RFC 9457). It is the only place
// that does. An error without a fault becomes a 500 that contains only the request id; its text goes to the log.
package problem

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TypePrefix and a code are the path of the page that describes the code, below the base path.
const TypePrefix = "/docs/problems/"

// statusClientClosed is the status in the log for a request whose client has closed the connection.
const statusClientClosed = 499

// Limits of what a document repeats of a request: maxErrors and maxConflicts in entries, the others in bytes.
const (
	maxErrors    = 1000
	maxConflicts = 50
	maxInstance  = 2048
	maxPointer   = 1024
	maxParameter = 200
	maxDetail    = 1024
)

// Status returns the HTTP status of a kind of fault.
func Status(kind fault.Kind) int {
	switch kind {
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Expired:
		return http.StatusGone
	case fault.Conflict:
		return http.StatusConflict
	case fault.Stale:
		return http.StatusPreconditionFailed
	case fault.Unconditional:
		return http.StatusPreconditionRequired
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.MethodUnknown:
		return http.StatusMethodNotAllowed
	case fault.Unacceptable:
		return http.StatusNotAcceptable
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.MediaUnknown:
		return http.StatusUnsupportedMediaType
	case fault.HeadTooLarge:
		return http.StatusRequestHeaderFieldsTooLarge
	case fault.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// Classify returns the fault of an error: the fault in its chain, the fault that an error of Echo or net/http means, or
// otherwise InternalError with the error as its cause.
func Classify(err error) *fault.Fault {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Overloaded).After(time.Second).Because(err)
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.PayloadTooLarge).Because(err)
	}
	var framework *echo.HTTPError
	if errors.As(err, &framework) {
		switch framework.Code {
		case http.StatusBadRequest:
			return fault.New(fault.MalformedRequest).Because(err)
		case http.StatusNotFound:
			return fault.New(fault.ResourceNotFound).With("This path does not exist.").Because(err)
		case http.StatusMethodNotAllowed:
			return fault.New(fault.MethodNotAllowed).Because(err)
		case http.StatusRequestEntityTooLarge:
			return fault.New(fault.PayloadTooLarge).Because(err)
		case http.StatusUnsupportedMediaType:
			return fault.New(fault.UnsupportedMediaType).Because(err)
		}
	}
	return fault.New(fault.InternalError).Because(err)
}

// Document returns the problem for a fault: its public part, with long texts cut.
func Document(f *fault.Fault, request *access.Request) api.Problem {
	described := f.Code().Describe()
	document := api.Problem{
		Type:      request.Base + TypePrefix + string(f.Code()),
		Title:     described.Title,
		Status:    int32(Status(described.Kind)), //nolint:gosec // an HTTP status
		Detail:    cut(f.Detail(), maxDetail),
		Code:      string(f.Code()),
		RequestID: request.ID,
	}
	if request.Target != nil {
		document.Instance = cut(request.Base+request.Target.EscapedPath(), maxInstance)
	}
	if state, actions := f.State(); state != "" {
		document.State, document.AllowedActions = &state, &actions
	}
	if id := f.Survivor(); id != uuid.Nil {
		document.MergedIntoID = &id
	}
	for _, other := range f.Conflicts()[:min(len(f.Conflicts()), maxConflicts)] {
		document.Conflicts = append(document.Conflicts, api.ConflictingResource{Type: other.Type, ID: other.ID})
	}
	for _, field := range f.Fields()[:min(len(f.Fields()), maxErrors)] {
		entry := api.ProblemError{Code: field.Code, Detail: cut(field.Detail, maxDetail)}
		if field.Line > 0 {
			line := int32(min(field.Line, math.MaxInt32))
			entry.Line = &line
		}
		if field.Parameter != "" {
			parameter := cut(field.Parameter, maxParameter)
			entry.Parameter = &parameter
		} else {
			pointer := cut(field.Pointer, maxPointer)
			entry.Pointer = &pointer
		}
		document.Errors = append(document.Errors, entry)
	}
	return document
}

// cut returns at most the given number of bytes of a text. It does not split a character or a percent-encoded byte.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most]
	if escape := strings.LastIndexByte(text, '%'); escape > most-len("%00") {
		text = text[:escape]
	}
	return strings.ToValidUTF8(text, "")
}

// Handler returns the handler that responds to requests that ended in an error. It sends nothing if the client has
// closed the connection or the response has begun.
func Handler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		ctx := c.Request().Context()
		if hasLeft(c, err) {
			c.Response().Status = statusClientClosed
			return
		}
		f := Classify(err)
		// A busy server refuses many requests, each of which has a line of its own already.
		if f.Kind() == fault.Internal || f.Kind() == fault.Unavailable && f.Code() != fault.ServerBusy {
			log.ErrorContext(ctx, "request failed", slog.String("code", string(f.Code())), slog.Any("error", err))
		}
		if c.Response().Committed {
			return
		}
		if err := write(c, f); err != nil {
			log.DebugContext(ctx, "send a problem", slog.Any("error", err))
		}
	}
}

// hasLeft reports whether a request ended because the client closed the connection. The context says so before the
// response has begun; afterwards, writing may fail first. Failed connections of dependencies are faults by then.
func hasLeft(c echo.Context, err error) bool {
	if errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
		return true
	}
	return c.Response().Committed && !errors.As(err, new(*fault.Fault)) &&
		(errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET))
}

func write(c echo.Context, f *fault.Fault) (err error) {
	document := Document(f, access.RequestOf(c.Request().Context()))
	header := c.Response().Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	if wait := f.RetryAfter(); wait > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if f.Kind() == fault.Unauthenticated {
		header.Set("WWW-Authenticate", challenge(f.Code()))
	}
	body := encoder.Begin()
	defer body.End(&err)
	body.JSON = document.AppendJSON(body.JSON)
	return body.Send(c.Response(), int(document.Status))
}

// challenge returns the WWW-Authenticate header of a 401 (RFC 6750, section 3).
func challenge(code fault.Code) string {
	if code == fault.InvalidToken {
		return `Bearer realm="ai-interviewer", error="invalid_token"`
	}
	return `Bearer realm="ai-interviewer"`
}
