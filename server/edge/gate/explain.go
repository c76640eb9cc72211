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

// unknownName finds the quoted name of an unknown member in the validator's message.
var unknownName = regexp.MustCompile(`^property (".*") is unsupported$`)

// pointerEscape escapes a name for a JSON pointer (RFC 6901).
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1") //nolint:gochecknoglobals // a constant

// explain adds every violation that the validator has found to a fault. The parameter is nil for the body.
func explain(f *fault.Fault, err error, parameter *openapi3.Parameter) {
	switch e := err.(type) { //nolint:errorlint // each error of the tree is taken apart by its own type
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
		add(f, parameter, pointer(path), code, detail+hint(parameter, e))
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

// unreadable describes a value that could not be decoded, so that it was not validated.
func unreadable(err error, parameter *openapi3.Parameter) (code, detail string) {
	switch {
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		return "empty", "must not be empty"
	case errors.Is(err, strconv.ErrRange):
		return "range", "is out of range"
	case errors.Is(err, strconv.ErrSyntax) && parameter != nil:
		return "type", "must be of type " + strings.Join(parameter.Schema.Value.Type.Slice(), " or ")
	}
	return "invalid", formless
}

// wording returns the code and the sentence for a violation, by the schema's keyword.
func wording(e *openapi3.SchemaError) (code, detail string) {
	switch e.SchemaField {
	case "required":
		return "required", "is required"
	case "properties", "additionalProperties":
		return "unknown", "is not a member of this object"
	case "enum":
		values := make([]string, len(e.Schema.Enum))
		for i, value := range e.Schema.Enum {
			values[i] = fmt.Sprint(value)
		}
		const most = 20 // people do not read longer lists
		if len(values) > most {
			return "enum", fmt.Sprintf("must be one of the %d values in the API reference, such as %s",
				len(values), strings.Join(values[:3], ", "))
		}
		return "enum", "must be one of " + strings.Join(values, ", ")
	case "type":
		return "type", "must be of type " + strings.Join(e.Schema.Type.Slice(), " or ")
	case "format":
		return "format", formatSentence(e.Schema.Format)
	case "pattern":
		return "pattern", patternSentence(e.Schema.Pattern)
	case "minLength":
		return "min_length", "must have at least " + count(e.Schema.MinLength, "character")
	case "maxLength":
		return "max_length", "must have at most " + count(*e.Schema.MaxLength, "character")
	case "minItems":
		return "min_items", "must have at least " + count(e.Schema.MinItems, "item")
	case "maxItems":
		return "max_items", "must have at most " + count(*e.Schema.MaxItems, "item")
	case "uniqueItems":
		return "unique_items", "must not contain duplicate items"
	case "minimum":
		return "minimum", fmt.Sprintf("must be at least %v", *e.Schema.Min)
	case "maximum":
		return "maximum", fmt.Sprintf("must be at most %v", *e.Schema.Max)
	case "minProperties":
		return "min_properties", "must have at least one member"
	case "nullable":
		return "type", "must not be null"
	}
	return snake(e.SchemaField), formless
}

// formless describes a violation for which there is no better sentence. The validator's own may contain the schema.
const formless = "does not have the form that the API reference describes"

// patterns has a sentence for every pattern of a parameter or a request body in the specification. A regular expression
// is not an explanation.
//
//nolint:gochecknoglobals // a constant
var patterns = map[string]string{
	`\S`:                    "must contain a character that is not white space",
	`^[^\x00]*$`:            "must not contain the character U+0000",
	`^[!-~]+$`:              "must consist of printable ASCII characters without spaces",
	`^[!-~]([ -~]*[!-~])?$`: "must consist of printable ASCII characters and must not begin or end with a space",
	`^[^\x00-\x20|]([^\x00|]*[^\x00-\x20|])?$`: "must not begin or end with a space or a control character, " +
		"and must not contain | or U+0000",
	`^[a-z0-9]+(-[a-z0-9]+)*$`: "must consist of lowercase letters, digits and single hyphens between them",
	`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$`: "must be a domain name in lowercase " +
		"letters, such as example.com",
	`^[a-z][a-z0-9_]*$`: "must begin with a lowercase letter and consist of lowercase letters, digits " +
		"and underscores",
	`^https?://[!-~]+$`: "must begin with http:// or https://; " +
		"percent-encode spaces and characters outside ASCII",
	`^https?://[!-{}~]+$`: "must begin with http:// or https://; " +
		"percent-encode spaces, | and characters outside ASCII",
	`^[^\x00]*[^\x00\s][^\x00]*:[a-z_]+$`: "must be a heading, a colon and a field, " +
		"such as Kandidat:last_name",
	`^[0-9a-f]{64}$`:   "must consist of 64 hexadecimal digits in lowercase",
	`^[A-Za-z0-9_-]+$`: "must be the next_cursor of a page; omit it for the first page",
	`^\*$`:             "must be *",
	`^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$`: "must be * or a list of quoted ETags",
}

func patternSentence(pattern string) string {
	if sentence, found := patterns[pattern]; found {
		return sentence
	}
	return formless
}

func formatSentence(format string) string {
	switch format {
	case "uuid":
		return "must be a UUID"
	case "email":
		return "must be an email address"
	case "date-time":
		return "must be a date and time as in RFC 3339, such as 2026-01-31T09:30:00Z"
	}
	return "must be in the format " + format
}

// count writes a number of things.
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

// pointer joins a path to a JSON pointer (RFC 6901).
func pointer(path []string) string {
	var b strings.Builder
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(step))
	}
	return b.String()
}
