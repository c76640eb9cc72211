package lint

import "fmt"

// Suppression lets one finding stand.
type Suppression struct {
	// Rule and Pointer are those of the finding.
	Rule, Pointer string
	// Reason says why the rule does not hold there.
	Reason string
}

// suppress moves what the suppressions explain out of the findings, and finds the suppressions that explain nothing.
func suppress(outcomes []Outcome, suppressions []Suppression) Outcome {
	suppressing := Outcome{Checked: len(suppressions), Rule: Rule{
		Name: "suppressions", Why: "What lets a finding stand says why, and goes when the finding goes.",
	}}
	used := make([]bool, len(suppressions))
	for i := range outcomes {
		found := outcomes[i].Findings
		outcomes[i].Findings = nil
		for _, finding := range found {
			explained := false
			for j, s := range suppressions {
				if s.Rule == finding.Rule && s.Pointer == finding.Pointer {
					explained, used[j] = true, true
				}
			}
			if explained {
				outcomes[i].Suppressed = append(outcomes[i].Suppressed, finding)
			} else {
				outcomes[i].Findings = append(outcomes[i].Findings, finding)
			}
		}
	}
	say := func(s Suppression, what string) {
		suppressing.Findings = append(suppressing.Findings, Finding{
			Rule: suppressing.Rule.Name, Pointer: s.Pointer, Message: fmt.Sprintf("the suppression of %s %s", s.Rule, what),
		})
	}
	for j, s := range suppressions {
		if s.Reason == "" {
			say(s, "gives no reason")
		}
		if !used[j] {
			say(s, "explains nothing any more")
		}
	}
	return suppressing
}
