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
			"Every request body and response body has an example.",
			func(c *checker) {
				for _, m := range c.media {
					c.require(m.Example != nil || len(m.Examples) > 0, m.pointer, "add an example")
				}
			},
		},
		{
			"parameters-have-examples",
			"Every parameter and header has an example, unless its schema makes the format clear.",
			func(c *checker) {
				for _, p := range c.parameters {
					c.require(p.Example != nil || len(p.Examples) > 0 || showsFormat(p.Schema), p.pointer, "add an example")
				}
				for _, h := range c.headers {
					c.require(h.Example != nil || len(h.Examples) > 0 || showsFormat(h.Schema), h.pointer, "add an example")
				}
			},
		},
		{
			"examples-match",
			"Examples and defaults match their schema, and have no properties that the schema does not declare.",
			checkExamples,
		},
	}
}

// showsFormat reports whether a schema makes the format of its values clear: by an example, an enum or a boolean type.
func showsFormat(ref *openapi3.SchemaRef) bool {
	if ref == nil || ref.Value == nil {
		return false
	}
	switch s := ref.Value; singleType(s) {
	case openapi3.TypeBoolean:
		return true
	case openapi3.TypeArray:
		return showsFormat(s.Items)
	case openapi3.TypeInteger:
		return s.Default != nil || s.Example != nil
	default:
		return len(s.Enum) > 0 || s.Example != nil
	}
}

func checkExamples(c *checker) {
	direction := openapi3.VisitAsResponse()
	check := func(at string, ref *openapi3.SchemaRef, value any) {
		if value == nil || ref == nil || ref.Value == nil {
			return
		}
		err := ref.Value.VisitJSON(value, direction, openapi3.MultiErrors())
		c.require(err == nil, at, "the value does not match the schema: %v", err)
		for _, property := range undeclared(ref.Value, value, "") {
			c.require(false, at, "the schema does not declare the property %s: declare or remove it", property)
		}
	}
	checkAll := func(at string, ref *openapi3.SchemaRef, example any, examples openapi3.Examples) {
		check(at+"/example", ref, example)
		for name, named := range sorted(examples) {
			check(at+"/examples/"+escape(name)+"/value", ref, named.Value.Value)
		}
	}
	for _, m := range c.media {
		direction = openapi3.VisitAsResponse()
		if m.request {
			direction = openapi3.VisitAsRequest()
		}
		checkAll(m.pointer, m.Schema, m.Example, m.Examples)
	}
	direction = openapi3.VisitAsRequest()
	for _, p := range c.parameters {
		checkAll(p.pointer, p.Schema, p.Example, p.Examples)
	}
	for _, h := range c.headers {
		checkAll(h.pointer, h.Schema, h.Example, h.Examples)
	}
	for _, s := range c.schemas {
		ref := openapi3.NewSchemaRef("", s.Schema)
		check(s.pointer+"/example", ref, s.Example)
		check(s.pointer+"/default", ref, s.Default)
		for i, example := range s.Examples {
			check(s.pointer+"/examples/"+itoa(i), ref, example)
		}
	}
}

// undeclared returns the properties of a value, at any depth, that a schema neither declares nor explicitly allows.
// Validation accepts them in responses, but readers would take them for part of the API.
func undeclared(s *openapi3.Schema, value any, at string) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		for name, member := range sorted(value) {
			property := s.Properties[name]
			switch {
			case property != nil:
				found = append(found, undeclared(property.Value, member, at+"/"+escape(name))...)
			case s.AdditionalProperties.Schema != nil:
				found = append(found, undeclared(s.AdditionalProperties.Schema.Value, member, at+"/"+escape(name))...)
			case s.AdditionalProperties.Has == nil || !*s.AdditionalProperties.Has:
				found = append(found, at+"/"+escape(name))
			}
		}
	case []any:
		for i, item := range value {
			if s.Items != nil {
				found = append(found, undeclared(s.Items.Value, item, fmt.Sprintf("%s/%d", at, i))...)
			}
		}
	}
	return found
}

// itoa formats an index as a token of a pointer.
func itoa(i int) string { return strconv.Itoa(i) }
