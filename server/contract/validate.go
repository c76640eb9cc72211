package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/fault"
)

var (
	// uuidForm is RFC 9562's text form, any version.
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	// unknownName finds the name of a member that no schema knows in what the validator says about it.
	unknownName = regexp.MustCompile(`^property "(.*)" is unsupported$`)
	// emailForm is what HTML accepts in an email field, with a dot in the domain.
	emailForm = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?" +
		"(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$")
)

// registerFormats teaches the validator the formats and media types of this contract. The validator keeps them for the
// whole process.
var registerFormats = sync.OnceFunc(func() { //nolint:gochecknoglobals // what it registers is global to the process
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(uuidForm.String()))
	openapi3.DefineStringFormatValidator("email", openapi3.NewRegexpFormatValidator(emailForm.String()))
	openapi3filter.RegisterBodyDecoder("application/merge-patch+json", openapi3filter.JSONBodyDecoder)
})

// validate fails with everything in which the request differs from the specification.
func (op *Operation) validate(c echo.Context) error {
	r := c.Request()
	query, err := op.checkQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := op.readBody(r); err != nil {
		return err
	}
	if !op.checked {
		return nil
	}
	parameters := make(map[string]string, len(c.ParamNames()))
	for i, name := range c.ParamNames() {
		parameters[name] = c.ParamValues()[i]
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, QueryParams: query, Route: op.route,
		Options: &openapi3filter.Options{
			MultiError: true, KeepValidatedValue: true, SkipSettingDefaults: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	})
	if err == nil {
		return nil
	}
	f := fault.New(fault.MalformedRequest).Because(err)
	explain(f, err, "")
	return f
}

// checkQuery reads the query and refuses what the operation does not know, what is repeated though it may not be, and
// what cannot be kept as text.
func (op *Operation) checkQuery(raw string) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fault.New(fault.MalformedRequest).With("The query string cannot be read.").Because(err)
	}
	f := fault.New(fault.MalformedRequest)
	for name, values := range query {
		repeatable, known := op.query[name]
		switch {
		case !known:
			f.Parameter(clip(name), "unknown", "is not a parameter of this operation")
		case len(values) > 1 && !repeatable:
			f.Parameter(name, "repeated", "may stand only once")
		}
		for _, value := range values {
			if !clean(value) {
				f.Parameter(clip(name), "encoding", "is not text in UTF-8 without U+0000")
			}
		}
	}
	if len(f.Fields()) > 0 {
		return nil, f
	}
	return query, nil
}

// explain adds to a fault everything that the validator has found.
func explain(f *fault.Fault, err error, parameter string) {
	var several openapi3.MultiError
	var request *openapi3filter.RequestError
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &request) && !isMulti(err):
		if request.Parameter != nil {
			parameter = request.Parameter.Name
		}
		if request.Err == nil {
			add(f, parameter, "", "invalid", request.Reason)
			return
		}
		explain(f, request.Err, parameter)
	case errors.As(err, &several):
		for _, one := range several {
			explain(f, one, parameter)
		}
	case errors.As(err, &schema):
		code, detail := wording(schema)
		path := schema.JSONPointer()
		if unknown := unknownName.FindStringSubmatch(schema.Reason); unknown != nil {
			path = append(path, unknown[1])
		}
		add(f, parameter, pointer(path), code, detail)
	default:
		add(f, parameter, "", "invalid", "cannot be read as what the reference says")
	}
}

func isMulti(err error) bool {
	_, multi := err.(openapi3.MultiError) //nolint:errorlint // the type of this very error decides how it is taken apart
	return multi
}

func add(f *fault.Fault, parameter, pointer, code, detail string) {
	if parameter != "" {
		f.Parameter(parameter, code, detail)
		return
	}
	f.Field(pointer, code, detail)
}

// wording gives the code and the sentence for a violation, by the schema's keyword.
func wording(e *openapi3.SchemaError) (code, detail string) {
	switch e.SchemaField {
	case "required":
		return "required", "is required"
	case "properties", "additionalProperties":
		return "unknown", "is not a member that is known here"
	case "enum":
		var values []string
		for _, value := range e.Schema.Enum {
			values = append(values, fmt.Sprint(value))
		}
		return "enum", "must be one of " + strings.Join(values, ", ")
	case "type":
		return "type", fmt.Sprintf("must be of type %s", strings.Join(e.Schema.Type.Slice(), " or "))
	case "format":
		return "format", fmt.Sprintf("must be in the format %s", e.Schema.Format)
	case "pattern":
		return "pattern", "must match " + e.Schema.Pattern
	case "minLength":
		return "min_length", fmt.Sprintf("must have at least %d characters", e.Schema.MinLength)
	case "maxLength":
		return "max_length", fmt.Sprintf("must have at most %d characters", *e.Schema.MaxLength)
	case "minProperties":
		return "min_properties", "must have at least one member"
	case "nullable":
		return "type", "must not be null"
	}
	return snake(e.SchemaField), e.Reason
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
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return b.String()
}

// accepts decides whether any of the operation's answers may be sent to a client with this Accept header.
func (op *Operation) accepts(header http.Header) bool {
	wanted := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(wanted) == "" || len(op.produces) == 0 {
		return true
	}
	for candidate := range strings.SplitSeq(wanted, ",") {
		media, parameters, _ := strings.Cut(strings.ToLower(strings.TrimSpace(candidate)), ";")
		if quality := strings.ReplaceAll(parameters, " ", ""); quality == "q=0" || strings.HasPrefix(quality, "q=0.0") && strings.Trim(quality[4:], "0") == "" {
			continue
		}
		media = strings.TrimSpace(media)
		for _, offer := range op.produces {
			group, _, _ := strings.Cut(offer, "/")
			if media == "*/*" || media == offer || media == group+"/*" {
				return true
			}
		}
	}
	return false
}
