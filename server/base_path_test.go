package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// mountedAt is the base path of these tests.
const mountedAt = "/tools/interviewer"

// basePathProxy serves a replica below a base path, as the proxy of an installation does. It checks every response that
// passes.
type basePathProxy struct {
	*testkit.Replica
	t *testing.T

	mu sync.Mutex
	// prefixed counts, by the name of a header or "body", the URLs that begin with the base path.
	prefixed map[string]int
}

// newBasePathProxy starts a proxy. It removes the base path from its requests if strip is true.
func newBasePathProxy(t *testing.T, replica *testkit.Replica, strip bool) *basePathProxy {
	t.Helper()
	target, err := url.Parse(replica.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &basePathProxy{t: t, prefixed: map[string]int{}}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target) // also replaces the Host
			r.SetXForwarded()
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		ModifyResponse: p.check,
	}
	handler := http.Handler(forward)
	if strip {
		handler = http.StripPrefix(mountedAt, handler)
	}
	listen := httptest.NewServer(handler)
	t.Cleanup(listen.Close)
	behind := *replica
	behind.URL = listen.URL + mountedAt
	p.Replica = &behind
	return p
}

var (
	// ownPath matches the paths of the service.
	ownPath = regexp.MustCompile(`^/(api/v1|docs|health|metrics|openapi\.(json|yaml))($|[/?#])`)
	// target matches a path in a Link header or after the host of a URL.
	target = regexp.MustCompile(`<(/[^>]*)>|https?://[^/\s"<>]+(/[^\s"<>]*)`)
	// attribute matches the attributes of HTML whose value is a URL.
	attribute = regexp.MustCompile(`\s(?:href|src|action|data-spec-url)="([^"]*)"`)
)

// check reports URLs of the service without the base path.
func (p *basePathProxy) check(r *http.Response) error {
	at := r.Request.Method + " " + r.Request.URL.Path
	for name, values := range r.Header {
		for _, value := range values {
			if cookie, err := http.ParseSetCookie(value); name == "Set-Cookie" && err == nil {
				p.see(at, name, cookie.Path)
			}
			p.see(at, name, value)
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind := r.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(kind, "text/html"):
		for _, found := range attribute.FindAllSubmatch(body, -1) {
			p.see(at, "page", string(found[1]))
		}
	case r.StatusCode == http.StatusOK && strings.HasSuffix(r.Request.URL.Path, "/openapi.json"):
		p.checkServers(at, body)
	case strings.Contains(kind, "json"):
		for line := range bytes.Lines(body) {
			var value any
			if err := json.Unmarshal(line, &value); err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			p.walk(at, value)
		}
	case strings.HasPrefix(kind, "text/csv"), strings.HasPrefix(kind, "text/calendar"), strings.HasPrefix(kind, "image/svg"):
		for _, found := range target.FindAllStringSubmatch(string(body), -1) {
			p.see(at, "body", found[2])
		}
	}
	return nil
}

// walk visits the texts of a JSON value.
func (p *basePathProxy) walk(at string, value any) {
	switch of := value.(type) {
	case string:
		p.see(at, "body", of)
	case []any:
		for _, entry := range of {
			p.walk(at, entry)
		}
	case map[string]any:
		for name, member := range of {
			// An audit entry of a refused request has the path of the operation, which is the same for all installations.
			if name != "details" {
				p.walk(at, member)
			}
		}
	}
}

// see checks a text that may be a URL or contain one.
func (p *basePathProxy) see(at, where, text string) {
	paths := []string{text}
	for _, found := range target.FindAllStringSubmatch(text, -1) {
		paths = append(paths, found[1], found[2])
	}
	for _, path := range paths {
		if ownPath.MatchString(path) {
			p.t.Errorf("%s: the %s contains %q without the base path", at, where, path)
		}
		if strings.HasPrefix(path, mountedAt+"/") {
			p.mu.Lock()
			p.prefixed[where]++
			p.mu.Unlock()
		}
	}
}

func (p *basePathProxy) checkServers(at string, body []byte) {
	var document struct{ Servers []struct{ URL string } }
	if err := json.Unmarshal(body, &document); err != nil {
		p.t.Errorf("%s: %v", at, err)
		return
	}
	if want := strings.Replace(p.URL, "http://", "https://", 1); len(document.Servers) != 1 || document.Servers[0].URL != want {
		p.t.Errorf("%s: servers: got %v, want %s", at, document.Servers, want)
	}
}

// TestEveryOperationBelowBasePath calls each operation through a proxy that serves the API below a base path: with a
// valid request, without credentials, and with an invalid request. No header and no body may contain a URL without the
// base path.
func TestEveryOperationBelowBasePath(t *testing.T) {
	t.Parallel()
	for name, strip := range map[string]bool{"the proxy strips the path": true, "the proxy keeps the path": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			installation := testkit.New(t)
			installation.Config.BasePath = mountedAt
			acme := installation.Company("acme")
			proxy := newBasePathProxy(t, installation.Replica(), strip)
			requests := minimalRequests()
			document, err := api.GetSpec()
			if err != nil {
				t.Fatal(err)
			}
			key := proxy.Anonymous(t)
			key.Token = installation.Key(acme, []string{"jobs:read"}).Secret.Reveal()
			for _, op := range loadContract(t).Operations() {
				anonymous := proxy.Anonymous(t)
				refused := anonymous.Do(op.Method, pathOf(op, nil)+"?unknown=1", nil)
				if want := mountedAt + pathOf(op, nil); !strings.Contains(op.Path, "{") {
					if got := testkit.Decode[api.Problem](refused).Instance; got != want {
						t.Errorf("%s: the instance of the problem is %q, want %q", op.ID, got, want)
					}
				}
				if op.Public {
					anonymous.Do(op.Method, pathOf(op, nil), nil)
					continue
				}
				roles := slices.DeleteFunc(access.Roles(), func(role stored.Role) bool { return !op.Roles[role] })
				if len(roles) == 0 {
					key.Do(op.Method, pathOf(op, nil), nil).Expect(http.StatusOK)
					continue
				}
				caller := installation.User(acme, strings.ToLower(op.ID), api.Role(roles[len(roles)-1]))
				s := &fixture{t, installation, proxy.Replica, acme, caller, proxy.SignIn(t, caller)}
				example := s.example(requests, op.ID)
				query := ""
				if declared := document.Paths.Value(op.Path).GetOperation(op.Method); declared.Parameters.GetByInAndName("query", "limit") != nil {
					query = "?limit=1"
				}
				s.client.Do(op.Method, pathOf(op, example.parameters)+query, example.body, example.headers...).Expect(example.status)
			}
			for _, where := range []string{"Location", "Link", "Set-Cookie", "body"} {
				if proxy.prefixed[where] == 0 {
					t.Errorf("no response had a URL in the %s: found %v", where, slices.Sorted(maps.Keys(proxy.prefixed)))
				}
			}
		})
	}
}

