package lint

import "testing"

func TestSuppressionsNeedAReasonAndAFinding(t *testing.T) {
	t.Parallel()
	outcomes := func() []Outcome {
		return []Outcome{{Rule: Rule{Name: "one"}, Findings: []Finding{{Rule: "one", Pointer: "#/a"}, {Rule: "one", Pointer: "#/b"}}}}
	}
	for name, test := range map[string]struct {
		suppressions                []Suppression
		found, suppressed, reported int
	}{
		"none":                  {nil, 2, 0, 0},
		"one with a reason":     {[]Suppression{{"one", "#/a", "A reason."}}, 1, 1, 0},
		"one without a reason":  {[]Suppression{{"one", "#/a", ""}}, 1, 1, 1},
		"other rule":            {[]Suppression{{"two", "#/a", "A reason."}}, 2, 0, 1},
		"other pointer":         {[]Suppression{{"one", "#/c", "A reason."}}, 2, 0, 1},
		"parent of the pointer": {[]Suppression{{"one", "#", "A reason."}}, 2, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checked := outcomes()
			result := suppress(checked, test.suppressions)
			if got := len(checked[0].Findings); got != test.found {
				t.Errorf("got %d findings, want %d", got, test.found)
			}
			if got := len(checked[0].Suppressed); got != test.suppressed {
				t.Errorf("got %d suppressed findings, want %d", got, test.suppressed)
			}
			if got := len(result.Findings); got != test.reported {
				t.Errorf("got findings %v about the suppressions, want %d", result.Findings, test.reported)
			}
		})
	}
}
