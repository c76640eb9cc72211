package api_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestYAMLAndJSONAreOneDocument holds against each other what /openapi.yaml and /openapi.json serve.
func TestYAMLAndJSONAreOneDocument(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	var written any
	if err := yaml.Unmarshal([]byte(published), &written); err != nil {
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

// TestPublishedYAMLHasNoAliases because parsers that clients are generated with refuse a document with many; and it keeps
// what the authors remark.
func TestPublishedYAMLHasNoAliases(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(published), &document); err != nil {
		t.Fatal(err)
	}
	var walk func(*yaml.Node)
	walk = func(node *yaml.Node) {
		if node.Kind == yaml.AliasNode || node.Anchor != "" {
			t.Errorf("line %d: has an alias or an anchor: %s%s", node.Line, node.Anchor, node.Value)
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(&document)
	for line := range strings.Lines(spec.Specification) {
		if remark := strings.TrimSpace(line); strings.HasPrefix(remark, "# ") && !strings.Contains(published, remark) {
			t.Errorf("the remark %q is lost", remark)
		}
	}
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

// TestEveryOperationIsGenerated under its own name, so that maps keyed by operationId find the method.
func TestEveryOperationIsGenerated(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	generated := reflect.TypeFor[api.StrictServerInterface]()
	count := 0
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			count++
			if _, found := generated.MethodByName(op.OperationID); !found {
				t.Errorf("%s %s: nothing generated is called %s", method, path, op.OperationID)
			}
		}
	}
	if count != generated.NumMethod() {
		t.Errorf("there are %d operations and %d generated methods", count, generated.NumMethod())
	}
}
