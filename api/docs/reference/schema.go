package reference

import (
	"slices"
	"strings"
)

// Schema says what values there may be.
type Schema struct {
	// Name is that of the specification; empty where the schema has none.
	Name string
	// Type is one of JSON's, or empty where several kinds of value are allowed.
	Type string
	// Nullable values may be null besides.
	Nullable            bool
	Format, Description string
	Deprecated          bool
	// Enum are the values that are allowed; any value that fits where it is empty.
	Enum []Value
	// EnumDescriptions and EnumNames say, for each value, what it means and how code may call it, where they are given.
	EnumDescriptions, EnumNames []string
	Default, Example            Value
	// Bounds are the keywords that limit the values, as the specification has them.
	Bounds []Member
	// Properties are those of an object.
	Properties []*Property
	// Open objects are said to have members besides their properties; Members says what those are, where that is known.
	Open    bool
	Members *Schema
	// Closed objects have no members besides their properties, as those that are sent.
	Closed bool
	// Items says what a list holds.
	Items *Schema
	// OneOf are alternatives.
	OneOf []*Schema
	// GoPointer is whether Go's code keeps a pointer to what may be absent although it would not need one.
	GoPointer bool
}

// Property is a member that an object may have.
type Property struct {
	Name     string
	Required bool
	Schema   *Schema
}

// Property gives the property of a name, or nil.
func (s *Schema) Property(name string) *Property {
	at := slices.IndexFunc(s.Properties, func(p *Property) bool { return p.Name == name })
	if at < 0 {
		return nil
	}
	return s.Properties[at]
}

// bounds are the keywords that Bounds holds.
func bounds() []string {
	return []string{
		"minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
	}
}

// Bound gives a keyword that limits the values, or what is absent.
func (s *Schema) Bound(keyword string) Value {
	return Value{Kind: Object, Members: s.Bounds}.Get(keyword)
}

// named gives the schema of a name, which is read once, so that it may refer to itself.
func (r *reader) named(name string, v Value) *Schema {
	if known := r.schemas[name]; known != nil {
		return known
	}
	s := &Schema{Name: name}
	r.schemas[name] = s
	r.fill(s, v)
	return s
}

func (r *reader) schema(v Value) *Schema {
	if !v.Has() {
		return nil
	}
	if !v.Get("$ref").Has() {
		s := &Schema{}
		r.fill(s, v)
		return s
	}
	target, name := r.follow(v)
	s := r.named(name, target)
	if len(v.Members) == 1 {
		return s
	}
	// What stands beside a reference is said of this use of it.
	own := *s
	r.fill(&own, Value{Kind: Object, Members: slices.DeleteFunc(slices.Clone(v.Members), func(m Member) bool {
		return m.Name == "$ref"
	})})
	return &own
}

func (r *reader) fill(s *Schema, v Value) {
	for _, said := range v.Members {
		r.say(s, said.Name, said.Value)
	}
	required := v.Get("required").Texts()
	for _, p := range s.Properties {
		p.Required = p.Required || slices.Contains(required, p.Name)
	}
}

func (r *reader) say(s *Schema, keyword string, v Value) {
	switch keyword {
	case "type":
		types := v.Texts()
		s.Nullable = slices.Contains(types, "null")
		types = slices.DeleteFunc(types, func(t string) bool { return t == "null" })
		if len(types) == 1 {
			s.Type = types[0]
		}
	case "format":
		s.Format = v.Text
	case "description":
		s.Description = v.Text
	case "deprecated":
		s.Deprecated = v.True()
	case "enum":
		s.Enum = v.Items
	case "const":
		s.Enum = []Value{v}
	case "x-enum-descriptions":
		s.EnumDescriptions = v.Texts()
	case "x-enum-varnames":
		s.EnumNames = v.Texts()
	case "x-go-type-skip-optional-pointer":
		s.GoPointer = !v.True()
	case "default":
		s.Default = v
	case "example":
		s.Example = v
	case "examples":
		s.Example = example(Value{Kind: Object, Members: []Member{{"examples", v}}})
	case "properties":
		for _, p := range v.Members {
			s.Properties = append(s.Properties, &Property{Name: p.Name, Schema: r.schema(p.Value)})
		}
	case "additionalProperties":
		s.Open = v.Kind == Object || v.True()
		s.Closed = !s.Open
		if v.Kind == Object {
			s.Members = r.schema(v)
		}
	case "items":
		s.Items = r.schema(v)
	case "oneOf", "anyOf":
		for _, alternative := range v.Items {
			s.OneOf = append(s.OneOf, r.schema(alternative))
		}
	case "required", "title", "discriminator", "readOnly", "writeOnly", "contentMediaType":
	default:
		switch {
		case slices.Contains(bounds(), keyword):
			s.Bounds = append(s.Bounds, Member{keyword, v})
		case !strings.HasPrefix(keyword, "x-"):
			r.hole("the schema %s: %s is not told", s.Name, keyword)
		}
	}
}
