package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is an OpenAPI document in two formats.
type Document struct {
	// YAML has the comments of the specification, and its fields in the same order. JSON has its fields sorted.
	YAML, JSON []byte
}

// At returns the document with the URL of a server in place of the relative "/", which some programs that import the
// document cannot use. The URL is absolute, or a path.
func (d Document) At(server string) (Document, error) {
	url, err := json.Marshal(server)
	if err != nil {
		return Document{}, fmt.Errorf("encode the URL of the server: %w", err)
	}
	inYAML, inJSON := []byte("servers:\n  - url: "), []byte(`"url":"/"}`)
	if bytes.Count(d.YAML, append(inYAML, "/\n"...)) != 1 || bytes.Count(d.JSON, inJSON) != 1 {
		return Document{}, errors.New("the document does not have exactly one server, with the URL /")
	}
	return Document{
		YAML: bytes.Replace(d.YAML, append(inYAML, "/\n"...), slices.Concat(inYAML, url, []byte("\n")), 1), // JSON is YAML
		JSON: bytes.Replace(d.JSON, inJSON, slices.Concat([]byte(`"url":`), url, []byte("}")), 1),
	}, nil
}

// commonHeaders is the field of the specification that lists the headers of many responses.
const commonHeaders = "x-response-headers"

// Publish returns the document that clients see: the specification, with the common headers declared at each response
// that can have them. The specification lists them separately because the generated server would otherwise require
// handlers to set headers that the gate sets.
//
// Publish returns an error if the specification is not valid YAML, or if a reference that it must follow has no target.
func Publish(specification string) (Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(specification), &root); err != nil {
		return Document{}, fmt.Errorf("parse the specification: %w", err)
	}
	if root.Kind != yaml.DocumentNode {
		return Document{}, errors.New("parse the specification: it is empty")
	}
	root.HeadComment = "" // says that the bundle is generated
	if err := declareHeaders(root.Content[0]); err != nil {
		return Document{}, fmt.Errorf("declare the common headers: %w", err)
	}

	var asYAML strings.Builder
	encoder := yaml.NewEncoder(&asYAML)
	const indent = 2
	encoder.SetIndent(indent)
	if err := encoder.Encode(&root); err != nil {
		return Document{}, fmt.Errorf("encode the document as YAML: %w", err)
	}
	var content any
	if err := root.Decode(&content); err != nil {
		return Document{}, fmt.Errorf("decode the document: %w", err)
	}
	asJSON, err := json.Marshal(content)
	if err != nil {
		return Document{}, fmt.Errorf("encode the document as JSON: %w", err)
	}
	return Document{YAML: []byte(asYAML.String()), JSON: asJSON}, nil
}

func clone(node *yaml.Node) *yaml.Node {
	twin := *node
	twin.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		twin.Content[i] = clone(child)
	}
	return &twin
}

// headerGroups returns, by the name of a group of headers, a function that reports whether a response of an operation
// can have these headers.
func headerGroups() map[string]func(op operation, status string) bool {
	return map[string]func(operation, string) bool{
		"always":  func(operation, string) bool { return true },
		"limited": func(op operation, _ string) bool { return op.limited },
		// Only successful responses are stored and replayed.
		"repeatable": func(op operation, status string) bool { return op.repeatable && strings.HasPrefix(status, "2") },
	}
}

// operation has the properties of an operation that determine the headers of its responses.
type operation struct {
	limited, repeatable bool
	responses           *yaml.Node
}

// declareHeaders removes the list of common headers from the document, and declares each header at every response that
// can have it. A response that several operations share has the headers that it can have for any of them.
func declareHeaders(document *yaml.Node) error {
	groups := take(document, commonHeaders)
	known := headerGroups()
	var errs []error
	for group, headers := range members(groups) {
		if known[group] == nil {
			errs = append(errs, fmt.Errorf("unknown group %q", group))
			continue
		}
		for name, header := range members(headers) {
			if resolve(document, header) == nil {
				errs = append(errs, fmt.Errorf("%s: the reference %s has no target", name, text(header, "$ref")))
			}
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	ops, err := operations(document)
	if err != nil {
		return err
	}
	// The outer loop is over the groups, so that all responses have the headers in the same order.
	for group, headers := range members(groups) {
		for _, op := range ops {
			for status, response := range members(op.responses) {
				response = resolve(document, response)
				if response == nil {
					return fmt.Errorf("the reference of a response %s has no target", status)
				}
				if known[group](op, status) {
					declare(response, headers)
				}
			}
		}
	}
	return nil
}

func operations(document *yaml.Node) (ops []operation, err error) {
	for path, item := range members(member(document, "paths")) {
		for method, node := range members(item) {
			responses := member(node, "responses")
			if responses == nil {
				continue
			}
			op := operation{limited: text(node, "x-rate-limited") != "false", responses: responses}
			for _, parameter := range parameters(item, node) {
				p := resolve(document, parameter)
				if p == nil {
					err = errors.Join(err, fmt.Errorf("%s %s: the reference %s has no target", method, path, text(parameter, "$ref")))
				}
				op.repeatable = op.repeatable || text(p, "name") == "Idempotency-Key"
			}
			ops = append(ops, op)
		}
	}
	return ops, err
}

func parameters(item, operation *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for _, holder := range []*yaml.Node{item, operation} {
		if list := member(holder, "parameters"); list != nil {
			all = append(all, list.Content...)
		}
	}
	return all
}

// declare adds headers to a response. It does not replace headers that the response declares itself.
func declare(response, headers *yaml.Node) {
	own := member(response, "headers")
	if own == nil {
		own = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "headers"}
		response.Content = slices.Insert(response.Content, index(response, "description")+2, name, own)
	}
	for name, header := range members(headers) {
		if member(own, name) == nil {
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
			own.Content = append(own.Content, key, clone(header))
		}
	}
}

// resolve returns the component that a reference names, or nil if it does not exist or is in another file. It returns
// other nodes unchanged.
func resolve(document, node *yaml.Node) *yaml.Node {
	reference := text(node, "$ref")
	if reference == "" {
		return node
	}
	path, local := strings.CutPrefix(reference, "#/")
	if !local {
		return nil
	}
	found := document
	for step := range strings.SplitSeq(path, "/") {
		found = member(found, step)
	}
	return found
}

// index returns the index of a key in the content of a mapping. If the node is not a mapping or does not have the key,
// it returns -2, so that the sum with 2 is the start of the content.
func index(mapping *yaml.Node, name string) int {
	if mapping != nil && mapping.Kind == yaml.MappingNode {
		for i := 0; i < len(mapping.Content); i += 2 {
			if mapping.Content[i].Value == name {
				return i
			}
		}
	}
	return -2
}

// member returns the value of a key in a mapping, or nil.
func member(mapping *yaml.Node, name string) *yaml.Node {
	if i := index(mapping, name); i >= 0 {
		return mapping.Content[i+1]
	}
	return nil
}

// text returns the value of a key if it is a scalar, or "".
func text(mapping *yaml.Node, name string) string {
	if value := member(mapping, name); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// members iterates over the keys and values of a mapping, in order.
func members(mapping *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if mapping == nil || mapping.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}

// take removes a key from a mapping and returns its value, or nil if the mapping does not have it.
func take(mapping *yaml.Node, name string) *yaml.Node {
	i := index(mapping, name)
	if i < 0 {
		return nil
	}
	value := mapping.Content[i+1]
	mapping.Content = slices.Delete(mapping.Content, i, i+2)
	return value
}
