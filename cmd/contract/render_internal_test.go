package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/gen/contract"
)

// TestDocumentIsWhatIsRead compares the values of the generated package with those of the specification.
func TestDocumentIsWhatIsRead(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromFile("../../" + input)
	if err != nil {
		t.Fatal(err)
	}
	want, err := render(document)
	if err != nil {
		t.Fatal(err)
	}
	got, err := render(contract.Document())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the generated document differs from the specification; run make generate")
	}
	file, err := os.ReadFile("../../" + output)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, want) {
		t.Errorf("%s is out of date; run make generate", output)
	}
}

// TestRenderKeepsWhatIsRead covers what the specification does not contain at the moment.
func TestRenderKeepsWhatIsRead(t *testing.T) {
	t.Parallel()
	const specification = `
openapi: 3.1.0
info: {title: not read, version: 1.0.0}
paths:
  /things:
    get:
      operationId: ListThings
      responses:
        "200":
          description: not read
          headers: {ETag: {schema: {type: string}}}
          content:
            application/json: {schema: {type: object, properties: {old: {$ref: "#/components/schemas/Old"}}}}
        "404": {description: not read, content: {application/problem+json: {schema: {type: object}}}}
components:
  schemas:
    Old: {type: integer, minimum: 1.5, enum: [2, two, true], deprecated: true, x-sunset: "2027-01-01", default: 2}
`
	document, err := openapi3.NewLoader().LoadFromData([]byte(specification))
	if err != nil {
		t.Fatal(err)
	}
	got, err := render(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"ListThings"`, `"ETag"`, `"x-sunset": "2027-01-01"`, `Enum: []any{float64(2), "two", true}`, `float64Value1 float64 = 1.5`,
		`Default: float64(2)`, `"old"`, `"application/problem+json": &mediaTypeValue`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the source does not contain %s", want)
		}
	}
	if strings.Contains(string(got), "not read") {
		t.Error("the source contains a text that is not read")
	}
}

func TestRenderRefusesRecursion(t *testing.T) {
	t.Parallel()
	schema := openapi3.NewObjectSchema()
	schema.Properties = openapi3.Schemas{"self": {Value: schema}}
	_, err := render(&openapi3.T{Components: &openapi3.Components{Schemas: openapi3.Schemas{"A": {Value: schema}}}})
	if err == nil || !strings.Contains(err.Error(), "a recursive openapi3.Schema is not supported") {
		t.Errorf("got error %v", err)
	}
}
