package scoring

import "math"

// Recommendation is a rater's overall recommendation about the candidate.
type Recommendation string

// All recommendations, from the worst to the best.
const (
	DefinitelyNo Recommendation = "definitely_no"
	No           Recommendation = "no"
	NoDecision   Recommendation = "no_decision"
	Yes          Recommendation = "yes"
	StrongYes    Recommendation = "strong_yes"
)

// Submission is a submitted score with the criteria of its kit version.
type Submission struct {
	Criteria       []Criterion
	Sheet          Sheet
	Recommendation Recommendation
}

// Summary contains the figures of several submissions.
type Summary struct {
	// Scores is the number of submissions.
	Scores int
	// Criteria are in the order in which they first appear in the submissions' kits.
	Criteria []CriterionSummary
	// WeightedMean is Σ(weight·rating) / Σ(weight) over all rated criteria of all submissions, with the weights of each
	// submission's own kit: the formula of Result.WeightedScore, pooled. It is MinValue to MaxValue. If it is nil, Reason
	// says why.
	WeightedMean *float64
	// Reason is empty if WeightedMean is not nil.
	Reason Reason
	// Recommendations has the count of each of the five recommendations, including zeros. Submissions without a
	// recommendation are not counted.
	Recommendations map[Recommendation]int
}

// CriterionSummary contains the figures of one criterion. Its pointers are nil if nobody rated the criterion.
type CriterionSummary struct {
	Key string
	// Title is the title in the kit of the last submission that has the criterion.
	Title string
	// N is the number of ratings, NotObserved the number of raters who marked the criterion not observed.
	N, NotObserved int
	// Mean is Σx / n, between Min and Max; it is not weighted.
	Mean     *float64
	Min, Max *int
	// StandardDeviation is the sample standard deviation √(Σ(x−mean)² / (n−1)), 0 to 2·√2; nil if n < 2.
	// NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.6, https://www.itl.nist.gov/div898/handbook/.
	StandardDeviation *float64
}

// Summarize computes the figures of submissions of one or several interviews. The interviews may use different kits;
// criteria are matched by key. Submissions must be in the order of their submission time, which determines titles and
// the order of criteria but no figure. The sheets must have no flaws.
func Summarize(submissions []Submission) Summary {
	summary := Summary{
		Scores:          len(submissions),
		Recommendations: map[Recommendation]int{DefinitelyNo: 0, No: 0, NoDecision: 0, Yes: 0, StrongYes: 0},
	}
	var (
		pooled  weightedSum
		samples []sample
		indexes = map[string]int{}
	)
	for _, submission := range submissions {
		if _, known := summary.Recommendations[submission.Recommendation]; known {
			summary.Recommendations[submission.Recommendation]++
		}
		for _, criterion := range submission.Criteria {
			index, known := indexes[criterion.Key]
			if !known {
				index = len(samples)
				indexes[criterion.Key] = index
				samples = append(samples, sample{key: criterion.Key})
			}
			rating := submission.Sheet.rating(criterion.Key)
			samples[index].title = criterion.Title
			samples[index].add(rating)
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

// sample accumulates the ratings of one criterion.
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

// summary returns the figures of the accumulated ratings.
func (s *sample) summary() CriterionSummary {
	summary := CriterionSummary{Key: s.key, Title: s.title, N: s.n, NotObserved: s.notObserved}
	if s.n == 0 {
		return summary
	}
	mean := float64(s.sum) / float64(s.n)
	summary.Mean, summary.Min, summary.Max = &mean, &s.min, &s.max
	if s.n > 1 {
		// Σ(x−mean)² equals (n·Σx² − (Σx)²) / n. The difference of integers is exact; in floating point, the subtraction
		// would cancel the significant digits.
		deviation := math.Sqrt(float64(s.n*s.squares-s.sum*s.sum) / float64(s.n*(s.n-1)))
		summary.StandardDeviation = &deviation
	}
	return summary
}
