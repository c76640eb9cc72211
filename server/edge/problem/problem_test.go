package problem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// secret is the text of a cause, which must not reach a client.
const secret = "the password of postgres"

// respond returns the response to a request that ended in an error, and the log.
func respond(t *testing.T, err error, target string) (recorder *httptest.ResponseRecorder, log string) {
	t.Helper()
	var lines strings.Builder
	e, recorder := echo.New(), httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	request = request.WithContext(access.With(request.Context(), &access.Request{ID: "request-1", Target: request.URL}))
	problem.Handler(slog.New(slog.NewTextHandler(&lines, nil)))(err, e.NewContext(request, recorder))
	return recorder, lines.String()
}

// TestEveryFault compares the response of every code with testdata/faults.txt, because clients program against it.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, code := range fault.Codes() {
		f := fault.New(code).Because(errors.New(secret)).After(1500 * time.Millisecond)
		recorder, _ := respond(t, fmt.Errorf("wrapped: %w", f), "/api/v1/users?q=x")
		fmt.Fprintf(&got, "%d %s", recorder.Code, recorder.Body)
		header := recorder.Header()
		if header.Get("Content-Type") != "application/problem+json" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers: got %v, want a problem that is not stored", code, header)
		}
		if header.Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After: got %q, want 1.5 seconds rounded up", code, header.Get("Retry-After"))
		}
		if challenged := header.Get("WWW-Authenticate") != ""; challenged != (recorder.Code == http.StatusUnauthorized) {
			t.Errorf("%s: WWW-Authenticate: got %q with status %d", code, header.Get("WWW-Authenticate"), recorder.Code)
		}
	}
	want, err := os.ReadFile("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("testdata/faults.txt: got\n%s", &got)
	}
	if strings.Contains(got.String(), secret) {
		t.Error("a response contains the cause")
	}
}

// TestChallenges checks WWW-Authenticate.
func TestChallenges(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]string{
		fault.MissingToken: `Bearer realm="ai-interviewer"`,
		fault.InvalidToken: `Bearer realm="ai-interviewer", error="invalid_token"`,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			recorder, _ := respond(t, fault.New(code), "/")
			if got := recorder.Header().Get("WWW-Authenticate"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestClassify checks the faults for errors of other packages.
func TestClassify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want fault.Code
	}{
		"unknown":                {errors.New(secret), fault.InternalError},
		"canceled by the server": {context.Canceled, fault.InternalError},
		"timeout":                {fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), fault.Overloaded},
		"too large":              {&http.MaxBytesError{Limit: 1}, fault.PayloadTooLarge},
		"unknown path":           {echo.ErrNotFound, fault.ResourceNotFound},
		"unknown method":         {echo.ErrMethodNotAllowed, fault.MethodNotAllowed},
		"Echo 400":               {echo.NewHTTPError(http.StatusBadRequest, secret), fault.MalformedRequest},
		"Echo 413":               {echo.ErrStatusRequestEntityTooLarge, fault.PayloadTooLarge},
		"Echo 415":               {echo.ErrUnsupportedMediaType, fault.UnsupportedMediaType},
		"Echo 500":               {echo.NewHTTPError(http.StatusInternalServerError, secret), fault.InternalError},
		"Echo 418":               {echo.NewHTTPError(http.StatusTeapot, secret), fault.InternalError},
		"wrapped fault":          {fmt.Errorf("%s: %w", secret, fault.New(fault.EmailTaken)), fault.EmailTaken},
		"fault caused by a timeout": {
			fault.New(fault.DependencyDown).Because(context.DeadlineExceeded), fault.DependencyDown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := problem.Classify(c.err).Code(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			recorder, _ := respond(t, c.err, "/x")
			if strings.Contains(recorder.Body.String(), secret) {
				t.Errorf("the response contains the cause: %s", recorder.Body)
			}
		})
	}
}

// TestCausesAreLogged checks that causes of internal errors and outages are logged, and those of client errors are not.
func TestCausesAreLogged(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New(secret), fault.New(fault.DependencyDown).Because(errors.New(secret))} {
		if _, log := respond(t, err, "/"); !strings.Contains(log, secret) || !strings.Contains(log, "ERROR") {
			t.Errorf("%v: log: got %q, want the cause at level ERROR", err, log)
		}
	}
	if _, log := respond(t, fault.New(fault.InvalidToken).Because(errors.New(secret)), "/"); log != "" {
		t.Errorf("client error: log: got %q, want nothing", log)
	}
}

