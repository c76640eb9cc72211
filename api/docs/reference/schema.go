package reference

import (
	"slices"
	"strings"
)

// Schema describes the values that are allowed.
type Schema struct {
	// Name is the name under components/schemas. It is empty for inline schemas.
	Name string
	// Type is the JSON type. It is empty if several types are allowed.
	Type string
	// Nullable reports whether null is allowed, too.
	Nullable            bool
	Format, Description string
	Deprecated          bool
	// Enum lists the allowed values. If it is empty, the values are not enumerated.
	Enum []Value
	// EnumDescriptions and EnumNames give, for each value of Enum, its description and its name in generated code. They
	// are empty if the document does not have them.
	EnumDescriptions, EnumNames []string
	Default, Example            Value
	// Bounds are the keywords that limit the values, such as minLength, in the order of the document.
	Bounds []Member
	// Properties are the named members of an object.
	Properties []*Property
	// Open reports whether an object explicitly allows members other than Properties.
	Open bool
	// Closed reports whether an object forbids members other than Properties. Request bodies are closed.
	Closed bool
	// Items is the schema of the items of an array.
	Items *Schema
	// OneOf lists alternatives (oneOf or anyOf).
	OneOf []*Schema
	// GoPointer reports whether the generated Go type is a pointer where it would not need one to express absence.
	GoPointer bool
}

// Property is a named member of an object.
type Property struct {
	Name     string
	Required bool
	Schema   *Schema
}

// Property returns the property with a name, or nil.
func (s *Schema) Property(name string) *Property {
	at := slices.IndexFunc(s.Properties, func(p *Property) bool { return p.Name == name })
	if at < 0 {
		return nil
	}
	return s.Properties[at]
}

// boundKeywords lists the keywords that Bounds can contain.
func boundKeywords() []string {
	return []string{
		"minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
	}
}

// Bound returns the value of a keyword in Bounds. It is absent if the schema does not have the keyword.
func (s *Schema) Bound(keyword string) Value {
	return Value{Kind: Object, Members: s.Bounds}.Get(keyword)
}

// namedSchema reads a named schema once. The schema is registered before it is read, because it can refer to itself.
func (r *reader) namedSchema(name string, v Value) *Schema {
	if known := r.schemas[name]; known != nil {
		return known
	}
	s := &Schema{Name: name}
	r.schemas[name] = s
	r.readSchema(s, v)
	return s
}

func (r *reader) schema(v Value) *Schema {
	if !v.Exists() {
		return nil
	}
	if !v.Get("$ref").Exists() {
		s := &Schema{}
		r.readSchema(s, v)
		return s
	}
	target, name := r.resolve(v)
	s := r.namedSchema(name, target)
	if len(v.Members) == 1 {
		return s
	}
	// Keywords beside a $ref apply to this use of the schema only.
	use := *s
	r.readSchema(&use, Value{Kind: Object, Members: slices.DeleteFunc(slices.Clone(v.Members), func(m Member) bool {
		return m.Name == "$ref"
	})})
	return &use
}

func (r *reader) readSchema(s *Schema, v Value) {
	for _, keyword := range v.Members {
		r.readKeyword(s, keyword.Name, keyword.Value)
	}
	required := v.Get("required").Texts()
	for _, p := range s.Properties {
		p.Required = p.Required || slices.Contains(required, p.Name)
	}
}

func (r *reader) readKeyword(s *Schema, keyword string, v Value) {
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
			r.schema(v) // for its errors only
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
		case slices.Contains(boundKeywords(), keyword):
			s.Bounds = append(s.Bounds, Member{keyword, v})
		case !strings.HasPrefix(keyword, "x-"):
			r.errorf("the schema %s: %s is not supported", s.Name, keyword)
		}
	}
}
