package docs_test

import (
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	gen "github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func TestEveryErrorCodeHasAPage(t *testing.T) {
	t.Parallel()
	h := standard(t)
	list := send(t, h, http.MethodGet, docs.Prefix+"/problems").Body.String()
	for _, code := range fault.Codes() {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			described := code.Describe()
			if !strings.Contains(list, `href="`+docs.ProblemPath(code)+`"`) {
				t.Error("the list of error codes has no link to the page")
			}
			w := send(t, h, http.MethodGet, docs.ProblemPath(code))
			if w.Code != http.StatusOK {
				t.Errorf("status %d", w.Code)
			}
			page := html.UnescapeString(w.Body.String())
			status := problem.Status(described.Kind)
			for _, want := range []string{
				"<code>" + string(code) + "</code>", described.Title, described.Meaning, described.Remedy,
				strconv.Itoa(status), http.StatusText(status),
			} {
				if !strings.Contains(page, want) {
					t.Errorf("the page does not contain %q", want)
				}
			}
		})
	}
}

func TestErrorCodesAreGroupedByStatus(t *testing.T) {
	t.Parallel()
	page := send(t, standard(t), http.MethodGet, docs.Prefix+"/problems").Body.String()
	at := -1
	for _, want := range []string{
		`id="status-400"`, "malformed_request", `id="status-401"`, "invalid_credentials", `id="status-404"`, "not_found",
		`id="status-500"`, "internal_error", `id="status-503"`, "dependency_unavailable", "overloaded",
	} {
		next := strings.Index(page, want)
		if next <= at {
			t.Errorf("%s is at %d, want it after %d", want, next, at)
		}
		at = next
	}
}

func TestErrorCodePageLinksToCodesWithTheSameStatus(t *testing.T) {
	t.Parallel()
	page := send(t, standard(t), http.MethodGet, docs.ProblemPath(fault.EmailTaken)).Body.String()
	if !strings.Contains(page, docs.ProblemPath(fault.SlugTaken)) {
		t.Error("the page of a 409 has no link to another 409")
	}
	if strings.Contains(page, `href="`+docs.ProblemPath(fault.RateLimited)+`"`) {
		t.Error("the page of a 409 links to a 429")
	}
}

// TestErrorCodePagesHaveExamplesAndOperations checks that the example on each page is a valid Problem with the code,
// and that the page links to exactly the operations that can return the code.
func TestErrorCodePagesHaveExamplesAndOperations(t *testing.T) {
	t.Parallel()
	document, err := gen.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	schema := document.Components.Schemas["Problem"].Value
	for _, code := range fault.Codes() {
		var shown strings.Builder
		links := map[string]bool{}
		for _, element := range elements(t, docs.ProblemPath(code)) {
			if class, _ := attribute(element, "class"); class == "document" {
				for node := range element.Descendants() {
					if node.Type == nethtml.TextNode {
						shown.WriteString(node.Data)
					}
				}
			}
			if class, _ := attribute(element, "class"); class == "sources" {
				for node := range element.Descendants() {
					if target, found := attribute(node, "href"); found {
						links[target] = true
					}
				}
			}
		}
		var example map[string]any
		if err := json.Unmarshal([]byte(shown.String()), &example); err != nil {
			t.Errorf("%s: the example %q is not valid JSON: %v", code, shown.String(), err)
			continue
		}
		if err := schema.VisitJSON(example); err != nil {
			t.Errorf("%s: the example does not match the schema Problem: %v", code, err)
		}
		status := problem.Status(code.Describe().Kind)
		if example["code"] != string(code) || example["status"] != float64(status) || example["type"] != docs.ProblemPath(code) {
			t.Errorf("%s: unexpected example %s", code, shown.String())
		}
		for _, o := range options(t).Document.Operations() {
			want := declares(o, status) && docs.MayAnswer(o, code)
			if got := links[docs.Prefix+"/"+o.Tag+"#"+o.ID]; got != want {
				t.Errorf("%s: link to %s: got %v, want %v", code, o.ID, got, want)
			}
		}
	}
}
