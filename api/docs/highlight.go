package docs

import (
	"regexp"
	"strings"
)

// token is a piece of source code. class is the CSS class that colors it; it is empty for plain code.
type token struct{ class, text string }

// tokenPattern matches, in this order: comments, strings with an optional colon after them, numbers, and words.
var tokenPattern = regexp.MustCompile(
	"(?m)(^\\s*(?://|#).*$)" +
		"|(\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`)(\\s*:)?" +
		`|\b(\d+(?:\.\d+)?)\b` +
		`|([A-Za-z_$][A-Za-z0-9_]*)`)

// keywords are those of all languages of the samples, separated by spaces.
const keywords = " as async await break const continue def defer else err error except export False false for" +
	" from func if import in let new nil None null print raise return throw true True try type var with curl "

// tokenize splits source code for syntax highlighting. The classes are c for comments, p for JSON property names, s for
// other strings, n for numbers, and k for keywords.
func tokenize(code string) []token {
	var tokens []token
	end := 0
	add := func(class string, from, to int) {
		if from < to {
			tokens = append(tokens, token{class, code[from:to]})
		}
		end = to
	}
	for _, match := range tokenPattern.FindAllStringSubmatchIndex(code, -1) {
		add("", end, match[0])
		switch {
		case match[2] >= 0:
			add("c", match[2], match[3])
		case match[6] >= 0:
			add("p", match[4], match[5])
			add("", match[6], match[7])
		case match[4] >= 0:
			add("s", match[4], match[5])
		case match[8] >= 0:
			add("n", match[8], match[9])
		case strings.Contains(keywords, " "+code[match[0]:match[1]]+" "):
			add("k", match[0], match[1])
		default:
			add("", match[0], match[1])
		}
	}
	add("", end, len(code))
	return tokens
}
