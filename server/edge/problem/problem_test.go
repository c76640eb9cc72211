package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// secret is what a cause may say, and no client may read.
const secret = "the password of postgres"

// answer gives what the client of a request gets that ended in an error, and what stands in the log.
func answer(t *testing.T, err error, target string) (recorder *httptest.ResponseRecorder, log string) {
	t.Helper()
	var lines strings.Builder
	e, recorder := echo.New(), httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	request = request.WithContext(access.With(request.Context(), &access.Request{ID: "request-1", Target: request.URL}))
	problem.Handler(slog.New(slog.NewTextHandler(&lines, nil)))(err, e.NewContext(request, recorder))
	return recorder, lines.String()
}

// TestEveryFault pins what every code looks like from outside: clients program against it.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, code := range fault.Codes() {
		f := fault.New(code).Because(errors.New(secret)).After(1500 * time.Millisecond)
		recorder, _ := answer(t, fmt.Errorf("wrapped: %w", f), "/api/v1/users?q=x")
		fmt.Fprintf(&got, "%d %s", recorder.Code, recorder.Body)
		header := recorder.Header()
		if header.Get("Content-Type") != "application/problem+json" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the headers are %v", code, header)
		}
		if header.Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After is %q, want 1.5 s rounded up", code, header.Get("Retry-After"))
		}
		if challenged := header.Get("WWW-Authenticate") != ""; challenged != (recorder.Code == http.StatusUnauthorized) {
			t.Errorf("%s: the challenge is %q with status %d", code, header.Get("WWW-Authenticate"), recorder.Code)
		}
	}
	want, err := os.ReadFile("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the faults look like this now:\n%s", &got)
	}
	if strings.Contains(got.String(), secret) {
		t.Error("a cause is shown")
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]string{
		fault.MissingToken: `Bearer realm="ai-interviewer"`,
		fault.InvalidToken: `Bearer realm="ai-interviewer", error="invalid_token"`,
	} {
		recorder, _ := answer(t, fault.New(code), "/")
		if got := recorder.Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

// TestWhatIsNoFault gives the fault that errors of others stand for.
func TestWhatIsNoFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want fault.Code
	}{
		"unknown":                {errors.New(secret), fault.InternalError},
		"canceled by us":         {context.Canceled, fault.InternalError},
		"out of time":            {fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), fault.Overloaded},
		"too large":              {&http.MaxBytesError{Limit: 1}, fault.PayloadTooLarge},
		"unknown path":           {echo.ErrNotFound, fault.ResourceNotFound},
		"unknown method":         {echo.ErrMethodNotAllowed, fault.MethodNotAllowed},
		"the framework's 400":    {echo.NewHTTPError(http.StatusBadRequest, secret), fault.MalformedRequest},
		"the framework's 413":    {echo.ErrStatusRequestEntityTooLarge, fault.PayloadTooLarge},
		"the framework's 415":    {echo.ErrUnsupportedMediaType, fault.UnsupportedMediaType},
		"the framework's 500":    {echo.NewHTTPError(http.StatusInternalServerError, secret), fault.InternalError},
		"the framework's teapot": {echo.NewHTTPError(http.StatusTeapot, secret), fault.InternalError},
		"a fault inside another": {fmt.Errorf("%s: %w", secret, fault.New(fault.EmailTaken)), fault.EmailTaken},
		"a fault before a timeout": {
			fault.New(fault.DependencyDown).Because(context.DeadlineExceeded), fault.DependencyDown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := problem.Classify(c.err).Code(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			recorder, _ := answer(t, c.err, "/x")
			if strings.Contains(recorder.Body.String(), secret) {
				t.Errorf("the cause is shown: %s", recorder.Body)
			}
		})
	}
}

// TestTheCauseGoesToTheLog where it is ours to mend, and nowhere else.
func TestTheCauseGoesToTheLog(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New(secret), fault.New(fault.DependencyDown).Because(errors.New(secret))} {
		if _, log := answer(t, err, "/"); !strings.Contains(log, secret) || !strings.Contains(log, "ERROR") {
			t.Errorf("the log says %q of %v", log, err)
		}
	}
	if _, log := answer(t, fault.New(fault.InvalidToken).Because(errors.New(secret)), "/"); log != "" {
		t.Errorf("the log says %q of a client's mistake", log)
	}
}

// TestWhatIsRepeatedIsBounded sends long things and expects a document that its own schema accepts.
func TestWhatIsRepeatedIsBounded(t *testing.T) {
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
		shown := problem.Document(f, &access.Request{Target: &url.URL{Path: path}})
		encoded, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		var document any
		if err := json.Unmarshal(encoded, &document); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(document); err != nil {
			t.Errorf("%.10s: %.300v", path, err)
		}
		if _, err := url.Parse(shown.Instance); err != nil {
			t.Errorf("the instance is no reference any more: %v", err)
		}
		if !utf8.ValidString(shown.Detail) || !utf8.ValidString(*shown.Errors[1].Parameter) {
			t.Error("a character was cut in half")
		}
	}
}

func TestFieldsAreEitherOr(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.MalformedRequest).Field("", "syntax", "a").Field("/x", "type", "b").Parameter("limit", "type", "c")
	shown := problem.Document(f, &access.Request{ID: "id"})
	encoded, err := json.Marshal(shown.Errors)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"code":"syntax","detail":"a","pointer":""},{"code":"type","detail":"b","pointer":"/x"},` +
		`{"code":"type","detail":"c","parameter":"limit"}]`
	if string(encoded) != want {
		t.Errorf("%s, want %s", encoded, want)
	}
}

// TestStateAndLines: a state comes with the legal actions, also where there are none, and an uploaded file's faults with
// their lines.
func TestStateAndLines(t *testing.T) {
	t.Parallel()
	for _, actions := range [][]string{{"open", "close"}, {}} {
		shown := problem.Document(fault.New(fault.StateConflict).In("draft", actions), &access.Request{ID: "id"})
		if shown.State == nil || *shown.State != "draft" || shown.AllowedActions == nil ||
			!slices.Equal(*shown.AllowedActions, actions) {
			t.Errorf("the state is shown as %v with %v", shown.State, shown.AllowedActions)
		}
	}
	shown := problem.Document(fault.New(fault.ImportRefused).Row(7, "/email", "format", "a"), &access.Request{ID: "id"})
	encoded, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"errors":[{"code":"format","detail":"a","line":7,"pointer":"/email"}]`; !strings.Contains(string(encoded), want) ||
		strings.Contains(string(encoded), "allowed_actions") {
		t.Errorf("%s, want %s", encoded, want)
	}
}

// TestNobodyWaits: an answer that has begun is left alone, and a client that has left gets none.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	e, recorder := echo.New(), httptest.NewRecorder()
	begun := e.NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), recorder)
	if err := begun.String(http.StatusOK, "half of it"); err != nil {
		t.Fatal(err)
	}
	problem.Handler(slog.New(slog.DiscardHandler))(errors.New(secret), begun)
	if recorder.Code != http.StatusOK || recorder.Body.String() != "half of it" {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}

	gone, leave := context.WithCancel(t.Context())
	leave()
	recorder = httptest.NewRecorder()
	left := e.NewContext(httptest.NewRequestWithContext(gone, http.MethodGet, "/", http.NoBody), recorder)
	problem.Handler(slog.New(slog.DiscardHandler))(fmt.Errorf("query: %w", context.Canceled), left)
	if recorder.Body.Len() > 0 || left.Response().Status != 499 {
		t.Errorf("%d %s", left.Response().Status, recorder.Body)
	}
}
