package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// unportable matches the parts of patterns that Go, JavaScript, Java and Python interpret differently or do not
// support.
var unportable = regexp.MustCompile(`\\[dDwWbBpPAzZ0-9]|\(\?`)

// formats returns the formats that the server checks, by type.
func formats() map[string][]string {
	return map[string][]string{
		openapi3.TypeString:  {"", "uuid", "date-time", "email", "uri", "uri-reference", "binary"},
		openapi3.TypeInteger: {"int32", "int64"},
		openapi3.TypeNumber:  {"double"},
		openapi3.TypeBoolean: {""},
		openapi3.TypeArray:   {""},
		openapi3.TypeObject:  {""},
	}
}

// singleType returns the type of a schema, ignoring null. It returns "" if there is none, or more than one.
func singleType(s *openapi3.Schema) string {
	types := slices.DeleteFunc(slices.Clone(s.Type.Slice()), func(t string) bool { return t == openapi3.TypeNull })
	if len(types) != 1 {
		return ""
	}
	return types[0]
}

func schemaRules() []Rule {
	return []Rule{
		{
			"schemas-have-one-type",
			"A schema has one type, optionally with null, and a format that the server checks.",
			func(c *checker) {
				for _, s := range c.schemas {
					t := singleType(s.Schema)
					c.require(t != "", s.pointer, "the schema must have one type, not %v", s.Type.Slice())
					c.require(t == "" || slices.Contains(formats()[t], s.Format), s.pointer,
						"the format %q is not allowed for the type %s: use one of %q", s.Format, t, formats()[t])
				}
			},
		},
		{
			"strings-are-bounded",
			"A string has a maxLength or an enum, except the files that responses stream.",
			func(c *checker) {
				c.ofType(openapi3.TypeString, func(s schema) {
					if s.Format == "binary" && strings.Contains(s.pointer, "/responses/") {
						return
					}
					c.require(len(s.Enum) > 0 || s.MaxLength != nil && *s.MaxLength >= s.MinLength, s.pointer,
						"add a maxLength that is not less than minLength")
				})
			},
		},
		{
			"numbers-are-bounded",
			"A number has a minimum and a maximum that fit its format and a JavaScript number.",
			func(c *checker) {
				for _, t := range []string{openapi3.TypeInteger, openapi3.TypeNumber} {
					c.ofType(t, func(s schema) {
						c.require(s.Min != nil && s.Max != nil && *s.Min <= *s.Max, s.pointer,
							"add a minimum, and a maximum that is not less")
						c.require(s.Format == "int64" || s.Max == nil || *s.Max < 1<<31, s.pointer,
							"the maximum does not fit an int32: use int64 or a smaller maximum")
						c.require(s.Max == nil || *s.Max < 1<<53, s.pointer,
							"the maximum does not fit a JavaScript number: use a smaller one")
					})
				}
			},
		},
		{
			"limits-fit-int32",
			"Limits of lengths and sizes are less than 2^31: generators for .NET read them as int.",
			func(c *checker) {
				for _, s := range c.schemas {
					for name, limit := range map[string]*uint64{
						"minLength": &s.MinLength, "maxLength": s.MaxLength, "minItems": &s.MinItems, "maxItems": s.MaxItems,
						"minProperties": &s.MinProps, "maxProperties": s.MaxProps,
					} {
						c.require(limit == nil || *limit < 1<<31, s.pointer, "%s must be less than 2^31: use a smaller one or none", name)
					}
				}
			},
		},
		{
			"arrays-are-bounded",
			"An array has maxItems and items.",
			func(c *checker) {
				c.ofType(openapi3.TypeArray, func(s schema) {
					c.require(s.MaxItems != nil && *s.MaxItems >= s.MinItems, s.pointer,
						"add a maxItems that is not less than minItems")
					c.require(s.Items != nil && s.Items.Value != nil, s.pointer, "add items")
				})
			},
		},
		{
			"objects-have-properties",
			"An object has properties, or allows any. It requires only properties that it has and that have no default.",
			func(c *checker) {
				c.ofType(openapi3.TypeObject, func(s schema) {
					more := s.AdditionalProperties
					c.require(len(s.Properties) > 0 || more.Has != nil && *more.Has || more.Schema != nil, s.pointer,
						"add properties or additionalProperties")
					for _, name := range s.Required {
						c.require(s.Properties[name] != nil, s.pointer, "the required property %q does not exist", name)
					}
					for name, property := range sorted(s.Properties) {
						c.require(property.Value.Default == nil || !slices.Contains(s.Required, name),
							s.pointer+"/properties/"+escape(name), "a required property must not have a default")
					}
				})
			},
		},
		{
			"responses-are-open",
			"An object that is used only in responses allows additional properties, so that properties can be added.",
			func(c *checker) {
				c.ofType(openapi3.TypeObject, func(s schema) {
					if c.inResponse(s) && !c.inRequest(s) {
						c.require(s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has, s.pointer,
							"remove additionalProperties: false")
					}
				})
			},
		},
		{
			"schemas-are-not-composed",
			"Schemas are not composed: generators create types for the parts, and validators cannot say which part is violated.",
			func(c *checker) {
				for _, s := range c.schemas {
					c.require(len(parts(s.Schema)) == 0, s.pointer, "allOf, anyOf, oneOf and not are not allowed")
				}
			},
		},
		{
			"types-have-names",
			"Objects and enums are components, so that all generators use the same names.",
			func(c *checker) {
				for _, s := range c.schemas {
					if s.place != inComponents {
						c.require(singleType(s.Schema) != openapi3.TypeObject, s.pointer,
							"the object is inline: move it to components/schemas")
						c.require(len(s.Enum) == 0, s.pointer, "the enum is inline: move it to components/schemas")
					}
				}
			},
		},
		{
			"patterns-are-portable",
			`A pattern is anchored, or \S, and has the same meaning in Go, JavaScript, Java and Python.`,
			func(c *checker) {
				for _, s := range c.schemas {
					if s.Pattern == "" {
						continue
					}
					_, err := regexp.Compile(s.Pattern)
					c.require(err == nil, s.pointer, "the pattern is invalid: %v", err)
					anchored := strings.HasPrefix(s.Pattern, "^") && strings.HasSuffix(s.Pattern, "$")
					c.require(anchored || s.Pattern == `\S`, s.pointer, "the pattern %s must begin with ^ and end with $", s.Pattern)
					c.require(!unportable.MatchString(s.Pattern), s.pointer,
						"the pattern %s is not portable: use character classes such as [0-9] instead of escapes and groups (?", s.Pattern)
				}
			},
		},
	}
}

// ofType calls a function for every schema that includes a type.
func (c *checker) ofType(t string, each func(schema)) {
	for _, s := range c.schemas {
		if s.Type.Includes(t) {
			each(s)
		}
	}
}
