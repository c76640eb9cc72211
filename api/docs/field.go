package docs

import (
	"strconv"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// How many levels of nested objects are shown where a schema is used.
const (
	flat = 0
	deep = 3
)

// field is a parameter, a header or a property as the pages show it.
type field struct {
	name, description string
	schema            *reference.Schema
	required          bool
	// sent reports whether the client sends the field. Clients need to know which fields they must send, and which fields
	// can be missing in a response.
	sent       bool
	deprecated bool
}

func properties(s *reference.Schema) []field {
	var fields []field
	for _, p := range s.Properties {
		fields = append(fields, field{p.Name, p.Schema.Description, p.Schema, p.Required, s.Closed, p.Schema.Deprecated})
	}
	return fields
}

// parameterFields converts request parameters, which are sent, or response headers.
func parameterFields(parameters []*reference.Parameter, sent bool) []field {
	var fields []field
	for _, p := range parameters {
		fields = append(fields, field{p.Name, p.Description, p.Schema, p.Required, sent, p.Deprecated})
	}
	return fields
}

// objectOf returns the schema itself or, for an array, that of its items, if it has properties. Otherwise it returns
// nil.
func objectOf(s *reference.Schema) *reference.Schema {
	if s.Type == "array" && s.Items != nil {
		s = s.Items
	}
	if len(s.Properties) == 0 {
		return nil
	}
	return s
}

// typeName describes a type without the names of schemas.
func typeName(s *reference.Schema) string {
	name := s.Type
	switch {
	case len(s.OneOf) > 0:
		name = "one of several types"
	case s.Type == "":
		name = "any value"
	case s.Type == "array" && s.Items != nil:
		name = "list of " + typeName(s.Items)
	case len(s.Enum) > 0:
		name = "enum"
	case s.Type == "string" && s.Format != "":
		name = s.Format
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}

// schemaName returns the name of the schema or, for an array of an unnamed type, that of its items.
func schemaName(s *reference.Schema) string {
	for s.Name == "" && s.Type == "array" && s.Items != nil {
		s = s.Items
	}
	return s.Name
}

// limit is a constraint on values: words, with code after them if code is not empty.
type limit struct{ words, code string }

// limitsOf describes the constraints of a schema and, for an array, of its items.
func limitsOf(s *reference.Schema) []limit {
	limits := ownLimits(s)
	if s.Type == "array" && s.Items != nil {
		for i, l := range ownLimits(s.Items) {
			if i == 0 {
				l.words = "each " + l.words
			}
			limits = append(limits, l)
		}
	}
	return limits
}

func ownLimits(s *reference.Schema) []limit {
	var limits []limit
	addRange := func(minimum, maximum, singular, plural string) {
		if words := rangeInWords(s.Bound(minimum).Text, s.Bound(maximum).Text, singular, plural); words != "" {
			limits = append(limits, limit{words: words})
		}
	}
	// The format already implies the length of UUIDs and times.
	if s.Format != "uuid" && s.Format != "date-time" {
		addRange("minLength", "maxLength", "character", "characters")
	}
	addRange("minItems", "maxItems", "item", "items")
	addRange("minProperties", "maxProperties", "property", "properties")
	addRange("minimum", "maximum", "", "")
	for _, bound := range s.Bounds {
		switch value := bound.Value.Text; bound.Name {
		case "uniqueItems":
			limits = append(limits, limit{words: "unique"})
		case "pattern":
			// The description explains every other pattern in words.
			if value == `\S` {
				limits = append(limits, limit{words: "not blank"})
			}
		case "exclusiveMinimum":
			limits = append(limits, limit{words: "greater than " + value})
		case "exclusiveMaximum":
			limits = append(limits, limit{words: "less than " + value})
		case "multipleOf":
			limits = append(limits, limit{words: "a multiple of " + value})
		}
	}
	if s.Default.Exists() {
		limits = append(limits, limit{"default", s.Default.Compact()})
	}
	return limits
}

// rangeInWords describes the range between two numbers, which can be empty. It returns "" if both are.
func rangeInWords(minimum, maximum, singular, plural string) string {
	withUnit := func(n string) string {
		switch {
		case plural == "":
			return groupDigits(n)
		case n == "1":
			return "1 " + singular
		}
		return groupDigits(n) + " " + plural
	}
	switch {
	case minimum == maximum && minimum != "":
		return withUnit(minimum)
	case minimum != "" && maximum != "":
		return groupDigits(minimum) + "–" + withUnit(maximum)
	case minimum != "":
		return "at least " + withUnit(minimum)
	case maximum != "":
		return "at most " + withUnit(maximum)
	}
	return ""
}

// groupDigits inserts a comma before every three digits of an integer with at least five.
func groupDigits(n string) string {
	if _, err := strconv.ParseUint(n, 10, 64); err != nil || len(n) < 5 {
		return n
	}
	for at := len(n) - 3; at > 0; at -= 3 {
		n = n[:at] + "," + n[at:]
	}
	return n
}

// enumSchema returns the schema that has the enum: the schema itself or, for an array, that of its items.
func enumSchema(s *reference.Schema) *reference.Schema {
	if s.Type == "array" && s.Items != nil {
		return s.Items
	}
	return s
}

// hasEnumDescriptions reports whether every value of the enum has a description.
func hasEnumDescriptions(s *reference.Schema) bool { return len(s.EnumDescriptions) == len(s.Enum) }

// enumDescription returns the description of a value of the enum, or "".
func enumDescription(s *reference.Schema, i int) string {
	if !hasEnumDescriptions(s) {
		return ""
	}
	return s.EnumDescriptions[i]
}
