// Package api holds the contract: openapi.yaml is what the world sees of this service, and everything else follows it.
package api

import (
	_ "embed" // for the specification
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Specification is the OpenAPI document as its authors write it.
//
//go:embed openapi.yaml
var Specification string

// Published is the document as YAML for the world: the authors' with every alias written out, because readers that
// fear to be blown up by aliases, among them the parser of Java's generators, refuse a document that has many.
var Published = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // made once
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(Specification), &document); err != nil {
		return "", fmt.Errorf("read the specification: %w", err)
	}
	writeOut(&document)
	var published strings.Builder
	encoder := yaml.NewEncoder(&published)
	const indent = 2
	encoder.SetIndent(indent)
	if err := encoder.Encode(&document); err != nil {
		return "", fmt.Errorf("write the specification: %w", err)
	}
	return published.String(), nil
})

// writeOut puts what aliases stand for in their place. What an anchor names may be shared by several places then, which
// nothing that is written shows.
func writeOut(node *yaml.Node) {
	for i, child := range node.Content {
		if child.Kind == yaml.AliasNode {
			node.Content[i] = child.Alias
		}
		node.Content[i].Anchor = ""
		writeOut(node.Content[i])
	}
}
