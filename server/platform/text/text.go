// Package text validates texts: it refuses those that are invisible or misleading when displayed.
package text

import (
	"strings"
	"unicode"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Check adds an error to a fault if a text of one line, such as a name, is blank or contains characters that affect the
// display of the surrounding text. The patterns of the specification cannot express this, because their white space is
// that of ASCII.
func Check(f *fault.Fault, pointer, text string) {
	check(f, pointer, text, disturbs)
}

// CheckLines is Check for a text of several lines.
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

// disturbs reports whether a character is invisible and affects the display of the surrounding text: control characters
// and the marks that embed, override or isolate a direction (Unicode Standard Annex 9).
func disturbs(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// Bare returns a text without the white space and the invisible characters around it, which come with texts that people
// copy from mails and documents: spaces of any width, line breaks, and the characters of Unicode's class Cf, such as
// U+200B and U+FEFF.
func Bare(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}
