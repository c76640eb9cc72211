// Package scoring computes figures from the ratings of structured interviews. It depends on neither the database nor
// HTTP, so every operation reports the same figures for a score. Sums are integers and therefore exact, and each figure
// is divided once, at the end; the order of the summands does not change a figure.
package scoring

// The bounds of a rating. The kit has an anchor for each level.
const (
	MinValue = 1
	MaxValue = 5
)

// Criterion is one aspect that a kit asks to rate.
type Criterion struct {
	// Key is unique in its kit. Criteria of different kits with the same key count as the same criterion.
	Key   string
	Title string
	// Weight is 1 to 100, relative to the weights of the same kit.
	Weight int
	// Required criteria must be rated, or marked not observed, before a sheet can be submitted.
	Required bool
}

// Rating is one rater's rating of one criterion.
type Rating struct {
	Key string
	// Value is MinValue to MaxValue, or 0 if the criterion is not rated.
	Value int
	// NotObserved marks a criterion that could not be rated because the interview gave no evidence for it.
	NotObserved bool
}

// rated reports whether the rating has a value and is not marked not observed.
func (r Rating) rated() bool { return r.Value != 0 && !r.NotObserved }

// Sheet holds the ratings of one rater, in any order.
type Sheet []Rating

// rating returns the rating of a criterion. If the sheet has none, it returns a rating without a value.
func (s Sheet) rating(key string) Rating {
	for _, rating := range s {
		if rating.Key == key {
			return rating
		}
	}
	return Rating{Key: key}
}

// Reason is the reason why a figure is missing.
type Reason string

// NothingObserved means that no criterion was rated. The figure is then missing rather than 0, because 0 would look
// like the lowest score.
const NothingObserved Reason = "nothing_observed"

// Result contains the figures of one sheet.
type Result struct {
	// WeightedScore is Σ(weight·rating) / Σ(weight) over the rated criteria, MinValue to MaxValue. If it is nil, Reason
	// says why.
	WeightedScore *float64
	// Coverage is the weight of the rated criteria divided by the weight of all criteria, 0 to 1; 0 without criteria.
	Coverage float64
	// Reason is empty if WeightedScore is not nil.
	Reason Reason
}

// Score computes the figures of a sheet without flaws. Criteria that are not rated or marked not observed reduce the
// coverage and do not affect the weighted score.
func Score(criteria []Criterion, sheet Sheet) Result {
	var sum weightedSum
	totalWeight := 0
	for _, criterion := range criteria {
		totalWeight += criterion.Weight
		if rating := sheet.rating(criterion.Key); rating.rated() {
			sum.add(criterion.Weight, rating.Value)
		}
	}
	var result Result
	result.WeightedScore, result.Reason = sum.mean()
	if totalWeight > 0 {
		result.Coverage = float64(sum.weight) / float64(totalWeight)
	}
	return result
}

// weightedSum accumulates weights and weighted ratings.
type weightedSum struct{ weight, value int }

func (s *weightedSum) add(weight, value int) {
	s.weight += weight
	s.value += weight * value
}

// mean returns Σ(weight·rating) / Σ(weight), or nil and the reason if nothing was added.
func (s *weightedSum) mean() (*float64, Reason) {
	if s.weight == 0 {
		return nil, NothingObserved
	}
	mean := float64(s.value) / float64(s.weight)
	return &mean, ""
}
