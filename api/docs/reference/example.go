package reference

import "strconv"

const (
	// maxDepth is the number of levels of a generated example; schemas can be recursive.
	maxDepth = 12
	// minimalDepth is how many of these levels, the deepest ones, have required members only.
	minimalDepth = 8
)

// Sample returns the parameter's example, or a value that its schema allows.
func (p *Parameter) Sample() Value {
	if p.Example.Exists() {
		return p.Example
	}
	return p.Schema.Sample()
}

// Sample returns the body's example, or a value that its schema allows.
func (m *Media) Sample() Value {
	if m.Example.Exists() {
		return m.Example
	}
	return m.Schema.Sample()
}

// Sample returns a value that the schema allows.
func (s *Schema) Sample() Value { return s.sample(maxDepth) }

func (s *Schema) sample(levels int) Value {
	switch {
	case s == nil || levels == 0:
		return Value{Kind: Null}
	case s.Example.Exists():
		return s.Example
	case s.Default.Exists():
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return s.OneOf[0].sample(levels)
	}
	switch s.Type {
	case "boolean":
		return Value{Kind: Bool, Text: "true"}
	case "integer", "number":
		if minimum := s.Bound("minimum"); minimum.Exists() {
			return minimum
		}
		return NumberOf(1)
	case "array":
		list := Value{Kind: List}
		if s.Items != nil && levels > 1 {
			for range max(s.intBound("minItems"), 1) {
				list.Items = append(list.Items, s.Items.sample(levels-1))
			}
		}
		return list
	case "object":
		object := Value{Kind: Object}
		for _, p := range s.Properties {
			if !p.Required && levels <= minimalDepth {
				continue
			}
			object.Members = append(object.Members, Member{p.Name, p.Schema.sample(levels - 1)})
		}
		return object
	case "string":
		return TextOf(s.sampleText())
	}
	return Value{Kind: Null}
}

// intBound returns the value of a bound, or 0.
func (s *Schema) intBound(keyword string) int {
	n, err := strconv.Atoi(s.Bound(keyword).Text)
	if err != nil {
		return 0
	}
	return n
}

func (s *Schema) sampleText() string {
	switch s.Format {
	case "uuid":
		return "01980a3e-7b1c-7c7e-8f00-0123456789ab"
	case "date-time":
		return "2026-01-05T09:30:00Z"
	case "date":
		return "2026-01-05"
	case "email":
		return "nora.lind@acme.example"
	case "uri":
		return "https://acme.example/"
	}
	return "text"
}
