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
	"github.com/ai-interviewer-platform/interviewer/api/bundle"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

// Document is the specification as the rules look at it: its text, and what the text means.
type Document struct {
	api      *openapi3.T
	source   *bundle.Document
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

// Load reads a specification from its entry point and the parts that it refers to. It fails if that is not OpenAPI at
// all; the rules report everything else. The context ends the validation of the document by the rule that asks for it.
func Load(ctx context.Context, entry string) (*Document, error) {
	source, err := bundle.Load(entry)
	if err != nil {
		return nil, fmt.Errorf("bundle the specification: %w", err)
	}
	text, err := source.Text()
	if err != nil {
		return nil, err
	}
	return read(ctx, source, text)
}

// Read does what Load does with the text of a specification that has no parts, YAML or JSON.
func Read(ctx context.Context, text []byte) (*Document, error) {
	source, err := bundle.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	return read(ctx, source, text)
}

func read(ctx context.Context, source *bundle.Document, text []byte) (*Document, error) {
	d := &Document{source: source, requested: map[string]bool{}, answered: map[string]bool{}}
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

// Position returns the file and the line, from 1, that a pointer leads to; if the member does not exist, those of the
// value that it is missing in. For a value that the file repeats by a YAML alias, it is the place of the anchor.
func (d *Document) Position(pointer string) (file string, line int) {
	node := d.source.Root
	at := node
	for token := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/"), "/") {
		if token == "" {
			continue
		}
		key, value := step(node, unescape(token))
		if value == nil {
			break
		}
		node, at = value, key
	}
	return d.source.File(at), at.Line
}

// step goes one token into a mapping or a sequence, and gives the node that names the member besides.
func step(node *yaml.Node, token string) (key, value *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(node.Content); i += 2 {
			if node.Content[i].Value == token {
				return node.Content[i], node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i]
		}
	default:
	}
	return nil, nil
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
func (d *Document) mappings(each func(mapping)) { walk(d.source.Root, "#", false, each) }

// walk goes through a node; names tells whether its keys are names that authors choose, such as those of properties.
func walk(node *yaml.Node, pointer string, names bool, each func(mapping)) {
	switch node.Kind {
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
