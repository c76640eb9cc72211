package docs_test

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// sections gives the elements of a page that have ids.
func sections(t *testing.T, path string) map[string]*html.Node {
	t.Helper()
	found := map[string]*html.Node{}
	for _, element := range elements(t, path) {
		if id, ok := attribute(element, "id"); ok {
			found[id] = element
		}
	}
	return found
}

// sectionsOf gives the section of each operation, by its id.
func sectionsOf(t *testing.T) map[string]*html.Node {
	t.Helper()
	found := map[string]*html.Node{}
	for _, tag := range options(t).Document.Tags {
		there := sections(t, docs.Prefix+"/"+tag.Name)
		for _, o := range tag.Operations {
			if found[o.ID] = there[o.ID]; there[o.ID] == nil {
				t.Fatalf("%s has no section", o.ID)
			}
		}
	}
	return found
}

// text is what a person reads of an element, its blanks as one.
func text(element *html.Node) string {
	var all strings.Builder
	for node := range element.Descendants() {
		if node.Type == html.TextNode {
			all.WriteString(node.Data)
		}
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

// source is an element as HTML.
func source(t *testing.T, element *html.Node) string {
	t.Helper()
	var written bytes.Buffer
	if err := html.Render(&written, element); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

// plain is a text with its blanks as one, without the marks of CommonMark.
func plain(markdown string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("`", "", "**", "").Replace(markdown)), " ")
}

// TestEveryOperationIsTold expects of each operation, in its section, everything that the specification says of it.
func TestEveryOperationIsTold(t *testing.T) {
	t.Parallel()
	shown := sectionsOf(t)
	for _, o := range options(t).Document.Operations() {
		element := shown[o.ID]
		read, written := text(element), source(t, element)
		want := []string{o.Summary, o.Method, o.Path, plain(o.Description), o.ID}
		if o.Permission != nil {
			want = append(append(want, o.Permission.Name), o.Permission.Roles...)
		} else {
			want = append(want, "anybody may call this")
		}
		for _, p := range o.Parameters {
			want = append(want, p.Name, plain(p.Description))
			for _, value := range p.Schema.Enum {
				want = append(want, value.Text)
			}
		}
		if o.Body != nil {
			for _, media := range o.Body.Media {
				want = append(want, media.Type)
			}
			for _, p := range o.Body.Media[0].Schema.Properties {
				want = append(want, p.Name, plain(p.Schema.Description))
			}
		}
		for _, answer := range o.Responses {
			want = append(want, answer.Status, plain(answer.Description))
			for _, header := range answer.Headers {
				want = append(want, header.Name)
			}
		}
		for _, all := range want {
			if !strings.Contains(read, all) {
				t.Errorf("%s: the section lacks %q", o.ID, all)
			}
		}
		for _, code := range fault.Codes() {
			declared := declares(o, problem.Status(code.Describe().Kind))
			linked := strings.Contains(written, `href="`+docs.ProblemPath(code)+`"`)
			if linked != (declared && docs.MayAnswer(o, code)) {
				t.Errorf("%s: the section links to %s: %v", o.ID, code, linked)
			}
		}
	}
}

func declares(o *reference.Operation, status int) bool {
	for _, answer := range o.Responses {
		for _, media := range answer.Media {
			if answer.Status == strconv.Itoa(status) && media.Type == "application/problem+json" {
				return true
			}
		}
	}
	return false
}

// TestOperationsShowSamples expects, in every language, the sample of each operation as it is written.
func TestOperationsShowSamples(t *testing.T) {
	t.Parallel()
	sections := sectionsOf(t)
	for _, o := range options(t).Document.Operations() {
		element := sections[o.ID]
		shown := map[string]string{}
		for node := range element.Descendants() {
			if language, found := attribute(node, "data-language"); found && node.Data == "pre" {
				var code strings.Builder
				for inner := range node.Descendants() {
					if inner.Type == html.TextNode {
						code.WriteString(inner.Data)
					}
				}
				shown[language] = code.String()
			}
		}
		for _, language := range sample.Languages() {
			if shown[language.ID] != language.Write(o) {
				t.Errorf("%s shows in %s:\n%s", o.ID, language.Title, shown[language.ID])
			}
		}
	}
}

// TestOperationsHaveLastingAddresses expects each operation where its address leads, whatever its tag.
func TestOperationsHaveLastingAddresses(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for _, o := range options(t).Document.Operations() {
		w := ask(t, h, http.MethodGet, docs.OperationPath(o.ID))
		if want := docs.Prefix + "/" + o.Tag + "#" + o.ID; w.Code != http.StatusFound || w.Header().Get("Location") != want {
			t.Errorf("%s is %d and leads to %q, want %q", o.ID, w.Code, w.Header().Get("Location"), want)
		}
	}
	if w := ask(t, h, http.MethodGet, docs.OperationPath("Unheard")); w.Code != http.StatusNotFound {
		t.Errorf("the address of no operation is %d", w.Code)
	}
}

// TestNavigationListsEverything expects a link to every operation, schema page and problem page beside every page.
func TestNavigationListsEverything(t *testing.T) {
	t.Parallel()
	for _, path := range pagePaths(t) {
		if path == docs.Prefix+"/try" {
			continue
		}
		element := sections(t, path)["side"]
		if element == nil {
			t.Errorf("%s has no navigation", path)
			continue
		}
		written := source(t, element)
		for _, o := range options(t).Document.Operations() {
			if !strings.Contains(written, `href="`+docs.Prefix+"/"+o.Tag+"#"+o.ID+`"`) {
				t.Errorf("the navigation of %s lacks %s", path, o.ID)
			}
		}
	}
}

// TestPermissionsAreTold expects each permission with those who hold it and what it opens.
func TestPermissionsAreTold(t *testing.T) {
	t.Parallel()
	rows := sections(t, docs.Prefix+"/permissions")
	d := options(t).Document
	for _, permission := range d.Permissions {
		element := rows[permission.Name]
		if element == nil {
			t.Errorf("%s has no row", permission.Name)
			continue
		}
		var cells []string
		for node := range element.Descendants() {
			if node.Data == "td" {
				cells = append(cells, text(node))
			}
		}
		for i, role := range d.Roles {
			if (cells[i] == "yes") != slices.Contains(permission.Roles, role) {
				t.Errorf("%s: the cell of %s says %q", permission.Name, role, cells[i])
			}
		}
		scope := string(permission.Key)
		if scope == "" {
			scope = "–"
		}
		if permission.Scope != permission.Name {
			scope = "with " + permission.Scope
		}
		if cells[len(d.Roles)] != scope {
			t.Errorf("%s: the cell of API keys says %q, want %q", permission.Name, cells[len(d.Roles)], scope)
		}
		for _, o := range permission.Operations {
			if !strings.Contains(cells[len(d.Roles)+1], o.ID) {
				t.Errorf("%s: the row lacks %s", permission.Name, o.ID)
			}
		}
	}
}

// TestSchemasAreTold expects each schema that has a name, with its properties and values.
func TestSchemasAreTold(t *testing.T) {
	t.Parallel()
	shown := sections(t, docs.Prefix+"/schemas")
	for _, s := range options(t).Document.Schemas {
		element := shown[s.Name]
		if element == nil {
			t.Errorf("%s has no section", s.Name)
			continue
		}
		read := text(element)
		want := []string{plain(s.Description)}
		for _, value := range s.Enum {
			want = append(want, value.Text)
		}
		for _, p := range s.Properties {
			want = append(want, p.Name, plain(p.Schema.Description))
		}
		for _, all := range want {
			if !strings.Contains(read, all) {
				t.Errorf("%s: the section lacks %q", s.Name, all)
			}
		}
	}
}
