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

// elementsByID returns the elements of a page that have IDs.
func elementsByID(t *testing.T, path string) map[string]*html.Node {
	t.Helper()
	found := map[string]*html.Node{}
	for _, element := range elements(t, path) {
		if id, ok := attribute(element, "id"); ok {
			found[id] = element
		}
	}
	return found
}

// operationSections returns the section of each operation by its ID.
func operationSections(t *testing.T) map[string]*html.Node {
	t.Helper()
	found := map[string]*html.Node{}
	for _, tag := range options(t).Document.Tags {
		byID := elementsByID(t, docs.Prefix+"/"+tag.Name)
		for _, o := range tag.Operations {
			if found[o.ID] = byID[o.ID]; byID[o.ID] == nil {
				t.Fatalf("%s has no section", o.ID)
			}
		}
	}
	return found
}

// text returns the text of an element with white space collapsed, and with a space before each paragraph and list item.
func text(element *html.Node) string {
	var all strings.Builder
	for node := range element.Descendants() {
		switch {
		case node.Type == html.TextNode:
			all.WriteString(node.Data)
		case node.Data == "p" || node.Data == "li":
			all.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

// source returns the HTML of an element.
func source(t *testing.T, element *html.Node) string {
	t.Helper()
	var written bytes.Buffer
	if err := html.Render(&written, element); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

// plain removes the markup of CommonMark from a text and collapses white space.
func plain(markdown string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("`", "", "**", "", "\n- ", "\n").Replace(markdown)), " ")
}

// TestOperationSectionsAreComplete checks that the section of each operation contains everything that the specification
// says about it.
func TestOperationSectionsAreComplete(t *testing.T) {
	t.Parallel()
	sections := operationSections(t)
	for _, o := range options(t).Document.Operations() {
		t.Run(o.ID, func(t *testing.T) {
			t.Parallel()
			read, written := text(sections[o.ID]), source(t, sections[o.ID])
			for _, want := range documented(o) {
				if !strings.Contains(read, want) {
					t.Errorf("the section does not contain %q", want)
				}
			}
			for _, code := range fault.Codes() {
				want := declares(o, problem.Status(code.Describe().Kind)) && docs.MayAnswer(o, code)
				if got := strings.Contains(written, `href="`+docs.ProblemPath(code)+`"`); got != want {
					t.Errorf("link to %s: got %v, want %v", code, got, want)
				}
			}
		})
	}
}

// documented returns the strings that the section of an operation must contain.
func documented(o *reference.Operation) []string {
	want := []string{o.Summary, o.Method, o.Path, o.ID}
	for paragraph := range strings.SplitSeq(o.Description, "\n\n") {
		want = append(want, plain("\n"+paragraph)) // which may be a list
	}
	if o.Permission != nil {
		want = append(append(want, o.Permission.Name), o.Permission.Roles...)
	} else {
		want = append(want, "This operation is public")
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
	for _, response := range o.Responses {
		want = append(want, response.Status, plain(response.Description))
		for _, header := range response.Headers {
			want = append(want, header.Name)
		}
	}
	return want
}

// declares reports whether an operation declares a status with a problem document.
func declares(o *reference.Operation, status int) bool {
	for _, response := range o.Responses {
		for _, media := range response.Media {
			if response.Status == strconv.Itoa(status) && media.Type == "application/problem+json" {
				return true
			}
		}
	}
	return false
}

// TestOperationSectionsHaveSamples checks that the section of each operation contains the sample in every language.
func TestOperationSectionsHaveSamples(t *testing.T) {
	t.Parallel()
	sections := operationSections(t)
	for _, o := range options(t).Document.Operations() {
		shown := map[string]string{}
		for node := range sections[o.ID].Descendants() {
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
			if got, want := shown[language.ID], language.Write(o); got != want {
				t.Errorf("%s in %s: got:\n%s\nwant:\n%s", o.ID, language.Title, got, want)
			}
		}
	}
}

// TestOperationsHavePermanentAddresses checks that the permanent address of each operation redirects to its section.
func TestOperationsHavePermanentAddresses(t *testing.T) {
	t.Parallel()
	h := standard(t)
	for _, o := range options(t).Document.Operations() {
		w := send(t, h, http.MethodGet, docs.OperationPath(o.ID))
		if want := docs.Prefix + "/" + o.Tag + "#" + o.ID; w.Code != http.StatusFound || w.Header().Get("Location") != want {
			t.Errorf("%s: got status %d with Location %q, want 302 with %q", o.ID, w.Code, w.Header().Get("Location"), want)
		}
	}
	if w := send(t, h, http.MethodGet, docs.OperationPath("Unknown")); w.Code != http.StatusNotFound {
		t.Errorf("unknown operation: got status %d, want 404", w.Code)
	}
}

// TestNavigationListsAllOperations checks the navigation of every page that has one.
func TestNavigationListsAllOperations(t *testing.T) {
	t.Parallel()
	for _, path := range pagePaths(t) {
		if path == docs.Prefix+"/try" {
			continue
		}
		navigation := elementsByID(t, path)["side"]
		if navigation == nil {
			t.Errorf("%s has no navigation", path)
			continue
		}
		written := source(t, navigation)
		for _, o := range options(t).Document.Operations() {
			if !strings.Contains(written, `href="`+docs.Prefix+"/"+o.Tag+"#"+o.ID+`"`) {
				t.Errorf("the navigation of %s does not contain %s", path, o.ID)
			}
		}
	}
}

// TestPermissionTableIsComplete checks the roles, the API keys and the operations of each permission.
func TestPermissionTableIsComplete(t *testing.T) {
	t.Parallel()
	rows := elementsByID(t, docs.Prefix+"/permissions")
	d := options(t).Document
	for _, permission := range d.Permissions {
		row := rows[permission.Name]
		if row == nil {
			t.Errorf("%s has no row", permission.Name)
			continue
		}
		var cells []string
		for node := range row.Descendants() {
			if node.Data == "td" {
				cells = append(cells, text(node))
			}
		}
		for i, role := range d.Roles {
			if (cells[i] == "yes") != slices.Contains(permission.Roles, role) {
				t.Errorf("%s: unexpected cell %q for the role %s", permission.Name, cells[i], role)
			}
		}
		want := string(permission.Key)
		if want == "" {
			want = "–"
		}
		if permission.Scope != permission.Name {
			want = "with " + permission.Scope
		}
		if got := cells[len(d.Roles)]; got != want {
			t.Errorf("%s: cell for API keys: got %q, want %q", permission.Name, got, want)
		}
		for _, o := range permission.Operations {
			if !strings.Contains(cells[len(d.Roles)+1], o.ID) {
				t.Errorf("%s: the row does not contain %s", permission.Name, o.ID)
			}
		}
	}
}

// TestSchemaSectionsAreComplete checks that the section of each named schema contains its properties and enum values.
func TestSchemaSectionsAreComplete(t *testing.T) {
	t.Parallel()
	sections := elementsByID(t, docs.Prefix+"/schemas")
	for _, s := range options(t).Document.Schemas {
		section := sections[s.Name]
		if section == nil {
			t.Errorf("%s has no section", s.Name)
			continue
		}
		read := text(section)
		want := []string{plain(s.Description)}
		for _, value := range s.Enum {
			want = append(want, value.Text)
		}
		for _, p := range s.Properties {
			want = append(want, p.Name, plain(p.Schema.Description))
		}
		for _, part := range want {
			if !strings.Contains(read, part) {
				t.Errorf("%s: the section does not contain %q", s.Name, part)
			}
		}
	}
}
