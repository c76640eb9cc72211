package lint_test

import (
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/lint"
)

// TestSpecificationFollowsTheRules checks the specification, and that every rule makes at least one check.
func TestSpecificationFollowsTheRules(t *testing.T) {
	t.Parallel()
	document, err := lint.Load(t.Context(), "../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	suppressions := lint.Suppressed()
	outcomes := lint.Check(document, suppressions)
	for _, outcome := range outcomes {
		if outcome.Checked == 0 {
			t.Errorf("%s: the rule has made no checks", outcome.Rule.Name)
		}
		for _, finding := range outcome.Findings {
			t.Errorf("%s:%d: %s: %s: %s", finding.File, finding.Line, finding.Rule, finding.Pointer, finding.Message)
		}
	}
	report, found := lint.Report(document, outcomes, suppressions)
	if found > 0 && !t.Failed() {
		t.Errorf("Report returned %d findings, want 0", found)
	}
	for _, outcome := range outcomes {
		if !strings.Contains(report, outcome.Rule.Name) || !strings.Contains(report, outcome.Rule.Description) {
			t.Errorf("the report does not contain the rule %s", outcome.Rule.Name)
		}
	}
	for _, s := range suppressions {
		if !strings.Contains(report, s.Reason) {
			t.Errorf("the report does not contain the reason %q", s.Reason)
		}
	}
}

// TestRulesHaveNamesAndDescriptions checks that names are unique and in kebab-case, and descriptions are sentences.
func TestRulesHaveNamesAndDescriptions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rule := range lint.Rules() {
		if seen[rule.Name] {
			t.Errorf("two rules have the name %s", rule.Name)
		}
		seen[rule.Name] = true
		if rule.Name == "" || strings.ContainsAny(rule.Name, " _") || !strings.HasSuffix(rule.Description, ".") {
			t.Errorf("rule %q: the name or the description %q is malformed", rule.Name, rule.Description)
		}
	}
}

func TestPositionReturnsLines(t *testing.T) {
	t.Parallel()
	document, err := lint.Read(t.Context(), []byte(`openapi: 3.1.0
info: {title: T, version: 1.0.0}
paths:
  /things/{thing_id}:
    get:
      responses: &shared
        '200':
          description: Success.
    put:
      responses: *shared
components: {}
`))
	if err != nil {
		t.Fatal(err)
	}
	for pointer, line := range map[string]int{
		"#": 1, "#/paths": 3, "#/paths/~1things~1{thing_id}": 4, "#/paths/~1things~1{thing_id}/get": 5,
		"#/paths/~1things~1{thing_id}/put/responses/200": 7, "#/paths/~1things~1{thing_id}/put/responses/200/description": 8,
		"#/info/title": 2, "#/nowhere": 1, "#/paths/~1things~1{thing_id}/get/security": 5,
	} {
		t.Run(pointer, func(t *testing.T) {
			t.Parallel()
			if _, got := document.Position(pointer); got != line {
				t.Errorf("got line %d, want %d", got, line)
			}
		})
	}
}

func TestReadRejectsInvalidDocuments(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"invalid YAML": "a: [", "list": "[1]", "empty": "", "string": "hello",
		"no paths":                      "openapi: 3.1.0\ninfo: {title: T, version: 1.0.0}\n",
		"duplicate key":                 "openapi: 3.1.0\nopenapi: 3.1.0\n",
		"missing target of a reference": "openapi: 3.1.0\ninfo: {title: T, version: 1.0.0}\ncomponents: {}\npaths:\n  /a: {get: {responses: {'200': {$ref: '#/components/responses/None'}}}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := lint.Read(t.Context(), []byte(text)); err == nil {
				t.Error("got no error")
			}
		})
	}
}
