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
func handler(log *slog.Logger, o base.Options, handle echo.HandlerFunc) http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(log)
	o.Clock, o.Log, o.Metrics = clock.System(), log, telemetry.NewMetrics("test")
	first, err := base.New(o)
	if err != nil {
		panic(err)
	}
	e.Use(first.Enter)
	e.Any("/*", handle)
	return e
}

// through sends a request through the middleware to a handler.
func through(request *http.Request, log *slog.Logger, handle echo.HandlerFunc) *httptest.ResponseRecorder {
	// The address of httptest's client is a trusted proxy.
	return serve(request, log, base.Options{Proxies: base.Proxies{netip.MustParsePrefix("192.0.2.1/32")}}, handle)
}

// serve is through with other options.
func serve(
	request *http.Request, log *slog.Logger, o base.Options, handle echo.HandlerFunc,
) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler(log, o, handle).ServeHTTP(recorder, request)
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
			server := httptest.NewServer(handler(quiet(), base.Options{}, func(c echo.Context) error {
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

// TestLogHasNoTokens expects that the path of a link in a mail is logged without its token.
func TestLogHasNoTokens(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/password/aippr_secret": "/password/[redacted]", "/password/": "/password/[redacted]", "/x": "/x"} {
		var logged strings.Builder
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		through(request, slog.New(slog.NewJSONHandler(&logged, nil)), ok)
		if line := logged.String(); !strings.Contains(line, `"path":"`+want+`"`) || strings.Contains(line, "secret") {
			t.Errorf("%s: got the log\n%s", path, line)
		}
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

// received returns what the service takes a request for.
func received(r *http.Request, trusted ...string) (got *access.Request) {
	proxies := make(base.Proxies, 0, len(trusted))
	for _, network := range trusted {
		proxies = append(proxies, netip.MustParsePrefix(network))
	}
	serve(r, quiet(), base.Options{Proxies: proxies}, func(c echo.Context) error {
		got = access.RequestOf(c.Request().Context())
		if got.Host != "" && got.Host != c.Request().Host {
			got.Host = "differs from the Host of the request"
		}
		return ok(c)
	})
	return got
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
		{"only proxies", "10.0.0.0/8", "10.0.0.1", []string{"10.9.9.9, 10.2.3.4"}, "10.9.9.9"},
		{"invalid address before", "10.0.0.0/8", "10.0.0.1", []string{"garbage, 203.0.113.1"}, "203.0.113.1"},
		{"invalid address last", "10.0.0.0/8", "10.0.0.1", []string{"203.0.113.1, garbage"}, "10.0.0.1"},
		{"invalid address between", "10.0.0.0/8", "10.0.0.1", []string{"203.0.113.1, unknown, 10.2.3.4"}, "10.2.3.4"},
		{"IPv6 client", "10.0.0.0/8", "10.0.0.1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 client with zone", "10.0.0.0/8", "10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 mapped client", "10.0.0.0/8", "10.0.0.1", []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"IPv4 mapped proxy", "10.0.0.0/8", "[::ffff:10.0.0.1]", []string{"203.0.113.1"}, "203.0.113.1"},
		{"IPv6 proxy", "2001:db8::/32", "[2001:db8::1]", []string{"203.0.113.1"}, "203.0.113.1"},
		{"neighbour of a proxy", "10.0.0.1/32", "10.0.0.2", []string{"203.0.113.1"}, "10.0.0.2"},
		{"IPv4 with port", "10.0.0.0/8", "10.0.0.1", []string{"203.0.113.7:51234"}, "203.0.113.7"},
		{"IPv6 with port", "10.0.0.0/8", "10.0.0.1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"IPv6 in brackets", "10.0.0.0/8", "10.0.0.1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"in quotes", "10.0.0.0/8", "10.0.0.1", []string{`"[2001:db8::1]:443"`}, "2001:db8::1"},
		{"two proxies with ports", "10.0.0.0/8", "10.0.0.1", []string{"8.8.8.8:1, 203.0.113.7:51234,10.2.3.4:80"}, "203.0.113.7"},
		{"a port only", "10.0.0.0/8", "10.0.0.1", []string{":51234"}, "10.0.0.1"},
		{"nothing", "10.0.0.0/8", "10.0.0.1", []string{""}, "10.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var trusted []string
			if test.trusted != "" {
				trusted = append(trusted, test.trusted)
			}
			request := get(t)
			request.RemoteAddr = test.from + ":4711"
			request.Header["X-Forwarded-For"] = test.forwarded
			request.Header.Set("X-Real-Ip", "1.1.1.1")
			request.Header.Set("Forwarded", "for=1.1.1.1")
			if got := received(request, trusted...).IP; got.String() != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestForwardedServer expects that X-Forwarded-Proto and X-Forwarded-Host count only if a trusted proxy wrote them.
func TestForwardedServer(t *testing.T) {
	t.Parallel()
	const public, private = "198.51.100.0/24", "10.0.0.0/8"
	type header = map[string][]string
	for _, test := range []struct {
		name    string
		trusted []string
		from    string
		header  header
		want    string
	}{
		{"no proxies, same machine", nil, "127.0.0.1", header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"}}, "http://example.com"},
		{"no proxies, private sender", nil, "10.0.0.1", header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"}}, "http://example.com"},
		{"untrusted sender", []string{public}, "127.0.0.1", header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"}}, "http://example.com"},
		{"trusted sender", []string{public}, "198.51.100.9", header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"}}, "https://a.example"},
		{"upper case", []string{public}, "198.51.100.9", header{"X-Forwarded-Proto": {"HTTPS"}}, "https://example.com"},
		{"with a port", []string{public}, "198.51.100.9", header{"X-Forwarded-Host": {"a.example:8443"}}, "http://a.example:8443"},
		{"an IPv6 address", []string{public}, "198.51.100.9", header{"X-Forwarded-Host": {"[2001:db8::1]:8443"}}, "http://[2001:db8::1]:8443"},
		{"an invalid host", []string{public}, "198.51.100.9", header{"X-Forwarded-Host": {"a.example/path"}}, ""},
		{"the client's entry before the proxy's", []string{public}, "198.51.100.9", header{
			"X-Forwarded-Host": {"evil.example, a.example"}, "X-Forwarded-Proto": {"http", "https"},
		}, "https://a.example"},
		{"two proxies that append", []string{public, private}, "198.51.100.9", header{
			"X-Forwarded-For": {"203.0.113.1, 10.0.0.1"}, "X-Forwarded-Host": {"evil.example, a.example, b.example"},
			"X-Forwarded-Proto": {"http, https, http"},
		}, "https://a.example"},
		{"two proxies, of which the second replaces", []string{public, private}, "198.51.100.9", header{
			"X-Forwarded-For": {"203.0.113.1, 10.0.0.1"}, "X-Forwarded-Host": {"a.example"}, "X-Forwarded-Proto": {"https"},
		}, "https://a.example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := get(t)
			request.RemoteAddr = test.from + ":4711"
			for name, values := range test.header {
				request.Header[name] = values
			}
			if got := received(request, test.trusted...).ServerURL(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestMount expects that a base path is removed, and that paths without it remain as they are.
func TestMount(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"/tools/jobs": "/jobs", "/tools": "/", "/tools/": "/", "/jobs": "/jobs", "/toolsmith": "/toolsmith", "/": "/",
		"/tools/a%2Fb": "/a%2Fb", "/tools/tools/jobs": "/tools/jobs",
	} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			mounted := base.Mount("/tools", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if got := r.URL.EscapedPath(); got != want || r.URL.RawQuery != "q=1" {
					t.Errorf("got %s?%s, want %s?q=1", got, r.URL.RawQuery, want)
				}
			}))
			mounted.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, sent+"?q=1", nil))
		})
	}
}

// TestBasePathInHeaders expects that the paths in headers get the base path, and that other URLs remain as they are.
func TestBasePathInHeaders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ header, written, want string }{
		"location":          {"Location", "/api/v1/jobs/1", "/tools/api/v1/jobs/1"},
		"absolute location": {"Location", "https://a.example/api", "https://a.example/api"},
		"link":              {"Link", `</jobs?cursor=1>; rel="next"`, `</tools/jobs?cursor=1>; rel="next"`},
		"two links":         {"Link", `</a>; rel="next", </b>; rel="prev"`, `</tools/a>; rel="next", </tools/b>; rel="prev"`},
		"absolute link":     {"Link", `<https://a.example/a>; rel="next"`, `<https://a.example/a>; rel="next"`},
		"cookie":            {"Set-Cookie", "t=1; Path=/api; HttpOnly; Secure; SameSite=Strict", "t=1; Path=/tools/api; HttpOnly; Secure; SameSite=Strict"},
		"expired cookie":    {"Set-Cookie", "t=; Path=/api; Max-Age=0", "t=; Path=/tools/api; Max-Age=0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := serve(get(t), quiet(), base.Options{Path: "/tools"}, func(c echo.Context) error {
				c.Response().Header().Set(test.header, test.written)
				return ok(c)
			})
			if got := response.Header().Get(test.header); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
