package page

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Hint returns how to write the filters of an empty page that may have been meant in another way, because their values
// contain a comma or, in the query as it was sent, a + that means a space; nil if there are none, or if entries were
// found. The names are the filters whose values may contain both.
func Hint(found int, query string, names ...string) *string {
	if found > 0 {
		return nil
	}
	var hints []string
	for pair := range strings.SplitSeq(query, "&") {
		name, sent, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(sent)
		if err != nil || !slices.Contains(names, name) {
			continue
		}
		first, rest, several := strings.Cut(value, ",")
		switch second, _, _ := strings.Cut(rest, ","); {
		case !several:
		case name == "tag":
			hints = append(hints, fmt.Sprintf("The comma in tag is part of the value."+
				" Repeat the parameter for candidates that have several tags: tag=%s&tag=%s",
				url.QueryEscape(clip(first)), url.QueryEscape(clip(second))))
		default:
			hints = append(hints, fmt.Sprintf("The comma in %s is part of the value. The parameter takes one value.", name))
		}
		if strings.Contains(sent, "+") {
			hints = append(hints, fmt.Sprintf("The + in %s means a space. Write a + of the value as %%2B.", name))
		}
	}
	if len(hints) == 0 {
		return nil
	}
	hint := hints[0]
	const most = 500 // bytes; the bound of the specification
	if len(hints) > 1 && len(hint)+len(hints[1]) < most {
		hint += " " + hints[1]
	}
	return &hint
}

// clip shortens what a client sent to what a hint repeats of it.
func clip(sent string) string {
	const most = 10
	if runes := []rune(sent); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return sent
}
