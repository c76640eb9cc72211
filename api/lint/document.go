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

// Document is the specification: its source, and the declarations in it.
type Document struct {
	api      *openapi3.T
	source   *bundle.Document
	validate func() error // validates the document against OpenAPI
	start    func() error // returns the error with which the server would refuse to start
	publish  func() error // publishes the document and validates the result

	operations []operation
	parameters []parameter
	headers    []header
	responses  []response
	media      []media
	schemas    []schema

	requestSchemas  map[string]bool // the names of the schemas that request bodies use
	responseSchemas map[string]bool // the names of the schemas that response bodies use
}

// Load reads a specification from its entry point and the parts that it refers to. It returns an error if the source is
// not an OpenAPI document; the rules report everything else. The rule valid-openapi uses the context.
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

// Read is like Load for the text of a specification without parts, in YAML or JSON.
func Read(ctx context.Context, text []byte) (*Document, error) {
	source, err := bundle.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	return read(ctx, source, text)
}

func read(ctx context.Context, source *bundle.Document, text []byte) (*Document, error) {
	d := &Document{source: source, requestSchemas: map[string]bool{}, responseSchemas: map[string]bool{}}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("load the specification: %w", err)
	}
	if document.Info == nil || document.Paths == nil || document.Components == nil {
		return nil, errors.New("load the specification: it has no info, no paths or no components")
	}
	d.api = document
	gate.RegisterFormats()
	d.start = func() error {
		// gate.Load changes the version of the document to OpenAPI 3.0.
		version := document.OpenAPI
		_, err := gate.Load(document)
		document.OpenAPI = version
		return err
	}
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

// Operations returns the number of operations.
func (d *Document) Operations() int { return len(d.operations) }

// Schemas returns the number of schemas, including nested ones.
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

// step returns the member of a mapping or the item of a sequence that a token of a pointer names, and the node of its
// key. For items, both are the same node.
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

// mapping is a mapping in the source.
type mapping struct {
	pointer string
	node    *yaml.Node
}

// text returns the value of a scalar member, or "".
func (m mapping) text(name string) string {
	if _, value := step(m.node, name); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// has reports whether the mapping has a member.
func (m mapping) has(name string) bool {
	_, value := step(m.node, name)
	return value != nil
}

// mappings calls a function for every mapping of the document, except for those in examples and defaults, which are
// data.
func (d *Document) mappings(each func(mapping)) { walk(d.source.Root, "#", false, each) }

// walk visits a node and its descendants. names reports whether the keys of the node are names that the author of the
// document chooses, such as those of properties.
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

// holdsNames reports whether the keys of a mapping are names that the author of the document chooses, rather than
// keywords of OpenAPI.
func holdsNames(key string) bool {
	return slices.Contains([]string{
		"properties", "schemas", "responses", "parameters", "headers", "securitySchemes", "links", "examples",
		"requestBodies", "paths", "content", "x-roles", "x-key-scopes",
	}, key)
}

// escape converts a key to a token of a JSON pointer.
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

func unescape(token string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(token) }

// sorted iterates over a map in the order of its keys.
func sorted[T any](members map[string]T) func(yield func(string, T) bool) {
	return func(yield func(string, T) bool) {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !yield(name, members[name]) {
				return
			}
		}
	}
}
