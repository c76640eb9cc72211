package scoring_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// TestEveryRating holds every value, in and around the scale, against everything that can be said besides. A letter stands
// for a flaw: u unknown key, d duplicate key, b rated and not observed, v value out of range.
func TestEveryRating(t *testing.T) {
	t.Parallel()
	letters := map[scoring.FlawCode]string{
		scoring.UnknownKey: "u", scoring.DuplicateKey: "d", scoring.RatedAndNotObserved: "b", scoring.ValueOutOfRange: "v",
	}
	for _, line := range []struct {
		value                                              int
		plain, marked, unknown, unknownMarked, twice, both string
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
		for _, test := range []struct {
			sheet scoring.Sheet
			want  string
		}{
			{scoring.Sheet{rated("design", line.value)}, line.plain},
			{scoring.Sheet{{Key: "design", Value: line.value, NotObserved: true}}, line.marked},
			{scoring.Sheet{rated("other", line.value)}, line.unknown},
			{scoring.Sheet{{Key: "other", Value: line.value, NotObserved: true}}, line.unknownMarked},
			{scoring.Sheet{rated("design", 3), rated("design", line.value)}, line.twice},
			{scoring.Sheet{rated("other", 0), {Key: "other", Value: line.value, NotObserved: true}}, line.both},
		} {
			got, last := "", len(test.sheet)-1
			for _, flaw := range scoring.Check(kit(), test.sheet) {
				if flaw.Index != last {
					continue
				}
				got += letters[flaw.Code]
				if flaw.Key != test.sheet[last].Key {
					t.Errorf("%+v: a flaw of %q", test.sheet, flaw.Key)
				}
			}
			if got != test.want {
				t.Errorf("%+v: %q, want %q", test.sheet, got, test.want)
			}
		}
	}
}

func TestCheckNamesEveryPlace(t *testing.T) {
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
		t.Errorf("%v, want %v", got, want)
	}
	if got := scoring.Check(kit(), nil); got != nil {
		t.Errorf("an empty sheet has %v", got)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	both := []string{"design", "testing"}
	for name, test := range map[string]struct {
		sheet scoring.Sheet
		want  []string
	}{
		"an empty sheet":            {nil, both},
		"mentioned only":            {scoring.Sheet{rated("design", 0), rated("testing", 0)}, both},
		"the optional one alone":    {scoring.Sheet{rated("english", 5)}, both},
		"one rated":                 {scoring.Sheet{rated("testing", 1)}, []string{"design"}},
		"one marked":                {scoring.Sheet{notObserved("design")}, []string{"testing"}},
		"one rated, one marked":     {scoring.Sheet{notObserved("testing"), rated("design", 1)}, nil},
		"both marked":               {scoring.Sheet{notObserved("testing"), notObserved("design")}, nil},
		"all rated":                 {scoring.Sheet{rated("design", 1), rated("testing", 2), rated("english", 3)}, nil},
		"the keys of another kit":   {scoring.Sheet{rated("Design", 1), rated("testing ", 2)}, both},
		"in the order of the kit":   {scoring.Sheet{rated("testing", 0), rated("design", 0)}, both},
		"rated and marked is there": {scoring.Sheet{{Key: "design", Value: 2, NotObserved: true}, rated("testing", 2)}, nil},
	} {
		if got := scoring.Missing(kit(), test.sheet); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v is missing, want %v", name, got, test.want)
		}
	}
}

// A sheet whose required criteria are all rated or marked can be submitted, and adding ratings never takes that away.
func TestMissingShrinks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		criteria := drawCriteria(t, "criteria")
		sheet := drawSheet(t, criteria)
		if flaws := scoring.Check(criteria, sheet); flaws != nil {
			t.Fatalf("a sheet without flaws has %v", flaws)
		}
		missing := scoring.Missing(criteria, sheet)
		for _, key := range missing {
			if i := slices.IndexFunc(sheet, func(r scoring.Rating) bool { return r.Key == key }); i >= 0 {
				sheet[i] = notObserved(key)
			} else {
				sheet = append(sheet, rated(key, 1))
			}
			now := scoring.Missing(criteria, sheet)
			if len(now) != len(missing)-1 || slices.Contains(now, key) {
				t.Fatalf("of %v, once %s is there, %v is missing", missing, key, now)
			}
			missing = now
		}
	})
}
