package gate

import (
	"context"
	"errors"
	"net/http"
	"net/url"
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
func (d decoded) QueryParams() url.Values { return d.in.query }

// validate decodes the input of a request. It fails with everything in which the input differs from the specification.
func (op *Operation) validate(ctx context.Context, c echo.Context) (in input, err error) {
	r, f := c.Request(), fault.New(fault.MalformedRequest)
	in.query = op.readQuery(r.URL.RawQuery, f)
	access.RequestOf(ctx).Query = in.query
	op.joinHeaders(r.Header)
	if in.body, err = op.readBody(r, f); err != nil {
		return in, err
	}
	causes := make([]error, 0, 2) //nolint:mnd // of parameters and body
	if op.parameters {
		if err := op.validateParameters(ctx, c, in.query); err != nil {
			causes = append(causes, err)
			explain(f, err, nil)
		}
	}
	if in.body != nil {
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

func (op *Operation) validateParameters(ctx context.Context, c echo.Context, query url.Values) error {
	names := c.ParamNames()
	path := make(map[string]string, len(names))
	for i, name := range names {
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
