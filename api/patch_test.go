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

// TestAPatchCanEmptyEveryList that may be empty, because in a merge patch a list that is empty clears, and one that is
// absent leaves what is there: the generated types must tell the two apart when they are written.
func TestAPatchCanEmptyEveryList(t *testing.T) {
	t.Parallel()
	server, lists := reflect.TypeFor[api.StrictServerInterface](), 0
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
		body, _ := handler.Type.In(1).FieldByName("Body")
		patch := body.Type.Elem()
		for name, property := range op.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
			if !property.Value.Type.Is(openapi3.TypeArray) || property.Value.MinItems > 0 {
				continue
			}
			lists++
			field := member(patch, name)
			if got := written(t, patch, field, reflect.Zero(field.Type)); strings.Contains(got, `"`+name+`"`) {
				t.Errorf("%s: an absent list %s is written: %s", op.OperationID, name, got)
			}
			empty := reflect.MakeSlice(field.Type, 0, 0)
			if got := written(t, patch, field, empty); !strings.Contains(got, `"`+name+`":[]`) {
				t.Errorf("%s: an empty list %s is not written: %s", op.OperationID, name, got)
			}
		}
	}
	if lists == 0 {
		t.Error("no patch has a list, and this test says nothing")
	}
}

// member finds the field that is written under a name.
func member(of reflect.Type, name string) reflect.StructField {
	for field := range of.Fields() {
		if known, _, _ := strings.Cut(field.Tag.Get("json"), ","); known == name {
			return field
		}
	}
	panic(of.Name() + " has no member " + name)
}

// written gives the JSON of a patch that has a value in one field.
func written(t *testing.T, patch reflect.Type, field reflect.StructField, value reflect.Value) string {
	t.Helper()
	filled := reflect.New(patch).Elem()
	filled.FieldByIndex(field.Index).Set(value)
	encoded, err := json.Marshal(filled.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
