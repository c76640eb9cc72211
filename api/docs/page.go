package docs

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/a-h/templ"
)

// page is an HTML page. It is rendered when it is first requested.
type page struct {
	whole templ.Component
	// base precedes the paths of all links and assets.
	base string

	once     sync.Once
	rendered file
	err      error
}

// file returns the rendered page.
func (p *page) file(ctx context.Context) (file, error) {
	p.once.Do(func() {
		var body bytes.Buffer
		// The result is kept for all requests, so it must not depend on whether this one is canceled.
		if p.err = p.whole.Render(context.WithoutCancel(ctx), &body); p.err != nil {
			p.err = fmt.Errorf("docs: render a page: %w", p.err)
			return
		}
		p.rendered, p.err = newFile("text/html; charset=utf-8", revalidate, below(p.base, body.Bytes()))
	})
	return p.rendered, p.err
}

// localURL matches the attributes whose value is a path on this server. Text cannot match: templ escapes its quotes.
var localURL = regexp.MustCompile(` (href|src|data-spec-url)="/`)

// below adds a base path to the paths in attributes.
func below(base string, html []byte) []byte {
	if base == "" {
		return html
	}
	return localURL.ReplaceAll(html, []byte(` $1="`+base+`/`))
}

// layoutOptions are the parts of the layout that differ between pages.
type layoutOptions struct {
	title string
	// section is the path of the navigation entry to highlight. It is empty for pages without an entry.
	section string
	// tryIt is set for the page that uses Swagger UI, which has no side navigation.
	tryIt bool
}

// pages returns all pages by path. It returns an error if two pages have the same path.
func (r *renderer) pages() (map[string]*page, error) {
	pages := map[string]*page{}
	var err error
	add := func(path string, o layoutOptions, content templ.Component) {
		if pages[path] != nil {
			err = fmt.Errorf("docs: two pages have the path %s", path)
		}
		pages[path] = &page{whole: r.layout(o, content), base: r.base}
	}
	add(Prefix, layoutOptions{title: "Guide", section: Prefix}, r.guide())
	add(tryPath, layoutOptions{title: "Try it", section: tryPath, tryIt: true}, r.tryIt())
	add(schemasPath, layoutOptions{title: "Schemas", section: schemasPath}, r.schemas())
	add(permissionsPath, layoutOptions{title: "Permissions", section: permissionsPath}, r.permissions())
	add(problemsPath, layoutOptions{title: "Error codes", section: problemsPath}, r.problemList())
	add(machinesPath, layoutOptions{title: "State machines", section: machinesPath}, r.machines())
	for _, tag := range r.Tags {
		add(tagPath(tag.Name), layoutOptions{title: heading(tag.Name), section: tagPath(tag.Name)}, r.tag(tag))
	}
	for _, group := range r.problems {
		for _, p := range group.Problems {
			add(ProblemPath(p.Code), layoutOptions{title: p.Title, section: problemsPath}, r.problem(p, group))
		}
	}
	return pages, err
}

func (r *renderer) notFoundPage() *page {
	return &page{whole: r.layout(layoutOptions{title: "Not found"}, r.notFound()), base: r.base}
}
