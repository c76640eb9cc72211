package lint

import (
	"fmt"
	"strings"
)

// Report formats outcomes and suppressions for people. It also returns the number of findings.
func Report(d *Document, outcomes []Outcome, suppressions []Suppression) (text string, found int) {
	var b strings.Builder
	checked, suppressed := 0, 0
	for _, o := range outcomes {
		mark := "  "
		if len(o.Findings) > 0 {
			mark = "✗ "
		}
		fmt.Fprintf(&b, "%s%-34s %6d  %s\n", mark, o.Rule.Name, o.Checked, o.Rule.Description)
		for _, finding := range o.Findings {
			fmt.Fprintf(&b, "    %s:%d: %s: %s\n", finding.File, finding.Line, finding.Pointer, finding.Message)
		}
		checked += o.Checked
		found += len(o.Findings)
		suppressed += len(o.Suppressed)
	}
	for _, s := range suppressions {
		file, line := d.Position(s.Pointer)
		fmt.Fprintf(&b, "  suppressed: %s:%d: %s (%s): %s\n", file, line, s.Pointer, s.Rule, s.Reason)
	}
	fmt.Fprintf(&b, "%d rules made %d checks of %d operations and %d schemas: ",
		len(outcomes), checked, d.Operations(), d.Schemas())
	fmt.Fprintf(&b, "%d findings, %d suppressed for %d reasons.\n", found, suppressed, len(suppressions))
	return b.String(), found
}
