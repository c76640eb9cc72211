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
	if err := yaml.Unmarshal(published.YAML, &written); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	var fromYAML, fromJSON any
	if err := json.Unmarshal(encoded, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(published.JSON, &fromJSON); err != nil {
		t.Fatal(err)
	}
	differ(t, "", fromYAML, fromJSON)
}

// TestPublishedYAMLHasNoAliases because parsers that clients are generated with refuse a document with many; and it keeps
// what the authors remark, but for what it does not show.
func TestPublishedYAMLHasNoAliases(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(published.YAML, &document); err != nil {
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
	shown, hidden, _ := strings.Cut(spec.Specification, "\n\n# What answers carry besides")
	_, after, found := strings.Cut(hidden, "\n\n")
	if !found || strings.Contains(string(published.YAML), "x-response-headers") {
		t.Error("it shows what the authors keep apart for our own generator")
	}
	for line := range strings.Lines(shown + after) {
		remark := strings.TrimSpace(line)
		if strings.HasPrefix(remark, "# ") && !strings.Contains(string(published.YAML), remark) {
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
			t.Errorf("%s: one says %v and the other %v", at, a, b)
		}
		return
	}
	for name := range left {
		differ(t, at+"/"+name, left[name], right[name])
	}
	for name := range right {
		if _, found := left[name]; !found {
			t.Errorf("%s/%s: stands in the other only", at, name)
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
