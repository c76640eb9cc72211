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

// TestPublishedYAMLAndJSONAreEqual compares the documents that /openapi.yaml and /openapi.json return.
func TestPublishedYAMLAndJSONAreEqual(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := yaml.Unmarshal(published.YAML, &decoded); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(decoded)
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
	compare(t, "", fromYAML, fromJSON)
}

// TestPublishedYAMLHasNoAliases checks that the document has no aliases or anchors: some parsers reject a document with
// many aliases, among them the one of OpenAPI Generator for Java.
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
			t.Errorf("line %d: got the alias or anchor %s%s, want none", node.Line, node.Anchor, node.Value)
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(&document)
}

// TestPublishedYAMLHasTheCommentsOfItsAuthors checks that the document has all comments of the specification except the
// one of x-response-headers, which is not part of it.
func TestPublishedYAMLHasTheCommentsOfItsAuthors(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	document := string(published.YAML)
	for _, internal := range []string{"x-response-headers", "Code generated"} {
		if strings.Contains(document, internal) {
			t.Errorf("the document contains %q, which is internal", internal)
		}
	}

	entry, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(entry), "\n\n# Headers that responses have in addition")
	_, after, foundEnd := strings.Cut(rest, "\n\n")
	if !found || !foundEnd {
		t.Fatal("openapi.yaml has no comment of x-response-headers that begins as this test expects")
	}
	checked := 0
	for line := range strings.Lines(before + after) {
		comment := strings.TrimSpace(line)
		if !strings.HasPrefix(comment, "# ") {
			continue
		}
		checked++
		if !strings.Contains(document, comment) {
			t.Errorf("the document does not contain the comment %q", comment)
		}
	}
	if checked == 0 {
		t.Error("openapi.yaml has no comments: the test has checked nothing")
	}
}

// compare reports every place in which two JSON values differ.
func compare(t *testing.T, at string, a, b any) {
	t.Helper()
	left, isObject := a.(map[string]any)
	right, alsoObject := b.(map[string]any)
	if !isObject || !alsoObject {
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the values differ: %v and %v", at, a, b)
		}
		return
	}
	for name := range left {
		compare(t, at+"/"+name, left[name], right[name])
	}
	for name := range right {
		if _, found := left[name]; !found {
			t.Errorf("%s/%s: only one of the values has this field", at, name)
		}
	}
}

// TestEveryOperationIsGenerated checks that each operation has a method with its operationId as name, which maps keyed by
// operationId rely on.
func TestEveryOperationIsGenerated(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	generated := reflect.TypeFor[api.StrictServerInterface[any]]()
	count := 0
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			count++
			if _, found := generated.MethodByName(op.OperationID); !found {
				t.Errorf("%s %s: the generated server has no method %s", method, path, op.OperationID)
			}
		}
	}
	if count != generated.NumMethod() {
		t.Errorf("got %d generated methods, want %d", generated.NumMethod(), count)
	}
}
