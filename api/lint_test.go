package api_test

import (
	"encoding/json"
	"os"
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

// TestPublishedYAMLHasNoAliases, because some parsers refuse a document with many, among them that of Java's generators.
// It has the comments of the specification, except that of x-response-headers, which it does not have.
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
			t.Errorf("line %d has an alias or an anchor: %s%s", node.Line, node.Anchor, node.Value)
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(&document)
	if strings.Contains(string(published.YAML), "x-response-headers") || strings.Contains(string(published.YAML), "Code generated") {
		t.Error("has what is written for our own generator and authors")
	}
	entry, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shown, hidden, found := strings.Cut(string(entry), "\n\n# Headers that responses have in addition")
	_, after, alsoFound := strings.Cut(hidden, "\n\n")
	if !found || !alsoFound {
		t.Fatal("the comment of x-response-headers is not where this test looks for it")
	}
	for line := range strings.Lines(shown + after) {
		comment := strings.TrimSpace(line)
		if strings.HasPrefix(comment, "# ") && !strings.Contains(string(published.YAML), comment) {
			t.Errorf("has lost the comment %q", comment)
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
