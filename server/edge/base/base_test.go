package base_test

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
	"github.com/ai-interviewer-platform/interviewer/server/edge/base"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// handler puts the middleware before a handler.
func handler(log *slog.Logger, handle echo.HandlerFunc) http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(log)
	// The address of httptest's client is a trusted proxy.
	e.IPExtractor, e.SchemeExtractor = base.Forwarded([]netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")})
	first, err := base.New(base.Options{Clock: clock.System(), Log: log, Metrics: telemetry.NewMetrics("test")})
	if err != nil {
		panic(err)
	}
	e.Use(first.Enter)
	e.Any("/*", handle)
	return e
}

// through sends a request through the middleware to a handler.
func through(request *http.Request, log *slog.Logger, handle echo.HandlerFunc) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler(log, handle).ServeHTTP(recorder, request)
	return recorder
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func ok(c echo.Context) error { return c.NoContent(http.StatusNoContent) }

func get(t *testing.T) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil)
}

func TestPanicBecomesProblem(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"an error": errors.New("inner detail"), "text": "inner detail", "nil map": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logged strings.Builder
			log := slog.New(slog.NewJSONHandler(&logged, nil))
			response := through(get(t), log, func(echo.Context) error {
				if value == nil {
					var m map[string]string
					m["inner detail"] = "" //nolint:staticcheck // the panic is wanted
				}
				panic(value)
			})
			var p api.Problem
			if err := json.Unmarshal(response.Body.Bytes(), &p); err != nil {
				t.Fatalf("%v: %s", err, response.Body)
			}
			if response.Code != http.StatusInternalServerError || p.Code != "internal_error" || p.RequestID == "" ||
				response.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s", response.Code, response.Body)
			}
			if strings.Contains(response.Body.String(), "inner") {
				t.Errorf("the response reveals the cause: %s", response.Body)
			}
			if !strings.Contains(logged.String(), "base_test.go") {
				t.Errorf("the log has no stack: %s", logged.String())
			}
		})
	}
}

// TestAbortPanicReachesServer: net/http handles http.ErrAbortHandler itself, so the middleware must pass it on.
func TestAbortPanicReachesServer(t *testing.T) {
	t.Parallel()
	defer func() {
		if recovered := recover(); recovered != http.ErrAbortHandler { //nolint:errorlint // net/http compares the value as well
			t.Errorf("recovered %v", recovered)
		}
	}()
	through(get(t), quiet(), func(echo.Context) error { panic(http.ErrAbortHandler) })
}

// TestBrokenStreamIsIncomplete: without an error, a client could not distinguish part of an export from all of it.
func TestBrokenStreamIsIncomplete(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	for name, fail := range map[string]func() error{
		"an error": func() error { return broken }, "a panic": func() error { panic(broken) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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
				t.Errorf("the client reads %q and then %v", content, err)
			}
		})
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
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			request := get(t)
			request.Header.Set("X-Request-Id", sent)
			inside := ""
			response := through(request, quiet(), func(c echo.Context) error {
				inside = access.RequestOf(c.Request().Context()).ID
				return ok(c)
			})
			got := response.Header().Get("X-Request-Id")
			if got != inside || (got == sent) != taken {
				t.Errorf("became %q, in the context %q", got, inside)
			}
			if id, err := uuid.Parse(got); !taken && (err != nil || id.Version() != 7) {
				t.Errorf("became %q, which is not a UUIDv7", got)
			}
		})
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]echo.HandlerFunc{
		"a success": ok, "a failure": func(echo.Context) error { return errors.New("broken") },
		"a panic": func(echo.Context) error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for scheme, transport := range map[string]string{"http": "", "https": "max-age=31536000; includeSubDomains"} {
				request := get(t)
				request.Header.Set("X-Forwarded-Proto", scheme)
				response := through(request, quiet(), handle)
				for header, want := range map[string]string{
					"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
					"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
					"Strict-Transport-Security": transport,
				} {
					if got := response.Header().Get(header); got != want {
						t.Errorf("%s over %s: %s is %q, want %q", name, scheme, header, got, want)
					}
				}
			}
		})
	}
}

