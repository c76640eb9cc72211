package testkit

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// common are the statuses that every operation and every unknown path may respond with.
var common = []int{ //nolint:gochecknoglobals // a constant list
	http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusRequestHeaderFieldsTooLarge, http.StatusBadRequest, http.StatusForbidden,
}

// httpHeaders are headers of HTTP itself (RFC 9110 to 9112), which need no declaration.
var httpHeaders = []string{ //nolint:gochecknoglobals // a constant list
	"Content-Type", "Content-Length", "Content-Encoding", "Date", "Transfer-Encoding", "Allow", "Connection",
	"Cache-Control", "Vary",
}

type specification struct {
	document  *openapi3.T
	reference *reference.Document
}

var published = sync.OnceValues(func() (*specification, error) { //nolint:gochecknoglobals // read once
	texts, err := spec.Published()
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(texts.JSON)
	if err != nil {
		return nil, err
	}
	if _, err := gate.Load(document); err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder("image/svg+xml", openapi3filter.PlainBodyDecoder)
	read, err := reference.Read(spec.Specification)
	if err != nil {
		return nil, err
	}
	return &specification{document: document, reference: read}, nil
})

// conforms returns an error if the status, a header or the body of a response is not declared in a specification; nil
// means the published one.
func conforms(a *Answer, document *openapi3.T) error {
	if strings.HasPrefix(a.path, docs.Prefix) {
		return nil
	}
	s, err := published()
	if err != nil {
		return err
	}
	if document != nil {
		s = &specification{document: document, reference: s.reference}
	}
	method := a.Request.Method
	if method == http.MethodHead {
		if len(a.Body) > 0 {
			return fmt.Errorf("the response to HEAD has a body of %d bytes", len(a.Body))
		}
		method = http.MethodGet
	}
	route, parameters := s.find(method, a.path)
	if route == nil {
		if slices.Contains(common, a.Status) {
			return s.isProblem(a)
		}
		return fmt.Errorf("no operation has this path and method, but the status is %d", a.Status)
	}
	response := route.Operation.Responses.Status(a.Status)
	if response == nil {
		if slices.Contains(common, a.Status) {
			return s.isProblem(a)
		}
		return fmt.Errorf("the status %d is not declared", a.Status)
	}
	if err := headers(a, response.Value); err != nil {
		return err
	}
	kind := a.Header.Get("Content-Type")
	if kind == "application/problem+json" && a.Request.Method != http.MethodHead {
		if err := s.documents(a, route.Operation.OperationID); err != nil {
			return err
		}
	}
	if a.Status == http.StatusNotModified || a.Request.Method == http.MethodHead ||
		strings.HasPrefix(kind, "application/x-ndjson") || strings.HasPrefix(kind, "text/") ||
		strings.HasPrefix(kind, "application/yaml") {
		return nil
	}
	body, err := decoded(a)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: a.Request, PathParams: parameters, Route: route,
		},
		Status: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
}

// decoded returns the body without its content encoding.
func decoded(a *Answer) ([]byte, error) {
	if a.Header.Get("Content-Encoding") == "" {
		return a.Body, nil
	}
	unzip, err := gzip.NewReader(bytes.NewReader(a.Body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzip)
}

// documents returns an error if the reference does not list the code of a problem among those of its operation.
func (s *specification) documents(a *Answer, operationID string) error {
	var problem api.Problem
	a.Into(&problem)
	for _, operation := range s.reference.Operations() {
		if operation.ID == operationID && !docs.MayAnswer(operation, fault.Code(problem.Code)) {
			return fmt.Errorf("the reference of %s does not list the code %s", operationID, problem.Code)
		}
	}
	return nil
}

// find returns the operation of a method and path, and the path's parameters. A literal path takes precedence over one
// with parameters.
func (s *specification) find(method, path string) (*routers.Route, map[string]string) {
	var found *routers.Route
	var parameters map[string]string
	for template, item := range s.document.Paths.Map() {
		operation := item.GetOperation(method)
		values, ok := match(template, path)
		if operation == nil || !ok || found != nil && len(values) > len(parameters) {
			continue
		}
		found = &routers.Route{Spec: s.document, Path: template, PathItem: item, Method: method, Operation: operation}
		parameters = values
	}
	return found, parameters
}

func match(template, path string) (map[string]string, bool) {
	wanted, given := strings.Split(template, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return nil, false
	}
	values := map[string]string{}
	for i, step := range wanted {
		switch {
		case strings.HasPrefix(step, "{"):
			value, err := url.PathUnescape(given[i])
			if err != nil {
				return nil, false
			}
			values[strings.Trim(step, "{}")] = value
		case step != given[i]:
			return nil, false
		}
	}
	return values, true
}

// headers returns an error if a header is not declared for the response, or if a required one is missing.
func headers(a *Answer, response *openapi3.Response) error {
	for name := range a.Header {
		declared := slices.Contains(httpHeaders, name)
		for known := range response.Headers {
			declared = declared || http.CanonicalHeaderKey(known) == name
		}
		if !declared {
			return fmt.Errorf("the header %s is not declared", name)
		}
	}
	for name, header := range response.Headers {
		if header.Value.Required && a.Header.Get(name) == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	return nil
}

// isProblem returns an error unless the response is a problem as every operation may return it.
func (s *specification) isProblem(a *Answer) error {
	if err := headers(a, s.document.Components.Responses["BadRequest"].Value); err != nil {
		return err
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("the content type is %s, want application/problem+json", got)
	}
	if a.Request.Method == http.MethodHead {
		return nil
	}
	var body any
	a.Into(&body)
	return s.document.Components.Schemas["Problem"].Value.VisitJSON(body)
}
