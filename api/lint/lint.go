// Package lint checks the specification against the conventions of this API. Each rule checks the whole document and
// reports violations with their pointer, file and line. For every rule, a test breaks the document and expects a
// finding.
package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// Rule is a convention.
type Rule struct {
	// Name identifies the rule in findings and suppressions. It is in kebab-case.
	Name string
	// Description says what the rule requires.
	Description string

	run func(*checker)
}

// Finding is a violation of a rule.
type Finding struct {
	// Rule is the name of the rule.
	Rule string
	// Pointer is a JSON pointer (RFC 6901) in URI fragment form, such as #/paths/~1health.
	Pointer string
	// File and Line give the position of the pointer in the source. Lines begin at 1.
	File string
	Line int
	// Message says what is wrong and how to fix it.
	Message string
}

// Outcome is the result of a rule.
type Outcome struct {
	Rule Rule
	// Checked is the number of checks that the rule has made.
	Checked int
	// Findings are the violations without a suppression, ordered by position.
	Findings []Finding
	// Suppressed are the violations with a suppression.
	Suppressed []Finding
}

// Rules returns all rules. They are independent of each other.
func Rules() []Rule {
	return slices.Concat(
		documentRules(), textRules(), operationRules(), pathRules(), accessRules(), bodyRules(), responseRules(),
		conditionRules(), listRules(), parameterRules(), schemaRules(), requestRules(), nameRules(), enumRules(),
		exampleRules(), deprecationRules(),
	)
}

// Check runs all rules and applies the suppressions. It adds an outcome for the rule "suppressions", which reports
// suppressions that are unused or have no reason.
func Check(document *Document, suppressions []Suppression) []Outcome {
	var outcomes []Outcome
	for _, rule := range Rules() {
		outcomes = append(outcomes, rule.check(document))
	}
	suppressed := suppress(outcomes, suppressions)
	for i, finding := range suppressed.Findings {
		suppressed.Findings[i].File, suppressed.Findings[i].Line = document.Position(finding.Pointer)
	}
	return append(outcomes, suppressed)
}

// check runs a rule.
func (r Rule) check(document *Document) Outcome {
	c := &checker{Document: document, rule: r.Name}
	r.run(c)
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Pointer, b.Pointer))
	})
	return Outcome{Rule: r, Checked: c.checked, Findings: slices.Compact(c.findings)}
}

// checker gives a rule access to the document and collects its findings.
type checker struct {
	*Document
	rule     string
	checked  int
	findings []Finding
}

// require adds a finding if a condition is false.
func (c *checker) require(ok bool, pointer, format string, args ...any) {
	c.checked++
	if !ok {
		file, line := c.Position(pointer)
		c.findings = append(c.findings, Finding{
			Rule: c.rule, Pointer: pointer, File: file, Line: line, Message: fmt.Sprintf(format, args...),
		})
	}
}
