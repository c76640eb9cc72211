package lint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

// Document is the specification as the rules look at it: its text, and what the text means.
type Document struct {
	api      *openapi3.T
	root     *yaml.Node
	validate func() error // what the specification of OpenAPI says about the document
	holes    error        // what keeps the server from starting
	publish  func() error // what keeps the document from being published

	operations []operation
	parameters []parameter
	headers    []header
	answers    []answer
	media      []media
	schemas    []schema
	requested  map[string]bool // the schemas, by name, that requests are made of
	answered   map[string]bool // those that answers are made of
}

// Read reads the text of a specification, YAML or JSON. It fails where that is not OpenAPI at all; what else is wrong
// with it is the rules' business. The context ends the validation of a document by the rule that asks for it.
func Read(ctx context.Context, text []byte) (*Document, error) {
	d := &Document{root: new(yaml.Node), requested: map[string]bool{}, answered: map[string]bool{}}
	if err := yaml.Unmarshal(text, d.root); err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("load the specification: %w", err)
	}
	if document.Info == nil || document.Paths == nil || document.Components == nil {
		return nil, errors.New("load the specification: it has no info, no paths or no components")
	}
	d.api = document
	// The contract teaches the validator its formats, and makes the document one of OpenAPI 3.0 for itself.
	version := document.OpenAPI
	_, d.holes = gate.Load(document)
	document.OpenAPI = version
	d.validate = func() error {
		return document.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableMultiError())
	}
	d.publish = func() error {
		published, err := spec.Publish(string(text))
		if err != nil {
			return err
		}
		shown, err := openapi3.NewLoader().LoadFromData(published.JSON)
		if err != nil {
			return fmt.Errorf("load the published document: %w", err)
		}
		return shown.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableMultiError())
	}
	d.collect()
	return d, nil
}

// Operations is how many operations the document has.
func (d *Document) Operations() int { return len(d.operations) }

// Schemas is how many schemas the document has, those within others counted too.
func (d *Document) Schemas() int { return len(d.schemas) }

// Line is the line of the text that a pointer leads to, from 1; where something is missing, that of what it is missing
// in. What stands behind a YAML alias is found where it is written.
func (d *Document) Line(pointer string) int {
	node := d.root.Content[0]
	line := node.Line
	for token := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/"), "/") {
		if token == "" {
			continue
		}
		key, value := step(node, unescape(token))
		if value == nil {
			return line
		}
		node, line = value, key.Line
	}
	return line
}

// step goes one token into a mapping or a sequence, and gives the node that names the member besides.
func step(node *yaml.Node, token string) (key, value *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(node.Content); i += 2 {
			if node.Content[i].Value == token {
				value = behind(node.Content[i+1])
				if value != node.Content[i+1] { // an alias: what is written is elsewhere
					return value, value
				}
				return node.Content[i], value
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(node.Content) {
			value = behind(node.Content[i])
			return value, value
		}
	default:
	}
	return nil, nil
}

// behind is what an alias stands for, and everything else itself.
func behind(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// mapping is one mapping of the text.
type mapping struct {
	pointer string
	node    *yaml.Node
}

// text is the member of that name where it is a scalar, and empty otherwise.
func (m mapping) text(name string) string {
	if _, value := step(m.node, name); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// has reports whether there is a member of that name.
func (m mapping) has(name string) bool {
	_, value := step(m.node, name)
	return value != nil
}

// mappings calls a function with every mapping of the document, but for those within examples and defaults, which are
// data.
func (d *Document) mappings(each func(mapping)) { walk(d.root.Content[0], "#", false, each) }

// walk goes through a node; names tells whether its keys are names that authors choose, such as those of properties.
func walk(node *yaml.Node, pointer string, names bool, each func(mapping)) {
	switch node = behind(node); node.Kind {
	case yaml.MappingNode:
		if !names {
			each(mapping{pointer, node})
		}
		for i := 0; i < len(node.Content); i += 2 {
			key := node.Content[i].Value
			if !names && slices.Contains([]string{"example", "examples", "default", "enum"}, key) {
				continue
			}
			walk(node.Content[i+1], pointer+"/"+escape(key), !names && holdsNames(key), each)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			walk(item, pointer+"/"+strconv.Itoa(i), false, each)
		}
	default:
	}
}

// holdsNames reports whether the members of a mapping are named by the document's authors rather than by OpenAPI.
func holdsNames(key string) bool {
	return slices.Contains([]string{
		"properties", "schemas", "responses", "parameters", "headers", "securitySchemes", "links", "examples",
		"requestBodies", "paths", "content", "x-roles", "x-key-scopes",
	}, key)
}

// escape spells a key as a token of a JSON pointer.
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

func unescape(token string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(token) }

// sorted gives the members of a map in the order of their names.
func sorted[T any](members map[string]T) func(yield func(string, T) bool) {
	return func(yield func(string, T) bool) {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !yield(name, members[name]) {
				return
			}
		}
	}
}
