package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// unportable are the parts of patterns that Go, JavaScript, Java and Python read differently, or not at all.
var unportable = regexp.MustCompile(`\\[dDwWbBpPAzZ0-9]|\(\?`)

// formats are those that the server checks, by the type that they belong to.
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

// basic is the one type of a schema besides null; empty where there are none or several.
func basic(s *openapi3.Schema) string {
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
			"A schema has one type, or one and null, and a format that the server checks.",
			func(l *look) {
				for _, s := range l.schemas {
					kind := basic(s.Schema)
					l.ask(kind != "", s.pointer, "has not one type: %v", s.Type.Slice())
					l.ask(kind == "" || slices.Contains(formats()[kind], s.Format), s.pointer, "has the format %q", s.Format)
				}
			},
		},
		{
			"texts-are-bounded",
			"A text has a maxLength, or is one of an enum.",
			func(l *look) {
				l.each(openapi3.TypeString, func(s schema) {
					l.ask(len(s.Enum) > 0 || s.MaxLength != nil && *s.MaxLength >= s.MinLength, s.pointer,
						"has no maxLength that fits")
				})
			},
		},
		{
			"numbers-are-bounded",
			"A number has a minimum and a maximum that its format can hold.",
			func(l *look) {
				for _, kind := range []string{openapi3.TypeInteger, openapi3.TypeNumber} {
					l.each(kind, func(s schema) {
						l.ask(s.Min != nil && s.Max != nil && *s.Min <= *s.Max, s.pointer, "has no minimum and maximum that fit")
						l.ask(s.Format != "int32" || s.Max == nil || *s.Max < 1<<31, s.pointer, "is more than an int32 holds")
						l.ask(s.Max == nil || *s.Max < 1<<53, s.pointer, "is more than a JavaScript number holds")
					})
				}
			},
		},
		{
			"lists-are-bounded",
			"A list has maxItems, and says what it holds.",
			func(l *look) {
				l.each(openapi3.TypeArray, func(s schema) {
					l.ask(s.MaxItems != nil && *s.MaxItems >= s.MinItems, s.pointer, "has no maxItems that fits")
					l.ask(s.Items != nil && s.Items.Value != nil, s.pointer, "does not say what it holds")
				})
			},
		},
		{
			"objects-name-their-members",
			"An object names its members, and requires only those; one without members says that any may come.",
			func(l *look) {
				l.each(openapi3.TypeObject, func(s schema) {
					more := s.AdditionalProperties
					l.ask(len(s.Properties) > 0 || more.Has != nil && *more.Has || more.Schema != nil, s.pointer,
						"has no members")
					for _, name := range s.Required {
						l.ask(s.Properties[name] != nil, s.pointer, "requires %q, which it does not have", name)
					}
					for name, property := range sorted(s.Properties) {
						l.ask(property.Value.Default == nil || !slices.Contains(s.Required, name), s.pointer+"/properties/"+escape(name),
							"has a default and is required")
					}
				})
			},
		},
		{
			"answers-may-grow",
			"An object that only answers hold is open, so that members can be added.",
			func(l *look) {
				l.each(openapi3.TypeObject, func(s schema) {
					if l.received(s) && !l.sent(s) {
						l.ask(s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has, s.pointer,
							"refuses members that are added")
					}
				})
			},
		},
		{
			"schemas-are-not-composed",
			"No schema is composed of others: generators name the parts, and validators cannot say which one is wrong.",
			func(l *look) {
				for _, s := range l.schemas {
					l.ask(len(parts(s.Schema)) == 0, s.pointer, "is composed of others")
				}
			},
		},
		{
			"types-have-names",
			"An object or an enum is a component, so that every generator names it.",
			func(l *look) {
				for _, s := range l.schemas {
					if s.kind != asComponent {
						l.ask(basic(s.Schema) != openapi3.TypeObject, s.pointer, "is an object without a name")
						l.ask(len(s.Enum) == 0, s.pointer, "is an enum without a name")
					}
				}
			},
		},
		{
			"patterns-read-alike",
			"A pattern is anchored, or asks for one printable character, and means the same in every language.",
			func(l *look) {
				for _, s := range l.schemas {
					if s.Pattern == "" {
						continue
					}
					_, err := regexp.Compile(s.Pattern)
					l.ask(err == nil, s.pointer, "is no pattern: %v", err)
					anchored := strings.HasPrefix(s.Pattern, "^") && strings.HasSuffix(s.Pattern, "$")
					l.ask(anchored || s.Pattern == `\S`, s.pointer, "the pattern %s is not anchored", s.Pattern)
					l.ask(!unportable.MatchString(s.Pattern), s.pointer, "languages differ about the pattern %s", s.Pattern)
				}
			},
		},
	}
}

// each calls a function with every schema of a type.
func (l *look) each(kind string, call func(schema)) {
	for _, s := range l.schemas {
		if s.Type.Includes(kind) {
			call(s)
		}
	}
}
