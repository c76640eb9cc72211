package text_test

import (
	"fmt"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]struct{ line, lines string }{
		"Nora": {}, "O\u2019Brien \u00e9": {}, "\u674e": {},
		"": {"blank", "blank"}, " \u00a0\u2003": {"blank", "blank"},
		"a\nb": {"control_character", ""}, "a\tb": {"control_character", ""}, "a\r\nb": {"control_character", ""},
		"a\x00b": {"control_character", "control_character"}, "a\u202eb": {"control_character", "control_character"},
		"a\u2066b": {"control_character", "control_character"}, "a\x7fb": {"control_character", "control_character"},
	} {
		t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
			t.Parallel()
			one, several := fault.New(fault.RuleViolated), fault.New(fault.RuleViolated)
			text.Optional(one, "/name", &value)
			text.OptionalLines(several, "/text", &value)
			if got := codes(one); got != want.line {
				t.Errorf("%q as a line: got %q, want %q", value, got, want.line)
			}
			if got := codes(several); got != want.lines {
				t.Errorf("%q as lines: got %q, want %q", value, got, want.lines)
			}
		})
	}
	f := fault.New(fault.RuleViolated)
	text.Optional(f, "/name", nil)
	text.OptionalLines(f, "/name", nil)
	if len(f.Fields()) > 0 {
		t.Errorf("an absent text has errors: %v", f.Fields())
	}
}

func codes(f *fault.Fault) string {
	all := ""
	for _, field := range f.Fields() {
		all += field.Code
	}
	return all
}
