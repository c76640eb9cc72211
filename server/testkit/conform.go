package testkit

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	openapi_types "github.com/oapi-codegen/runtime/types"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// anywhere are the statuses that every operation may answer with, and every path that is none.
var anywhere = []int{ //nolint:gochecknoglobals // a constant list
	http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusRequestHeaderFieldsTooLarge, http.StatusBadRequest, http.StatusForbidden,
}

// wire are headers that HTTP itself brings (RFC 9110 to 9112).
var wire = []string{ //nolint:gochecknoglobals // a constant list
	"Content-Type", "Content-Length", "Content-Encoding", "Date", "Transfer-Encoding", "Allow", "Connection",
	"Cache-Control", "Vary",
}

type specification struct {
	document  *openapi3.T
	reference *reference.Document
}

var agreed = sync.OnceValues(func() (*specification, error) { //nolint:gochecknoglobals // read once
	published, err := spec.Published()
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(published.JSON)
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

// conforms fails if the status, the headers or the body of an answer are not what a specification declares; nil stands
// for the published one.
func conforms(a *Answer, document *openapi3.T) error {
	if strings.HasPrefix(a.Request.URL.Path, docs.Prefix) {
		return nil
	}
	s, err := agreed()
	if err != nil {
		return err
	}
	if document != nil {
		s = &specification{document: document, reference: s.reference}
	}
	method := a.Request.Method
	if method == http.MethodHead {
		if len(a.Body) > 0 {
			return fmt.Errorf("the answer to HEAD has a body of %d bytes", len(a.Body))
		}
		method = http.MethodGet
	}
	route, parameters := s.find(method, a.Request.URL.Path)
	if route == nil {
		if slices.Contains(anywhere, a.Status) {
			return s.isProblem(a)
		}
		return fmt.Errorf("no operation has this path and method, and the answer is %d", a.Status)
	}
	response := route.Operation.Responses.Status(a.Status)
	if response == nil {
		if slices.Contains(anywhere, a.Status) {
			return s.isProblem(a)
		}
		return fmt.Errorf("the status %d is not declared", a.Status)
	}
	if err := headers(a, response.Value); err != nil {
		return err
	}
	kind := a.Header.Get("Content-Type")
	if kind == "application/problem+json" && a.Request.Method != http.MethodHead {
		if err := s.isTold(a, route.Operation.OperationID); err != nil {
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

// decoded is the body without its encoding.
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

// isTold expects that the reference page counts a problem's code among those that its operation may answer with.
func (s *specification) isTold(a *Answer, operationID string) error {
	var problem api.Problem
	a.Into(&problem)
	for _, operation := range s.reference.Operations() {
		if operation.ID == operationID && !docs.MayAnswer(operation, fault.Code(problem.Code)) {
			return fmt.Errorf("the reference page rules out that %s answers %s", operationID, problem.Code)
		}
	}
	return nil
}

// find gives the operation of a method and path, and the path's parameters. A path that stands in the specification as
// it is goes before one with parameters.
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
			values[strings.Trim(step, "{}")] = given[i]
		case step != given[i]:
			return nil, false
		}
	}
	return values, true
}

// headers expects that each header is declared for this answer, and is there where it has to be.
func headers(a *Answer, response *openapi3.Response) error {
	for name := range a.Header {
		declared := slices.Contains(wire, name)
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

// isProblem holds an answer that no operation declares against what all of them may answer.
func (s *specification) isProblem(a *Answer) error {
	if err := headers(a, s.document.Components.Responses["BadRequest"].Value); err != nil {
		return err
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("the answer is %s, not application/problem+json", got)
	}
	if a.Request.Method == http.MethodHead {
		return nil
	}
	var body any
	a.Into(&body)
	return s.document.Components.Schemas["Problem"].Value.VisitJSON(body)
}

func email(address string) openapi_types.Email { return openapi_types.Email(address) }