// TestPagesBelowBasePath follows every link of the reference pages behind a proxy that strips the base path.
func TestPagesBelowBasePath(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.BasePath = mountedAt
	proxy := newBasePathProxy(t, installation.Replica(), true)
	root := strings.TrimSuffix(proxy.URL, mountedAt)
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(plain.CloseIdleConnections)
	seen := map[string]bool{mountedAt + "/": true, mountedAt: true}
	for open := []string{mountedAt + "/", mountedAt}; len(open) > 0; {
		path := open[0]
		open = open[1:]
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, root+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := plain.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d (error %v), want 200", path, response.StatusCode, err)
		}
		if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, found := range attribute.FindAllSubmatch(body, -1) {
			link, _, _ := strings.Cut(string(found[1]), "#")
			if strings.HasPrefix(link, "/") && !seen[link] {
				seen[link] = true
				open = append(open, link)
			}
		}
	}
	if len(seen) < 50 {
		t.Errorf("followed %d links, want all pages: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}

// TestCookieBelowBasePath expects that a browser sends the cookie to the operation below the base path.
func TestCookieBelowBasePath(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.BasePath = mountedAt
	acme := installation.Company("acme")
	proxy := newBasePathProxy(t, installation.Replica(), true)
	answer := proxy.Anonymous(t).Post(loginPath, credentials(acme.Users[api.RoleHr]))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := url.Parse(strings.Replace(proxy.URL, "http://", "https://", 1) + loginPath)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(page, (&http.Response{Header: answer.Header}).Cookies())
	for path, want := range map[string]int{refreshPath: 1, "/api/v1/jobs": 0} {
		if got := jar.Cookies(page.ResolveReference(&url.URL{Path: mountedAt + path})); len(got) != want {
			t.Errorf("%s gets the cookies %v, want %d", path, got, want)
		}
	}
}
