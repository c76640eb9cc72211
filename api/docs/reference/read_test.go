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

// small is a document that uses every kind of information that Read combines.
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

func TestReadResolvesReferences(t *testing.T) {
	t.Parallel()
	d, err := reference.Read(small)
	if err != nil {
		t.Fatal(err)
	}
	operations := d.Operations()
	if len(operations) != 2 {
		t.Fatalf("got %d operations, want 2", len(operations))
	}
	change, get := operations[0], operations[1]
	if change.Permission.Name != "things:write" || !slices.Equal(change.Permission.Roles, []string{"admin"}) ||
		change.Permission.Key != reference.NoKey || len(change.Permission.Operations) != 1 {
		t.Errorf("ChangeThing: unexpected permission %+v", change.Permission)
	}
	if get.Permission.Key != reference.EveryKey || len(get.Permission.Roles) != 0 {
		t.Errorf("GetThing: unexpected permission %+v", get.Permission)
	}
	if !change.Deprecated || change.Sunset != "2027-01-01" || change.RateLimited || !get.RateLimited {
		t.Errorf("unexpected operations: ChangeThing %+v, GetThing %+v", change, get)
	}
	if change.Parameter("path", "id") == nil || change.Parameter("header", "if-match") == nil || len(change.Parameters) != 2 {
		t.Errorf("ChangeThing: unexpected parameters %+v", change.Parameters)
	}
	var types []string
	for _, media := range change.Body.Media {
		types = append(types, media.Type)
	}
	if want := []string{"application/json", "application/merge-patch+json"}; !slices.Equal(types, want) {
		t.Errorf("ChangeThing: media types of the body: got %v, want %v", types, want)
	}
	schema := change.Body.Media[0].Schema
	if schema.Name != "Thing" || schema.Description != "A changed thing." || !schema.Closed {
		t.Errorf("ChangeThing: unexpected schema of the body: %+v", schema)
	}
	var names []string
	for _, p := range schema.Properties {
		names = append(names, p.Name)
		if p.Required != (p.Name == "zeta") {
			t.Errorf("property %s: got Required %v", p.Name, p.Required)
		}
	}
	if want := []string{"zeta", "alpha", "list", "inner"}; !slices.Equal(names, want) {
		t.Errorf("properties: got %v, want %v", names, want)
	}
	response := change.Success()
	if got := response.JSON().Example.Compact(); got != `{"zeta": 1, "alpha": "two", "list": [1, 2.5, true, null]}` {
		t.Errorf("unexpected example of the response: %s", got)
	}
	if !slices.Equal(response.Links, []string{"ChangeThing"}) || len(response.Headers) != 1 {
		t.Errorf("unexpected response: %+v", response)
	}
	for name, headers := range map[string][]*reference.Parameter{
		"X-Request-Id": d.Common.Always, "RateLimit": d.Common.RateLimited, "Idempotency-Replayed": d.Common.Repeatable,
	} {
		if len(headers) != 1 || headers[0].Name != name || headers[0].Description == "" {
			t.Errorf("common headers: got %+v, want only %s", headers, name)
		}
	}
}

func TestReadReportsWhatItDoesNotSupport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, replacement, want string }{
		"reference without target":    {"'#/components/schemas/Thing', description", "'#/components/schemas/Nothing', description", "has no target"},
		"reference to another file":   {"'#/components/parameters/ID'", "'other.yaml#/ID'", "has no target"},
		"permission that no role has": {"x-required-permission: things:write", "x-required-permission: things:eat", `has the permission "things:eat"`},
		"tag without operations":      {"tags: [{name: things, description: Things.}]", "tags: [{name: things}, {name: more}]", `the tag "more" has no operations`},
		"undeclared tag":              {"tags: [{name: things, description: Things.}]", "tags: []", `the tag "things" is not declared`},
		"keyword of a schema":         {"minimum: 1", "minimum: 1, if: {}", "if is not supported"},
		"field of an operation":       {"summary: Change", "callbacks: {}", "callbacks is not supported"},
		"field of a parameter":        {"description: Version.,", "allowReserved: true,", "allowReserved is not supported"},
		"method":                      {"    get:\n", "    trace:\n", "trace is not supported"},
		"value of x-key-scopes":       {"things:own: every", "things:own: some", `"some" is not supported`},
		"undeclared security scheme":  {"security: [{bearer: []}]", "security: [{other: []}]", "the security scheme other is not declared"},
		"group of x-response-headers": {"  always: {", "  sometimes: {", "sometimes is not supported"},
		"number that is not JSON":     {"minimum: 1", "minimum: 0x1", "is not a JSON number"},
		"value without a JSON type":   {"minimum: 1", "minimum: !!binary AA==", "no equivalent in JSON"},
		"empty document":              {small, "", "is empty"},
		"document that is not YAML":   {small, "a: [", "parse the specification"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(small, test.old) {
				t.Fatalf("the document does not contain %s", test.old)
			}
			_, err := reference.Read(strings.Replace(small, test.old, test.replacement, 1))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that contains %q", err, test.want)
			}
		})
	}
}

// TestSamplesMatchTheirSchemas validates the examples of the specification, and the values that Sample generates where
// there is no example.
func TestSamplesMatchTheirSchemas(t *testing.T) {
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
			validate(t, o.ID+" "+read.Name, p.Value.Schema.Value, read.Sample())
		}
		if o.Body != nil && o.Body.Media[0].Type == "application/json" {
			schema := specified.RequestBody.Value.Content["application/json"].Schema.Value
			validate(t, o.ID, schema, o.Body.Media[0].Sample())
		}
		for _, response := range o.Responses {
			for _, media := range response.Media {
				if strings.HasSuffix(media.Type, "json") && media.Type != "application/x-ndjson" {
					schema := specified.Responses.Value(response.Status).Value.Content[media.Type].Schema.Value
					validate(t, o.ID+" "+response.Status, schema, media.Sample())
				}
			}
		}
	}
}

func validate(t *testing.T, name string, schema *openapi3.Schema, sample reference.Value) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(sample.JSON()), &value); err != nil {
		t.Errorf("%s: the sample %s is not valid JSON: %v", name, sample.JSON(), err)
		return
	}
	if err := schema.VisitJSON(value); err != nil {
		t.Errorf("%s: the sample %s does not match the schema: %v", name, sample.Compact(), err)
	}
}

// FuzzValue checks that both JSON formats of a Value decode to what was read.
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
			return // YAML rejects some JSON, such as duplicate keys and control characters.
		}
		example := d.Operations()[0].Success().JSON().Example
		for _, written := range []string{example.JSON(), example.Compact()} {
			var got any
			if err := json.Unmarshal([]byte(written), &got); err != nil {
				t.Fatalf("%q is formatted as %q: %v", text, written, err)
			}
			if want, got := canonical(t, want), canonical(t, got); got != want {
				t.Errorf("got %q, want %q", got, want)
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
