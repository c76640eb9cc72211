package kitcontent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
)

func content() ([]api.KitCriterion, []api.KitQuestion) {
	criteria := []api.KitCriterion{{
		Key: "design", Title: "Größe & <Maß>", Description: nullable.NewNullNullable[string](), Weight: 30, Required: true,
		Anchors: []api.Anchor{"a", "b", "c", "d", "e\u2028"},
	}}
	questions := []api.KitQuestion{
		{Key: "why", Text: "Why?", Criteria: []api.ContentKey{"design"}, Minutes: nullable.NewNullableWithValue(int32(10))},
		{Key: "how", Text: "How?"},
	}
	return criteria, questions
}

// TestHash holds the hash against canonical JSON that was written by hand: members sorted, nothing escaped that need not
// be, null kept and what is absent left out.
func TestHash(t *testing.T) {
	t.Parallel()
	const canonical = `{"criteria":[{"anchors":["a","b","c","d","e` + "\u2028" + `"],"description":null,"key":"design","required":true,` +
		`"title":"Größe & <Maß>","weight":30}],"questions":[{"criteria":["design"],"key":"why","minutes":10,"text":"Why?"},` +
		`{"key":"how","text":"How?"}]}`
	want := sha256.Sum256([]byte(canonical))
	got, err := kitcontent.Hash(content())
	if err != nil || got != hex.EncodeToString(want[:]) {
		t.Errorf("%s, %v, want %x", got, err, want)
	}
}

// TestHashTellsContentsApart changes one thing at a time.
func TestHashTellsContentsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, change := range map[string]func(c []api.KitCriterion, q []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion){
		"nothing": func(c []api.KitCriterion, q []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion) { return c, q },
		"weight": func(c []api.KitCriterion, q []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion) {
			c[0].Weight++
			return c, q
		},
		"anchor": func(c []api.KitCriterion, q []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion) {
			c[0].Anchors[2] = "other"
			return c, q
		},
		"order": func(c []api.KitCriterion, q []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion) {
			return c, []api.KitQuestion{q[1], q[0]}
		},
		"fewer": func(c []api.KitCriterion, q []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion) {
			return c, q[:1]
		},
		"none": func([]api.KitCriterion, []api.KitQuestion) ([]api.KitCriterion, []api.KitQuestion) { return nil, nil },
	} {
		got, err := kitcontent.Hash(change(content()))
		if other, known := seen[got]; known || err != nil || len(got) != 64 {
			t.Errorf("%s: %s, which is that of %q too; %v", name, got, other, err)
		}
		seen[got] = name
	}
}

func TestHashOfNothing(t *testing.T) {
	t.Parallel()
	want := sha256.Sum256([]byte(`{"criteria":[],"questions":[]}`))
	for _, criteria := range [][]api.KitCriterion{nil, {}} {
		if got, err := kitcontent.Hash(criteria, nil); err != nil || got != hex.EncodeToString(want[:]) {
			t.Errorf("%s, %v, want %x", got, err, want)
		}
	}
}
