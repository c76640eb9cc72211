// Package text refuses what looks like text to a program and like nothing, or like something else, to a person.
package text

import (
	"strings"
	"unicode"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Check adds to a fault what is wrong with a text of one line, such as a name: it is blank, or has characters that
// disturb what stands around them. The specification cannot say so: its patterns know only ASCII's white space.
func Check(f *fault.Fault, pointer, text string) {
	check(f, pointer, text, disturbs)
}

// CheckLines is Check for a text that may have several lines.
func CheckLines(f *fault.Fault, pointer, text string) {
	check(f, pointer, text, func(r rune) bool { return disturbs(r) && r != '\n' && r != '\r' && r != '\t' })
}

func check(f *fault.Fault, pointer, text string, disturbs func(rune) bool) {
	if strings.TrimSpace(text) == "" {
		f.Field(pointer, "blank", "must have a visible character")
	}
	if strings.ContainsFunc(text, disturbs) {
		f.Field(pointer, "control_character",
			"must not have control characters or marks that change the direction of text")
	}
}

// Optional is Check for a text that may be absent.
func Optional(f *fault.Fault, pointer string, text *string) {
	if text != nil {
		Check(f, pointer, *text)
	}
}

// OptionalLines is CheckLines for a text that may be absent.
func OptionalLines(f *fault.Fault, pointer string, text *string) {
	if text != nil {
		CheckLines(f, pointer, *text)
	}
}

// disturbs reports whether a character shows nothing itself and disturbs what stands around it: control characters, and
// the marks that embed, override or isolate a direction (Unicode Standard Annex 9).
func disturbs(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