// TestLongTextsAreCut checks that a problem conforms to its schema, however long the request was.
func TestLongTextsAreCut(t *testing.T) {
	t.Parallel()
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	schema := spec.Components.Schemas["Problem"].Value
	long := strings.Repeat("ä", 5000)
	f := fault.New(fault.MalformedRequest).With("%s", long)
	for range 2000 {
		f.Field("/"+long, "unknown", long).Parameter(long, "unknown", "x")
	}
	for _, path := range []string{"/" + long, "/a" + long, "/ab" + long, "/abc" + long, "/" + strings.Repeat("a", 9000)} {
		t.Run(fmt.Sprintf("path of %d bytes", len(path)), func(t *testing.T) {
			t.Parallel()
			document := problem.Document(f, &access.Request{Target: &url.URL{Path: path}})
			encoded, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			var decoded any
			if err := json.Unmarshal(encoded, &decoded); err != nil {
				t.Fatal(err)
			}
			if err := schema.VisitJSON(decoded); err != nil {
				t.Errorf("%.10s: %.300v", path, err)
			}
			if _, err := url.Parse(document.Instance); err != nil {
				t.Errorf("instance: got %q, want a URI reference: %v", document.Instance, err)
			}
			if !utf8.ValidString(document.Detail) || !utf8.ValidString(*document.Errors[1].Parameter) {
				t.Error("a character was split")
			}
		})
	}
}

// TestErrorsHavePointerOrParameter checks that an error has either of them, also if the pointer is empty.
func TestErrorsHavePointerOrParameter(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.MalformedRequest).Field("", "syntax", "a").Field("/x", "type", "b").Parameter("limit", "type", "c")
	document := problem.Document(f, &access.Request{ID: "id"})
	encoded, err := json.Marshal(document.Errors)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"code":"syntax","detail":"a","pointer":""},{"code":"type","detail":"b","pointer":"/x"},` +
		`{"code":"type","detail":"c","parameter":"limit"}]`
	if string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
}

// TestStateAndLines checks that a state comes with the allowed actions, also if there are none, and that errors of an
// uploaded file have their lines.
func TestStateAndLines(t *testing.T) {
	t.Parallel()
	for _, actions := range [][]string{{"open", "close"}, {}} {
		document := problem.Document(fault.New(fault.StateConflict).In("draft", actions), &access.Request{ID: "id"})
		if document.State == nil || *document.State != "draft" || document.AllowedActions == nil ||
			!slices.Equal(*document.AllowedActions, actions) {
			t.Errorf("got state %v with actions %v, want draft with %v", document.State, document.AllowedActions, actions)
		}
	}
	document := problem.Document(fault.New(fault.ImportRefused).Row(7, "/email", "format", "a"), &access.Request{ID: "id"})
	encoded, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"errors":[{"code":"format","detail":"a","line":7,"pointer":"/email"}]`; !strings.Contains(string(encoded), want) ||
		strings.Contains(string(encoded), "allowed_actions") {
		t.Errorf("got %s, want %s", encoded, want)
	}
}

// TestNoResponseIsPossible checks that a response that has begun is not changed, and that nothing is sent to a client that
// has closed the connection.
func TestNoResponseIsPossible(t *testing.T) {
	t.Parallel()
	e, recorder := echo.New(), httptest.NewRecorder()
	begun := e.NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), recorder)
	if err := begun.String(http.StatusOK, "partial"); err != nil {
		t.Fatal(err)
	}
	problem.Handler(slog.New(slog.DiscardHandler))(errors.New(secret), begun)
	if recorder.Code != http.StatusOK || recorder.Body.String() != "partial" {
		t.Errorf("got status %d with %q, want 200 with the partial body", recorder.Code, recorder.Body)
	}

	closed, closeIt := context.WithCancel(t.Context())
	closeIt()
	recorder = httptest.NewRecorder()
	left := e.NewContext(httptest.NewRequestWithContext(closed, http.MethodGet, "/", http.NoBody), recorder)
	problem.Handler(slog.New(slog.DiscardHandler))(fmt.Errorf("query: %w", context.Canceled), left)
	if recorder.Body.Len() > 0 || left.Response().Status != 499 {
		t.Errorf("got status %d with %q, want 499 without a body", left.Response().Status, recorder.Body)
	}
}

// TestClientLeavesResponse checks that a client that closes the connection in the middle of a response is not reported as an
// error of the server, in contrast to other errors at that point.
func TestClientLeavesResponse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		logged bool
	}{
		"broken pipe":      {fmt.Errorf("encode: %w", &net.OpError{Op: "write", Err: syscall.EPIPE}), 499, false},
		"connection reset": {&net.OpError{Op: "write", Err: syscall.ECONNRESET}, 499, false},
		"database is gone": {fault.New(fault.DependencyDown).Because(syscall.ECONNRESET), http.StatusOK, true},
		"defect":           {errors.New(secret), http.StatusOK, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			begun := echo.New().NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), httptest.NewRecorder())
			if err := begun.String(http.StatusOK, "partial"); err != nil {
				t.Fatal(err)
			}
			problem.Handler(slog.New(slog.NewTextHandler(&log, nil)))(c.err, begun)
			if begun.Response().Status != c.status || (log.Len() > 0) != c.logged {
				t.Errorf("got status %d and the log %q, want status %d, logged %t", begun.Response().Status, log.String(), c.status, c.logged)
			}
		})
	}
}
