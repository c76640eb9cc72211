package server

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// handler puts the first middleware before a handler. A body has 1000 bytes at most, and 2000 at /upload.
func handler(log *slog.Logger, handle echo.HandlerFunc) http.Handler {
	bounds := map[string]int64{"/x": 1000, "/upload": 2000}
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(log)
	e.IPExtractor, e.SchemeExtractor = forwarded([]netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}) // httptest's client
	e.Use((&base{clock.System(), log, telemetry.NewMetrics("test")}).enter)
	e.Any("/*", func(c echo.Context) error {
		if err := errors.Join(limitHeaders(c.Request()), limitBody(c, bounds[c.Request().URL.Path])); err != nil {
			return err
		}
		return handle(c)
	})
	return e
}

// through sends a request through the first middleware to a handler.
func through(request *http.Request, log *slog.Logger, handle echo.HandlerFunc) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler(log, handle).ServeHTTP(recorder, request)
	return recorder
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func ok(c echo.Context) error { return c.NoContent(http.StatusNoContent) }

func get(t *testing.T, path string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
}

func TestPanicIsAProblemOfItsOwnRequest(t *testing.T) {
	t.Parallel()
	var logged strings.Builder
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	for name, value := range map[string]any{"an error": errors.New("inner detail"), "text": "inner detail", "nil map": nil} {
		logged.Reset()
		answer := through(get(t, "/x"), log, func(echo.Context) error {
			if value == nil {
				var m map[string]string
				m["inner detail"] = "" //nolint:staticcheck // the panic is wanted
			}
			panic(value)
		})
		var p api.Problem
		if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil {
			t.Fatalf("%s: %v: %s", name, err, answer.Body)
		}
		if answer.Code != http.StatusInternalServerError || p.Code != "internal_error" || p.RequestID == "" ||
			answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
		if strings.Contains(answer.Body.String(), "detail\"") && strings.Contains(answer.Body.String(), "inner") {
			t.Errorf("%s: the answer tells the cause: %s", name, answer.Body)
		}
		if !strings.Contains(logged.String(), "base_test.go") {
			t.Errorf("%s: the log does not say where: %s", name, logged.String())
		}
	}
}

// The one panic that is no defect reaches net/http, which knows it.
func TestAbortedAnswerStaysAborted(t *testing.T) {
	t.Parallel()
	defer func() {
		if recovered := recover(); recovered != http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
			t.Errorf("recovered %v", recovered)
		}
	}()
	through(get(t, "/x"), quiet(), func(echo.Context) error { panic(http.ErrAbortHandler) })
}

// TestAnswerThatBreaksOffIsNotComplete: a client could not tell the beginning of an export from all of it.
func TestAnswerThatBreaksOffIsNotComplete(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	for name, fail := range map[string]func() error{
		"an error": func() error { return broken }, "a panic": func() error { panic(broken) },
	} {
		server := httptest.NewServer(handler(quiet(), func(c echo.Context) error {
			if err := c.String(http.StatusOK, "the beginning"); err != nil {
				return err
			}
			c.Response().Flush()
			return fail()
		}))
		t.Cleanup(server.Close)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(content) != "the beginning" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: the client reads %q and then %v", name, content, err)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	for sent, taken := range map[string]bool{
		"checkout-4711":                        true,
		"01890a5d-ac96-774b-bcce-b302099a8057": true,
		strings.Repeat("a", 128):               true,
		strings.Repeat("a", 129):               false,
		"short":                                false,
		"":                                     false,
		"with a space":                         false,
		"new\nline-and-more":                   false,
		"quote\"and-more":                      false,
		"ümläute-and-more":                     false,
	} {
		request := get(t, "/x")
		request.Header.Set("X-Request-Id", sent)
		inside := ""
		answer := through(request, quiet(), func(c echo.Context) error {
			inside = access.RequestOf(c.Request().Context()).ID
			return ok(c)
		})
		got := answer.Header().Get("X-Request-Id")
		if got != inside || (got == sent) != taken {
			t.Errorf("%q became %q, inside %q", sent, got, inside)
		}
		if id, err := uuid.Parse(got); !taken && (err != nil || id.Version() != 7) {
			t.Errorf("%q became %q, which is no UUIDv7", sent, got)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]echo.HandlerFunc{
		"a success": ok, "a failure": func(echo.Context) error { return errors.New("broken") },
		"a panic": func(echo.Context) error { panic("broken") },
	} {
		for scheme, transport := range map[string]string{"http": "", "https": "max-age=31536000; includeSubDomains"} {
			request := get(t, "/x")
			request.Header.Set("X-Forwarded-Proto", scheme)
			answer := through(request, quiet(), handle)
			for header, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
				"Strict-Transport-Security": transport,
			} {
				if got := answer.Header().Get(header); got != want {
					t.Errorf("%s over %s: %s is %q, want %q", name, scheme, header, got, want)
				}
			}
		}
	}
}

