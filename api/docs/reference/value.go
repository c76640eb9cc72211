package reference

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Kind is what a value is.
type Kind int

// The kinds of JSON, and Absent for what is not there.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	Text
	List
	Object
)

// Value is a value of the document, as JSON knows it. The members of an object keep the order of its author. The zero
// value is absent.
type Value struct {
	Kind Kind
	// Text is the text of a Text, and a Bool or a Number as JSON spells it.
	Text string
	// Items are those of a List.
	Items []Value
	// Members are those of an Object.
	Members []Member
}

// Member is one member of an object.
type Member struct {
	Name  string
	Value Value
}

// TextOf is a text as a value.
func TextOf(text string) Value { return Value{Kind: Text, Text: text} }

// NumberOf is a whole number as a value.
func NumberOf(n int) Value { return Value{Kind: Number, Text: fmt.Sprint(n)} }

// Get gives a member, or what is absent.
func (v Value) Get(name string) Value {
	for _, member := range v.Members {
		if member.Name == name {
			return member.Value
		}
	}
	return Value{}
}

// Has reports whether the value is there.
func (v Value) Has() bool { return v.Kind != Absent }

// True reports whether the value is true.
func (v Value) True() bool { return v.Kind == Bool && v.Text == "true" }

// Texts gives the texts of a list, or of a single value.
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

// JSON gives the value as JSON that people read: two spaces for each level, and what is short on one line.
func (v Value) JSON() string {
	var written strings.Builder
	v.write(&written, "\n")
	return written.String()
}

// Compact gives the value as JSON on one line.
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

// short is how long, in bytes, a list may be to stand on one line.
const short = 60

// Flat reports whether the value stands on one line when people read it: what is simple, and short lists of that.
func (v Value) Flat() bool {
	switch v.Kind {
	case Object:
		return len(v.Members) == 0
	case List:
		for _, item := range v.Items {
			if item.Kind == List || item.Kind == Object {
				return false
			}
		}
		return len(v.Compact()) <= short
	default:
		return true
	}
}

func (v Value) write(to *strings.Builder, line string) {
	if v.Flat() {
		to.WriteString(v.Compact())
		return
	}
	brackets, inner, separator := "{}", line+"  ", ""
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
	to.WriteString(line)
	to.WriteByte(brackets[1])
}

// Quote gives a text as a literal of JSON, which TypeScript and Python read alike.
func Quote(text string) string {
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	// A string is always encoded, and a Builder takes everything.
	_ = encoder.Encode(text)
	return strings.TrimSuffix(quoted.String(), "\n")
}

// valueOf reads YAML, of which JSON is a part. Aliases stand for what they name.
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
	return Value{}, fmt.Errorf("reference: line %d: is nothing that JSON knows", node.Line)
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
			return Value{}, fmt.Errorf("reference: line %d: %s is no number of JSON", node.Line, node.Value)
		}
		return Value{Kind: Number, Text: node.Value}, nil
	case "!!str", "!!timestamp":
		return Value{Kind: Text, Text: node.Value}, nil
	}
	return Value{}, fmt.Errorf("reference: line %d: %s is nothing that JSON knows", node.Line, node.Tag)
}
