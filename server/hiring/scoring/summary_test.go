package scoring_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
)

func TestSummarizeWithoutRatings(t *testing.T) {
	t.Parallel()
	none := map[scoring.Recommendation]int{
		scoring.DefinitelyNo: 0, scoring.No: 0, scoring.NoDecision: 0, scoring.Yes: 0, scoring.StrongYes: 0,
	}
	want := scoring.Summary{
		Criteria: []scoring.CriterionSummary{}, Reason: scoring.NothingObserved, Recommendations: none,
	}
	if got := scoring.Summarize(nil); !reflect.DeepEqual(got, want) {
		t.Errorf("no submissions: got %+v, want %+v", got, want)
	}

	if got := scoring.Summarize([]scoring.Submission{{}}); got.Scores != 1 || !reflect.DeepEqual(got.Recommendations, none) {
		t.Errorf("submission without a recommendation: got %+v, want 1 score and no recommendations", got)
	}

	got := scoring.Summarize([]scoring.Submission{
		{Criteria: kit(), Sheet: scoring.Sheet{notObserved("design"), notObserved("testing")}, Recommendation: scoring.NoDecision},
	})
	if got.Scores != 1 || got.WeightedMean != nil || got.Reason != scoring.NothingObserved ||
		got.Recommendations[scoring.NoDecision] != 1 {
		t.Errorf("nothing observed: got %+v, want 1 score without a weighted mean", got)
	}
	for i, notObserved := range []int{1, 1, 0} {
		c := got.Criteria[i]
		if c.N != 0 || c.NotObserved != notObserved || c.Mean != nil || c.Min != nil || c.Max != nil || c.StandardDeviation != nil {
			t.Errorf("criterion %s: got %+v, want %d not observed and no figures", c.Key, c, notObserved)
		}
	}
}

// TestSummarizeKits compares with figures calculated by hand. Of three raters, the last used a newer kit, which has
// another title and weight for design, and a criterion leading instead of english.
func TestSummarizeKits(t *testing.T) {
	t.Parallel()
	newer := []scoring.Criterion{
		{Key: "leading", Title: "Leading", Weight: 20, Required: true},
		{Key: "design", Title: "System design", Weight: 60, Required: true},
	}
	got := scoring.Summarize([]scoring.Submission{
		{kit(), scoring.Sheet{rated("design", 2), rated("testing", 4), notObserved("english")}, scoring.Yes},
		{kit(), scoring.Sheet{rated("english", 3), rated("design", 4), notObserved("testing")}, scoring.Yes},
		{newer, scoring.Sheet{rated("design", 5), notObserved("leading")}, scoring.DefinitelyNo},
	})
	want := `3 scores
design "System design": n 3, not observed 0, mean 3.6667, 2 to 5, deviation 1.5275
testing "Testing": n 1, not observed 1, mean 4.0000, 4 to 4, deviation -
english "English": n 1, not observed 1, mean 3.0000, 3 to 3, deviation -
leading "Leading": n 0, not observed 1, mean -, - to -, deviation -
weighted mean 3.7143
definitely_no 1, no 0, no_decision 0, yes 2, strong_yes 0
`
	if got := text(got); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if pooled := float64(50*2+30*4+20*3+50*4+60*5) / (50 + 30 + 20 + 50 + 60); *got.WeightedMean != pooled {
		t.Errorf("weighted mean: got %v, want %v", *got.WeightedMean, pooled)
	}
}

// TestStandardDeviation compares with the results of R's sd and of the spreadsheet function STDEV.S.
func TestStandardDeviation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ratings []int
		want    float64 // negative means no standard deviation
	}{
		"no rating":      {nil, -1},
		"one rating":     {[]int{3}, -1},
		"equal ratings":  {[]int{3, 3}, 0},
		"lowest highest": {[]int{1, 5}, 2.8284271247461903},
		"every level":    {[]int{1, 2, 3, 4, 5}, 1.5811388300841898},
		"eight ratings":  {[]int{2, 4, 4, 4, 5, 5, 1, 3}, 1.4142135623730951},
		"many ratings":   {slices.Repeat([]int{4, 5}, 50000), 0.50000250001875},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var submissions []scoring.Submission
			for _, value := range test.ratings {
				submissions = append(submissions, scoring.Submission{
					Criteria: kit()[:1], Sheet: scoring.Sheet{rated("design", value)}, Recommendation: scoring.No,
				})
			}
			if test.ratings == nil {
				submissions = []scoring.Submission{{Criteria: kit()[:1]}}
			}
			got := scoring.Summarize(submissions).Criteria[0].StandardDeviation
			if (got != nil) != (test.want >= 0) || got != nil && math.Abs(*got-test.want) > 1e-14 {
				t.Errorf("got %s, want %v", text(scoring.Summarize(submissions)), test.want)
			}
		})
	}
}

