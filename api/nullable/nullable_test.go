package nullable_test

import (
	"encoding/json"
	"testing"

	other "github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
)

// TestLikeTheClients compares the type with that of the generated client, whose members that may be absent have the tag
// omitempty.
func TestLikeTheClients(t *testing.T) {
	t.Parallel()
	type ours struct {
		Always nullable.Nullable[string] `json:"always"`
		Maybe  nullable.Nullable[[]int]  `json:"maybe,omitzero"`
	}
	type theirs struct {
		Always other.Nullable[string] `json:"always"`
		Maybe  other.Nullable[[]int]  `json:"maybe,omitempty"`
	}
	for _, document := range []string{
		`{}`, `{"always":null}`, `{"always":"a","maybe":null}`, `{"maybe":[]}`, `{"maybe":[1],"always":""}`, `{"always":1}`,
		`{"maybe":["a"]}`, `{"always":"\ud800<"}`, ` { "always" : null } `,
	} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			var got ours
			var want theirs
			gotErr, wantErr := json.Unmarshal([]byte(document), &got), json.Unmarshal([]byte(document), &want)
			if (gotErr != nil) != (wantErr != nil) {
				t.Fatalf("decode: got %v, want %v", gotErr, wantErr)
			}
			if got.Always.IsNull() != want.Always.IsNull() || got.Always.IsSpecified() != want.Always.IsSpecified() ||
				got.Maybe.IsNull() != want.Maybe.IsNull() || got.Maybe.IsSpecified() != want.Maybe.IsSpecified() {
				t.Errorf("got %+v, want %+v", got, want)
			}
			gotValue, gotErr := got.Always.Get()
			wantValue, wantErr := want.Always.Get()
			if gotValue != wantValue || (gotErr != nil) != (wantErr != nil) {
				t.Errorf("Get: got %q, %v; want %q, %v", gotValue, gotErr, wantValue, wantErr)
			}
			again, gotErr := json.Marshal(got)
			wanted, wantErr := json.Marshal(want)
			if string(again) != string(wanted) || gotErr != nil || wantErr != nil {
				t.Errorf("encode: got %s, %v; want %s, %v", again, gotErr, wanted, wantErr)
			}
		})
	}
}

func TestSetting(t *testing.T) {
	t.Parallel()
	var n nullable.Nullable[int]
	if n.IsNull() || n.IsSpecified() || !n.IsZero() {
		t.Errorf("the zero value is %+v", n)
	}
	n.Set(7)
	if n.IsNull() || !n.IsSpecified() || n.MustGet() != 7 || n.OrZero() != 7 || n != nullable.NewNullableWithValue(7) {
		t.Errorf("set: got %+v", n)
	}
	n.SetNull()
	if !n.IsNull() || !n.IsSpecified() || n.OrZero() != 0 || n != nullable.NewNullNullable[int]() {
		t.Errorf("null: got %+v", n)
	}
	n.SetUnspecified()
	if n.IsSpecified() || n != (nullable.Nullable[int]{}) {
		t.Errorf("absent: got %+v", n)
	}
	defer func() {
		if recover() == nil {
			t.Error("MustGet of nothing: no panic")
		}
	}()
	n.MustGet()
}
