package sample

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// goMember is an element of a composite literal.
type goMember struct{ name, value string }

// goComposite formats a composite literal as gofmt does: on one line if it fits, otherwise with aligned values.
func goComposite(typ string, members []goMember, indent string) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = m.name + ": " + m.value
	}
	line := typ + "{" + strings.Join(parts, ", ") + "}"
	if len(members) <= 2 && len(indent)+len(line) <= goLineLength && !strings.Contains(line, "\n") {
		return line
	}
	var written strings.Builder
	written.WriteString(typ + "{\n")
	for i, m := range members {
		// gofmt aligns the values of adjacent elements that have one line each.
		width := 0
		for _, run := range [][]goMember{members[i:], reversed(members[:i+1])} {
			for _, other := range run {
				if strings.Contains(m.value, "\n") || strings.Contains(other.value, "\n") {
					break
				}
				width = max(width, len(other.name))
			}
		}
		padding := strings.Repeat(" ", max(width-len(m.name), 0))
		written.WriteString(indent + "\t" + m.name + ": " + padding + m.value + ",\n")
	}
	written.WriteString(indent + "}")
	return written.String()
}

func reversed(members []goMember) []goMember {
	var result []goMember
	for i := len(members) - 1; i >= 0; i-- {
		result = append(result, members[i])
	}
	return result
}

// goLiteral formats a value as a literal of the generated type.
func goLiteral(s *reference.Schema, v reference.Value, indent string) string {
	if s.Nullable {
		plain := *s
		plain.Nullable = false
		if v.Kind == reference.Null {
			return "nullable.NewNullNullable[" + goType(&plain) + "]()"
		}
		return "nullable.NewNullableWithValue(" + goTyped(&plain, v, indent) + ")"
	}
	switch {
	case len(s.Enum) > 0:
		return "api." + s.Name + goEnum(s, v)
	case s.Type == "array":
		return goList(s, v, indent)
	case s.Type == "object":
		return goObject(s, v, indent)
	case s.Format == "uuid":
		return "uuid.MustParse(" + strconv.Quote(v.Text) + ")"
	case s.Format == "date-time":
		return goTime(v.Text)
	case v.Kind == reference.Text:
		return goQuote(v.Text)
	}
	return v.Text
}

// goTyped formats a value as an expression whose type does not depend on the context.
func goTyped(s *reference.Schema, v reference.Value, indent string) string {
	literal := goLiteral(s, v, indent)
	if s.Format == "email" || s.Type == "integer" || s.Type == "number" {
		return goType(s) + "(" + literal + ")"
	}
	return literal
}

// goOptional formats the value of a field. The field is a pointer if it is optional and its type cannot express
// absence.
func goOptional(s *reference.Schema, v reference.Value, required bool, indent string) string {
	switch {
	case required || goContainer(s):
		return goLiteral(s, v, indent)
	case s.Type == "object":
		return "&" + goLiteral(s, v, indent)
	}
	return "new(" + goTyped(s, v, indent) + ")"
}

// goContainer reports whether the generated type can express absence without a pointer.
func goContainer(s *reference.Schema) bool {
	return s.Nullable || s.Type == "array" && !s.GoPointer || s.Type == "object" && s.Open
}

func goList(s *reference.Schema, v reference.Value, indent string) string {
	typ := "[]" + goType(s.Items)
	var parts []string
	for _, item := range v.Items {
		literal := goLiteral(s.Items, item, indent+"\t")
		if s.Items.Type == "object" && !s.Items.Open {
			literal = strings.TrimPrefix(literal, goType(s.Items))
		}
		parts = append(parts, literal)
	}
	line := typ + "{" + strings.Join(parts, ", ") + "}"
	if len(indent)+len(line) <= goLineLength && !strings.Contains(line, "\n") {
		return line
	}
	return typ + "{\n" + indent + "\t" + strings.Join(parts, ",\n"+indent+"\t") + ",\n" + indent + "}"
}

func goObject(s *reference.Schema, v reference.Value, indent string) string {
	var members []goMember
	if s.Open {
		for _, m := range v.Members {
			members = append(members, goMember{strconv.Quote(m.Name), goAny(m.Value)})
		}
		return goComposite("map[string]any", members, indent)
	}
	for _, m := range v.Members {
		property := s.Property(m.Name)
		literal := goOptional(property.Schema, m.Value, property.Required, indent+"\t")
		members = append(members, goMember{goName(m.Name), literal})
	}
	return goComposite(goType(s), members, indent)
}

// goAny formats a value of type any.
func goAny(v reference.Value) string {
	switch v.Kind {
	case reference.Text:
		return goQuote(v.Text)
	case reference.Number, reference.Bool:
		return v.Text
	case reference.List:
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			parts[i] = goAny(item)
		}
		return "[]any{" + strings.Join(parts, ", ") + "}"
	case reference.Object:
		var members []goMember
		for _, m := range v.Members {
			members = append(members, goMember{strconv.Quote(m.Name), goAny(m.Value)})
		}
		return goComposite("map[string]any", members, "\t\t")
	default:
		return "nil"
	}
}

// goTime formats a time as a call of time.Date in UTC.
func goTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return strconv.Quote(text)
	}
	at = at.UTC()
	return fmt.Sprintf("time.Date(%d, time.%s, %d, %d, %d, %d, 0, time.UTC)",
		at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second())
}

// goQuote quotes a string. It uses backquotes if the string contains double quotes.
func goQuote(text string) string {
	if strings.Contains(text, `"`) && strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}
