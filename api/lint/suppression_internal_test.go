package lint

import "testing"

func TestSuppressionsExplainOneFindingEach(t *testing.T) {
	t.Parallel()
	outcomes := func() []Outcome {
		return []Outcome{{Rule: Rule{Name: "one"}, Findings: []Finding{{Rule: "one", Pointer: "#/a"}, {Rule: "one", Pointer: "#/b"}}}}
	}
	for name, test := range map[string]struct {
		suppressions            []Suppression
		found, suppressed, said int
	}{
		"none":                     {nil, 2, 0, 0},
		"one with a reason":        {[]Suppression{{"one", "#/a", "It is so."}}, 1, 1, 0},
		"one without a reason":     {[]Suppression{{"one", "#/a", ""}}, 1, 1, 1},
		"another rule's":           {[]Suppression{{"two", "#/a", "It is so."}}, 2, 0, 1},
		"at another place":         {[]Suppression{{"one", "#/c", "It is so."}}, 2, 0, 1},
		"one that covers too much": {[]Suppression{{"one", "#", "It is so."}}, 2, 0, 1},
	} {
		given := outcomes()
		said := suppress(given, test.suppressions)
		if len(given[0].Findings) != test.found || len(given[0].Suppressed) != test.suppressed || len(said.Findings) != test.said {
			t.Errorf("%s: leaves %d findings, suppresses %d, and says %v", name, len(given[0].Findings), len(given[0].Suppressed), said.Findings)
		}
	}
}