// TestSummaryAgainstWelford compares every mean and standard deviation with the algorithm of B. P. Welford
// (Technometrics 4, 1962), which sums differences from the running mean instead of squares.
func TestSummaryAgainstWelford(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		submissions := drawSubmissions(t)
		for _, got := range scoring.Summarize(submissions).Criteria {
			n, mean, squares := 0, 0., 0.
			for _, value := range valuesOf(submissions, got.Key) {
				n++
				delta := float64(value) - mean
				mean += delta / float64(n)
				squares += delta * (float64(value) - mean)
			}
			if got.N != n || (got.Mean != nil) != (n > 0) || (got.StandardDeviation != nil) != (n > 1) {
				t.Fatalf("got %+v, want the figures of %d ratings", got, n)
			}
			if n > 0 && math.Abs(*got.Mean-mean) > 1e-9 {
				t.Fatalf("mean: got %v, want %v", *got.Mean, mean)
			}
			if n > 1 && math.Abs(*got.StandardDeviation-math.Sqrt(squares/float64(n-1))) > 1e-9 {
				t.Fatalf("standard deviation: got %v, want √(%v/%d)", *got.StandardDeviation, squares, n-1)
			}
		}
	})
}

func TestSummaryBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		submissions := drawSubmissions(t)
		got := scoring.Summarize(submissions)
		given := 0
		for _, count := range got.Recommendations {
			given += count
		}
		if got.Scores != len(submissions) || given != len(submissions) || len(got.Recommendations) != 5 {
			t.Fatalf("got %d scores and recommendations %v, want %d of each", got.Scores, got.Recommendations, len(submissions))
		}
		lowest, highest := scoring.MaxValue, scoring.MinValue
		for _, c := range got.Criteria {
			values := valuesOf(submissions, c.Key)
			if c.N != len(values) || c.N+c.NotObserved > len(submissions) {
				t.Fatalf("got %+v, want the counts of %d submissions with %v", c, len(submissions), values)
			}
			if c.N == 0 {
				continue
			}
			if *c.Min != slices.Min(values) || *c.Max != slices.Max(values) || *c.Mean < float64(*c.Min) || *c.Mean > float64(*c.Max) {
				t.Fatalf("got mean %v, minimum %d, maximum %d; want those of %v", *c.Mean, *c.Min, *c.Max, values)
			}
			if c.N > 1 && (*c.StandardDeviation < 0 || *c.StandardDeviation > 2*math.Sqrt2 ||
				(*c.StandardDeviation == 0) != (*c.Min == *c.Max)) {
				t.Fatalf("got standard deviation %v, want that of %v", *c.StandardDeviation, values)
			}
			lowest, highest = min(lowest, *c.Min), max(highest, *c.Max)
		}
		if got.WeightedMean != nil && (*got.WeightedMean < float64(lowest) || *got.WeightedMean > float64(highest)) {
			t.Fatalf("weighted mean: got %v, want %d to %d", *got.WeightedMean, lowest, highest)
		}
		if (got.WeightedMean == nil) != (lowest > highest) || (got.Reason == scoring.NothingObserved) != (got.WeightedMean == nil) {
			t.Fatalf("got weighted mean %s and reason %q; any rated: %t", format(got.WeightedMean), got.Reason, lowest <= highest)
		}
	})
}

// TestSummaryIgnoresOrder verifies that the order of submissions changes only titles and the order of criteria.
func TestSummaryIgnoresOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		submissions := drawSubmissions(t)
		one, other := scoring.Summarize(submissions), scoring.Summarize(rapid.Permutation(submissions).Draw(t, "other order"))
		for _, summary := range []*scoring.Summary{&one, &other} {
			slices.SortFunc(summary.Criteria, func(a, b scoring.CriterionSummary) int { return int(a.Key[0]) - int(b.Key[0]) })
			for i := range summary.Criteria {
				summary.Criteria[i].Title = ""
			}
		}
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("got\n%s\nin another order, want\n%s", text(other), text(one))
		}
	})
}

func TestSummaryIgnoresScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		submissions := drawSubmissions(t)
		want := scoring.Summarize(submissions).WeightedMean
		factor := rapid.IntRange(2, 1000).Draw(t, "factor")
		for i := range submissions {
			submissions[i].Criteria = slices.Clone(submissions[i].Criteria)
			for j := range submissions[i].Criteria {
				submissions[i].Criteria[j].Weight *= factor
			}
		}
		if got := scoring.Summarize(submissions).WeightedMean; !equal(got, want) {
			t.Fatalf("weights multiplied by %d: got %s, want %s", factor, format(got), format(want))
		}
	})
}

func TestSummaryOfOneScore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		criteria := drawCriteria(t, "criteria")
		sheet := drawSheet(t, criteria)
		one, score := scoring.Summarize([]scoring.Submission{{criteria, sheet, scoring.Yes}}), scoring.Score(criteria, sheet)
		if !reflect.DeepEqual(one.WeightedMean, score.WeightedScore) || one.Reason != score.Reason {
			t.Fatalf("got %s, want %+v", text(one), score)
		}
	})
}

func TestSummaryKeepsTitlesAndOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		submissions := drawSubmissions(t)
		var keys []string
		titles := map[string]string{}
		for _, submission := range submissions {
			for _, criterion := range submission.Criteria {
				if _, known := titles[criterion.Key]; !known {
					keys = append(keys, criterion.Key)
				}
				titles[criterion.Key] = criterion.Title
			}
		}
		got := scoring.Summarize(submissions).Criteria
		if len(got) != len(keys) {
			t.Fatalf("got %d criteria, want %v", len(got), keys)
		}
		for i, key := range keys {
			if got[i].Key != key || got[i].Title != titles[key] {
				t.Fatalf("criterion %d: got %s (%s), want %s (%s)", i, got[i].Key, got[i].Title, key, titles[key])
			}
		}
	})
}

func drawSubmissions(t *rapid.T) []scoring.Submission {
	drawn := make([]scoring.Submission, rapid.IntRange(0, 12).Draw(t, "submissions"))
	for i := range drawn {
		criteria := drawCriteria(t, fmt.Sprintf("criteria of %d", i))
		drawn[i] = scoring.Submission{
			Criteria: criteria, Sheet: drawSheet(t, criteria),
			Recommendation: rapid.SampledFrom([]scoring.Recommendation{
				scoring.DefinitelyNo, scoring.No, scoring.NoDecision, scoring.Yes, scoring.StrongYes,
			}).Draw(t, "recommendation"),
		}
	}
	return drawn
}

func valuesOf(submissions []scoring.Submission, key string) []int {
	var values []int
	for _, submission := range submissions {
		for _, rating := range submission.Sheet {
			if rating.Key == key && rating.Value != 0 {
				values = append(values, rating.Value)
			}
		}
	}
	return values
}

// text returns a summary in a readable form.
func text(s scoring.Summary) string {
	out := fmt.Sprintf("%d scores\n", s.Scores)
	for _, c := range s.Criteria {
		out += fmt.Sprintf("%s %q: n %d, not observed %d, mean %s, %s to %s, deviation %s\n",
			c.Key, c.Title, c.N, c.NotObserved, format(c.Mean), format(c.Min), format(c.Max), format(c.StandardDeviation))
	}
	out += fmt.Sprintf("weighted mean %s\n", format(s.WeightedMean))
	n := s.Recommendations
	return out + fmt.Sprintf("definitely_no %d, no %d, no_decision %d, yes %d, strong_yes %d\n",
		n[scoring.DefinitelyNo], n[scoring.No], n[scoring.NoDecision], n[scoring.Yes], n[scoring.StrongYes])
}

// format returns a number with four decimals, or "-" if it is nil.
func format[T int | float64](value *T) string {
	if value == nil {
		return "-"
	}
	if whole, ok := any(*value).(int); ok {
		return fmt.Sprint(whole)
	}
	return fmt.Sprintf("%.4f", float64(*value))
}
