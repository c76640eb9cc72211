package sample

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// lineLength is the maximum length of a line, in bytes, that is not wrapped.
const lineLength = 72

// notation describes the syntax of lists and objects in a language.
type notation struct {
	// step is the indentation of a level. pad is inserted inside the braces of an object on one line.
	step, pad string
	literal   func(v reference.Value, indent string) string
	key       func(name string) string
}

// write formats a list or an object: on one line if it is short and not nested, otherwise with one line per element.
func (n notation) write(v reference.Value, indent string) string {
	inner, left, right, pad := indent+n.step, "{", "}", n.pad
	if v.Kind == reference.List {
		left, right, pad = "[", "]", ""
	}
	var parts []string
	for _, item := range v.Items {
		parts = append(parts, n.literal(item, inner))
	}
	for _, m := range v.Members {
		parts = append(parts, n.key(m.Name)+": "+n.literal(m.Value, inner))
	}
	if len(parts) == 0 {
		return left + right
	}
	nested := slices.ContainsFunc(v.Members, func(m reference.Member) bool {
		return len(m.Value.Items)+len(m.Value.Members) > 0
	})
	line := left + pad + strings.Join(parts, ", ") + pad + right
	if !nested && len(indent)+len(line) <= lineLength && !strings.Contains(line, "\n") {
		return line
	}
	return left + "\n" + inner + strings.Join(parts, ",\n"+inner) + ",\n" + indent + right
}
