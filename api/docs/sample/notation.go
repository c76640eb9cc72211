package sample

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// widest is how long a line may be, in bytes, before it is broken.
const widest = 72

// notation is how a language writes lists and objects.
type notation struct {
	// step is what each level is indented by, pad what stands between the braces and the members on one line.
	step, pad string
	literal   func(v reference.Value, indent string) string
	key       func(name string) string
}

// write gives a list or an object: on one line where it is short and simple, else with a line for each part.
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
	if !nested && len(indent)+len(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	return left + "\n" + inner + strings.Join(parts, ",\n"+inner) + ",\n" + indent + right
}
