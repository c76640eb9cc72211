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

func TestEveryProblemIsDescribed(t *testing.T) {
	t.Parallel()
	h := standard(t)
	list := ask(t, h, http.MethodGet, docs.Prefix+"/problems").Body.String()
	for _, code := range fault.Codes() {
		described := code.Describe()
		if !strings.Contains(list, `href="`+docs.ProblemPath(code)+`"`) {
			t.Errorf("the list lacks %s", code)
		}
		w := ask(t, h, http.MethodGet, docs.ProblemPath(code))
		if w.Code != http.StatusOK {
			t.Errorf("the page of %s is %d", code, w.Code)
		}
		page := html.UnescapeString(w.Body.String())
		answered := problem.Status(described.Kind)
		for _, want := range []string{
			"<code>" + string(code) + "</code>", described.Title, described.Meaning, described.Remedy,
			strconv.Itoa(answered), http.StatusText(answered),
		} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of %s lacks %q", code, want)
			}
		}
	}
}

func TestProblemsAreGroupedByStatus(t *testing.T) {
	t.Parallel()
	h := standard(t)
	page := ask(t, h, http.MethodGet, docs.Prefix+"/problems").Body.String()
	at := -1
	for _, want := range []string{
		`id="status-400"`, "malformed_request", `id="status-401"`, "invalid_credentials", `id="status-404"`, "not_found",
		`id="status-500"`, "internal_error", `id="status-503"`, "dependency_unavailable", "overloaded",
	} {
		next := strings.Index(page, want)
		if next <= at {
			t.Errorf("%s stands at %d, want it after %d", want, next, at)
		}
		at = next
	}
}

func TestProblemPageNamesItsNeighbours(t *testing.T) {
	t.Parallel()
	h := standard(t)
	page := ask(t, h, http.MethodGet, docs.ProblemPath(fault.EmailTaken)).Body.String()
	if !strings.Contains(page, docs.ProblemPath(fault.SlugTaken)) {
		t.Error("a conflict's page does not name the other conflicts")
	}
	if strings.Contains(page, `href="`+docs.ProblemPath(fault.RateLimited)+`"`) {
		t.Error("a conflict's page names a problem of another status")
	}
}

// TestProblemPagesShowADocument expects on each page a document that fits the schema Problem and carries the code, and
// links to exactly the operations that may answer it.
func TestProblemPagesShowADocument(t *testing.T) {
	t.Parallel()
	document, err := gen.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
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
			t.Errorf("the page of %s shows %q: %v", code, shown.String(), err)
			continue
		}
		if err := document.Components.Schemas["Problem"].Value.VisitJSON(example); err != nil {
			t.Errorf("the page of %s shows what is no problem: %v", code, err)
		}
		answered := problem.Status(code.Describe().Kind)
		if example["code"] != string(code) || example["status"] != float64(answered) || example["type"] != docs.ProblemPath(code) {
			t.Errorf("the page of %s shows %s", code, shown.String())
		}
		for _, o := range options(t).Document.Operations() {
			may := declares(o, answered) && docs.MayAnswer(o, code)
			if links[docs.Prefix+"/"+o.Tag+"#"+o.ID] != may {
				t.Errorf("the page of %s names %s: %v", code, o.ID, !may)
			}
		}
	}
}
