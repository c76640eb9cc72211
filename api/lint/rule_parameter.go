package lint

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func parameterRules() []Rule {
	return []Rule{
		{
			"parameters-have-one-style",
			"A parameter is a plain value; a list in the query is repeated, and says so.",
			func(l *look) {
				for _, p := range l.parameters {
					l.ask(p.Content == nil && p.Schema != nil, p.pointer, "has no plain schema")
					if p.Schema == nil {
						continue
					}
					l.ask(p.Style == "" && !p.AllowReserved && !p.AllowEmptyValue, p.pointer, "is written in another style")
					list := p.Schema.Value.Type.Is(openapi3.TypeArray)
					l.ask(!p.Schema.Value.Type.Includes(openapi3.TypeObject), p.pointer, "is an object")
					l.ask(!list || p.In == "query", p.pointer, "is a list outside of the query")
					l.ask((p.Explode != nil && *p.Explode) == list, p.pointer, "explode: true belongs to lists")
					l.ask(!list || strings.Contains(p.Description, "repeated"), p.pointer,
						"does not say that it may be repeated")
				}
			},
		},
		{
			"queries-are-optional",
			"What narrows or orders may be left out: only what a path names is required.",
			func(l *look) {
				for _, p := range l.parameters {
					l.ask(p.Required == (p.In == "path"), p.pointer, "is required outside of a path, or optional in one")
				}
			},
		},
		{
			"lists-of-values-are-sets",
			"A filter by several values has at least one, and none twice.",
			func(l *look) {
				for _, p := range l.parameters {
					if p.Schema != nil && p.Schema.Value.Type.Is(openapi3.TypeArray) {
						s := p.Schema.Value
						l.ask(s.MinItems >= 1 && s.UniqueItems, p.pointer, "needs minItems and uniqueItems")
					}
				}
			},
		},
		{
			"headers-are-standard",
			"A header that is sent is one that HTTP or its drafts know.",
			func(l *look) {
				known := []string{"If-Match", "If-None-Match", "Idempotency-Key", "Authorization"}
				for _, p := range l.parameters {
					if p.In == "header" {
						l.ask(slices.Contains(known, p.Name), p.pointer, "%q is none of %v", p.Name, known)
					}
				}
			},
		},
	}
}
