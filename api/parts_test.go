package api_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"github.com/ai-interviewer-platform/interviewer/api/bundle"
)

// TestOperationsAreInThePartOfTheirTag also checks that the document uses all files in spec/.
func TestOperationsAreInThePartOfTheirTag(t *testing.T) {
	t.Parallel()
	document, err := bundle.Load("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{}
	var visit func(node *yaml.Node)
	visit = func(node *yaml.Node) {
		parts[document.File(node)] = true
		var operation struct {
			ID   string   `yaml:"operationId"`
			Tags []string `yaml:"tags"`
		}
		if node.Kind == yaml.MappingNode && node.Decode(&operation) == nil && operation.ID != "" && len(operation.Tags) > 0 {
			if want := filepath.Join("spec", operation.Tags[0]+".yaml"); document.File(node) != want {
				t.Errorf("%s: got file %s, want %s", operation.ID, document.File(node), want)
			}
		}
		for n, child := range node.Content {
			if n > 0 && node == document.Root && node.Content[n-1].Value == "webhooks" {
				continue // which the entry point lists
			}
			visit(child)
		}
	}
	visit(document.Root)
	files, err := os.ReadDir("spec")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !parts[filepath.Join("spec", file.Name())] {
			t.Errorf("the document does not use spec/%s", file.Name())
		}
	}
}

// TestOtherToolsCanReadTheEntryPoint checks that a tool that resolves external references of OpenAPI needs no bundle.
func TestOtherToolsCanReadTheEntryPoint(t *testing.T) {
	t.Parallel()
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	document, err := loader.LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	bundled, err := openapi3.NewLoader().LoadFromFile("bundled.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		got = append(got, method+" "+path+" "+op.OperationID)
	})
	operations(bundled, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		want = append(want, method+" "+path+" "+op.OperationID)
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("got the operations %v, want %v", got, want)
	}
}
