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

// authored is a small document in which answers have headers in common.
const authored = `openapi: 3.1.0
info: {title: Small, version: 1.0.0}
# What answers have in common.
x-response-headers:
  limited:
    RateLimit: {$ref: '#/components/headers/RateLimit'}
  repeatable:
    Idempotency-Replayed: {$ref: '#/components/headers/Replayed'}
  always:
    X-Request-Id: {$ref: '#/components/headers/RequestID'}
# Where everything is.
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
          description: Made.
          headers:
            X-Request-Id: {description: Its own., schema: {type: string}}
          links: {}
        '409': {description: It is there.}
  /health:
    get:
      x-rate-limited: false
      responses:
        '200': {description: Well.}
        '204': {description: Nothing.}
components:
  headers:
    RateLimit: {description: What is left., schema: {type: string}}
    Replayed: {description: Again., schema: {type: boolean}}
    RequestID: {description: Which., required: true, schema: {type: string}}
  parameters:
    Key: {name: Idempotency-Key, in: header, schema: {type: string}}
  responses:
    Thing: {description: A thing.}
    Missing: {description: Gone.}
`

func TestPublishDeclaresHeadersWhereTheyCanBe(t *testing.T) {
	t.Parallel()
	published, err := spec.Publish(authored)
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
		for status, answer := range op.Responses.Map() {
			at := method + " " + path + " " + status
			got[at] = []string{}
			for name := range answer.Value.Headers {
				got[at] = append(got[at], name)
			}
			slices.Sort(got[at])
		}
	})
	for at, want := range map[string][]string{
		"GET /things 200":  {"Idempotency-Replayed", "RateLimit", "X-Request-Id"}, // POST shares it
		"GET /things 204":  {"RateLimit", "X-Request-Id"},
		"GET /things 404":  {"RateLimit", "X-Request-Id"},
		"POST /things 200": {"Idempotency-Replayed", "RateLimit", "X-Request-Id"},
		"POST /things 201": {"Idempotency-Replayed", "RateLimit", "X-Request-Id"},
		"POST /things 409": {"RateLimit", "X-Request-Id"},
		"GET /health 200":  {"X-Request-Id"},
		"GET /health 204":  {"X-Request-Id"},
	} {
		if !slices.Equal(got[at], want) {
			t.Errorf("%s: has %v, want %v", at, got[at], want)
		}
	}
	for _, text := range []string{
		"X-Request-Id: {description: Its own.,", "# Where everything is.", "X-Request-Id: {$ref: '#/components/headers/RequestID'}",
	} {
		if !bytes.Contains(published.YAML, []byte(text)) {
			t.Errorf("the YAML has no %q:\n%s", text, published.YAML)
		}
	}
	if bytes.Contains(published.YAML, []byte("in common")) || bytes.Contains(published.JSON, []byte("x-response-headers")) {
		t.Errorf("the authors' list is shown:\n%s", published.YAML)
	}
}

func TestPublishRefusesWhatItCannotDeclare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, changed, want string }{
		"a group that nobody knows":   {"  always:", "  sometimes:", `nobody knows the group "sometimes"`},
		"a header that is not there":  {"headers/RequestID'", "headers/ID'", "X-Request-Id: #/components/headers/ID leads nowhere"},
		"a header of another file":    {"'#/components/headers/RequestID'", "'other.yaml#/ID'", "leads nowhere"},
		"a parameter of nothing":      {"parameters/Key'", "parameters/Lock'", "leads nowhere"},
		"an answer of nothing":        {"responses/Missing'", "responses/Lost'", "leads nowhere"},
		"what cannot be read as YAML": {authored, "a: [", "read the specification"},
		"what is no document":         {authored, "", "is empty"},
	} {
		_, err := spec.Publish(strings.Replace(authored, c.old, c.changed, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q in it", name, err, c.want)
		}
	}
}

// TestPublishedIsValid in both forms, is the same each time, and says of each answer which request it is about.
func TestPublishedIsValid(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	again, err := spec.Publish(spec.Specification)
	if err != nil || !bytes.Equal(again.YAML, published.YAML) || !bytes.Equal(again.JSON, published.JSON) {
		t.Errorf("it is another one the next time: %v", err)
	}
	for form, text := range map[string][]byte{"YAML": published.YAML, "JSON": published.JSON} {
		document, err := openapi3.NewLoader().LoadFromData(text)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		operations(document, func(path, method string, _ *openapi3.PathItem, op *openapi3.Operation) {
			for status, answer := range op.Responses.Map() {
				if id := answer.Value.Headers["X-Request-Id"]; id == nil || !id.Value.Required {
					t.Errorf("%s: %s %s: the answer %s has not always an X-Request-Id", form, method, path, status)
				}
			}
		})
	}
}

// TestPublishedIsWhatItsAuthorsWrote but for the headers: what else is said is neither more nor less.
func TestPublishedIsWhatItsAuthorsWrote(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	var written, shown map[string]any
	if err := yaml.Unmarshal([]byte(spec.Specification), &written); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(published.YAML, &shown); err != nil {
		t.Fatal(err)
	}
	delete(written, "x-response-headers")
	withoutHeaders(written)
	withoutHeaders(shown)
	differ(t, "", shown, written)
}

// withoutHeaders takes the headers of all answers away.
func withoutHeaders(value any) {
	switch value := value.(type) {
	case map[string]any:
		responses, _ := value["responses"].(map[string]any)
		for _, response := range responses {
			if response, ok := response.(map[string]any); ok {
				delete(response, "headers")
			}
		}
		for _, inner := range value {
			withoutHeaders(inner)
		}
	case []any:
		for _, inner := range value {
			withoutHeaders(inner)
		}
	}
}
