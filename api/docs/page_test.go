package docs_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
)

// parse returns the elements of a page.
func parse(t *testing.T, page *httptest.ResponseRecorder) []*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var elements []*html.Node
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			elements = append(elements, node)
		}
	}
	return elements
}

// parsed caches the elements of pages by path: the pages are long, and many tests read them.
var parsed sync.Map //nolint:gochecknoglobals // a cache of immutable values

// elements returns the elements of a page of the standard handler. Tests must not modify them.
func elements(t *testing.T, path string) []*html.Node {
	t.Helper()
	known, found := parsed.Load(path)
	if !found {
		known, _ = parsed.LoadOrStore(path, parse(t, send(t, standard(t), http.MethodGet, path)))
	}
	return known.([]*html.Node)
}

func attribute(element *html.Node, name string) (string, bool) {
	for _, a := range element.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// resources returns the URLs that the pages load, without those that they only link to.
func resources(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, path := range pagePaths(t) {
		for _, element := range elements(t, path) {
			for _, name := range []string{"src", "href"} {
				if value, ok := attribute(element, name); ok && element.Data != "a" {
					found = append(found, value)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestPagesLoadOnlyResourcesOfTheHandler(t *testing.T) {
	t.Parallel()
	h := standard(t)
	loaded := resources(t)
	if len(loaded) < 5 {
		t.Errorf("the pages load only %q", loaded)
	}
	imports := regexp.MustCompile(`(?:@import\s+|url\()\s*(?:url\()?["']?([^"')\s]+)`)
	for _, path := range loaded {
		w := send(t, h, http.MethodGet, path)
		if w.Code != http.StatusOK {
			t.Errorf("GET %s: status %d", path, w.Code)
		}
		if !strings.HasSuffix(path, ".css") {
			continue
		}
		for _, match := range imports.FindAllStringSubmatch(w.Body.String(), -1) {
			if strings.HasPrefix(match[1], "data:") {
				continue
			}
			imported := path[:strings.LastIndex(path, "/")+1] + match[1]
			if w := send(t, h, http.MethodGet, imported); w.Code != http.StatusOK {
				t.Errorf("GET %s, which %s imports: status %d", imported, path, w.Code)
			}
		}
	}
}

// TestLinksHaveTargets follows every link of every page, including the fragment.
func TestLinksHaveTargets(t *testing.T) {
	t.Parallel()
	h := standard(t)
	served := []string{options(t).SpecURL, "/openapi.yaml", "/api/v1/meta/state-machines"}
	ids := map[string]map[string]bool{} // the IDs of elements, by path of their page
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		for _, element := range elements(t, path) {
			target, ok := attribute(element, "href")
			if !ok || slices.Contains(served, target) {
				continue
			}
			to, fragment, _ := strings.Cut(target, "#")
			if to == "" {
				to = path
			}
			if ids[to] == nil {
				ids[to] = map[string]bool{"": true}
				w := send(t, h, http.MethodGet, to)
				if strings.HasPrefix(to, docs.OperationPath("")) && w.Code == http.StatusFound {
					continue // see TestOperationsHavePermanentAddresses
				}
				if to != docs.Prefix+"/nothing" && w.Code != http.StatusOK {
					t.Errorf("%s links to %q, which has status %d", path, target, w.Code)
				}
				for _, other := range parse(t, w) {
					if id, found := attribute(other, "id"); found {
						if ids[to][id] {
							t.Errorf("%s has two elements with the id %q", to, id)
						}
						ids[to][id] = true
					}
				}
			}
			// A script renders the operations of the page "Try it".
			if !ids[to][fragment] && to != docs.Prefix+"/try" {
				t.Errorf("%s links to %q, but no element has that id", path, target)
			}
		}
	}
}

func TestPagesHaveNoInlineScriptsOrStyles(t *testing.T) {
	t.Parallel()
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		for _, element := range elements(t, path) {
			if _, ok := attribute(element, "src"); element.Data == "script" && !ok {
				t.Errorf("%s has an inline script", path)
			}
			if element.Data == "style" {
				t.Errorf("%s has an inline style sheet", path)
			}
			for _, a := range element.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s has the attribute %s", path, a.Key)
				}
			}
		}
	}
}

func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		count := make(map[string]int)
		for _, element := range elements(t, path) {
			count[element.Data]++
			lang, _ := attribute(element, "lang")
			if element.Data == "html" && lang != "en" {
				t.Errorf("%s: the language is %q", path, lang)
			}
			if name, _ := attribute(element, "name"); name == "viewport" {
				count[name]++
			}
			if _, ok := attribute(element, "alt"); element.Data == "img" && !ok {
				t.Errorf("%s: an image has no alternative text", path)
			}
		}
		for _, name := range []string{"title", "main", "header", "h1", "viewport"} {
			if count[name] != 1 {
				t.Errorf("%s: got %d elements %s, want 1", path, count[name], name)
			}
		}
	}
}

func TestDemoNoteIsOptional(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{false, true} {
		o := options(t)
		o.Demo = demo
		for _, path := range []string{docs.Prefix, docs.Prefix + "/try"} {
			page := send(t, handler(t, o), http.MethodGet, path).Body.String()
			if strings.Contains(strings.ToLower(page), "demo data") != demo {
				t.Errorf("%s with Demo %v: %s", path, demo, page)
			}
			if demo && (!strings.Contains(page, "POST /api/v1/auth/login") || !strings.Contains(page, "Authorize")) {
				t.Errorf("%s: the note does not explain how to sign in: %s", path, page)
			}
		}
	}
}

// TestPagesEscapeText checks that options with markup are displayed as text, and that no page contains a placeholder.
func TestPagesEscapeText(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Title, o.Version, o.Demo = `<b>"Hiring" & {title}</b>`, "1<2", true
	h := handler(t, o)
	placeholder := regexp.MustCompile(`\{[a-z-]+\}`)
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		page := send(t, h, http.MethodGet, path).Body.String()
		if !strings.Contains(page, "&lt;b&gt;&#34;Hiring&#34; &amp; {title}&lt;/b&gt;") || !strings.Contains(page, "1&lt;2") {
			t.Errorf("%s does not contain the title and the version as text:\n%s", path, page)
		}
		for _, found := range placeholder.FindAllString(strings.ReplaceAll(page, "&amp; {title}", ""), -1) {
			t.Errorf("%s contains %s", path, found)
		}
	}
}
