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
			"A parameter has a schema and the default style. Arrays are allowed in the query only, as repeated parameters.",
			func(c *checker) {
				for _, p := range c.parameters {
					c.require(p.Content == nil && p.Schema != nil, p.pointer, "use schema instead of content")
					if p.Schema == nil {
						continue
					}
					c.require(p.Style == "" && !p.AllowReserved && !p.AllowEmptyValue, p.pointer,
						"remove style, allowReserved and allowEmptyValue")
					isArray := p.Schema.Value.Type.Is(openapi3.TypeArray)
					c.require(!p.Schema.Value.Type.Includes(openapi3.TypeObject), p.pointer, "a parameter must not be an object")
					c.require(!isArray || p.In == "query", p.pointer, "an array is allowed only in the query")
					c.require((p.Explode != nil && *p.Explode) == isArray, p.pointer,
						"an array must have explode: true, and other types must not")
					c.require(!isArray || strings.Contains(p.Description, "repeated"), p.pointer,
						"the description must say that the parameter can be repeated")
				}
			},
		},
		{
			"only-path-parameters-are-required",
			"Path parameters are required. All other parameters are optional.",
			func(c *checker) {
				for _, p := range c.parameters {
					c.require(p.Required == (p.In == "path"), p.pointer,
						"a path parameter must have required: true, and other parameters must not")
				}
			},
		},
		{
			"array-parameters-are-sets",
			"An array parameter has at least one item and no duplicates.",
			func(c *checker) {
				for _, p := range c.parameters {
					if p.Schema != nil && p.Schema.Value.Type.Is(openapi3.TypeArray) {
						s := p.Schema.Value
						c.require(s.MinItems >= 1 && s.UniqueItems, p.pointer, "add minItems: 1 and uniqueItems: true")
					}
				}
			},
		},
		{
			"headers-are-standard",
			"A request header is defined by HTTP or an IETF draft.",
			func(c *checker) {
				known := []string{"If-Match", "If-None-Match", "Idempotency-Key", "Authorization"}
				for _, p := range c.parameters {
					if p.In == "header" {
						c.require(slices.Contains(known, p.Name), p.pointer, "%q must be one of %v", p.Name, known)
					}
				}
			},
		},
	}
}
