package docs

import (
	"html"
	"regexp"
	"strings"
)

// tokens tells apart, in that order: comments, texts, numbers, and words with the colon after a name of a member.
var tokens = regexp.MustCompile(
	"(?m)(^\\s*(?://|#).*$)" +
		"|(\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`)(\\s*:)?" +
		`|\b(\d+(?:\.\d+)?)\b` +
		`|([A-Za-z_$][A-Za-z0-9_]*)`)

// keywords are the words that the languages of the samples have of their own.
const keywords = " as async await break const continue def defer else err error except export false False for" +
	" from func if import in let new nil None null print raise return throw true True try type var with curl "

// highlighted gives code as HTML in which comments, texts, numbers and keywords can be coloured. JSON's names of
// members are told apart from its texts.
func highlighted(code string) markup {
	var written strings.Builder
	from := 0
	mark := func(class string, start, end int) {
		written.WriteString(`<span class="` + class + `">` + html.EscapeString(code[start:end]) + "</span>")
	}
	for _, match := range tokens.FindAllStringSubmatchIndex(code, -1) {
		written.WriteString(html.EscapeString(code[from:match[0]]))
		from = match[1]
		switch {
		case match[2] >= 0:
			mark("c", match[2], match[3])
		case match[6] >= 0:
			mark("p", match[4], match[5])
			written.WriteString(code[match[6]:match[7]])
		case match[4] >= 0:
			mark("s", match[4], match[5])
		case match[8] >= 0:
			mark("n", match[8], match[9])
		case strings.Contains(keywords, " "+code[match[0]:match[1]]+" "):
			mark("k", match[0], match[1])
		default:
			written.WriteString(html.EscapeString(code[match[0]:match[1]]))
		}
	}
	return markup(written.String() + html.EscapeString(code[from:]))
}
