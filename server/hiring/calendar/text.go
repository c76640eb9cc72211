package calendar

import (
	"fmt"
	"strings"
	"unicode"
)

// The characters besides letters and digits that are not percent-encoded in a URI (RFC 3986, section 2), and in the
// address of a mailto URI (RFC 6068, section 2).
const (
	uriCharacters     = "-._~:/?#[]@!$&'()*+,;=%"
	addressCharacters = "-._~!$'*+@"
)

// clean prepares a text for the library, which escapes line feeds but no other line break. It replaces every character
// that a calendar program may read as a line break by a line feed, removes the control characters that RFC 5545 does
// not allow, and replaces invalid UTF-8.
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

// quote returns a text as a quoted parameter value. Within quotes only the circumflex needs an escape (RFC 6868).
// Quotation marks become apostrophes, because few calendar programs decode the escape that RFC 6868 defines for them.
func quote(text string) string {
	return `"` + unquoted.Replace(clean(text)) + `"`
}

var unquoted = strings.NewReplacer(`"`, `'`, "^", "^^", "\n", " ") //nolint:gochecknoglobals // a constant

// percent percent-encodes every byte that is not an ASCII letter, a digit or one of the allowed characters (RFC 3986,
// section 2.1).
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
