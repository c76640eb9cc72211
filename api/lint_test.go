package api_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/contract"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/problem"
)

// verbs are what an operationId may begin with, and whether it is something that only reads.
var verbs = map[string]bool{ //nolint:gochecknoglobals // a constant table
	"Get": true, "List": true, "Export": true,
	"Create": false, "Update": false, "Change": false, "Deactivate": false, "Reactivate": false, "Revoke": false,
	"Refresh": false, "Verify": false, "Login": false, "Logout": false,
	"Set": false, "Remove": false, "Import": false, "Archive": false, "Restore": false, "Publish": false,
	"Open": false, "Hold": false, "Close": false, "Resume": false, "Reopen": false, "Cancel": false,
	"Move": false, "Reject": false, "Withdraw": false,
	"Schedule": false, "Reschedule": false, "Respond": false, "Start": false, "Finish": false, "Mark": false, "Complete": false,
	"Submit": false, "Void": false, "Rotate": false, "Reset": false,
}

var (
	operationForm  = regexp.MustCompile(`^([A-Z][a-z]+)([A-Z][A-Za-z]*)?$`)
	permissionForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*$`)
	snakeForm      = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	stepForm       = regexp.MustCompile(`^([a-z0-9]+([-.][a-z0-9]+)*|\{[a-z]+(_[a-z]+)*\})$`)
)

// load reads the document as its authors write it, and hands it to the contract, which knows its formats.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := contract.Load(document); err != nil {
		t.Fatalf("the contract has holes: %v", err)
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

func public(op *openapi3.Operation) bool { return op.Security != nil && len(*op.Security) == 0 }

func TestTheDocumentIsValid(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" {
		t.Errorf("the document is OpenAPI %s", document.OpenAPI)
	}
	if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

// TestYAMLAndJSONAreOneDocument holds against each other what /openapi.yaml and /openapi.json serve.
func TestYAMLAndJSONAreOneDocument(t *testing.T) {
	t.Parallel()
	var written any
	if err := yaml.Unmarshal([]byte(spec.Specification), &written); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	served, err := api.GetSpecJSON()
	if err != nil {
		t.Fatal(err)
	}
	var fromYAML, fromJSON any
	if err := json.Unmarshal(encoded, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(served, &fromJSON); err != nil {
		t.Fatal(err)
	}
	differ(t, "", fromYAML, fromJSON)
}

// differ names every place where two JSON values are not the same.
func differ(t *testing.T, at string, a, b any) {
	t.Helper()
	left, isObject := a.(map[string]any)
	right, alsoObject := b.(map[string]any)
	if !isObject || !alsoObject {
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the YAML says %v and the JSON %v", at, a, b)
		}
		return
	}
	for name := range left {
		differ(t, at+"/"+name, left[name], right[name])
	}
	for name := range right {
		if _, found := left[name]; !found {
			t.Errorf("%s/%s: stands in the JSON only", at, name)
		}
	}
}

func TestEveryOperationIsNamedAndDescribed(t *testing.T) {
	t.Parallel()
	document := load(t)
	generated := reflect.TypeFor[api.StrictServerInterface]()
	count := 0
	operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		count++
		at := method + " " + path
		parts := operationForm.FindStringSubmatch(op.OperationID)
		if parts == nil {
			t.Errorf("%s: operationId %q is not VerbNoun in UpperCamelCase", at, op.OperationID)
			return
		}
		reads, known := verbs[parts[1]]
		if !known {
			t.Errorf("%s: %q begins with no verb that is known", at, op.OperationID)
		}
		if reads != (method == "GET") {
			t.Errorf("%s: %q does not fit the method", at, op.OperationID)
		}
		if _, found := generated.MethodByName(op.OperationID); !found {
			t.Errorf("%s: nothing generated is called %s", at, op.OperationID)
		}
		if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
			t.Errorf("%s: needs a summary, without a full stop: %q", at, op.Summary)
		}
		if !strings.HasSuffix(strings.TrimSpace(op.Description), ".") {
			t.Errorf("%s: needs a description in sentences: %q", at, op.Description)
		}
		if len(op.Tags) != 1 || document.Tags.Get(op.Tags[0]) == nil {
			t.Errorf("%s: needs one tag that the document describes: %v", at, op.Tags)
		}
		for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
			if !stepForm.MatchString(step) {
				t.Errorf("%s: %q is neither kebab-case nor a parameter", at, step)
			}
		}
	})
	if count != generated.NumMethod() {
		t.Errorf("there are %d operations and %d generated methods", count, generated.NumMethod())
	}
}

func TestEveryOperationSaysWhoMay(t *testing.T) {
	t.Parallel()
	document := load(t)
	operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		permission, _ := op.Extensions["x-required-permission"].(string)
		if public(op) {
			if permission != "" {
				t.Errorf("%s %s: is public and asks for %q", method, path, permission)
			}
			return
		}
		if permission != contract.Authenticated && !permissionForm.MatchString(permission) {
			t.Errorf("%s %s: the permission %q is not resource:verb", method, path, permission)
		}
		for _, requirement := range *op.Security {
			if len(requirement) == 0 {
				t.Errorf("%s %s: an empty requirement lets everybody in", method, path)
			}
			for scheme := range requirement {
				if document.Components.SecuritySchemes[scheme] == nil {
					t.Errorf("%s %s: the scheme %s is not declared", method, path, scheme)
				}
			}
		}
	})
}

// TestEveryErrorIsDeclared asks each operation for the errors that it can answer with. A method that a path does not know
// belongs to no operation: 405 is declared in the document's description.
func TestEveryErrorIsDeclared(t *testing.T) {
	t.Parallel()
	document := load(t)
	if !strings.Contains(document.Info.Description, "405") {
		t.Error("the document's description does not mention 405")
	}
	operations(document, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		parameters := slices.Concat(item.Parameters, op.Parameters)
		has := func(in, name string) bool { return parameters.GetByInAndName(in, name) != nil }
		writes, limited := method != "GET", op.Extensions["x-rate-limited"] != false
		for status, can := range map[string]bool{
			"304": has("header", "If-None-Match"),
			"400": true, // there is always a query to be unknown
			"401": !public(op),
			"403": !public(op) || writes, // a write may come from a foreign site
			"404": strings.Contains(path, "{"),
			"406": shows(op),
			"413": op.RequestBody != nil,
			"415": op.RequestBody != nil,
			"431": true,
			"409": writes, // whatever writes may meet another that writes
			"412": has("header", "If-Match"),
			"428": requiresMatch(parameters),
			"422": obeysRules(method, op),
			"429": limited,
			"500": true,
			"503": !slices.Contains(op.Tags, "meta"),
		} {
			if can && op.Responses.Value(status) == nil {
				t.Errorf("%s %s can answer %s and does not say so", method, path, status)
			}
		}
		for status, response := range op.Responses.Map() {
			media := response.Value.Content["application/problem+json"]
			if status[0] < '4' || op.OperationID == "GetReadiness" && status == "503" {
				continue
			}
			if len(response.Value.Content) != 1 || media == nil || media.Schema.Ref != "#/components/schemas/Problem" {
				t.Errorf("%s %s: %s is no problem document", method, path, status)
			}
		}
	})
}

// shows reports whether a success has a body, which Accept may exclude.
func shows(op *openapi3.Operation) bool {
	for status, response := range op.Responses.Map() {
		if status[0] == '2' && len(response.Value.Content) > 0 {
			return true
		}
	}
	return false
}

// requiresMatch reports whether a change must say what it is based on.
func requiresMatch(parameters openapi3.Parameters) bool {
	return slices.ContainsFunc(parameters, func(p *openapi3.ParameterRef) bool {
		return p.Ref == "#/components/parameters/IfMatchNeeded"
	})
}

// obeysRules reports whether there are rules beyond the schema for what an operation is sent: for changes, for what is
// created, and for passwords.
func obeysRules(method string, op *openapi3.Operation) bool {
	if op.RequestBody == nil {
		return false
	}
	media := op.RequestBody.Value.Content["application/json"]
	if media == nil {
		return true // an upload's rows are held against rules
	}
	body := media.Schema.Value
	for _, property := range body.Properties {
		if property.Ref == "#/components/schemas/Password" {
			return true
		}
	}
	return method == "PATCH" || op.Responses.Value("201") != nil
}

// TestEveryBodyHasAnExample that its schema accepts, in requests and in answers.
func TestEveryBodyHasAnExample(t *testing.T) {
	t.Parallel()
	document := load(t)
	operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		if op.RequestBody != nil {
			for name, media := range op.RequestBody.Value.Content {
				checkExample(t, method+" "+path+" request "+name, media, openapi3.VisitAsRequest())
			}
		}
		for status, response := range op.Responses.Map() {
			for name, media := range response.Value.Content {
				checkExample(t, method+" "+path+" "+status+" "+name, media, openapi3.VisitAsResponse())
			}
		}
	})
}

func checkExample(t *testing.T, at string, media *openapi3.MediaType, as openapi3.SchemaValidationOption) {
	t.Helper()
	if media.Example == nil {
		t.Errorf("%s: has no example", at)
		return
	}
	if err := media.Schema.Value.VisitJSON(media.Example, as, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s: the example does not fit the schema: %v", at, err)
	}
	// An example is what a reader learns from; a member that the schema does not know would teach them wrong.
	object, _ := media.Example.(map[string]any)
	for name := range object {
		if media.Schema.Value.Properties[name] == nil && media.Schema.Value.AdditionalProperties.Has == nil {
			t.Errorf("%s: the example has the member %q, which the schema does not know", at, name)
		}
	}
}

// TestProblemExamplesAreReal holds the examples of problems against the faults that there are.
func TestProblemExamplesAreReal(t *testing.T) {
	t.Parallel()
	document := load(t)
	operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		for status, response := range op.Responses.Map() {
			media := response.Value.Content["application/problem+json"]
			if media == nil {
				continue
			}
			example, err := json.Marshal(media.Example)
			if err != nil {
				t.Fatal(err)
			}
			var shown api.Problem
			if err := json.Unmarshal(example, &shown); err != nil {
				t.Errorf("%s %s %s: %v", method, path, status, err)
				continue
			}
			code := fault.Code(shown.Code)
			described := code.Describe()
			switch {
			case !slices.Contains(fault.Codes(), code):
				t.Errorf("%s %s %s: there is no code %q", method, path, status, code)
			case shown.Title != described.Title, shown.Detail != described.Meaning, shown.Type != problem.TypePrefix+shown.Code:
				t.Errorf("%s %s %s: the example of %s is worded differently from the fault", method, path, status, code)
			case int(shown.Status) != problem.Status(described.Kind), status[0] != byte('0'+shown.Status/100):
				t.Errorf("%s %s %s: the example of %s has the status %d", method, path, status, code, shown.Status)
			}
		}
	})
}
