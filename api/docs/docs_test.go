package docs_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// document is the specification, read once for all tests.
var document = sync.OnceValues(func() (*reference.Document, error) { return reference.Read(api.Specification) }) //nolint:gochecknoglobals // immutable

func options(t *testing.T) docs.Options {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return docs.Options{Document: d, Title: "Interviewer", Version: "1.2.3", SpecURL: "/openapi.json", Status: problem.Status}
}

// shared is a handler with the standard options, which most tests use.
var shared = sync.OnceValues(func() (http.Handler, error) { //nolint:gochecknoglobals // immutable
	d, err := document()
	if err != nil {
		return nil, err
	}
	return docs.Handler(docs.Options{
		Document: d, Title: "Interviewer", Version: "1.2.3", SpecURL: "/openapi.json", Status: problem.Status,
	})
})

func standard(t *testing.T) http.Handler {
	t.Helper()
	h, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func handler(t *testing.T, o docs.Options) http.Handler {
	t.Helper()
	h, err := docs.Handler(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// send sends a request. headers alternates between names and values.
func send(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// pagePaths returns the paths of all pages.
func pagePaths(t *testing.T) []string {
	t.Helper()
	paths := []string{docs.Prefix}
	for _, name := range []string{"try", "schemas", "permissions", "problems", "state-machines"} {
		paths = append(paths, docs.Prefix+"/"+name)
	}
	for _, tag := range options(t).Document.Tags {
		paths = append(paths, docs.Prefix+"/"+tag.Name)
	}
	for _, code := range fault.Codes() {
		paths = append(paths, docs.ProblemPath(code))
	}
	return paths
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := standard(t)
	asset := resources(t)[0]
	for _, c := range []struct {
		name, method, path string
		want               int
	}{
		{"guide", http.MethodGet, docs.Prefix, http.StatusOK},
		{"problem", http.MethodGet, docs.ProblemPath(fault.RateLimited), http.StatusOK},
		{"asset", http.MethodGet, asset, http.StatusOK},
		{"unknown page", http.MethodGet, docs.Prefix + "/nothing", http.StatusNotFound},
		{"trailing slash", http.MethodGet, docs.Prefix + "/", http.StatusMovedPermanently},
		{"another method", http.MethodPost, docs.Prefix, http.StatusMethodNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := send(t, h, c.method, c.path)
			if w.Code != c.want {
				t.Errorf("%s %s: got status %d, want %d", c.method, c.path, w.Code, c.want)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
					"connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
				"X-Content-Type-Options": "nosniff",
				"X-Frame-Options":        "DENY",
				"Referrer-Policy":        "no-referrer",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s %s: header %s: got %q, want %q", c.method, c.path, name, got, want)
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for _, path := range append(resources(t), pagePaths(t)...) {
		get, head := send(t, h, http.MethodGet, path), send(t, h, http.MethodHead, path)
		if head.Code != get.Code || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: got status %d with %d bytes, want %d without a body", path, head.Code, head.Body.Len(), get.Code)
		}
		for _, name := range []string{"Content-Length", "Content-Type", "Etag"} {
			if head.Header().Get(name) == "" || head.Header().Get(name) != get.Header().Get(name) {
				t.Errorf("%s: header %s: HEAD has %q, GET has %q", path, name, head.Header().Get(name), get.Header().Get(name))
			}
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		w := send(t, h, method, docs.Prefix)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got status %d with Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	h := standard(t)
	want := make(map[string]string)
	for _, path := range resources(t) {
		want[path] = "public, max-age=31536000, immutable"
	}
	for _, path := range pagePaths(t) {
		want[path] = "no-cache"
	}
	for path, cacheControl := range want {
		plain := send(t, h, http.MethodGet, path)
		zipped := send(t, h, http.MethodGet, path, "Accept-Encoding", "br, gzip")
		if zipped.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: Content-Encoding is %q with Accept-Encoding, %q without", path, zipped.Header().Get("Content-Encoding"), plain.Header().Get("Content-Encoding"))
		}
		reader, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		body, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s: the compressed body differs from the plain one (error %v)", path, err)
		}
		if plain.Header().Get("Etag") == zipped.Header().Get("Etag") {
			t.Errorf("%s: both encodings have the same ETag", path)
		}
		for _, w := range []*httptest.ResponseRecorder{plain, zipped} {
			if got := w.Header().Get("Cache-Control"); got != cacheControl {
				t.Errorf("%s: Cache-Control: got %q, want %q", path, got, cacheControl)
			}
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary is %q", path, got)
			}
			again := send(t, h, http.MethodGet, path, "If-None-Match", w.Header().Get("Etag"),
				"Accept-Encoding", w.Header().Get("Content-Encoding"))
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("%s: conditional request: got status %d with %d bytes, want 304 without a body", path, again.Code, again.Body.Len())
			}
		}
	}
}

func TestTrailingSlashRedirects(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for name, c := range map[string]struct{ path, want string }{
		"guide":           {docs.Prefix + "/", docs.Prefix},
		"problems":        {docs.Prefix + "/problems/", docs.Prefix + "/problems"},
		"problem":         {docs.ProblemPath(fault.Overloaded) + "/", docs.ProblemPath(fault.Overloaded)},
		"unknown problem": {docs.Prefix + "/problems/unknown_code/", ""},
		"another host":    {"//elsewhere.example/", ""},
		"path with dots":  {docs.Prefix + "/problems/../problems/not_found/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := send(t, h, http.MethodGet, c.path)
			if got := w.Header().Get("Location"); got != c.want {
				t.Errorf("got Location %q with status %d, want %q", got, w.Code, c.want)
			}
		})
	}
}

func TestUnknownPathsGetAPage(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for _, path := range []string{
		docs.Prefix + "/nothing",
		docs.Prefix + "foo",
		docs.Prefix + "/problems/unknown_code",
		docs.Prefix + "/assets/",
		docs.Prefix + "/assets/0000000000000000/site.css",
		docs.Prefix + "/problems/%2e%2e",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := send(t, h, method, path)
			if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("%s %s: got status %d with Content-Type %q", method, path, w.Code, w.Header().Get("Content-Type"))
			}
			if (method == http.MethodGet) != strings.Contains(w.Body.String(), "Not found") {
				t.Errorf("%s %s: unexpected body %q", method, path, w.Body)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*docs.Options){
		"no document": func(o *docs.Options) { o.Document = nil },
		"no title":    func(o *docs.Options) { o.Title = "" },
		"no spec":     func(o *docs.Options) { o.SpecURL = "" },
		"no status":   func(o *docs.Options) { o.Status = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			change(&o)
			if _, err := docs.Handler(o); err == nil {
				t.Error("got no error")
			}
		})
	}

	o := options(t)
	o.Title, o.SpecURL = "Tom & Jerry's <b>", "/description.json"
	page := send(t, handler(t, o), http.MethodGet, docs.Prefix+"/try").Body.String()
	for _, want := range []string{
		"<title>Try it · Tom &amp; Jerry&#39;s &lt;b&gt;</title>", `data-spec-url="/description.json"`, ">1.2.3<",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not contain %s", want)
		}
	}
}
