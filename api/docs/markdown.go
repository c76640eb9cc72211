package docs

import (
	"html"
	"regexp"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// told gives a description of the specification, which is CommonMark, as HTML: paragraphs, lists, code, emphasis and
// links, which is what descriptions use. Where code names an operation by method and path, it leads there.
func (b *book) told(text string) markup {
	var written strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		if !strings.HasPrefix(lines[0], "- ") {
			written.WriteString("<p>" + string(b.inline(strings.Join(lines, " "))) + "</p>\n")
			continue
		}
		var items []string
		for _, line := range lines {
			if item, found := strings.CutPrefix(line, "- "); found {
				items = append(items, item)
				continue
			}
			items[len(items)-1] += " " + strings.TrimSpace(line)
		}
		written.WriteString("<ul>\n")
		for _, item := range items {
			written.WriteString("<li>" + string(b.inline(item)) + "</li>\n")
		}
		written.WriteString("</ul>\n")
	}
	return markup(written.String())
}

// span is what stands within a line: code, a strong word, or a link.
var span = regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*|\\[([^\\]]+)\\]\\(([^)\\s]+)\\)")

// inline gives one line.
func (b *book) inline(text string) markup {
	var written strings.Builder
	from := 0
	part := func(match []int, group int) string { return html.EscapeString(text[match[2*group]:match[2*group+1]]) }
	for _, match := range span.FindAllStringSubmatchIndex(text, -1) {
		written.WriteString(html.EscapeString(text[from:match[0]]))
		from = match[1]
		switch {
		case match[2] >= 0:
			code := "<code>" + part(match, 1) + "</code>"
			if o := b.called(text[match[2]:match[3]]); o != nil {
				code = `<a href="` + operationPath(o) + `">` + code + "</a>"
			}
			written.WriteString(code)
		case match[4] >= 0:
			written.WriteString("<strong>" + part(match, 2) + "</strong>")
		default:
			written.WriteString(`<a href="` + part(match, 4) + `">` + part(match, 3) + "</a>")
		}
	}
	return markup(written.String() + html.EscapeString(text[from:]))
}

// called gives the operation of a method and a path, such as "POST /api/v1/auth/login", or nil.
func (b *book) called(name string) *reference.Operation { return b.byCall[name] }
