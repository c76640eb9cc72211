// Package docs is the reference that a reader of the API opens first: a page drawn from the OpenAPI description, on
// which every operation can be tried, and a page for each code that a problem answer can carry.
//
// It promises to be self-contained. Everything a page needs is in the binary and is served from below Prefix; nothing
// is fetched from elsewhere, no script stands inside a page, and a strict Content-Security-Policy keeps it so. Access
// tokens that a reader enters stay in the memory of the page.
package docs

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/fault"
)

// Prefix is the path of the reference page; everything else that the package serves lies below it.
const Prefix = "/docs"

const problemsPath = Prefix + "/problems"

// policy allows what the pages use. Swagger UI sets no style attributes in markup and uses no eval; its icons are data
// URLs in its stylesheet.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Options say what the pages show. All but Version and Demo must be given.
type Options struct {
	// Title is the product's name, as it stands in the header and in the browser's tab.
	Title string
	// Version is the product's version, shown beside the title; none is shown where it is empty.
	Version string
	// SpecURL is the path of the OpenAPI description in JSON on this same server, such as "/openapi.json".
	SpecURL string
	// Status gives the HTTP status that a kind of fault is answered with.
	Status func(fault.Kind) int
	// Demo adds a note on how to sign in with a demo account. It is for installations that hold demo data only.
	Demo bool
}

// ProblemPath is the path of the page that describes a code.
func ProblemPath(code fault.Code) string { return problemsPath + "/" + string(code) }

// Handler serves the reference page at Prefix, the list of problems and one page for each below it, and the assets that
// these pages use. It answers GET and HEAD; any other method is 405, and any other path is a page with 404. All pages
// are made here, once: an error means that an option is missing or that the embedded files are broken.
func Handler(o Options) (http.Handler, error) {
	if o.Title == "" || o.SpecURL == "" || o.Status == nil {
		return nil, errors.New("docs: Title, SpecURL and Status must be given")
	}
	files, err := assets()
	if err != nil {
		return nil, err
	}
	base := assetBase(files)
	s := site{files: make(map[string]file)}
	for name, f := range files {
		s.files[base+name] = f
	}
	if err := s.addPages(o, base); err != nil {
		return nil, err
	}
	return s, nil
}

// site is everything that can be asked for, by path.
type site struct {
	files   map[string]file
	missing file
}

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")

	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	if f, ok := s.files[r.URL.Path]; ok {
		f.serve(w, r)
		return
	}
	// Only a path that is known without its last slash is redirected to, so the target is always one of ours.
	if path := strings.TrimSuffix(r.URL.Path, "/"); s.has(path) {
		http.Redirect(w, r, path, http.StatusMovedPermanently) //nolint:gosec // see above: it is a path of ours
		return
	}
	s.missing.serveNotFound(w, r)
}

func (s site) has(path string) bool {
	_, ok := s.files[path]
	return ok
}
