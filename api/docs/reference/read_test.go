package reference_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	gen "github.com/ai-interviewer-platform/interviewer/gen/api"
)

// small is a document in which everything is used that a reader has to bring together.
const small = `
info: {title: Small, summary: A small one.}
tags: [{name: things, description: Things.}]
x-roles: {admin: [things:read, things:write], clerk: [things:read]}
x-key-scopes: {things:read: jobs, things:own: every}
x-patch-media-types: [application/merge-patch+json]
x-response-headers:
  always: {X-Request-Id: {$ref: '#/components/headers/RequestID'}}
  limited: {RateLimit: {description: What is left., schema: {type: string}}}
  repeatable: {Idempotency-Replayed: {description: Again., schema: {type: boolean}}}
paths:
  /things/{id}:
    parameters: [{$ref: '#/components/parameters/ID'}]
    patch:
      operationId: ChangeThing
      tags: [things]
      summary: Change
      description: Changes.
      deprecated: true
      x-sunset: '2027-01-01'
      x-rate-limited: false
      x-required-permission: things:write
      security: [{bearer: []}]
      parameters: [{name: If-Match, in: header, description: Version., schema: {type: string}}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing', description: A changed thing.}
            example: &thing {zeta: 1, alpha: two, list: [1, 2.5, true, null]}
      responses:
        '200':
          description: Changed.
          headers: {ETag: {description: The version., required: true, schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}, example: *thing}}
          links: {Again: {operationId: ChangeThing, description: Once more.}}
    get:
      operationId: GetThing
      tags: [things]
      x-required-permission: things:own
      security: [{bearer: []}]
      responses: {'204': {description: There.}}
components:
  securitySchemes: {bearer: {description: A token.}}
  headers: {RequestID: {description: Which request it was., required: true, schema: {type: string}}}
  parameters:
    ID: {name: id, in: path, required: true, description: Which., schema: {type: string, format: uuid}}
  schemas:
    Thing:
      type: object
      description: A thing.
      additionalProperties: false
      required: [zeta]
      properties:
        zeta: {type: integer, minimum: 1}
        alpha: {type: [string, 'null'], maxLength: 10}
        list: {type: array, items: {}}
        inner: {$ref: '#/components/schemas/Thing'}
`

func TestReadBringsTogether(t *testing.T) {
	t.Parallel()
	d, err := reference.Read(small)
	if err != nil {
		t.Fatal(err)
	}
	operations := d.Operations()
	if len(operations) != 2 {
		t.Fatalf("there are %d operations", len(operations))
	}
	change, get := operations[0], operations[1]
	if change.Permission.Name != "things:write" || !slices.Equal(change.Permission.Roles, []string{"admin"}) ||
		change.Permission.Key != reference.NoKey || len(change.Permission.Operations) != 1 {
		t.Errorf("the change asks for %+v", change.Permission)
	}
	if get.Permission.Key != reference.EveryKey || len(get.Permission.Roles) != 0 {
		t.Errorf("the reading asks for %+v", get.Permission)
	}
	if !change.Deprecated || change.Sunset != "2027-01-01" || change.Limited || !get.Limited {
		t.Errorf("the change is %+v, the reading %+v", change, get)
	}
	if change.Parameter("path", "id") == nil || change.Parameter("header", "if-match") == nil || len(change.Parameters) != 2 {
		t.Errorf("the parameters are %+v", change.Parameters)
	}
	var types []string
	for _, media := range change.Body.Media {
		types = append(types, media.Type)
	}
	if want := []string{"application/json", "application/merge-patch+json"}; !slices.Equal(types, want) {
		t.Errorf("the body is %v, want %v", types, want)
	}
	schema := change.Body.Media[0].Schema
	if schema.Name != "Thing" || schema.Description != "A changed thing." || !schema.Closed {
		t.Errorf("the schema of the body is %+v", schema)
	}
	var names []string
	for _, p := range schema.Properties {
		names = append(names, p.Name)
		if p.Required != (p.Name == "zeta") {
			t.Errorf("%s is required: %v", p.Name, p.Required)
		}
	}
	if want := []string{"zeta", "alpha", "list", "inner"}; !slices.Equal(names, want) {
		t.Errorf("the properties are %v, want %v", names, want)
	}
	answer := change.Done()
	if got := answer.JSON().Example.Compact(); got != `{"zeta": 1, "alpha": "two", "list": [1, 2.5, true, null]}` {
		t.Errorf("the example of the answer is %s", got)
	}
	if len(answer.Links) != 1 || answer.Links[0].OperationID != "ChangeThing" || len(answer.Headers) != 1 {
		t.Errorf("the answer is %+v", answer)
	}
	for name, headers := range map[string][]*reference.Parameter{
		"X-Request-Id": d.Common.Always, "RateLimit": d.Common.Limited, "Idempotency-Replayed": d.Common.Repeatable,
	} {
		if len(headers) != 1 || headers[0].Name != name || headers[0].Description == "" {
			t.Errorf("instead of %s answers have in common %+v", name, headers)
		}
	}
}

