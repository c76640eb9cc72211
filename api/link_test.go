package api_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
)

// load reads the specification.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// operations calls a function for every operation.
func operations(document *openapi3.T, each func(path, method string, item *openapi3.PathItem, op *openapi3.Operation)) {
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			each(path, method, item, op)
		}
	}
}

// runtimeExpression matches the runtime expressions of OpenAPI 3.1 that the links of the specification may use.
var runtimeExpression = regexp.MustCompile(
	`^\$(?:request\.(?:path|query)\.[a-z_]+|response\.header\.[A-Za-z-]+|response\.body#(?:/[a-z0-9_]+)+)$`)

// TestResponsesHaveLinks checks that a response to a creation links to operations on the new resource, and that each page
// links to the next one. Fuzzers follow these links.
func TestResponsesHaveLinks(t *testing.T) {
	t.Parallel()
	document := load(t)
	operations(document, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		at := method + " " + path
		if created := op.Responses.Value("201"); created != nil && len(created.Value.Links) == 0 {
			t.Errorf("%s: the response 201 has no links to operations on the created resource", at)
		}
		parameters := slices.Concat(item.Parameters, op.Parameters)
		if parameters.GetByInAndName("query", "cursor") == nil {
			return
		}
		next := op.Responses.Value("200").Value.Links["NextPage"]
		if next == nil || next.Value.OperationID != op.OperationID {
			t.Errorf("%s: the response has no link NextPage to the same operation", at)
			return
		}
		for _, p := range parameters {
			want := "$request." + p.Value.In + "." + p.Value.Name
			if p.Value.In == "query" && p.Value.Name == "cursor" {
				want = "$response.body#/next_cursor"
			}
			// Resources that are asked for by their ids have one page. The cursor takes the place of an event after which to begin.
			byID := p.Value.In == "query" && (p.Value.Name == "id" || p.Value.Name == "after")
			if p.Value.In != "header" && !byID && next.Value.Parameters[p.Value.Name] != want {
				t.Errorf("%s: NextPage: parameter %s: got %v, want %s", at, p.Value.Name, next.Value.Parameters[p.Value.Name], want)
			}
		}
	})
}

// TestLinksAreValid compares each link with the operation that it names, and with the request and the response that its
// parameters refer to.
func TestLinksAreValid(t *testing.T) {
	t.Parallel()
	document := load(t)
	targets := map[string]openapi3.Parameters{}
	operations(document, func(_, _ string, item *openapi3.PathItem, op *openapi3.Operation) {
		targets[op.OperationID] = slices.Concat(item.Parameters, op.Parameters)
	})
	operations(document, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		for status, response := range op.Responses.Map() {
			for name, link := range response.Value.Links {
				at := method + " " + path + " " + status + " " + name
				if name != "NextPage" && name != link.Value.OperationID {
					t.Errorf("%s: want the name of the operation, %s", at, link.Value.OperationID)
				}
				known, found := targets[link.Value.OperationID]
				if !found {
					t.Errorf("%s: the operation %q does not exist", at, link.Value.OperationID)
				}
				source := slices.Concat(item.Parameters, op.Parameters)
				checkLink(t, at, link.Value, known, source, response.Value)
			}
		}
	})
}

// checkLink checks that the operation has the parameters of the link, that the link has all required parameters, and that
// their values exist in the request or the response.
func checkLink(
	t *testing.T, at string, link *openapi3.Link, known, source openapi3.Parameters, response *openapi3.Response,
) {
	t.Helper()
	given := map[string]bool{}
	for name, value := range link.Parameters {
		in, bare, qualified := strings.Cut(name, ".")
		if !qualified {
			in, bare = "", name
		}
		given[bare] = true
		if !slices.ContainsFunc(known, func(p *openapi3.ParameterRef) bool {
			return p.Value.Name == bare && (p.Value.In == in || in == "" && p.Value.In != openapi3.ParameterInHeader)
		}) {
			t.Errorf("%s: %s has no parameter %s", at, link.OperationID, name)
		}
		expression, _ := value.(string)
		if !runtimeExpression.MatchString(expression) {
			t.Errorf("%s: %s: %v is not a runtime expression", at, name, value)
			continue
		}
		if !resolves(expression, source, response) {
			t.Errorf("%s: %s: %s does not exist in the request or the response", at, name, expression)
		}
	}
	for _, p := range known {
		if p.Value.Required && !given[p.Value.Name] {
			t.Errorf("%s: %s requires the parameter %s", at, link.OperationID, p.Value.Name)
		}
	}
}

// resolves reports whether an expression refers to one of the parameters of the request or to a part of the response.
func resolves(expression string, source openapi3.Parameters, response *openapi3.Response) bool {
	if pointer, found := strings.CutPrefix(expression, "$response.body#/"); found {
		schema := response.Content["application/json"].Schema.Value
		for step := range strings.SplitSeq(pointer, "/") {
			switch {
			case schema.Items != nil && step == "0":
				schema = schema.Items.Value
			case schema.Properties[step] != nil:
				schema = schema.Properties[step].Value
			default:
				return false
			}
		}
		return true
	}
	if header, found := strings.CutPrefix(expression, "$response.header."); found {
		return response.Headers[header] != nil
	}
	parts := strings.Split(expression, ".")
	return source.GetByInAndName(parts[1], parts[2]) != nil
}
