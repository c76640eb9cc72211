package docs_test

import (
	"html"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/problem"
)

func TestEveryProblemIsDescribed(t *testing.T) {
	t.Parallel()
	h := handler(t, options(t))
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
	h := handler(t, options(t))
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
	h := handler(t, options(t))
	page := ask(t, h, http.MethodGet, docs.ProblemPath(fault.EmailTaken)).Body.String()
	if !strings.Contains(page, docs.ProblemPath(fault.SlugTaken)) {
		t.Error("a conflict's page does not name the other conflicts")
	}
	if strings.Contains(page, `href="`+docs.ProblemPath(fault.RateLimited)+`"`) {
		t.Error("a conflict's page names a problem of another status")
	}
}
