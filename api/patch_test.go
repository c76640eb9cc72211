package api_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestAPatchCanEmptyEveryList because in a merge patch a list that is empty clears, and one that is absent leaves what is
// there: the generated types of all patches must tell the two apart when they are written.
func TestAPatchCanEmptyEveryList(t *testing.T) {
	t.Parallel()
	server, lists := reflect.TypeFor[api.StrictServerInterface](), 0
	for method := range server.Methods() {
		request := method.Type.In(1)
		body, found := request.FieldByName("Body")
		if !found || !strings.HasPrefix(method.Name, "Update") {
			continue
		}
		patch := body.Type.Elem()
		for field := range patch.Fields() {
			if field.Type.Kind() != reflect.Slice {
				continue
			}
			lists++
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			written := func(list reflect.Value) string {
				value := reflect.New(patch).Elem()
				value.FieldByIndex(field.Index).Set(list)
				encoded, err := json.Marshal(value.Interface())
				if err != nil {
					t.Fatal(err)
				}
				return string(encoded)
			}
			if got := written(reflect.Zero(field.Type)); strings.Contains(got, `"`+name+`"`) {
				t.Errorf("%s: an absent list %s is written: %s", method.Name, name, got)
			}
			if got := written(reflect.MakeSlice(field.Type, 0, 0)); !strings.Contains(got, `"`+name+`":[]`) {
				t.Errorf("%s: an empty list %s is not written: %s", method.Name, name, got)
			}
		}
	}
	if lists == 0 {
		t.Error("no patch has a list, and this test says nothing")
	}
}
