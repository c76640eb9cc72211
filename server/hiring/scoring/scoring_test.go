package scoring_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

// kit returns criteria of weight 50, 30 and 20; the last is optional.
func kit() []scoring.Criterion {
	return []scoring.Criterion{
		{Key: "design", Title: "Design", Weight: 50, Required: true},
		{Key: "testing", Title: "Testing", Weight: 30, Required: true},
		{Key: "english", Title: "English", Weight: 20},
	}
}

func rated(key string, value int) scoring.Rating { return scoring.Rating{Key: key, Value: value} }

func notObserved(key string) scoring.Rating { return scoring.Rating{Key: key, NotObserved: true} }

func TestScore(t *testing.T) {
	t.Parallel()
	lightAndHeavy := []scoring.Criterion{{Key: "a", Weight: 1}, {Key: "b", Weight: 100}}
	for name, test := range map[string]struct {
		criteria []scoring.Criterion
		sheet    scoring.Sheet
		score    float64 // 0 means no score
		coverage float64
	}{
		"all rated":                    {kit(), scoring.Sheet{rated("design", 4), rated("testing", 3), rated("english", 5)}, 3.9, 1},
		"in another order":             {kit(), scoring.Sheet{rated("english", 5), rated("design", 4), rated("testing", 3)}, 3.9, 1},
		"lowest":                       {kit(), scoring.Sheet{rated("design", 1), rated("testing", 1), rated("english", 1)}, 1, 1},
		"highest":                      {kit(), scoring.Sheet{rated("design", 5), rated("testing", 5), rated("english", 5)}, 5, 1},
		"one not observed":             {kit(), scoring.Sheet{rated("design", 4), rated("testing", 3), notObserved("english")}, 290. / 80, 0.8},
		"one without a rating":         {kit(), scoring.Sheet{rated("design", 4), rated("testing", 3)}, 290. / 80, 0.8},
		"one rating without a value":   {kit(), scoring.Sheet{rated("design", 4), rated("testing", 3), rated("english", 0)}, 290. / 80, 0.8},
		"one rated":                    {kit(), scoring.Sheet{rated("english", 2)}, 2, 0.2},
		"unknown key":                  {kit(), scoring.Sheet{rated("design", 2), rated("other", 5)}, 2, 0.5},
		"both rated and not observed":  {kit(), scoring.Sheet{rated("design", 2), {Key: "testing", Value: 5, NotObserved: true}}, 2, 0.5},
		"all not observed":             {kit(), scoring.Sheet{notObserved("design"), notObserved("testing"), notObserved("english")}, 0, 0},
		"empty sheet":                  {kit(), nil, 0, 0},
		"no criteria":                  {nil, scoring.Sheet{rated("design", 4)}, 0, 0},
		"no criteria and empty sheet":  {nil, nil, 0, 0},
		"lowest and highest weight":    {lightAndHeavy, scoring.Sheet{rated("a", 5), rated("b", 1)}, 105. / 101, 1},
		"only the lowest weight rated": {lightAndHeavy, scoring.Sheet{rated("a", 5)}, 5, 1. / 101},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := scoring.Result{Coverage: test.coverage, Reason: scoring.NothingObserved}
			if test.score != 0 {
				want.WeightedScore, want.Reason = &test.score, ""
			}
			if got := scoring.Score(test.criteria, test.sheet); !reflect.DeepEqual(got, want) {
				t.Errorf("got score %s, coverage %v, reason %q; want %s, %v, %q", format(got.WeightedScore), got.Coverage,
					got.Reason, format(want.WeightedScore), want.Coverage, want.Reason)
			}
		})
	}
}

func TestScoreIsWithinItsRatings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		criteria := drawCriteria(t, "criteria")
		sheet := drawSheet(t, criteria)
		got := scoring.Score(criteria, sheet)
		lowest, highest, observed := math.Inf(1), math.Inf(-1), false
		for _, rating := range sheet {
			if rating.Value != 0 {
				lowest, highest, observed = min(lowest, float64(rating.Value)), max(highest, float64(rating.Value)), true
			}
		}
		if got.Coverage < 0 || got.Coverage > 1 || (got.Coverage > 0) != observed {
			t.Fatalf("coverage %v, want 0 to 1; any rated: %t", got.Coverage, observed)
		}
		if (got.WeightedScore != nil) != observed || (got.Reason == "") != observed {
			t.Fatalf("got score %s and reason %q; any rated: %t", format(got.WeightedScore), got.Reason, observed)
		}
		if observed && (*got.WeightedScore < lowest || *got.WeightedScore > highest) {
			t.Fatalf("score %v, want %v to %v", *got.WeightedScore, lowest, highest)
		}
	})
}

func TestScoreIgnoresScaleAndOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		criteria := drawCriteria(t, "criteria")
		sheet := drawSheet(t, criteria)
		want := scoring.Score(criteria, sheet)
		factor := rapid.IntRange(2, 1000).Draw(t, "factor")
		scaled := slices.Clone(criteria)
		for i := range scaled {
			scaled[i].Weight *= factor
		}
		requireSame(t, "weights scaled", scoring.Score(scaled, sheet), want)
		requireSame(t, "order changed", scoring.Score(
			rapid.Permutation(criteria).Draw(t, "other criteria"), rapid.Permutation(sheet).Draw(t, "other sheet")), want)
	})
}

func TestHigherRatingRaisesScore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		criteria := drawCriteria(t, "criteria")
		sheet := drawSheet(t, criteria)
		before := scoring.Score(criteria, sheet)
		for i := range sheet {
			if sheet[i].Value == 0 || sheet[i].Value == scoring.MaxValue {
				continue
			}
			higher := slices.Clone(sheet)
			higher[i].Value++
			if after := scoring.Score(criteria, higher); *after.WeightedScore <= *before.WeightedScore {
				t.Fatalf("got %v after raising a rating, want more than %v", *after.WeightedScore, *before.WeightedScore)
			}
		}
	})
}

func requireSame(t *rapid.T, change string, got, want scoring.Result) {
	t.Helper()
	if math.Abs(got.Coverage-want.Coverage) > 1e-12 || got.Reason != want.Reason || !equal(got.WeightedScore, want.WeightedScore) {
		t.Fatalf("%s: got %+v, want %+v", change, got, want)
	}
}

func equal(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) <= 1e-12
}

// drawCriteria draws the criteria of a kit. It has few keys to choose from, so that kits share some.
func drawCriteria(t *rapid.T, label string) []scoring.Criterion {
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 0, 6, rapid.ID).Draw(t, label)
	drawn := make([]scoring.Criterion, len(keys))
	for i, key := range keys {
		drawn[i] = scoring.Criterion{
			Key: key, Title: rapid.SampledFrom([]string{"One", "Two"}).Draw(t, "title"),
			Weight: rapid.IntRange(1, 100).Draw(t, "weight"), Required: rapid.Bool().Draw(t, "required"),
		}
	}
	return drawn
}

// drawSheet draws a sheet without flaws: each criterion is rated, not observed, without a value, or absent.
func drawSheet(t *rapid.T, criteria []scoring.Criterion) scoring.Sheet {
	var drawn scoring.Sheet
	for _, criterion := range criteria {
		switch value := rapid.IntRange(-2, scoring.MaxValue).Draw(t, "value"); value {
		case -2:
		case -1:
			drawn = append(drawn, notObserved(criterion.Key))
		default:
			drawn = append(drawn, rated(criterion.Key, value))
		}
	}
	return drawn
}
