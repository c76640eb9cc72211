package docs

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const problemMedia = "application/problem+json"

// isProblem reports whether a response is an error, with a problem document as its body.
func isProblem(response *reference.Response) bool {
	return slices.ContainsFunc(response.Media, func(m *reference.Media) bool { return m.Type == problemMedia })
}

// successes returns the responses of an operation that are not problems, and problems the others.
func successes(o *reference.Operation) []*reference.Response {
	return slices.DeleteFunc(slices.Clone(o.Responses), isProblem)
}

func problemsOf(o *reference.Operation) []*reference.Response {
	return slices.DeleteFunc(slices.Clone(o.Responses), func(r *reference.Response) bool { return !isProblem(r) })
}

// codes returns the error codes that an operation can return with a status.
func (r *renderer) codes(o *reference.Operation, response *reference.Response) []fault.Code {
	var codes []fault.Code
	for _, group := range r.problems {
		if strconv.Itoa(group.Status) != response.Status {
			continue
		}
		for _, p := range group.Problems {
			if MayAnswer(o, p.Code) {
				codes = append(codes, p.Code)
			}
		}
	}
	return codes
}

// requiresIfMatch reports whether the operation answers 428 to requests without If-Match.
func requiresIfMatch(o *reference.Operation) bool {
	return declaresStatus(o, http.StatusPreconditionRequired)
}

func declaresStatus(o *reference.Operation, status int) bool {
	return slices.ContainsFunc(o.Responses, func(r *reference.Response) bool { return r.Status == strconv.Itoa(status) })
}

// parametersIn returns the parameters with a location.
func parametersIn(o *reference.Operation, in string) []*reference.Parameter {
	return slices.DeleteFunc(slices.Clone(o.Parameters), func(p *reference.Parameter) bool { return p.In != in })
}

// linked returns the operations that a response links to, without duplicates.
func (r *renderer) linked(response *reference.Response) []*reference.Operation {
	var operations []*reference.Operation
	for _, id := range response.Links {
		if o := r.byID[id]; o != nil && !slices.Contains(operations, o) {
			operations = append(operations, o)
		}
	}
	return operations
}

// headersInWords names the headers of an error response.
func headersInWords(response *reference.Response) string {
	if len(response.Headers) == 1 {
		return "Header: " + response.Headers[0].Name
	}
	return "Headers: " + headerNames(response.Headers)
}

func headerNames(headers []*reference.Parameter) string {
	var names []string
	for _, h := range headers {
		names = append(names, h.Name)
	}
	return strings.Join(names, ", ")
}

// statusClass returns the CSS classes that color a status.
func statusClass(status string) string { return "status status-" + status[:1] }

// methodClass returns the CSS classes that color a method.
func methodClass(o *reference.Operation) string { return "method " + strings.ToLower(o.Method) }

// pathSegments splits a path after its slashes.
func pathSegments(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }
