package lint

import "fmt"

// Suppression suppresses the findings of a rule at a pointer.
type Suppression struct {
	// Rule and Pointer are those of the finding.
	Rule, Pointer string
	// Reason explains the exception.
	Reason string
}

// suppress moves findings with a suppression to Suppressed. It returns the outcome of the rule "suppressions".
func suppress(outcomes []Outcome, suppressions []Suppression) Outcome {
	result := Outcome{Checked: len(suppressions), Rule: Rule{
		Name: "suppressions", Description: "A suppression has a reason, and suppresses at least one finding.",
	}}
	used := make([]bool, len(suppressions))
	for i := range outcomes {
		found := outcomes[i].Findings
		outcomes[i].Findings = nil
		for _, finding := range found {
			suppressed := false
			for j, s := range suppressions {
				if s.Rule == finding.Rule && s.Pointer == finding.Pointer {
					suppressed, used[j] = true, true
				}
			}
			if suppressed {
				outcomes[i].Suppressed = append(outcomes[i].Suppressed, finding)
			} else {
				outcomes[i].Findings = append(outcomes[i].Findings, finding)
			}
		}
	}
	report := func(s Suppression, message string) {
		result.Findings = append(result.Findings, Finding{
			Rule: result.Rule.Name, Pointer: s.Pointer, Message: fmt.Sprintf("the suppression of %s %s", s.Rule, message),
		})
	}
	for j, s := range suppressions {
		if s.Reason == "" {
			report(s, "has no reason: add one")
		}
		if !used[j] {
			report(s, "is unused: remove it")
		}
	}
	return result
}
