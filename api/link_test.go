package api_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
)

// load reads the document as its authors write it.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// operations calls a function with every operation.
func operations(document *openapi3.T, each func(path, method string, item *openapi3.PathItem, op *openapi3.Operation)) {
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			each(path, method, item, op)
		}
	}
}

// expressionForm is what the parameters of a link are taken from (OpenAPI 3.1, "Runtime Expressions"), as far as we use them.
var expressionForm = regexp.MustCompile(
	`^\$(?:request\.(?:path|query)\.[a-z_]+|response\.header\.[A-Za-z-]+|response\.body#(?:/[a-z0-9_]+)+)$`)

// TestWhatIsCreatedCanBeFollowed: who has created something is told by links what can be done with it, and who has read a
// page where the next one is. Machines that walk through the API go as deep as its links lead.
func TestWhatIsCreatedCanBeFollowed(t *testing.T) {
	t.Parallel()
	document := load(t)
	operations(document, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		at := method + " " + path
		if created := op.Responses.Value("201"); created != nil && len(created.Value.Links) == 0 {
			t.Errorf("%s: the 201 has no links to what can be done with what was created", at)
		}
		parameters := slices.Concat(item.Parameters, op.Parameters)
		if parameters.GetByInAndName("query", "cursor") == nil {
			return
		}
		next := op.Responses.Value("200").Value.Links["NextPage"]
		if next == nil || next.Value.OperationID != op.OperationID {
			t.Errorf("%s: has no link NextPage to itself", at)
			return
		}
		for _, p := range parameters {
			want := "$request." + p.Value.In + "." + p.Value.Name
			if p.Value.In == "query" && p.Value.Name == "cursor" {
				want = "$response.body#/next_cursor"
			}
			if p.Value.In != "header" && next.Value.Parameters[p.Value.Name] != want {
				t.Errorf("%s: the next page takes %s from %v, not from %s", at, p.Value.Name, next.Value.Parameters[p.Value.Name], want)
			}
		}
	})
}

// TestEveryLinkLeadsSomewhere holds each link against the operation that it names, and against the answer and the request
// that it takes its parameters from.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
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
					t.Errorf("%s: is not called as the operation %s that it leads to", at, link.Value.OperationID)
				}
				known, found := targets[link.Value.OperationID]
				if !found {
					t.Errorf("%s: there is no operation %q", at, link.Value.OperationID)
				}
				source := slices.Concat(item.Parameters, op.Parameters)
				checkLink(t, at, link.Value, known, source, response.Value)
			}
		}
	})
}

// checkLink checks that every parameter exists where the link leads, none that is required is missing, and each is taken
// from what is there.
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
		if !expressionForm.MatchString(expression) {
			t.Errorf("%s: %s is taken from %v, which is no expression", at, name, value)
			continue
		}
		if !taken(expression, source, response) {
			t.Errorf("%s: %s is taken from %s, which is not there", at, name, expression)
		}
	}
	for _, p := range known {
		if p.Value.Required && !given[p.Value.Name] {
			t.Errorf("%s: %s needs %s", at, link.OperationID, p.Value.Name)
		}
	}
}

// taken reports whether an expression finds something in a request with these parameters or in its answer.
func taken(expression string, source openapi3.Parameters, response *openapi3.Response) bool {
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