func TestReadNamesEveryHole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, changed, want string }{
		"a reference to nothing":      {"'#/components/schemas/Thing', description", "'#/components/schemas/Nothing', description", "leads nowhere"},
		"a reference to elsewhere":    {"'#/components/parameters/ID'", "'other.yaml#/ID'", "leads nowhere"},
		"a permission of nobody":      {"x-required-permission: things:write", "x-required-permission: things:eat", `asks for "things:eat"`},
		"a tag of nothing":            {"tags: [{name: things, description: Things.}]", "tags: [{name: things}, {name: more}]", `nothing has the tag "more"`},
		"a tag without description":   {"tags: [{name: things, description: Things.}]", "tags: []", `has the tag "things"`},
		"a keyword of a schema":       {"minimum: 1", "minimum: 1, if: {}", "if is not told"},
		"a member of an operation":    {"summary: Change", "callbacks: {}", "callbacks is not told"},
		"a member of a parameter":     {"description: Version.,", "allowReserved: true,", "allowReserved is not told"},
		"a method":                    {"    get:\n", "    trace:\n", "trace is not told"},
		"a scope of an unknown kind":  {"things:own: every", "things:own: some", `"some" is not told`},
		"a scheme without its words":  {"security: [{bearer: []}]", "security: [{other: []}]", "nothing describes the scheme other"},
		"headers of some answers":     {"  always: {", "  sometimes: {", "sometimes is not told"},
		"a number that JSON has not":  {"minimum: 1", "minimum: 0x1", "no number of JSON"},
		"a value that JSON has not":   {"minimum: 1", "minimum: !!binary AA==", "nothing that JSON knows"},
		"what is no document at all":  {small, "", "is empty"},
		"what cannot be read as YAML": {small, "a: [", "read the specification"},
	} {
		if !strings.Contains(small, c.old) {
			t.Fatalf("%s: the document has no %s", name, c.old)
		}
		_, err := reference.Read(strings.Replace(small, c.old, c.changed, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q in it", name, err, c.want)
		}
	}
}

// TestSamplesFit holds what the reference sends and shows where the specification gives no example, and the examples
// themselves, against their schemas.
func TestSamplesFit(t *testing.T) {
	t.Parallel()
	d, err := reference.Read(api.Specification)
	if err != nil {
		t.Fatal(err)
	}
	document, err := gen.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Operations() {
		item := document.Paths.Value(o.Path)
		specified := item.GetOperation(o.Method)
		for _, p := range slices.Concat(item.Parameters, specified.Parameters) {
			read := o.Parameter(p.Value.In, p.Value.Name)
			fits(t, o.ID+" "+read.Name, p.Value.Schema.Value, read.Sample())
		}
		if o.Body != nil && o.Body.Media[0].Type == "application/json" {
			schema := specified.RequestBody.Value.Content["application/json"].Schema.Value
			fits(t, o.ID, schema, o.Body.Media[0].Sample())
		}
		for _, answer := range o.Answers {
			for _, media := range answer.Media {
				if strings.HasSuffix(media.Type, "json") && media.Type != "application/x-ndjson" {
					schema := specified.Responses.Value(answer.Status).Value.Content[media.Type].Schema.Value
					fits(t, o.ID+" "+answer.Status, schema, media.Sample())
				}
			}
		}
	}
}

func fits(t *testing.T, what string, schema *openapi3.Schema, sample reference.Value) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(sample.JSON()), &value); err != nil {
		t.Errorf("%s: %s is no JSON: %v", what, sample.JSON(), err)
		return
	}
	if err := schema.VisitJSON(value); err != nil {
		t.Errorf("%s: the sample %s does not fit: %v", what, sample.Compact(), err)
	}
}

// FuzzValue wants that a value says the same in JSON as it was read, in both forms.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e3,true,null,"x\"\n<&>é"],"b":{}}`, `[[[]]]`, `"\u2028"`, `{"":0}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want any
		if json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		d, err := reference.Read(`{"paths":{"/":{"get":{"operationId":"Get","tags":["t"],"security":[],"responses":{"200":` +
			`{"content":{"application/json":{"example":` + text + `}}}}}}},"tags":[{"name":"t"}]}`)
		if err != nil {
			return // YAML reads less than JSON: a key twice, or a control character.
		}
		example := d.Operations()[0].Done().JSON().Example
		for _, written := range []string{example.JSON(), example.Compact()} {
			var got any
			if err := json.Unmarshal([]byte(written), &got); err != nil {
				t.Fatalf("%q is written as %q: %v", text, written, err)
			}
			if was, is := canonical(t, want), canonical(t, got); was != is {
				t.Errorf("%q is written as %q", was, is)
			}
		}
	})
}

func canonical(t *testing.T, value any) string {
	t.Helper()
	written, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}
