// Package docs serves the API reference: a guide, a page for each group of operations with code samples, the schemas,
// the permissions, a page for each error code, the state machines, and a page that sends requests (Swagger UI).
//
// All pages except the guide are generated from the OpenAPI document that the server embeds, so they always describe
// the running version. The pages are templ components (the *.templ files). They work without JavaScript; scripts only
// add the filter, the copy buttons and the choice of the sample language.
//
// The reference is self-contained: everything that a page loads is embedded in the binary and served below Prefix. No
// page contains inline scripts or styles, which a strict Content-Security-Policy enforces. Access tokens that readers
// enter are kept in the memory of the page only.
package docs

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Prefix is the path of the guide. All other paths of the package begin with it.
const Prefix = "/docs"

// policy allows only what the pages need. Swagger UI uses neither style attributes nor eval; the icons in its
// stylesheet are data URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Options configure Handler. All fields except Version, Base and Demo are required.
type Options struct {
	// Document is the OpenAPI document to describe.
	Document *reference.Document
	// Title is the product name in the header and in page titles.
	Title string
	// Version is the product version in the header. If it is empty, the header has no version.
	Version string
	// SpecURL is the path of the OpenAPI document in JSON on this server, such as "/openapi.json".
	SpecURL string
	// Status returns the HTTP status for a kind of fault.
	Status func(fault.Kind) int
	// Base is the path that precedes all paths in the URLs that browsers see; empty if there is none. The handler itself
	// gets requests without it.
	Base string
	// Demo adds a note on how to log in with a demo account, for installations with demo data.
	Demo bool
}

// ProblemPath returns the path of the page that describes an error code.
func ProblemPath(code fault.Code) string { return problemsPath + "/" + string(code) }

// Handler returns a handler for the pages and their assets. It answers GET and HEAD; other methods get a 405, and
// unknown paths a page with status 404. Pages are rendered when they are first requested, and then kept in memory.
//
// Handler returns an error if a required option is missing, if two pages have the same path, or if an embedded file
// cannot be read.
func Handler(o Options) (http.Handler, error) {
	if o.Document == nil || o.Title == "" || o.SpecURL == "" || o.Status == nil {
		return nil, errors.New("docs: Document, Title, SpecURL and Status are required")
	}
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	base := assetBase(assets)
	s := &site{assets: make(map[string]file), redirects: make(map[string]string)}
	for name, f := range assets {
		s.assets[base+name] = f
	}
	r := newRenderer(o, base)
	if s.pages, err = r.pages(); err != nil {
		return nil, err
	}
	s.notFound = r.notFoundPage()
	for _, operation := range o.Document.Operations() {
		s.redirects[OperationPath(operation.ID)] = operationPath(operation)
	}
	return s, nil
}

// site maps paths to responses.
type site struct {
	assets    map[string]file
	pages     map[string]*page
	redirects map[string]string
	notFound  *page
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
	if asset, found := s.assets[r.URL.Path]; found {
		asset.serve(w, r)
		return
	}
	if p, found := s.pages[r.URL.Path]; found {
		servePage(w, r, p, file.serve)
		return
	}
	if target, found := s.redirects[r.URL.Path]; found {
		redirect(w, target, http.StatusFound)
		return
	}
	if path := strings.TrimSuffix(r.URL.Path, "/"); s.pages[path] != nil {
		redirect(w, path, http.StatusMovedPermanently)
		return
	}
	servePage(w, r, s.notFound, file.serveNotFound)
}

// redirect answers without a body: that of http.Redirect contains the path, and the server adds the base path only to
// the header.
func redirect(w http.ResponseWriter, path string, status int) {
	w.Header().Set("Location", path)
	w.WriteHeader(status)
}

func servePage(w http.ResponseWriter, r *http.Request, p *page, serve func(file, http.ResponseWriter, *http.Request)) {
	f, err := p.file(r.Context())
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	serve(f, w, r)
}
