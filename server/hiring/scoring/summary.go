package scoring

import "math"

// Recommendation is what a rater would do with the candidate, all in all.
type Recommendation string

// All recommendations, from the worst to the best.
const (
	DefinitelyNo Recommendation = "definitely_no"
	No           Recommendation = "no"
	NoDecision   Recommendation = "no_decision"
	Yes          Recommendation = "yes"
	StrongYes    Recommendation = "strong_yes"
)

// Submission is one submitted score, with the criteria of the kit that it was given by.
type Submission struct {
	Criteria       []Criterion
	Sheet          Sheet
	Recommendation Recommendation
}

// Summary is what several submissions come to together.
type Summary struct {
	// Scores is the number of submissions.
	Scores int
	// Criteria are in the order in which they first appear in the submissions' kits.
	Criteria []CriterionSummary
	// WeightedMean is Σ(weight·rating) / Σ(weight) over all rated criteria of all submissions, each by the weight of its
	// own kit: the formula of a single score, pooled. MinValue to MaxValue; nil with a Reason.
	WeightedMean *float64
	// Reason is empty when there is a WeightedMean.
	Reason Reason
	// Recommendations counts each of the five, with 0 for those that nobody gave. A submission without one counts nowhere.
	Recommendations map[Recommendation]int
}

// CriterionSummary is what the raters say about one criterion. Figures of what nobody rated are nil.
type CriterionSummary struct {
	Key string
	// Title is that of the last submission whose kit has the criterion.
	Title string
	// N is the number of ratings; NotObserved counts those who marked the criterion so.
	N, NotObserved int
	// Mean is Σx / n, Min to Max. Weights play no part in it.
	Mean     *float64
	Min, Max *int
	// StandardDeviation is that of a sample, √(Σ(x−mean)² / (n−1)), 0 to 2·√2; nil for n < 2, where it is not defined.
	// NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.6, https://www.itl.nist.gov/div898/handbook/.
	StandardDeviation *float64
}

// Summarize puts submissions together, of one interview or of several with different kits; criteria are matched by key.
// They are expected in the order in which they were submitted: it decides about titles and the order of criteria, and
// about no figure. Every sheet must be one in which Check finds nothing wrong.
func Summarize(submissions []Submission) Summary {
	summary := Summary{
		Scores:          len(submissions),
		Recommendations: map[Recommendation]int{DefinitelyNo: 0, No: 0, NoDecision: 0, Yes: 0, StrongYes: 0},
	}
	var (
		pooled  weighted
		samples []sample
		places  = map[string]int{}
	)
	for _, submission := range submissions {
		if _, known := summary.Recommendations[submission.Recommendation]; known {
			summary.Recommendations[submission.Recommendation]++
		}
		for _, criterion := range submission.Criteria {
			place, known := places[criterion.Key]
			if !known {
				place = len(samples)
				places[criterion.Key] = place
				samples = append(samples, sample{key: criterion.Key})
			}
			rating := submission.Sheet.of(criterion.Key)
			samples[place].title = criterion.Title
			samples[place].add(rating)
			if rating.rated() {
				pooled.add(criterion.Weight, rating.Value)
			}
		}
	}
	summary.WeightedMean, summary.Reason = pooled.mean()
	summary.Criteria = make([]CriterionSummary, len(samples))
	for i, sample := range samples {
		summary.Criteria[i] = sample.summary()
	}
	return summary
}

// sample holds what one criterion's ratings add up to.
type sample struct {
	key, title               string
	n, notObserved, min, max int
	sum, squares             int // Σx and Σx²
}

func (s *sample) add(rating Rating) {
	if rating.NotObserved {
		s.notObserved++
	}
	if !rating.rated() {
		return
	}
	if s.n == 0 {
		s.min, s.max = rating.Value, rating.Value
	}
	s.n++
	s.min, s.max = min(s.min, rating.Value), max(s.max, rating.Value)
	s.sum += rating.Value
	s.squares += rating.Value * rating.Value
}

// summary divides. Σ(x−mean)² is written as (n·Σx² − (Σx)²) / n, whose parts are whole numbers: their difference is
// exact, where one of floating-point numbers would lose the digits that matter.
func (s *sample) summary() CriterionSummary {
	summary := CriterionSummary{Key: s.key, Title: s.title, N: s.n, NotObserved: s.notObserved}
	if s.n == 0 {
		return summary
	}
	mean := float64(s.sum) / float64(s.n)
	summary.Mean, summary.Min, summary.Max = &mean, &s.min, &s.max
	if s.n > 1 {
		deviation := math.Sqrt(float64(s.n*s.squares-s.sum*s.sum) / float64(s.n*(s.n-1)))
		summary.StandardDeviation = &deviation
	}
	return summary
}
