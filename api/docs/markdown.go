package docs

import (
	"regexp"
	"strings"
)

// block is a paragraph, which has one item, or a list.
type block struct {
	list  bool
	items [][]span
}

// span is a piece of text with one style.
type span struct {
	text         string
	code, strong bool
	// href is the target of a link. It is empty for other text.
	href string
}

// parseMarkdown parses the subset of CommonMark that the descriptions use: paragraphs, lists, code, strong emphasis and
// links. Code that consists of the method and path of an operation becomes a link to it.
func (r *renderer) parseMarkdown(text string) []block {
	var blocks []block
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(strings.TrimSpace(paragraph), "\n")
		if !strings.HasPrefix(lines[0], "- ") {
			blocks = append(blocks, block{items: [][]span{r.parseInline(strings.Join(lines, " "))}})
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
		list := block{list: true}
		for _, item := range items {
			list.items = append(list.items, r.parseInline(item))
		}
		blocks = append(blocks, list)
	}
	return blocks
}

// inlineMarkup matches code, strong emphasis, and links.
var inlineMarkup = regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*|\\[([^\\]]+)\\]\\(([^)\\s]+)\\)")

func (r *renderer) parseInline(text string) []span {
	var spans []span
	end := 0
	for _, match := range inlineMarkup.FindAllStringSubmatchIndex(text, -1) {
		group := func(n int) string { return text[match[2*n]:match[2*n+1]] }
		if match[0] > end {
			spans = append(spans, span{text: text[end:match[0]]})
		}
		end = match[1]
		switch {
		case match[2] >= 0:
			code := span{text: group(1), code: true}
			if o := r.byCall[code.text]; o != nil {
				code.href = operationPath(o)
			}
			spans = append(spans, code)
		case match[4] >= 0:
			spans = append(spans, span{text: group(2), strong: true})
		default:
			spans = append(spans, span{text: group(3), href: group(4)})
		}
	}
	if end < len(text) {
		spans = append(spans, span{text: text[end:]})
	}
	return spans
}
