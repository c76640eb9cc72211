// Package docs is the reference that a reader of the API opens first: a guide, a page for each group of operations with
// everything that the specification says of them and samples of how they are called, the schemas, the permissions, a
// page for each code that a problem answer can carry, and a page on which every operation can be tried.
//
// All of it but the guide is made from the specification that the server embeds, so it says what the server does. It is
// HTML that needs no JavaScript to be read; scripts only filter, copy, and remember the language of the samples.
//
// It promises to be self-contained. Everything a page needs is in the binary and is served from below Prefix; nothing
// is fetched from elsewhere, no script stands inside a page, and a strict Content-Security-Policy keeps it so. Access
// tokens that a reader enters stay in the memory of the page.
package docs

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Prefix is the path of the guide; everything else that the package serves lies below it.
const Prefix = "/docs"

const problemsPath = Prefix + "/problems"

// policy allows what the pages use. Swagger UI sets no style attributes in markup and uses no eval; its icons are data
// URLs in its stylesheet.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Options say what the pages show. All but Version and Demo must be given.
type Options struct {
	// Document is the specification.
	Document *reference.Document
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

// Handler serves the guide at Prefix, everything else below it, and the assets that these pages use. It answers GET and
// HEAD; any other method is 405, and any other path is a page with 404. A page is made when it is first asked for. An
// error means that an option is missing, that two pages would have the same path, or that the embedded files are
// broken.
func Handler(o Options) (http.Handler, error) {
	if o.Document == nil || o.Title == "" || o.SpecURL == "" || o.Status == nil {
		return nil, errors.New("docs: Document, Title, SpecURL and Status must be given")
	}
	files, err := assets()
	if err != nil {
		return nil, err
	}
	base := assetBase(files)
	s := &site{pages: make(map[string]func() (file, error)), moved: make(map[string]string)}
	for name, f := range files {
		s.pages[base+name] = func() (file, error) { return f, nil }
	}
	if err := s.addPages(o, base); err != nil {
		return nil, err
	}
	return s, nil
}

// site is everything that can be asked for, by path.
type site struct {
	pages map[string]func() (file, error)
	// moved leads from lasting addresses to where things are now.
	moved   map[string]string
	missing func() (file, error)
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	if page, found := s.pages[r.URL.Path]; found {
		s.serve(w, r, page, file.serve)
		return
	}
	if target, found := s.moved[r.URL.Path]; found {
		http.Redirect(w, r, target, http.StatusFound)
		return
	}
	// Only a path that is known without its last slash is redirected to, so the target is always one of ours.
	if path := strings.TrimSuffix(r.URL.Path, "/"); s.has(path) {
		http.Redirect(w, r, path, http.StatusMovedPermanently) //nolint:gosec // see above: it is a path of ours
		return
	}
	s.serve(w, r, s.missing, file.serveNotFound)
}

// serve makes a page, unless that has been done, and answers with it.
func (s *site) serve(
	w http.ResponseWriter, r *http.Request,
	page func() (file, error), answer func(file, http.ResponseWriter, *http.Request),
) {
	made, err := page()
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	answer(made, w, r)
}

func (s *site) has(path string) bool {
	_, ok := s.pages[path]
	return ok
}
