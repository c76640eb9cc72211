package api_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestPatchTypesDistinguishEmptyFromAbsentLists checks the JSON of the generated types: in a merge patch, an empty list
// clears a field, and an absent one leaves it unchanged.
func TestPatchTypesDistinguishEmptyFromAbsentLists(t *testing.T) {
	t.Parallel()
	server, lists := reflect.TypeFor[api.StrictServerInterface[any]](), 0
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec.Specification))
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range document.Paths.Map() {
		op := item.Patch
		if op == nil {
			continue
		}
		handler, _ := server.MethodByName(op.OperationID)
		body, _ := handler.Type.In(2).FieldByName("Body")
		patch := body.Type.Elem()
		for name, property := range op.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
			if !property.Value.Type.Is(openapi3.TypeArray) || property.Value.MinItems > 0 {
				continue
			}
			lists++
			field := fieldOf(patch, name)
			if got := encode(t, patch, field, reflect.Zero(field.Type)); strings.Contains(got, `"`+name+`"`) {
				t.Errorf("%s: got %s, want no %s for a list that is absent", op.OperationID, got, name)
			}
			empty := reflect.MakeSlice(field.Type, 0, 0)
			if got := encode(t, patch, field, empty); !strings.Contains(got, `"`+name+`":[]`) {
				t.Errorf("%s: got %s, want %s: [] for an empty list", op.OperationID, got, name)
			}
		}
	}
	if lists == 0 {
		t.Error("no patch has a list: the test has checked nothing")
	}
}

// fieldOf returns the field of a struct with a JSON name.
func fieldOf(of reflect.Type, name string) reflect.StructField {
	for field := range of.Fields() {
		if known, _, _ := strings.Cut(field.Tag.Get("json"), ","); known == name {
			return field
		}
	}
	panic(of.Name() + " has no field " + name)
}

// encode returns the JSON of a patch in which one field is set.
func encode(t *testing.T, patch reflect.Type, field reflect.StructField, value reflect.Value) string {
	t.Helper()
	filled := reflect.New(patch).Elem()
	filled.FieldByIndex(field.Index).Set(value)
	encoded, err := json.Marshal(filled.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
