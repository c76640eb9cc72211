package reference

import "strconv"

// deepest is how many levels an example that nobody wrote goes down, and bare how many of them, the last ones, hold
// only what has to be there.
const deepest, bare = 12, 8

// Sample gives a value of the parameter: the example of the specification, or one that its schema allows.
func (p *Parameter) Sample() Value {
	if p.Example.Has() {
		return p.Example
	}
	return p.Schema.Sample()
}

// Sample gives a value of the body: the example of the specification, or one that its schema allows.
func (m *Media) Sample() Value {
	if m.Example.Has() {
		return m.Example
	}
	return m.Schema.Sample()
}

// Sample gives a value that the schema allows.
func (s *Schema) Sample() Value { return s.sample(deepest) }

func (s *Schema) sample(levels int) Value {
	switch {
	case s == nil || levels == 0:
		return Value{Kind: Null}
	case s.Example.Has():
		return s.Example
	case s.Default.Has():
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
		if least := s.Bound("minimum"); least.Has() {
			return least
		}
		return NumberOf(1)
	case "array":
		list := Value{Kind: List}
		if s.Items != nil && levels > 1 {
			for range max(s.least("minItems"), 1) {
				list.Items = append(list.Items, s.Items.sample(levels-1))
			}
		}
		return list
	case "object":
		object := Value{Kind: Object}
		for _, p := range s.Properties {
			if !p.Required && levels <= bare {
				continue
			}
			object.Members = append(object.Members, Member{p.Name, p.Schema.sample(levels - 1)})
		}
		return object
	case "string":
		return TextOf(s.text())
	}
	return Value{Kind: Null}
}

// least is the number that a keyword names, or 0.
func (s *Schema) least(keyword string) int {
	n, err := strconv.Atoi(s.Bound(keyword).Text)
	if err != nil {
		return 0
	}
	return n
}

func (s *Schema) text() string {
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
