package calendar

import (
	"fmt"
	"strings"
	"unicode"
)

// What may stand in a URI besides letters and digits: in any (RFC 3986, section 2), and in an address after mailto:
// (RFC 6068, section 2).
const (
	uriCharacters     = "-._~:/?#[]@!$&'()*+,;=%"
	addressCharacters = "-._~!$'*+@"
)

// clean prepares a text that the library escapes. Whatever some program may take for the end of a line becomes the one
// line break that is escaped; the other control characters, which RFC 5545 has no room for, are left out.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return r
		case r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}

// quote writes the value of a parameter in quotation marks, within which everything means itself except the circumflex
// of RFC 6868. The quotation mark itself becomes an apostrophe: that RFC has a way to write it too, but few programs
// read it.
func quote(text string) string {
	return `"` + strings.NewReplacer(`"`, `'`, "^", "^^", "\n", " ").Replace(clean(text)) + `"`
}

// percent encodes every byte that is neither a letter, a digit nor among those allowed (RFC 3986, section 2.1).
func percent(text, allowed string) string {
	var encoded strings.Builder
	for _, b := range []byte(text) {
		switch {
		case '0' <= b && b <= '9', 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', strings.IndexByte(allowed, b) >= 0:
			encoded.WriteByte(b)
		default:
			fmt.Fprintf(&encoded, "%%%02X", b)
		}
	}
	return encoded.String()
}