// TestUserAgentIsText expects what PostgreSQL can store.
func TestUserAgentIsText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ sent, want string }{
		"plain":         {"curl/8.5.0", "curl/8.5.0"},
		"empty":         {"", ""},
		"NUL":           {"a\x00b", "ab"},
		"invalid UTF-8": {"a\xffb", "ab"},
		"600 letters":   {strings.Repeat("ü", 600), strings.Repeat("ü", 512)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := get(t)
			request.Header.Set("User-Agent", test.sent)
			through(request, quiet(), func(c echo.Context) error {
				if got := access.RequestOf(c.Request().Context()).UserAgent; got != test.want || !utf8.ValidString(got) {
					t.Errorf("user agent = %.20q, want %.20q", got, test.want)
				}
				return ok(c)
			})
		})
	}
}

// TestForwardedAddress expects that X-Forwarded-For is read from right to left, as far as trusted proxies wrote it.
func TestForwardedAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, trusted, from string
		forwarded           []string
		want                string
	}{
		{"no proxies", "", "198.51.100.9", nil, "198.51.100.9"},
		{"header without proxies", "", "198.51.100.9", []string{"203.0.113.1"}, "198.51.100.9"},
		{"header from the same machine", "", "127.0.0.1", []string{"203.0.113.1"}, "127.0.0.1"},
		{"untrusted sender", "10.0.0.0/8", "198.51.100.9", []string{"203.0.113.1"}, "198.51.100.9"},
		{"untrusted private sender", "10.0.0.0/8", "192.168.1.1", []string{"203.0.113.1"}, "192.168.1.1"},
		{"proxy without header", "10.0.0.0/8", "10.0.0.1", nil, "10.0.0.1"},
		{"one address", "10.0.0.0/8", "10.0.0.1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"last of two addresses", "10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8, 203.0.113.1"}, "203.0.113.1"},
		{"last of two headers", "10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8", "203.0.113.1"}, "203.0.113.1"},
		{"two proxies", "10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8, 203.0.113.1, 10.2.3.4"}, "203.0.113.1"},
		{"invalid address before", "10.0.0.0/8", "10.0.0.1", []string{"garbage, 203.0.113.1"}, "203.0.113.1"},
		{"invalid address last", "10.0.0.0/8", "10.0.0.1", []string{"203.0.113.1, garbage"}, "10.0.0.1"},
		{"IPv6 client", "10.0.0.0/8", "10.0.0.1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 mapped client", "10.0.0.0/8", "10.0.0.1", []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"IPv6 proxy", "2001:db8::/32", "[2001:db8::1]", []string{"203.0.113.1"}, "203.0.113.1"},
		{"neighbour of a proxy", "10.0.0.1/32", "10.0.0.2", []string{"203.0.113.1"}, "10.0.0.2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var trusted []netip.Prefix
			if test.trusted != "" {
				trusted = append(trusted, netip.MustParsePrefix(test.trusted))
			}
			request := get(t)
			request.RemoteAddr = test.from + ":4711"
			request.Header["X-Forwarded-For"] = test.forwarded
			request.Header.Set("X-Real-Ip", "1.1.1.1")
			request.Header.Set("Forwarded", "for=1.1.1.1")
			address, _ := base.Forwarded(trusted)
			got, err := netip.ParseAddr(address(request))
			if err != nil || got.Unmap().String() != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

// TestForwardedScheme expects that X-Forwarded-Proto counts only if a trusted proxy sent it.
func TestForwardedScheme(t *testing.T) {
	t.Parallel()
	public := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	for _, test := range []struct {
		name       string
		trusted    []netip.Prefix
		from, want string
	}{
		{"no proxies, same machine", nil, "127.0.0.1", "http"},
		{"no proxies, private sender", nil, "10.0.0.1", "http"},
		{"untrusted sender", public, "127.0.0.1", "http"},
		{"trusted sender", public, "198.51.100.9", "https"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := get(t)
			request.RemoteAddr = test.from + ":4711"
			request.Header.Set("X-Forwarded-Proto", "https")
			_, scheme := base.Forwarded(test.trusted)
			if got := scheme(request); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
