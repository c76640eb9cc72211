package lint

import (
	"fmt"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

func exampleRules() []Rule {
	return []Rule{
		{
			"bodies-have-examples",
			"Every body, sent or answered, has an example.",
			func(l *look) {
				for _, m := range l.media {
					l.ask(m.Example != nil || len(m.Examples) > 0, m.pointer, "has no example")
				}
			},
		},
		{
			"values-have-examples",
			"A parameter or a header has an example, unless its schema shows what it looks like.",
			func(l *look) {
				for _, p := range l.parameters {
					l.ask(p.Example != nil || len(p.Examples) > 0 || shown(p.Schema), p.pointer, "has no example")
				}
				for _, h := range l.headers {
					l.ask(h.Example != nil || len(h.Examples) > 0 || shown(h.Schema), h.pointer, "has no example")
				}
			},
		},
		{
			"examples-fit",
			"An example or a default is what its schema accepts, and has no member that the schema does not know.",
			examplesFit,
		},
	}
}

// shown reports whether a schema tells by itself what a value looks like.
func shown(ref *openapi3.SchemaRef) bool {
	if ref == nil || ref.Value == nil {
		return false
	}
	switch s := ref.Value; basic(s) {
	case openapi3.TypeBoolean:
		return true
	case openapi3.TypeArray:
		return shown(s.Items)
	case openapi3.TypeInteger:
		return s.Default != nil || s.Example != nil
	default:
		return len(s.Enum) > 0 || s.Example != nil
	}
}

func examplesFit(l *look) {
	as := openapi3.VisitAsResponse()
	check := func(at string, ref *openapi3.SchemaRef, value any) {
		if value == nil || ref == nil || ref.Value == nil {
			return
		}
		err := ref.Value.VisitJSON(value, as, openapi3.MultiErrors())
		l.ask(err == nil, at, "does not fit the schema: %v", err)
		for _, member := range unknown(ref.Value, value, "") {
			l.ask(false, at, "has the member %s, which the schema does not know", member)
		}
	}
	all := func(at string, ref *openapi3.SchemaRef, one any, named openapi3.Examples) {
		check(at+"/example", ref, one)
		for name, example := range sorted(named) {
			check(at+"/examples/"+escape(name)+"/value", ref, example.Value.Value)
		}
	}
	for _, m := range l.media {
		as = openapi3.VisitAsResponse()
		if m.request {
			as = openapi3.VisitAsRequest()
		}
		all(m.pointer, m.Schema, m.Example, m.Examples)
	}
	as = openapi3.VisitAsRequest()
	for _, p := range l.parameters {
		all(p.pointer, p.Schema, p.Example, p.Examples)
	}
	for _, h := range l.headers {
		all(h.pointer, h.Schema, h.Example, h.Examples)
	}
	for _, s := range l.schemas {
		ref := openapi3.NewSchemaRef("", s.Schema)
		check(s.pointer+"/example", ref, s.Example)
		check(s.pointer+"/default", ref, s.Default)
		for i, example := range s.Examples {
			check(s.pointer+"/examples/"+itoa(i), ref, example)
		}
	}
}

// unknown are the members of a value, at any depth, that a schema does not name, where it does not say that any may
// come. Validators let them pass in answers; a reader learns them from an example.
func unknown(s *openapi3.Schema, value any, at string) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		for name, member := range sorted(value) {
			property := s.Properties[name]
			switch {
			case property != nil:
				found = append(found, unknown(property.Value, member, at+"/"+escape(name))...)
			case s.AdditionalProperties.Schema != nil:
				found = append(found, unknown(s.AdditionalProperties.Schema.Value, member, at+"/"+escape(name))...)
			case s.AdditionalProperties.Has == nil || !*s.AdditionalProperties.Has:
				found = append(found, at+"/"+escape(name))
			}
		}
	case []any:
		for i, item := range value {
			if s.Items != nil {
				found = append(found, unknown(s.Items.Value, item, fmt.Sprintf("%s/%d", at, i))...)
			}
		}
	}
	return found
}

// itoa spells an index as a token of a pointer.
func itoa(i int) string { return strconv.Itoa(i) }
