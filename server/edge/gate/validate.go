package gate

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// validate fails with everything in which the request differs from the specification.
func (op *Operation) validate(ctx context.Context, c echo.Context) error {
	r, f := c.Request(), fault.New(fault.MalformedRequest)
	query := op.readQuery(r.URL.RawQuery, f)
	op.joinHeaders(r.Header)
	body, err := op.readBody(r, f)
	if err != nil {
		return err
	}
	if op.checked {
		err = openapi3filter.ValidateRequest(ctx, &openapi3filter.RequestValidationInput{
			Request: r, PathParams: pathParameters(c), QueryParams: query, Route: op.route,
			Options: &openapi3filter.Options{
				MultiError: true, KeepValidatedValue: true, SkipSettingDefaults: true, ExcludeRequestBody: body == nil,
			},
		})
		if err != nil {
			explain(f.Because(err), err, nil)
		}
	}
	if err != nil || len(f.Fields()) > 0 {
		return f
	}
	return checkTexts(body)
}

func pathParameters(c echo.Context) map[string]string {
	names := c.ParamNames()
	parameters := make(map[string]string, len(names))
	for i, name := range names {
		parameters[name] = c.ParamValues()[i]
	}
	return parameters
}

// readQuery reads the query, and adds to a fault what of it cannot be read, what the operation does not know, what is
// repeated though it may not be, and what cannot be kept as text. Each pair is read on its own, so that all are named.
func (op *Operation) readQuery(raw string, f *fault.Fault) url.Values {
	query, seen := url.Values{}, map[string]bool{}
	for pair := range strings.SplitSeq(raw, "&") {
		read, err := url.ParseQuery(pair)
		if err != nil {
			f.Parameter(clip(title(pair)), "syntax", "cannot be read as part of a query string")
			continue
		}
		for name, values := range read {
			parameter, known := op.query[name]
			switch {
			case !known:
				f.Parameter(clip(cmp.Or(name, pair)), "unknown", "is not a parameter of this operation")
			case !clean(values[0]):
				f.Parameter(name, "encoding", "is not text in UTF-8 without U+0000")
			case seen[name] && !parameter.repeatable:
				f.Parameter(name, "repeated", "may stand only once")
			case parameter.form != nil && values[0] != "" && !parameter.form.MatchString(values[0]):
				f.Parameter(name, "type", "must be of type "+parameter.kind)
			default:
				query[name] = append(query[name], values[0])
			}
			seen[name] = true
		}
	}
	return query
}

// stated is what a query says beyond what goes without saying.
func (op *Operation) stated(query url.Values) url.Values {
	maps.DeleteFunc(query, func(name string, values []string) bool {
		return len(values) == 1 && values[0] != "" && values[0] == op.query[name].usual
	})
	return query
}

// title is what a pair of a query that cannot be read is called by: its name as sent, or all of it where it has none.
func title(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	return cmp.Or(name, pair)
}

// joinHeaders makes one line of a header that was sent in several, which mean the same (RFC 9110, section 5.3).
func (op *Operation) joinHeaders(header http.Header) {
	for _, name := range op.headers {
		if values := header[name]; len(values) > 1 {
			header[name] = []string{strings.Join(values, ", ")}
		}
	}
}
