package gate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// unknownName finds the quoted name of a member that no schema knows in what the validator says about it.
var unknownName = regexp.MustCompile(`^property (".*") is unsupported$`)

// pointerEscape writes a member's name as a step of an RFC 6901 pointer.
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1") //nolint:gochecknoglobals // a constant

// explain adds to a fault everything that the validator has found, about a parameter or, where that is nil, the body.
func explain(f *fault.Fault, err error, parameter *openapi3.Parameter) {
	switch e := err.(type) { //nolint:errorlint // the type of this very error decides how it is taken apart
	case openapi3.MultiError:
		for _, one := range e {
			explain(f, one, parameter)
		}
	case *openapi3filter.RequestError:
		explain(f, e.Err, e.Parameter)
	case *openapi3.SchemaError:
		code, detail := wording(e)
		path := e.JSONPointer()
		if unknown := unknownName.FindStringSubmatch(e.Reason); unknown != nil {
			if name, err := strconv.Unquote(unknown[1]); err == nil {
				path = append(path, name)
			}
		}
		add(f, parameter, pointer(path), code, detail)
	default:
		code, detail := unreadable(err, parameter)
		add(f, parameter, "", code, detail)
	}
}

func add(f *fault.Fault, parameter *openapi3.Parameter, pointer, code, detail string) {
	if parameter != nil {
		f.Parameter(parameter.Name, code, detail)
		return
	}
	f.Field(pointer, code, detail)
}

// unreadable words what could not even be held against a schema.
func unreadable(err error, parameter *openapi3.Parameter) (code, detail string) {
	switch {
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		return "empty", "must not be empty"
	case errors.Is(err, strconv.ErrRange):
		return "range", "is out of range"
	case errors.Is(err, strconv.ErrSyntax) && parameter != nil:
		return "type", "must be of type " + strings.Join(parameter.Schema.Value.Type.Slice(), " or ")
	}
	return "invalid", "cannot be read as what the reference says"
}

// wording gives the code and the sentence for a violation, by the schema's keyword.
func wording(e *openapi3.SchemaError) (code, detail string) {
	switch e.SchemaField {
	case "required":
		return "required", "is required"
	case "properties", "additionalProperties":
		return "unknown", "is not a member that is known here"
	case "enum":
		values := make([]string, len(e.Schema.Enum))
		for i, value := range e.Schema.Enum {
			values[i] = fmt.Sprint(value)
		}
		const most = 20 // which somebody still reads
		if len(values) > most {
			return "enum", fmt.Sprintf("must be one of the %d values that the reference lists, such as %s",
				len(values), strings.Join(values[:3], ", "))
		}
		return "enum", "must be one of " + strings.Join(values, ", ")
	case "type":
		return "type", "must be of type " + strings.Join(e.Schema.Type.Slice(), " or ")
	case "format":
		return "format", "must be in the format " + e.Schema.Format
	case "pattern":
		return "pattern", "must match " + e.Schema.Pattern
	case "minLength":
		return "min_length", "must have at least " + count(e.Schema.MinLength, "character")
	case "maxLength":
		return "max_length", "must have at most " + count(*e.Schema.MaxLength, "character")
	case "minItems":
		return "min_items", "must have at least " + count(e.Schema.MinItems, "item")
	case "maxItems":
		return "max_items", "must have at most " + count(*e.Schema.MaxItems, "item")
	case "uniqueItems":
		return "unique_items", "must not have the same item twice"
	case "minimum":
		return "minimum", fmt.Sprintf("must be at least %v", *e.Schema.Min)
	case "maximum":
		return "maximum", fmt.Sprintf("must be at most %v", *e.Schema.Max)
	case "minProperties":
		return "min_properties", "must have at least one member"
	case "nullable":
		return "type", "must not be null"
	}
	return snake(e.SchemaField), e.Reason
}

// count is a number of things.
func count(n uint64, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func snake(keyword string) string {
	var b strings.Builder
	for _, letter := range keyword {
		if letter >= 'A' && letter <= 'Z' {
			b.WriteByte('_')
			letter += 'a' - 'A'
		}
		b.WriteRune(letter)
	}
	return b.String()
}

// pointer joins a path into an RFC 6901 pointer.
func pointer(path []string) string {
	var b strings.Builder
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(step))
	}
	return b.String()
}
