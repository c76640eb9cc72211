package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is one OpenAPI document in two forms.
type Document struct {
	// YAML is in the order of the specification, with its comments; the members of JSON are sorted.
	YAML, JSON []byte
}

// commonHeaders is the member of the specification that lists the headers that many responses have.
const commonHeaders = "x-response-headers"

// Publish returns the document that clients see: the specification, with the common headers declared at each response
// that can have them. The specification lists them apart because the generated server would otherwise ask every handler
// for headers that the gate sets.
func Publish(specification string) (Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(specification), &root); err != nil {
		return Document{}, fmt.Errorf("read the specification: %w", err)
	}
	if root.Kind != yaml.DocumentNode {
		return Document{}, errors.New("the specification is empty")
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
		return Document{}, fmt.Errorf("write the specification as YAML: %w", err)
	}
	var content any
	if err := root.Decode(&content); err != nil {
		return Document{}, fmt.Errorf("read the specification: %w", err)
	}
	asJSON, err := json.Marshal(content)
	if err != nil {
		return Document{}, fmt.Errorf("write the specification as JSON: %w", err)
	}
	return Document{YAML: []byte(asYAML.String()), JSON: asJSON}, nil
}

func copied(node *yaml.Node) *yaml.Node {
	twin := *node
	twin.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		twin.Content[i] = copied(child)
	}
	return &twin
}

// headerGroups say on which answers of an operation the headers of a group can be.
func headerGroups() map[string]func(op operation, status string) bool {
	return map[string]func(operation, string) bool{
		"always":  func(operation, string) bool { return true },
		"limited": func(op operation, _ string) bool { return op.limited },
		// Only what has succeeded is remembered, and answered again.
		"repeatable": func(op operation, status string) bool { return op.repeatable && strings.HasPrefix(status, "2") },
	}
}

// operation is what decides which headers the answers of an operation can have.
type operation struct {
	limited, repeatable bool
	answers             *yaml.Node
}

// declareHeaders takes the headers that answers have in common out of the document, and declares each at every answer
// that can have it. An answer that operations share gets what it has for any of them.
func declareHeaders(document *yaml.Node) error {
	groups := take(document, commonHeaders)
	known := headerGroups()
	var flaws []error
	for group, headers := range members(groups) {
		if known[group] == nil {
			flaws = append(flaws, fmt.Errorf("nobody knows the group %q", group))
			continue
		}
		for name, header := range members(headers) {
			if follow(document, header) == nil {
				flaws = append(flaws, fmt.Errorf("%s: %s leads nowhere", name, text(header, "$ref")))
			}
		}
	}
	if len(flaws) > 0 {
		return errors.Join(flaws...)
	}
	ops, err := operations(document)
	if err != nil {
		return err
	}
	// Group by group, so that all answers have them in one order.
	for group, headers := range members(groups) {
		for _, op := range ops {
			for status, answer := range members(op.answers) {
				answer = follow(document, answer)
				if answer == nil {
					return fmt.Errorf("the answer %s leads nowhere", status)
				}
				if known[group](op, status) {
					declare(answer, headers)
				}
			}
		}
	}
	return nil
}

func operations(document *yaml.Node) (ops []operation, err error) {
	for path, item := range members(member(document, "paths")) {
		for method, stated := range members(item) {
			answers := member(stated, "responses")
			if answers == nil {
				continue
			}
			op := operation{limited: text(stated, "x-rate-limited") != "false", answers: answers}
			for _, parameter := range parameters(item, stated) {
				p := follow(document, parameter)
				if p == nil {
					err = errors.Join(err, fmt.Errorf("%s %s: %s leads nowhere", method, path, text(parameter, "$ref")))
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

// declare adds headers to those of an answer. What it says of one itself holds.
func declare(answer, headers *yaml.Node) {
	own := member(answer, "headers")
	if own == nil {
		own = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "headers"}
		answer.Content = slices.Insert(answer.Content, at(answer, "description")+2, name, own)
	}
	for name, header := range members(headers) {
		if member(own, name) == nil {
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
			own.Content = append(own.Content, key, copied(header))
		}
	}
}

// follow gives the component that a reference names, or the node itself; nil where the reference leads nowhere.
func follow(document, node *yaml.Node) *yaml.Node {
	reference := text(node, "$ref")
	if reference == "" {
		return node
	}
	path, local := strings.CutPrefix(reference, "#/")
	found := document
	for step := range strings.SplitSeq(path, "/") {
		found = member(found, step)
	}
	if !local {
		return nil
	}
	return found
}

// at is where a mapping has the key of a member, or -2.
func at(mapping *yaml.Node, name string) int {
	if mapping != nil && mapping.Kind == yaml.MappingNode {
		for i := 0; i < len(mapping.Content); i += 2 {
			if mapping.Content[i].Value == name {
				return i
			}
		}
	}
	return -2
}

// member is a member of a mapping, or nil.
func member(mapping *yaml.Node, name string) *yaml.Node {
	if i := at(mapping, name); i >= 0 {
		return mapping.Content[i+1]
	}
	return nil
}

// text is a member that is a scalar, or empty.
func text(mapping *yaml.Node, name string) string {
	if value := member(mapping, name); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// members are those of a mapping, in its order.
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

// take removes a member of a mapping, and gives it.
func take(mapping *yaml.Node, name string) *yaml.Node {
	i := at(mapping, name)
	if i < 0 {
		return nil
	}
	value := mapping.Content[i+1]
	mapping.Content = slices.Delete(mapping.Content, i, i+2)
	return value
}
