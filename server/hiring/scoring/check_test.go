package scoring_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// TestCheckEveryValue combines each value in and around the scale with each other property of a rating. The letters in
// the table are flaws: u is an unknown key, d a duplicate key, b both rated and not observed, v a value out of range.
func TestCheckEveryValue(t *testing.T) {
	t.Parallel()
	letters := map[scoring.FlawCode]string{
		scoring.UnknownKey: "u", scoring.DuplicateKey: "d", scoring.RatedAndNotObserved: "b", scoring.ValueOutOfRange: "v",
	}
	for _, row := range []struct {
		value                                                                        int
		rated, notObserved, unknown, unknownNotObserved, duplicate, unknownDuplicate string
	}{
		{-5, "v", "bv", "uv", "ubv", "dv", "udbv"},
		{-1, "v", "bv", "uv", "ubv", "dv", "udbv"},
		{0, "", "", "u", "u", "d", "ud"},
		{1, "", "b", "u", "ub", "d", "udb"},
		{2, "", "b", "u", "ub", "d", "udb"},
		{3, "", "b", "u", "ub", "d", "udb"},
		{4, "", "b", "u", "ub", "d", "udb"},
		{5, "", "b", "u", "ub", "d", "udb"},
		{6, "v", "bv", "uv", "ubv", "dv", "udbv"},
		{100, "v", "bv", "uv", "ubv", "dv", "udbv"},
	} {
		t.Run(fmt.Sprintf("value %d", row.value), func(t *testing.T) {
			t.Parallel()
			for _, test := range []struct {
				sheet scoring.Sheet
				want  string
			}{
				{scoring.Sheet{rated("design", row.value)}, row.rated},
				{scoring.Sheet{{Key: "design", Value: row.value, NotObserved: true}}, row.notObserved},
				{scoring.Sheet{rated("other", row.value)}, row.unknown},
				{scoring.Sheet{{Key: "other", Value: row.value, NotObserved: true}}, row.unknownNotObserved},
				{scoring.Sheet{rated("design", 3), rated("design", row.value)}, row.duplicate},
				{scoring.Sheet{rated("other", 0), {Key: "other", Value: row.value, NotObserved: true}}, row.unknownDuplicate},
			} {
				// The flaws of the last rating are compared; the ratings before it only prepare it.
				got, last := "", len(test.sheet)-1
				for _, flaw := range scoring.Check(kit(), test.sheet) {
					if flaw.Index != last {
						continue
					}
					got += letters[flaw.Code]
					if flaw.Key != test.sheet[last].Key {
						t.Errorf("Check(%+v): flaw has key %q, want %q", test.sheet, flaw.Key, test.sheet[last].Key)
					}
				}
				if got != test.want {
					t.Errorf("Check(%+v): flaws %q, want %q", test.sheet, got, test.want)
				}
			}
		})
	}
}

func TestCheckReportsEveryIndex(t *testing.T) {
	t.Parallel()
	got := scoring.Check(kit(), scoring.Sheet{
		rated("design", 4), rated("", 3), rated("design", 9), {Key: "testing", Value: 2, NotObserved: true}, rated("design", 1),
	})
	want := []scoring.Flaw{
		{Index: 1, Key: "", Code: scoring.UnknownKey},
		{Index: 2, Key: "design", Code: scoring.DuplicateKey},
		{Index: 2, Key: "design", Code: scoring.ValueOutOfRange},
		{Index: 3, Key: "testing", Code: scoring.RatedAndNotObserved},
		{Index: 4, Key: "design", Code: scoring.DuplicateKey},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := scoring.Check(kit(), nil); got != nil {
		t.Errorf("empty sheet: got %v, want nil", got)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	both := []string{"design", "testing"}
	for name, test := range map[string]struct {
		sheet scoring.Sheet
		want  []string
	}{
		"empty sheet":                         {nil, both},
		"ratings without a value":             {scoring.Sheet{rated("design", 0), rated("testing", 0)}, both},
		"only the optional criterion rated":   {scoring.Sheet{rated("english", 5)}, both},
		"one rated":                           {scoring.Sheet{rated("testing", 1)}, []string{"design"}},
		"one not observed":                    {scoring.Sheet{notObserved("design")}, []string{"testing"}},
		"one rated, one not observed":         {scoring.Sheet{notObserved("testing"), rated("design", 1)}, nil},
		"both not observed":                   {scoring.Sheet{notObserved("testing"), notObserved("design")}, nil},
		"all rated":                           {scoring.Sheet{rated("design", 1), rated("testing", 2), rated("english", 3)}, nil},
		"keys that differ in case or spacing": {scoring.Sheet{rated("Design", 1), rated("testing ", 2)}, both},
		"order of the kit":                    {scoring.Sheet{rated("testing", 0), rated("design", 0)}, both},
		"both rated and not observed":         {scoring.Sheet{{Key: "design", Value: 2, NotObserved: true}, rated("testing", 2)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := scoring.Missing(kit(), test.sheet); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestMissingShrinks verifies that each required criterion that is rated or marked removes exactly its own key from
// Missing.
func TestMissingShrinks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		criteria := drawCriteria(t, "criteria")
		sheet := drawSheet(t, criteria)
		if flaws := scoring.Check(criteria, sheet); flaws != nil {
			t.Fatalf("Check(%+v): got %v, want nil", sheet, flaws)
		}
		missing := scoring.Missing(criteria, sheet)
		for _, key := range missing {
			if i := slices.IndexFunc(sheet, func(r scoring.Rating) bool { return r.Key == key }); i >= 0 {
				sheet[i] = notObserved(key)
			} else {
				sheet = append(sheet, rated(key, 1))
			}
			after := scoring.Missing(criteria, sheet)
			if len(after) != len(missing)-1 || slices.Contains(after, key) {
				t.Fatalf("%s was added: missing %v, want %v without it", key, after, missing)
			}
			missing = after
		}
	})
}
