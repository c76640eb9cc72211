package stored_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// TestEncodingIsFrozen compares the members and the encoding of each type with those of its release. If it fails, undo the
// change and add a type with the next number.
func TestEncodingIsFrozen(t *testing.T) {
	t.Parallel()
	text, number := nullable.NewNullableWithValue("<b> & \u2028"), nullable.NewNullableWithValue(int32(5))
	for name, test := range map[string]struct {
		value    any
		members  []string
		encoding string
	}{
		"KitCriterionV1": {
			stored.KitCriterionV1{
				Anchors: []string{"one", "é"}, Description: text, Key: "depth", Required: true, Title: "Depth", Weight: 7,
			},
			[]string{
				`Anchors []string json:"anchors"`,
				`Description nullable.Nullable[string] json:"description,omitzero"`,
				`Key string json:"key"`, `Required bool json:"required"`, `Title string json:"title"`, `Weight int32 json:"weight"`,
			},
			`{"anchors":["one","é"],"description":"\u003cb\u003e \u0026 \u2028","key":"depth","required":true,` +
				`"title":"Depth","weight":7}`,
		},
		"KitCriterionV1 without values": {
			stored.KitCriterionV1{}, nil, `{"anchors":null,"key":"","required":false,"title":"","weight":0}`,
		},
		"KitCriterionV1 with null": {
			stored.KitCriterionV1{Anchors: []string{}, Description: nullable.NewNullNullable[string]()},
			nil, `{"anchors":[],"description":null,"key":"","required":false,"title":"","weight":0}`,
		},
		"KitQuestionV1": {
			stored.KitQuestionV1{Criteria: []string{"depth"}, Guidance: text, Key: "why", Minutes: number, Text: "Why?"},
			[]string{
				`Criteria []string json:"criteria,omitempty"`,
				`Guidance nullable.Nullable[string] json:"guidance,omitzero"`,
				`Key string json:"key"`, `Minutes nullable.Nullable[int32] json:"minutes,omitzero"`, `Text string json:"text"`,
			},
			`{"criteria":["depth"],"guidance":"\u003cb\u003e \u0026 \u2028","key":"why","minutes":5,"text":"Why?"}`,
		},
		"KitQuestionV1 without values": {stored.KitQuestionV1{}, nil, `{"key":"","text":""}`},
		"KitQuestionV1 with null": {
			stored.KitQuestionV1{
				Criteria: []string{}, Guidance: nullable.NewNullNullable[string](), Minutes: nullable.NewNullNullable[int32](),
			},
			nil, `{"guidance":null,"key":"","minutes":null,"text":""}`,
		},
		"ScoreRatingV1": {
			stored.ScoreRatingV1{CriterionKey: "depth", NotObserved: true, Note: text, Rating: number},
			[]string{
				`CriterionKey string json:"criterion_key"`, `NotObserved bool json:"not_observed"`,
				`Note nullable.Nullable[string] json:"note"`, `Rating nullable.Nullable[int32] json:"rating"`,
			},
			`{"criterion_key":"depth","not_observed":true,"note":"\u003cb\u003e \u0026 \u2028","rating":5}`,
		},
		"ScoreRatingV1 with null": {
			stored.ScoreRatingV1{
				CriterionKey: "depth", Note: nullable.NewNullNullable[string](), Rating: nullable.NewNullNullable[int32](),
			},
			nil, `{"criterion_key":"depth","not_observed":false,"note":null,"rating":null}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := reflect.TypeOf(test.value)
			if got := members(kind); test.members != nil && !reflect.DeepEqual(got, test.members) {
				t.Errorf("members: got %q, want %q", got, test.members)
			}
			encoded, err := json.Marshal(test.value)
			if err != nil || string(encoded) != test.encoding {
				t.Errorf("encoding: got %s, %v, want %s", encoded, err, test.encoding)
			}
			decoded := reflect.New(kind)
			if err := json.Unmarshal([]byte(test.encoding), decoded.Interface()); err != nil {
				t.Fatal(err)
			}
			if again, err := json.Marshal(decoded.Interface()); err != nil || string(again) != test.encoding {
				t.Errorf("encoding after decoding: got %s, %v, want %s", again, err, test.encoding)
			}
		})
	}
}

// members lists the fields of a type with their types and tags.
func members(kind reflect.Type) []string {
	list := make([]string, kind.NumField())
	for i := range list {
		field := kind.Field(i)
		list[i] = fmt.Sprintf("%s %s %s", field.Name, field.Type, field.Tag)
	}
	return list
}
