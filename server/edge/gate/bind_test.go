package gate_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/oapi-codegen/runtime"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/jsonbody"
)

// TestInputIsParsedOnce expects that a handler receives what the gate has decoded: the generated code binds the query of
// the context and the value of the body, and parses neither again.
func TestInputIsParsedOnce(t *testing.T) {
	t.Parallel()
	deps, options := dependencies(load(t))
	e := router(t, deps, options)
	e.POST("/api/v1/auth/refresh", func(c echo.Context) error {
		body, ok := c.Request().Body.(interface{ ValidatedValue() any })
		if !ok {
			t.Fatalf("the body is %T", c.Request().Body)
		}
		if want := map[string]any{"refresh_token": "aiprt_x"}; !reflect.DeepEqual(body.ValidatedValue(), want) {
			t.Errorf("the body is %v, want %v", body.ValidatedValue(), want)
		}
		query := access.RequestOf(c.Request().Context()).Query
		if query == nil || reflect.ValueOf(c.QueryParams()).Pointer() != reflect.ValueOf(query).Pointer() {
			t.Errorf("the query is %v, and the request has %v", c.QueryParams(), query)
		}
		return c.NoContent(http.StatusNoContent)
	})
	got := serve(t, e, http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":"aiprt_x"}`, "Content-Type", "application/json")
	if got.Code != http.StatusNoContent {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// TestBodiesBind expects that the generated code can bind every example of a body to its Go type. If it could not, it
// would silently decode the text again, less strictly.
func TestBodiesBind(t *testing.T) {
	t.Parallel()
	handlers := reflect.TypeFor[api.StrictServerInterface[any]]()
	bound := 0
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			bound++
			t.Run(op.OperationID, func(t *testing.T) {
				t.Parallel()
				media := op.RequestBody.Value.Content["application/json"]
				examples := []any{media.Example}
				for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
					examples = append(examples, media.Examples[name].Value.Value)
				}
				handler, _ := handlers.MethodByName(op.OperationID)
				field, found := handler.Type.In(2).FieldByName("Body")
				if !found {
					t.Fatalf("%s %s has no body in Go", method, path)
				}
				for _, example := range examples {
					if example == nil {
						continue
					}
					text, err := json.Marshal(example)
					if err != nil {
						t.Fatal(err)
					}
					body, err := jsonbody.Decode(text)
					if err != nil {
						t.Fatal(err)
					}
					into := reflect.New(field.Type.Elem())
					if err := runtime.BindJSONValue(body.Value, into.Interface()); err != nil {
						t.Errorf("%s: %v", text, err)
					}
					again, err := json.Marshal(into.Interface())
					if err != nil {
						t.Fatal(err)
					}
					decoded, err := jsonbody.Decode(again)
					if err != nil {
						t.Fatal(err)
					}
					if got, want := jsonbody.Canonical(decoded.Value), jsonbody.Canonical(body.Value); string(got) != string(want) {
						t.Errorf("bound as %s, want %s", got, want)
					}
				}
			})
		}
	}
	if bound == 0 {
		t.Error("no operation has a body")
	}
}
