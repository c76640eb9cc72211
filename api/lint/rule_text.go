package lint

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestSummary is how many characters fit into a line of a navigation.
const longestSummary = 64

var unfinished = regexp.MustCompile(`(?i)\b(todo|fixme|tbd|xxx|lorem)\b|  +\S`)

func textRules() []Rule {
	return []Rule{
		{"everything-is-described", "A client's author reads what each thing means.", everythingIsDescribed},
		{
			"descriptions-are-sentences",
			"A description ends with a full stop, and holds nothing unfinished.",
			func(l *look) {
				l.mappings(func(m mapping) {
					text := strings.TrimSpace(m.text("description"))
					if !m.has("description") {
						return
					}
					at := m.pointer + "/description"
					l.ask(strings.HasSuffix(text, "."), at, "does not end with a full stop: %q", text)
					l.ask(!unfinished.MatchString(flat(text)), at, "holds something unfinished, or two blanks in a row")
				})
			},
		},
		{
			"summaries-are-titles",
			"A summary is a short title of its own, without a full stop.",
			func(l *look) {
				seen := map[string]string{}
				for _, op := range l.operations {
					first, _ := utf8.DecodeRuneInString(op.Summary)
					at := op.pointer + "/summary"
					l.ask(unicode.IsUpper(first), at, "does not begin with a capital: %q", op.Summary)
					l.ask(!strings.HasSuffix(op.Summary, "."), at, "ends with a full stop: %q", op.Summary)
					l.ask(utf8.RuneCountInString(op.Summary) <= longestSummary, at,
						"is longer than %d characters", longestSummary)
					l.ask(seen[op.Summary] == "", at, "is the summary of %s too", seen[op.Summary])
					seen[op.Summary] = op.OperationID
				}
			},
		},
	}
}

// flat is a text in one line: where authors break lines says nothing.
func flat(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

func everythingIsDescribed(l *look) {
	ask := func(text, pointer string) { l.ask(strings.TrimSpace(text) != "", pointer, "has no description") }
	ask(l.api.Info.Description, "#/info")
	for name, scheme := range sorted(l.api.Components.SecuritySchemes) {
		ask(scheme.Value.Description, "#/components/securitySchemes/"+escape(name))
	}
	for _, op := range l.operations {
		ask(op.Description, op.pointer)
	}
	for _, p := range l.parameters {
		ask(p.Description, p.pointer)
	}
	for _, h := range l.headers {
		ask(h.Description, h.pointer)
	}
	for _, a := range l.answers {
		l.ask(a.Description != nil && strings.TrimSpace(*a.Description) != "", a.pointer, "has no description")
	}
	for _, s := range l.schemas {
		if s.kind != asParameter && s.kind != asHeader { // their own descriptions count
			ask(s.Description, s.pointer)
		}
	}
}
