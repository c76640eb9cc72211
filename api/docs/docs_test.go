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
var document = sync.OnceValues(func() (*reference.Document, error) { return reference.Read(api.Specification) }) //nolint:gochecknoglobals // it never changes

func options(t *testing.T) docs.Options {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return docs.Options{Document: d, Title: "Interviewer", Version: "1.2.3", SpecURL: "/openapi.json", Status: problem.Status}
}

// shared is the handler of the standard options, which most tests ask.
var shared = sync.OnceValues(func() (http.Handler, error) { //nolint:gochecknoglobals // it never changes
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

// ask sends one request; headers are given as name and value in turn.
func ask(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// pagePaths is every page there is.
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
	asset := references(t)[0]
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, docs.Prefix, http.StatusOK},
		{http.MethodGet, docs.ProblemPath(fault.RateLimited), http.StatusOK},
		{http.MethodGet, asset, http.StatusOK},
		{http.MethodGet, docs.Prefix + "/nothing", http.StatusNotFound},
		{http.MethodGet, docs.Prefix + "/", http.StatusMovedPermanently},
		{http.MethodPost, docs.Prefix, http.StatusMethodNotAllowed},
	} {
		w := ask(t, h, c.method, c.path)
		if w.Code != c.want {
			t.Errorf("%s %s is %d, want %d", c.method, c.path, w.Code, c.want)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
				"connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
			"X-Content-Type-Options": "nosniff",
			"X-Frame-Options":        "DENY",
			"Referrer-Policy":        "no-referrer",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", c.method, c.path, name, got, want)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for _, path := range append(references(t), pagePaths(t)...) {
		get, head := ask(t, h, http.MethodGet, path), ask(t, h, http.MethodHead, path)
		if head.Code != get.Code || head.Body.Len() != 0 {
			t.Errorf("HEAD %s is %d with %d bytes", path, head.Code, head.Body.Len())
		}
		for _, name := range []string{"Content-Length", "Content-Type", "Etag"} {
			if head.Header().Get(name) == "" || head.Header().Get(name) != get.Header().Get(name) {
				t.Errorf("HEAD %s says %s %q, GET says %q", path, name, head.Header().Get(name), get.Header().Get(name))
			}
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		w := ask(t, h, method, docs.Prefix)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s is %d with Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	h := standard(t)
	want := make(map[string]string)
	for _, path := range references(t) {
		want[path] = "public, max-age=31536000, immutable"
	}
	for _, path := range pagePaths(t) {
		want[path] = "no-cache"
	}
	for path, cacheControl := range want {
		plain := ask(t, h, http.MethodGet, path)
		zipped := ask(t, h, http.MethodGet, path, "Accept-Encoding", "br, gzip")
		if zipped.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is not compressed for those, and only those, who accept it", path)
		}
		reader, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		body, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s differs when compressed (%v)", path, err)
		}
		if plain.Header().Get("Etag") == zipped.Header().Get("Etag") {
			t.Errorf("%s has the same tag in both encodings", path)
		}
		for _, w := range []*httptest.ResponseRecorder{plain, zipped} {
			if got := w.Header().Get("Cache-Control"); got != cacheControl {
				t.Errorf("%s: Cache-Control is %q, want %q", path, got, cacheControl)
			}
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary is %q", path, got)
			}
			again := ask(t, h, http.MethodGet, path, "If-None-Match", w.Header().Get("Etag"),
				"Accept-Encoding", w.Header().Get("Content-Encoding"))
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("%s is %d for one who has it", path, again.Code)
			}
		}
	}
}

func TestLastSlashRedirects(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for path, want := range map[string]string{
		docs.Prefix + "/":                                docs.Prefix,
		docs.Prefix + "/problems/":                       docs.Prefix + "/problems",
		docs.ProblemPath(fault.Overloaded) + "/":         docs.ProblemPath(fault.Overloaded),
		docs.Prefix + "/problems/unheard_of/":            "",
		"//elsewhere.example/":                           "",
		docs.Prefix + "/problems/../problems/not_found/": "",
	} {
		w := ask(t, h, http.MethodGet, path)
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%s leads to %q with %d, want %q", path, got, w.Code, want)
		}
	}
}

func TestUnknownPathsAreAPage(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for _, path := range []string{
		docs.Prefix + "/nothing",
		docs.Prefix + "foo",
		docs.Prefix + "/problems/unheard_of",
		docs.Prefix + "/assets/",
		docs.Prefix + "/assets/0000000000000000/site.css",
		docs.Prefix + "/problems/%2e%2e",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := ask(t, h, method, path)
			if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("%s %s is %d with %q", method, path, w.Code, w.Header().Get("Content-Type"))
			}
			if (method == http.MethodGet) != strings.Contains(w.Body.String(), "Not found") {
				t.Errorf("%s %s: the body is %q", method, path, w.Body)
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
		o := options(t)
		change(&o)
		if _, err := docs.Handler(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}

	o := options(t)
	o.Title, o.SpecURL = "Tom & Jerry's <b>", "/description.json"
	page := ask(t, handler(t, o), http.MethodGet, docs.Prefix+"/try").Body.String()
	for _, want := range []string{
		"<title>Try it · Tom &amp; Jerry&#39;s &lt;b&gt;</title>", `data-spec-url="/description.json"`, ">1.2.3<",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
