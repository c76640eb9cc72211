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

// parse reads a page, and gives its elements.
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

// parsed holds the elements of the pages that have been parsed, by path: the pages are long, and many tests look at
// them.
var parsed sync.Map //nolint:gochecknoglobals // read-only once it is there

// elements gives the elements of a page of the standard handler, which nobody may change.
func elements(t *testing.T, path string) []*html.Node {
	t.Helper()
	known, found := parsed.Load(path)
	if !found {
		known, _ = parsed.LoadOrStore(path, parse(t, ask(t, standard(t), http.MethodGet, path)))
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

// references gives what the pages load, apart from what they only link to.
func references(t *testing.T) []string {
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

func TestPagesLoadOnlyWhatIsServed(t *testing.T) {
	t.Parallel()
	h := standard(t)
	loaded := references(t)
	if len(loaded) < 5 {
		t.Errorf("the pages load only %q", loaded)
	}
	imports := regexp.MustCompile(`(?:@import\s+|url\()\s*(?:url\()?["']?([^"')\s]+)`)
	for _, path := range loaded {
		w := ask(t, h, http.MethodGet, path)
		if w.Code != http.StatusOK {
			t.Errorf("%s, which a page loads, is %d", path, w.Code)
		}
		if !strings.HasSuffix(path, ".css") {
			continue
		}
		for _, match := range imports.FindAllStringSubmatch(w.Body.String(), -1) {
			if strings.HasPrefix(match[1], "data:") {
				continue
			}
			neighbour := path[:strings.LastIndex(path, "/")+1] + match[1]
			if w := ask(t, h, http.MethodGet, neighbour); w.Code != http.StatusOK {
				t.Errorf("%s, which %s imports, is %d", neighbour, path, w.Code)
			}
		}
	}
}

// TestLinksLeadSomewhere follows every link of every page, to the very element that it names.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	h := standard(t)
	served := []string{options(t).SpecURL, "/openapi.yaml", "/api/v1/meta/state-machines"}
	anchors := map[string]map[string]bool{} // by path, what can be linked to on its page
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		for _, element := range elements(t, path) {
			target, ok := attribute(element, "href")
			if !ok || slices.Contains(served, target) {
				continue
			}
			to, anchor, _ := strings.Cut(target, "#")
			if to == "" {
				to = path
			}
			if anchors[to] == nil {
				anchors[to] = map[string]bool{"": true}
				answer := ask(t, h, http.MethodGet, to)
				if strings.HasPrefix(to, docs.OperationPath("")) && answer.Code == http.StatusFound {
					continue // TestOperationsHaveLastingAddresses follows those
				}
				if to != docs.Prefix+"/nothing" && answer.Code != http.StatusOK {
					t.Errorf("%s links to %q, which is %d", path, target, answer.Code)
				}
				for _, there := range parse(t, answer) {
					if id, found := attribute(there, "id"); found {
						if anchors[to][id] {
							t.Errorf("%s has two elements with the id %q", to, id)
						}
						anchors[to][id] = true
					}
				}
			}
			// The operations of the page for trying are drawn by its script.
			if !anchors[to][anchor] && to != docs.Prefix+"/try" {
				t.Errorf("%s links to %q, where nothing has that id", path, target)
			}
		}
	}
}

func TestPagesHoldNoScriptOrStyle(t *testing.T) {
	t.Parallel()
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		for _, element := range elements(t, path) {
			if _, ok := attribute(element, "src"); element.Data == "script" && !ok {
				t.Errorf("%s holds an inline script", path)
			}
			if element.Data == "style" {
				t.Errorf("%s holds an inline stylesheet", path)
			}
			for _, a := range element.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s holds the inline attribute %s", path, a.Key)
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
		for _, once := range []string{"title", "main", "header", "h1", "viewport"} {
			if count[once] != 1 {
				t.Errorf("%s: there are %d of %s, want one", path, count[once], once)
			}
		}
	}
}

func TestDemoNoteIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{false, true} {
		o := options(t)
		o.Demo = demo
		for _, path := range []string{docs.Prefix, docs.Prefix + "/try"} {
			page := ask(t, handler(t, o), http.MethodGet, path).Body.String()
			if strings.Contains(strings.ToLower(page), "demo data") != demo {
				t.Errorf("with Demo %v, %s is %s", demo, path, page)
			}
			if demo && (!strings.Contains(page, "POST /api/v1/auth/login") || !strings.Contains(page, "Authorize")) {
				t.Errorf("the note of %s does not say how to sign in: %s", path, page)
			}
		}
	}
}

// TestPagesAreFilled looks for names that nobody has given a value, and for text that was taken for markup.
func TestPagesAreFilled(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Title, o.Version, o.Demo = `<b>"Hiring" & {title}</b>`, "1<2", true
	h := handler(t, o)
	name := regexp.MustCompile(`\{[a-z-]+\}`)
	for _, path := range append(pagePaths(t), docs.Prefix+"/nothing") {
		page := ask(t, h, http.MethodGet, path).Body.String()
		if !strings.Contains(page, "&lt;b&gt;&#34;Hiring&#34; &amp; {title}&lt;/b&gt;") || !strings.Contains(page, "1&lt;2") {
			t.Errorf("%s does not hold the title and the version as text:\n%s", path, page)
		}
		for _, left := range name.FindAllString(strings.ReplaceAll(page, "&amp; {title}", ""), -1) {
			t.Errorf("%s still holds %s", path, left)
		}
	}
}
