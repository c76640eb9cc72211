package kitcontent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
)

func content() ([]stored.KitCriterionV1, []stored.KitQuestionV1) {
	criteria := []stored.KitCriterionV1{{
		Key: "design", Title: "Größe & <Maß>", Description: nullable.NewNullNullable[string](), Weight: 30, Required: true,
		Anchors: []string{"a", "b", "c", "d", "e\u2028"},
	}}
	questions := []stored.KitQuestionV1{
		{Key: "why", Text: "Why?", Criteria: []string{"design"}, Minutes: nullable.NewNullableWithValue(int32(10))},
		{Key: "how", Text: "How?"},
	}
	return criteria, questions
}

// TestHash compares the hash with that of canonical JSON written by hand: members are sorted, only what must be escaped
// is escaped, null is kept and absent members are omitted.
func TestHash(t *testing.T) {
	t.Parallel()
	const canonical = `{"criteria":[{"anchors":["a","b","c","d","e` + "\u2028" + `"],"description":null,"key":"design","required":true,` +
		`"title":"Größe & <Maß>","weight":30}],"questions":[{"criteria":["design"],"key":"why","minutes":10,"text":"Why?"},` +
		`{"key":"how","text":"How?"}]}`
	want := sha256.Sum256([]byte(canonical))
	got, err := kitcontent.Hash(content())
	if err != nil || got != hex.EncodeToString(want[:]) {
		t.Errorf("got %s, %v, want %x", got, err, want)
	}
}

// TestHashDistinguishesContents makes one change at a time.
func TestHashDistinguishesContents(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	type (
		criteria  = []stored.KitCriterionV1
		questions = []stored.KitQuestionV1
	)
	for name, change := range map[string]func(criteria, questions) (criteria, questions){
		"unchanged": func(c criteria, q questions) (criteria, questions) { return c, q },
		"weight": func(c criteria, q questions) (criteria, questions) {
			c[0].Weight++
			return c, q
		},
		"anchor": func(c criteria, q questions) (criteria, questions) {
			c[0].Anchors[2] = "other"
			return c, q
		},
		"order of questions": func(c criteria, q questions) (criteria, questions) { return c, questions{q[1], q[0]} },
		"fewer questions":    func(c criteria, q questions) (criteria, questions) { return c, q[:1] },
		"empty":              func(criteria, questions) (criteria, questions) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := kitcontent.Hash(change(content()))
			if err != nil || len(got) != 64 {
				t.Errorf("got %q, %v, want 64 digits", got, err)
			}
			if other, known := seen[got]; known {
				t.Errorf("got the same hash as %q: %s", other, got)
			}
			seen[got] = name
		})
	}
}

func TestHashOfEmptyContent(t *testing.T) {
	t.Parallel()
	want := sha256.Sum256([]byte(`{"criteria":[],"questions":[]}`))
	for name, criteria := range map[string][]stored.KitCriterionV1{"nil": nil, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := kitcontent.Hash(criteria, nil); err != nil || got != hex.EncodeToString(want[:]) {
				t.Errorf("got %s, %v, want %x", got, err, want)
			}
		})
	}
}