func TestOversizedRequests(t *testing.T) {
	t.Parallel()
	read := func(c echo.Context) error {
		if _, err := io.ReadAll(c.Request().Body); err != nil {
			return err
		}
		return ok(c)
	}
	to := func(path string, size int, announced int64) *http.Request {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(strings.Repeat("x", size)))
		request.ContentLength = announced
		return request
	}
	body := func(size int, announced int64) *http.Request { return to("/x", size, announced) }
	headers := get(t, "/x")
	headers.Header.Set("Cookie", strings.Repeat("x", maxHeaderBytes))
	for name, test := range map[string]struct {
		request *http.Request
		want    int
	}{
		"a body at the bound":        {body(1000, 1000), http.StatusNoContent},
		"a body that is announced":   {body(0, 1001), http.StatusRequestEntityTooLarge},
		"a body that only turns out": {body(1001, -1), http.StatusRequestEntityTooLarge},
		"an upload at its bound":     {to("/upload", 2000, 2000), http.StatusNoContent},
		"an upload that is too long": {to("/upload", 0, 2001), http.StatusRequestEntityTooLarge},
		"headers":                    {headers, http.StatusRequestHeaderFieldsTooLarge},
		"a target":                   {get(t, "/"+strings.Repeat("x", maxTargetBytes)), http.StatusRequestHeaderFieldsTooLarge},
	} {
		if answer := through(test.request, quiet(), read); answer.Code != test.want {
			t.Errorf("%s: %d, want %d: %s", name, answer.Code, test.want, answer.Body)
		}
	}
}

// What a client says of itself is kept as text that a database takes.
func TestUserAgentIsText(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"curl/8.5.0": "curl/8.5.0", "": "", "a\x00b": "ab", "a\xffb": "ab",
		strings.Repeat("ü", 600): strings.Repeat("ü", maxUserAgent),
	} {
		request := get(t, "/x")
		request.Header.Set("User-Agent", sent)
		through(request, quiet(), func(c echo.Context) error {
			if got := access.RequestOf(c.Request().Context()).UserAgent; got != want || !utf8.ValidString(got) {
				t.Errorf("%.20q became %.20q", sent, got)
			}
			return ok(c)
		})
	}
}

// The forwarding header is believed from right to left, as far as trusted proxies have written it.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		trusted, from string
		forwarded     []string
		want          string
	}{
		{"", "198.51.100.9", nil, "198.51.100.9"},
		{"", "198.51.100.9", []string{"203.0.113.1"}, "198.51.100.9"},
		{"", "127.0.0.1", []string{"203.0.113.1"}, "127.0.0.1"},
		{"10.0.0.0/8", "198.51.100.9", []string{"203.0.113.1"}, "198.51.100.9"},
		{"10.0.0.0/8", "192.168.1.1", []string{"203.0.113.1"}, "192.168.1.1"},
		{"10.0.0.0/8", "10.0.0.1", nil, "10.0.0.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8, 203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8", "203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8, 203.0.113.1, 10.2.3.4"}, "203.0.113.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"garbage, 203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"203.0.113.1, garbage"}, "10.0.0.1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"10.0.0.0/8", "10.0.0.1", []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"2001:db8::/32", "[2001:db8::1]", []string{"203.0.113.1"}, "203.0.113.1"},
		{"10.0.0.1/32", "10.0.0.2", []string{"203.0.113.1"}, "10.0.0.2"},
	} {
		var trusted []netip.Prefix
		if test.trusted != "" {
			trusted = append(trusted, netip.MustParsePrefix(test.trusted))
		}
		request := get(t, "/x")
		request.RemoteAddr = test.from + ":4711"
		request.Header["X-Forwarded-For"] = test.forwarded
		request.Header.Set("X-Real-Ip", "1.1.1.1")
		request.Header.Set("Forwarded", "for=1.1.1.1")
		address, _ := forwarded(trusted)
		got, err := netip.ParseAddr(address(request))
		if err != nil || got.Unmap().String() != test.want {
			t.Errorf("%+v: %s (%v)", test, got, err)
		}
	}
}

// Whether a request came over TLS is believed of whoever is believed about addresses, and of nobody else.
func TestSchemeIsForwardedByTrustedProxiesAlone(t *testing.T) {
	t.Parallel()
	public := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	for _, test := range []struct {
		trusted    []netip.Prefix
		from, want string
	}{
		{nil, "127.0.0.1", "http"}, {nil, "10.0.0.1", "http"}, {public, "127.0.0.1", "http"}, {public, "198.51.100.9", "https"},
	} {
		request := get(t, "/x")
		request.RemoteAddr = test.from + ":4711"
		request.Header.Set("X-Forwarded-Proto", "https")
		_, scheme := forwarded(test.trusted)
		if got := scheme(request); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
