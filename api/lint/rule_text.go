package lint

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSummary is the maximum length of a summary, in characters. Longer ones do not fit in a navigation.
const maxSummary = 64

var unfinished = regexp.MustCompile(`(?i)\b(todo|fixme|tbd|xxx|lorem)\b|  +\S`)

func textRules() []Rule {
	return []Rule{
		{
			"everything-is-described",
			"Operations, parameters, headers, responses, schemas and security schemes have descriptions.",
			checkDescriptions,
		},
		{
			"descriptions-are-sentences",
			"A description ends with a period, and contains neither placeholders nor repeated spaces.",
			func(c *checker) {
				c.mappings(func(m mapping) {
					text := strings.TrimSpace(m.text("description"))
					if !m.has("description") {
						return
					}
					at := m.pointer + "/description"
					c.require(strings.HasSuffix(text, "."), at, "the description must end with a period: %q", text)
					c.require(!unfinished.MatchString(unwrap(text)), at,
						"the description contains a placeholder, such as TODO, or repeated spaces: remove them")
				})
			},
		},
		{
			"summaries-are-titles",
			"A summary is unique, capitalized, at most 64 characters long, and has no period at the end.",
			func(c *checker) {
				seen := map[string]string{}
				for _, op := range c.operations {
					first, _ := utf8.DecodeRuneInString(op.Summary)
					at := op.pointer + "/summary"
					c.require(unicode.IsUpper(first), at, "the summary must begin with a capital letter: %q", op.Summary)
					c.require(!strings.HasSuffix(op.Summary, "."), at, "the summary must not end with a period: %q", op.Summary)
					c.require(utf8.RuneCountInString(op.Summary) <= maxSummary, at,
						"the summary must have at most %d characters", maxSummary)
					c.require(seen[op.Summary] == "", at, "%s has the same summary: change one", seen[op.Summary])
					seen[op.Summary] = op.OperationID
				}
			},
		},
	}
}

// unwrap joins the lines of a text. The indentation of lines is removed.
func unwrap(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

func checkDescriptions(c *checker) {
	check := func(text, pointer string) { c.require(strings.TrimSpace(text) != "", pointer, "add a description") }
	check(c.api.Info.Description, "#/info")
	for name, scheme := range sorted(c.api.Components.SecuritySchemes) {
		check(scheme.Value.Description, "#/components/securitySchemes/"+escape(name))
	}
	for _, op := range c.operations {
		check(op.Description, op.pointer)
	}
	for _, p := range c.parameters {
		check(p.Description, p.pointer)
	}
	for _, h := range c.headers {
		check(h.Description, h.pointer)
	}
	for _, r := range c.responses {
		c.require(r.Description != nil && strings.TrimSpace(*r.Description) != "", r.pointer, "add a description")
	}
	for _, s := range c.schemas {
		if s.place != inParameter && s.place != inHeader { // the parameter or header has the description
			check(s.Description, s.pointer)
		}
	}
}
