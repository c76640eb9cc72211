package text_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

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

func TestBare(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", " \u00a0": "", "a@b.example": "a@b.example", " a b\r\n": "a b", "\u00a0a\u3000": "a", "\ufeffa": "a",
		"a\u200b": "a", "\u202aa\u202c": "a", "a\u200bb": "a\u200bb", "\u2003a \u200b ": "a",
	} {
		t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
			t.Parallel()
			if got := text.Bare(value); got != want {
				t.Errorf("%q: got %q, want %q", value, got, want)
			}
		})
	}
}

func TestAppendID(t *testing.T) {
	t.Parallel()
	for _, id := range []uuid.UUID{uuid.Nil, uuid.Max, uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789b1")} {
		if got := string(text.AppendID([]byte("id "), id)); got != "id "+id.String() || len(got) != 3+text.IDLength {
			t.Errorf("got %s, want %s", got, id)
		}
	}
}
