package gate

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/jsonbody"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// input is what the gate has decoded of a request.
type input struct {
	// query has the parameters that were sent, decoded.
	query url.Values
	// body is the decoded body. It is nil if there is none, and for uploads, which the operation reads itself.
	body *jsonbody.Body
}

// canonical is the body in the one form that all spellings of it share; empty without a body.
func (in input) canonical() []byte {
	if in.body == nil {
		return nil
	}
	return jsonbody.Canonical(in.body.Value)
}

// decoded is the context of an admitted request. The generated code takes the query and the call from it.
type decoded struct {
	echo.Context

	in   input
	call service.Call
}

// QueryParams returns the decoded query.
func (d *decoded) QueryParams() url.Values { return d.in.query }

// validate decodes the input of a request. It fails with everything in which the input differs from the specification.
func (op *Operation) validate(ctx context.Context, c echo.Context) (in input, err error) {
	readPath(c)
	r := c.Request()
	if r.URL.RawQuery == "" && op.bodies == nil && r.ContentLength == 0 && op.sendsOnlyIDs(c, nil) {
		r.Header.Del("Content-Type")
		access.RequestOf(ctx).Query = noQuery
		return input{query: noQuery}, nil
	}
	f := fault.New(fault.MalformedRequest)
	in.query = op.readQuery(r.URL.RawQuery, f)
	access.RequestOf(ctx).Query = in.query
	op.joinHeaders(r.Header)
	if in.body, err = op.readBody(r, f); err != nil {
		return in, err
	}
	causes := make([]error, 0, 2) //nolint:mnd // of parameters and body
	if op.parameters && !op.sendsOnlyIDs(c, in.query) {
		if err := op.validateParameters(ctx, c, in.query); err != nil {
			causes = append(causes, err)
			explain(f, err, nil)
		}
	}
	if in.body != nil {
		op.relax(in.body.Value)
		if err := op.schema.VisitJSON(in.body.Value, openapi3.VisitAsRequest(), openapi3.MultiErrors()); err != nil {
			causes = append(causes, err)
			explain(f, err, nil)
		}
	}
	if len(f.Fields()) > 0 {
		return in, f.Because(errors.Join(causes...))
	}
	if in.body != nil {
		return in, refuseUnstorable(in.body.Unstorable)
	}
	return in, nil
}

// noQuery is the query of requests without one. It is shared, so it must not be changed.
var noQuery = url.Values{} //nolint:gochecknoglobals // a constant

// uuidLength is the length of the text of a UUID.
const uuidLength = 36

// sendsOnlyIDs reports whether a request has no parameters except for ids in its path, which are UUIDs. The validator,
// which is much slower, would find nothing.
func (op *Operation) sendsOnlyIDs(c echo.Context, query url.Values) bool {
	if !op.onlyIDs || len(query) > 0 {
		return false
	}
	for _, name := range op.headers {
		if _, sent := c.Request().Header[name]; sent {
			return false
		}
	}
	for _, value := range c.ParamValues() {
		if !isUUID(value) {
			return false
		}
	}
	return true
}

// isUUID reports whether a text is a UUID in lower case, as the service writes them. Other spellings are for the
// validator.
func isUUID(text string) bool {
	if len(text) != uuidLength {
		return false
	}
	for i, c := range []byte(text) {
		switch i {
		case 8, 13, 18, 23: //nolint:mnd // where RFC 9562 has hyphens
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// readPath decodes the parameters of the path, once: the router returns them as they were sent if the client has
// escaped more than it had to. It replaces them in the context, together with a request that has no escaped form of its
// path, by which the generated code knows that they are decoded.
func readPath(c echo.Context) {
	sent := c.Request()
	if sent.URL.RawPath == "" {
		return
	}
	values := slices.Clone(c.ParamValues())
	for i := range values {
		if value, err := url.PathUnescape(values[i]); err == nil { // The server has already refused invalid escapes.
			values[i] = value
		}
	}
	c.SetParamValues(values...)
	request, target := *sent, *sent.URL
	target.RawPath, request.URL = "", &target
	c.SetRequest(&request)
}

func (op *Operation) validateParameters(ctx context.Context, c echo.Context, query url.Values) error {
	path := make(map[string]string, len(c.ParamNames()))
	for i, name := range c.ParamNames() {
		path[name] = c.ParamValues()[i]
	}
	return openapi3filter.ValidateRequest(ctx, &openapi3filter.RequestValidationInput{
		Request: c.Request(), PathParams: path, QueryParams: query, Route: op.route,
		Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true, ExcludeRequestBody: true},
	})
}

// refuseUnstorable fails if strings of a body contain U+0000. A schema allows it, but PostgreSQL cannot store it.
func refuseUnstorable(pointers []string) error {
	if len(pointers) == 0 {
		return nil
	}
	f := fault.New(fault.RuleViolated)
	for _, pointer := range pointers {
		f.Field(pointer, "nul", "contains the character U+0000")
	}
	return f
}

// joinHeaders writes a header that was sent in several lines as one line, which means the same (RFC 9110, section 5.3).
func (op *Operation) joinHeaders(header http.Header) {
	for _, name := range op.headers {
		if values := header[name]; len(values) > 1 {
			header[name] = []string{strings.Join(values, ", ")}
		}
	}
}
