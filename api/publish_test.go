package api_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
)

// small is a specification with common response headers.
const small = `openapi: 3.1.0
info: {title: Small, version: 1.0.0}
# The common headers.
x-response-headers:
  limited:
    RateLimit: {$ref: '#/components/headers/RateLimit'}
  repeatable:
    Idempotency-Replayed: {$ref: '#/components/headers/Replayed'}
  always:
    X-Request-Id: {$ref: '#/components/headers/RequestID'}
# The paths.
paths:
  /things:
    get:
      responses:
        '200': {$ref: '#/components/responses/Thing'}
        '404': {$ref: '#/components/responses/Missing'}
        '204': {description: Nothing.}
    post:
      parameters:
        - {$ref: '#/components/parameters/Key'}
      responses:
        '200': {$ref: '#/components/responses/Thing'}
        '201':
          description: Created.
          headers:
            X-Request-Id: {description: Declared here., schema: {type: string}}
          links: {}
        '409': {description: Exists.}
  /health:
    get:
      x-rate-limited: false
      responses:
        '200': {description: Healthy.}
        '204': {description: Nothing.}
components:
  headers:
    RateLimit: {description: The remaining requests., schema: {type: string}}
    Replayed: {description: Whether it is a replay., schema: {type: boolean}}
    RequestID: {description: The id., required: true, schema: {type: string}}
  parameters:
    Key: {name: Idempotency-Key, in: header, schema: {type: string}}
  responses:
    Thing: {description: A thing.}
    Missing: {description: Missing.}
`

func TestPublishDeclaresCommonHeaders(t *testing.T) {
	t.Parallel()
	published, err := spec.Publish(small)
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(published.YAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	got := map[string][]string{}
	operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
		for status, response := range op.Responses.Map() {
			at := method + " " + path + " " + status
			got[at] = []string{}
			for name := range response.Value.Headers {
				got[at] = append(got[at], name)
			}
			slices.Sort(got[at])
		}
	})
	for at, want := range map[string][]string{
		"GET /things 200":  {"Idempotency-Replayed", "RateLimit", "X-Request-Id"}, // shared with POST
		"GET /things 204":  {"RateLimit", "X-Request-Id"},
		"GET /things 404":  {"RateLimit", "X-Request-Id"},
		"POST /things 200": {"Idempotency-Replayed", "RateLimit", "X-Request-Id"},
		"POST /things 201": {"Idempotency-Replayed", "RateLimit", "X-Request-Id"},
		"POST /things 409": {"RateLimit", "X-Request-Id"},
		"GET /health 200":  {"X-Request-Id"},
		"GET /health 204":  {"X-Request-Id"},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			if !slices.Equal(got[at], want) {
				t.Errorf("got the headers %v, want %v", got[at], want)
			}
		})
	}
	for _, text := range []string{
		"X-Request-Id: {description: Declared here.,", "# The paths.", "X-Request-Id: {$ref: '#/components/headers/RequestID'}",
	} {
		if !bytes.Contains(published.YAML, []byte(text)) {
			t.Errorf("the YAML does not contain %q:\n%s", text, published.YAML)
		}
	}
	if bytes.Contains(published.YAML, []byte("The common headers")) || bytes.Contains(published.JSON, []byte("x-response-headers")) {
		t.Errorf("the document contains the list of common headers:\n%s", published.YAML)
	}
}

func TestPublishReturnsErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, changed, want string }{
		"unknown group":          {"  always:", "  sometimes:", `unknown group "sometimes"`},
		"missing header":         {"headers/RequestID'", "headers/ID'", "X-Request-Id: the reference #/components/headers/ID has no target"},
		"header of another file": {"'#/components/headers/RequestID'", "'other.yaml#/ID'", "other.yaml#/ID has no target"},
		"missing parameter":      {"parameters/Key'", "parameters/Lock'", "parameters/Lock has no target"},
		"missing response":       {"responses/Missing'", "responses/Lost'", "the reference of a response 404 has no target"},
		"invalid YAML":           {small, "a: [", "parse the specification: yaml"},
		"empty document":         {small, "", "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := spec.Publish(strings.Replace(small, c.old, c.changed, 1))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one that contains %q", err, c.want)
			}
		})
	}
}

// TestPublishedIsValid checks that both formats are valid, that publishing is deterministic, and that every response has
// the header X-Request-Id.
func TestPublishedIsValid(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	again, err := spec.Publish(spec.Specification)
	if err != nil || !bytes.Equal(again.YAML, published.YAML) || !bytes.Equal(again.JSON, published.JSON) {
		t.Errorf("publishing again returned another document (error %v)", err)
	}
	for format, text := range map[string][]byte{"YAML": published.YAML, "JSON": published.JSON} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			document, err := openapi3.NewLoader().LoadFromData(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
				t.Error(err)
			}
			operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
				for status, response := range op.Responses.Map() {
					if id := response.Value.Headers["X-Request-Id"]; id == nil || !id.Value.Required {
						t.Errorf("%s %s: the response %s has no required header X-Request-Id", method, path, status)
					}
				}
			})
		})
	}
}

// TestPublishingChangesOnlyHeaders compares the published document with the specification, ignoring response headers.
func TestPublishingChangesOnlyHeaders(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	var authored, public map[string]any
	if err := yaml.Unmarshal([]byte(spec.Specification), &authored); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(published.YAML, &public); err != nil {
		t.Fatal(err)
	}
	delete(authored, "x-response-headers")
	removeHeaders(authored)
	removeHeaders(public)
	compare(t, "", public, authored)
}

// removeHeaders removes the headers of all responses.
func removeHeaders(value any) {
	switch value := value.(type) {
	case map[string]any:
		responses, _ := value["responses"].(map[string]any)
		for _, response := range responses {
			if response, ok := response.(map[string]any); ok {
				delete(response, "headers")
			}
		}
		for _, inner := range value {
			removeHeaders(inner)
		}
	case []any:
		for _, inner := range value {
			removeHeaders(inner)
		}
	}
}
