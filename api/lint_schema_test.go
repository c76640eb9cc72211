package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
)

// TestEverySchemaIsDescribedAndBounded walks through all schemas: a client's author reads what each member means and
// how large it gets.
func TestEverySchemaIsDescribedAndBounded(t *testing.T) {
	t.Parallel()
	document := load(t)
	for name, schema := range document.Components.Schemas {
		checkSchema(t, "#/components/schemas/"+name, schema)
	}
	for name, header := range document.Components.Headers {
		checkValue(t, "#/components/headers/"+name, header.Value.Description, header.Value.Schema)
	}
	operations(document, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		at := method + " " + path
		for _, parameter := range slices.Concat(item.Parameters, op.Parameters) {
			p := parameter.Value
			if p.In != openapi3.ParameterInHeader && !snakeForm.MatchString(p.Name) {
				t.Errorf("%s: the parameter %q is not snake_case", at, p.Name)
			}
			checkValue(t, at+" "+p.Name, p.Description, p.Schema)
		}
		if op.RequestBody != nil {
			for media, body := range op.RequestBody.Value.Content {
				checkSchema(t, at+" request "+media, body.Schema)
				closed(t, at+" request "+media, body.Schema.Value)
			}
		}
		for status, response := range op.Responses.Map() {
			if response.Value.Description == nil || *response.Value.Description == "" {
				t.Errorf("%s: %s has no description", at, status)
			}
			for name, header := range response.Value.Headers {
				checkValue(t, at+" "+status+" "+name, header.Value.Description, header.Value.Schema)
			}
			for media, body := range response.Value.Content {
				checkSchema(t, at+" "+status+" "+media, body.Schema)
			}
		}
	})
}

// checkValue checks a parameter or a header, whose own description counts.
func checkValue(t *testing.T, at, description string, schema *openapi3.SchemaRef) {
	t.Helper()
	if description == "" {
		t.Errorf("%s: has no description", at)
	}
	checkBound(t, at, schema.Value)
}

func checkSchema(t *testing.T, at string, ref *openapi3.SchemaRef) {
	t.Helper()
	schema := ref.Value
	if schema.Description == "" {
		t.Errorf("%s: has no description", at)
	}
	checkBound(t, at, schema)
	for name, property := range schema.Properties {
		if !snakeForm.MatchString(name) {
			t.Errorf("%s: the member %q is not snake_case", at, name)
		}
		checkSchema(t, at+"/"+name, property)
	}
	for _, name := range schema.Required {
		if schema.Properties[name] == nil {
			t.Errorf("%s: requires %q, which it does not have", at, name)
		}
	}
}

func checkBound(t *testing.T, at string, schema *openapi3.Schema) {
	t.Helper()
	switch kind := schema.Type; {
	case kind == nil:
		t.Errorf("%s: has no type", at)
	case kind.Includes(openapi3.TypeString):
		if len(schema.Enum) == 0 && schema.MaxLength == nil {
			t.Errorf("%s: a text needs a maxLength or an enum", at)
		}
	case kind.Includes(openapi3.TypeInteger), kind.Includes(openapi3.TypeNumber):
		if schema.Min == nil || schema.Max == nil && schema.Format == "" {
			t.Errorf("%s: a number needs a minimum, and a maximum or a format", at)
		}
	case kind.Includes(openapi3.TypeArray):
		if schema.MaxItems == nil {
			t.Errorf("%s: a list needs maxItems", at)
		}
		checkBound(t, at+"/*", schema.Items.Value)
	case kind.Includes(openapi3.TypeObject):
		if len(schema.Properties) == 0 && schema.AdditionalProperties.Has == nil {
			t.Errorf("%s: an object without members has to say that any may come", at)
		}
	}
}

// closed expects that an object in a request, and every object in it, refuses members it does not know. Composed
// schemas are kept out of requests, because the validator does not say what about one is wrong.
func closed(t *testing.T, at string, schema *openapi3.Schema) {
	t.Helper()
	if len(schema.AllOf)+len(schema.AnyOf)+len(schema.OneOf) > 0 {
		t.Errorf("%s: a request's schema is composed of others", at)
		return
	}
	open := schema.AdditionalProperties.Has == nil || *schema.AdditionalProperties.Has
	if schema.Type.Includes(openapi3.TypeObject) && open {
		t.Errorf("%s: additionalProperties has to be false", at)
	}
	for name, property := range schema.Properties {
		closed(t, at+"/"+name, property.Value)
	}
	if schema.Items != nil {
		closed(t, at+"/*", schema.Items.Value)
	}
}

func TestEveryComponentIsUsed(t *testing.T) {
	t.Parallel()
	components := load(t).Components
	used := func(kind, name string) {
		if !strings.Contains(spec.Specification, "'#/components/"+kind+"/"+name+"'") {
			t.Errorf("#/components/%s/%s is used by nothing", kind, name)
		}
	}
	for name := range components.Schemas {
		used("schemas", name)
	}
	for name := range components.Responses {
		used("responses", name)
	}
	for name := range components.Parameters {
		used("parameters", name)
	}
	for name := range components.Headers {
		used("headers", name)
	}
	for name := range components.Links {
		used("links", name)
	}
}
