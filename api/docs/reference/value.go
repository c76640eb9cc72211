package reference

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Kind is the type of a Value.
type Kind int

// The types of JSON, and Absent for a value that does not exist.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	Text
	List
	Object
)

// Value is a JSON value that keeps the order of the members of objects. The zero Value is Absent.
type Value struct {
	Kind Kind
	// Text is the text of a Text, or the JSON literal of a Bool or a Number.
	Text string
	// Items are the items of a List.
	Items []Value
	// Members are the members of an Object.
	Members []Member
}

// Member is a member of an object.
type Member struct {
	Name  string
	Value Value
}

// TextOf returns a Text.
func TextOf(text string) Value { return Value{Kind: Text, Text: text} }

// NumberOf returns a Number.
func NumberOf(n int) Value { return Value{Kind: Number, Text: fmt.Sprint(n)} }

// Get returns the value of a member, or an Absent value.
func (v Value) Get(name string) Value {
	for _, member := range v.Members {
		if member.Name == name {
			return member.Value
		}
	}
	return Value{}
}

// Exists reports whether the value is not Absent.
func (v Value) Exists() bool { return v.Kind != Absent }

// True reports whether the value is the Bool true.
func (v Value) True() bool { return v.Kind == Bool && v.Text == "true" }

// Texts returns the texts of the items of a List, or the text of another value if it has one.
func (v Value) Texts() []string {
	if v.Kind != List {
		if v.Text == "" {
			return nil
		}
		return []string{v.Text}
	}
	texts := make([]string, len(v.Items))
	for i, item := range v.Items {
		texts[i] = item.Text
	}
	return texts
}

// JSON formats the value for people: each level is indented by two spaces, and short lists stay on one line.
func (v Value) JSON() string {
	var written strings.Builder
	v.write(&written, "\n")
	return written.String()
}

// Compact formats the value as JSON on one line.
func (v Value) Compact() string {
	switch v.Kind {
	case Text:
		return Quote(v.Text)
	case Bool, Number:
		return v.Text
	case List:
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			parts[i] = item.Compact()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Object:
		parts := make([]string, len(v.Members))
		for i, member := range v.Members {
			parts[i] = Quote(member.Name) + ": " + member.Value.Compact()
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return "null"
	}
}

// maxFlatList is the maximum length, in bytes, of a list that JSON writes on one line.
const maxFlatList = 60

// flat reports whether JSON writes the value on one line: scalars, empty objects, and short lists of scalars.
func (v Value) flat() bool {
	switch v.Kind {
	case Object:
		return len(v.Members) == 0
	case List:
		for _, item := range v.Items {
			if item.Kind == List || item.Kind == Object {
				return false
			}
		}
		return len(v.Compact()) <= maxFlatList
	default:
		return true
	}
}

// write writes the value. newline is a line break followed by the current indentation.
func (v Value) write(to *strings.Builder, newline string) {
	if v.flat() {
		to.WriteString(v.Compact())
		return
	}
	brackets, inner, separator := "{}", newline+"  ", ""
	if v.Kind == List {
		brackets = "[]"
	}
	to.WriteByte(brackets[0])
	for _, item := range v.Items {
		to.WriteString(separator + inner)
		item.write(to, inner)
		separator = ","
	}
	for _, member := range v.Members {
		to.WriteString(separator + inner + Quote(member.Name) + ": ")
		member.Value.write(to, inner)
		separator = ","
	}
	to.WriteString(newline)
	to.WriteByte(brackets[1])
}

// Quote returns a JSON string literal, which is also valid in TypeScript and Python.
func Quote(text string) string {
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	// Encoding a string into a Builder cannot fail.
	_ = encoder.Encode(text)
	return strings.TrimSuffix(quoted.String(), "\n")
}

// valueOf converts a YAML node. Aliases are replaced by their targets.
func valueOf(node *yaml.Node) (Value, error) {
	switch node.Kind {
	case yaml.DocumentNode:
		return valueOf(node.Content[0])
	case yaml.AliasNode:
		return valueOf(node.Alias)
	case yaml.SequenceNode:
		list := Value{Kind: List}
		for _, item := range node.Content {
			value, err := valueOf(item)
			if err != nil {
				return Value{}, err
			}
			list.Items = append(list.Items, value)
		}
		return list, nil
	case yaml.MappingNode:
		object := Value{Kind: Object}
		for i := 0; i < len(node.Content); i += 2 {
			value, err := valueOf(node.Content[i+1])
			if err != nil {
				return Value{}, err
			}
			object.Members = append(object.Members, Member{node.Content[i].Value, value})
		}
		return object, nil
	case yaml.ScalarNode:
		return scalarOf(node)
	}
	return Value{}, fmt.Errorf("reference: line %d: the value has no equivalent in JSON", node.Line)
}

func scalarOf(node *yaml.Node) (Value, error) {
	switch node.ShortTag() {
	case "!!null":
		return Value{Kind: Null}, nil
	case "!!bool":
		var value bool
		if err := node.Decode(&value); err != nil {
			return Value{}, fmt.Errorf("reference: line %d: %w", node.Line, err)
		}
		return Value{Kind: Bool, Text: fmt.Sprint(value)}, nil
	case "!!int", "!!float":
		if !json.Valid([]byte(node.Value)) {
			return Value{}, fmt.Errorf("reference: line %d: %s is not a JSON number", node.Line, node.Value)
		}
		return Value{Kind: Number, Text: node.Value}, nil
	case "!!str", "!!timestamp":
		return Value{Kind: Text, Text: node.Value}, nil
	}
	return Value{}, fmt.Errorf("reference: line %d: the type %s has no equivalent in JSON", node.Line, node.Tag)
}
