// Package lint holds the specification against the conventions of this API: what clients rely on in every operation is
// a rule here, so that an operation that forgets it does not pass. A rule looks at the whole document and says where it
// is broken, by pointer and line; a test breaks the document for every rule to see that it does.
package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// Rule is one convention.
type Rule struct {
	// Name is what findings and suppressions call the rule, in kebab-case.
	Name string
	// Why says what the rule asks for, in one sentence.
	Why string

	look func(*look)
}

// Finding is one place that breaks a rule.
type Finding struct {
	// Rule is the name of the rule that is broken.
	Rule string
	// Pointer is where, as a JSON pointer (RFC 6901) in a URI fragment's place: #/paths/~1health.
	Pointer string
	// File is the file of the specification, and Line the line in it, from 1.
	File string
	Line int
	// Message says what is wrong.
	Message string
}

// Outcome is what a rule has found.
type Outcome struct {
	Rule Rule
	// Checked is how many questions the rule has asked of the document.
	Checked int
	// Findings are those that no suppression explains, by line.
	Findings []Finding
	// Suppressed are those that one does.
	Suppressed []Finding
}

// Rules lists all rules. They do not depend on each other.
func Rules() []Rule {
	return slices.Concat(
		documentRules(), textRules(), operationRules(), pathRules(), accessRules(), bodyRules(), answerRules(),
		conditionRules(), listRules(), parameterRules(), schemaRules(), requestRules(), nameRules(), enumRules(),
		exampleRules(), deprecationRules(),
	)
}

// Check asks all rules, and holds their findings against the suppressions. A suppression that no finding needs, or that
// gives no reason, is a finding itself, of the rule "suppressions".
func Check(document *Document, suppressions []Suppression) []Outcome {
	var outcomes []Outcome
	for _, rule := range Rules() {
		outcomes = append(outcomes, rule.ask(document))
	}
	suppressing := suppress(outcomes, suppressions)
	for i := range suppressing.Findings {
		finding := &suppressing.Findings[i]
		finding.File, finding.Line = document.Position(finding.Pointer)
	}
	return append(outcomes, suppressing)
}

// ask puts one rule to the document.
func (r Rule) ask(document *Document) Outcome {
	l := &look{Document: document, rule: r.Name}
	r.look(l)
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Pointer, b.Pointer))
	})
	return Outcome{Rule: r, Checked: l.checked, Findings: slices.Compact(l.findings)}
}

// look is one rule's view of the document, and what it has to say.
type look struct {
	*Document
	rule     string
	checked  int
	findings []Finding
}

// ask asks one question of one place: unless it is answered well, that is a finding.
func (l *look) ask(well bool, pointer, format string, args ...any) {
	l.checked++
	if !well {
		file, line := l.Position(pointer)
		l.findings = append(l.findings, Finding{
			Rule: l.rule, Pointer: pointer, File: file, Line: line, Message: fmt.Sprintf(format, args...),
		})
	}
}
