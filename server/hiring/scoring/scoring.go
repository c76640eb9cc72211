// Package scoring turns the ratings of structured interviews into figures. It knows neither rows nor HTTP, so a score
// has the same figures in whichever room it is read. All sums are sums of whole numbers and therefore exact; each
// figure is divided once, at the end, so the order of what is summed changes nothing.
package scoring

// The scale of a rating. Every level between them has a behavioural anchor in the kit.
const (
	MinValue = 1
	MaxValue = 5
)

// Criterion is one thing that a kit asks to be rated.
type Criterion struct {
	// Key is unique in its kit. Criteria of different kits that share a key are the same criterion.
	Key   string
	Title string
	// Weight is 1 to 100, relative to the weights of the same kit.
	Weight int
	// Required criteria must be rated, or marked not observed, before a sheet can be submitted.
	Required bool
}

// Rating is what one rater says about one criterion.
type Rating struct {
	Key string
	// Value is MinValue to MaxValue, or 0 when the criterion is not rated.
	Value int
	// NotObserved says that the interview gave no occasion to judge the criterion.
	NotObserved bool
}

// rated reports whether the rating has a value that counts.
func (r Rating) rated() bool { return r.Value != 0 && !r.NotObserved }

// Sheet holds the ratings of one rater, in any order.
type Sheet []Rating

// of finds the rating of a criterion; a criterion that the sheet does not mention is neither rated nor marked.
func (s Sheet) of(key string) Rating {
	for _, rating := range s {
		if rating.Key == key {
			return rating
		}
	}
	return Rating{Key: key}
}

// Reason says why a figure is missing.
type Reason string

// NothingObserved is the reason when no criterion was rated. The figure is then missing, because 0 would read as the
// worst of all interviews.
const NothingObserved Reason = "nothing_observed"

// Result is what a sheet comes to.
type Result struct {
	// WeightedScore is Σ(weight·rating) / Σ(weight) over the rated criteria, MinValue to MaxValue; nil with a Reason.
	WeightedScore *float64
	// Coverage is the rated criteria's weight by the weight of all, 0 to 1; 0 where there are no criteria.
	Coverage float64
	// Reason is empty when there is a WeightedScore.
	Reason Reason
}

// Score calculates the result of a sheet in which Check finds nothing wrong. Criteria that are not rated, or marked not
// observed, lower the coverage and leave the weighted score alone.
func Score(criteria []Criterion, sheet Sheet) Result {
	var sum weighted
	all := 0
	for _, criterion := range criteria {
		all += criterion.Weight
		if rating := sheet.of(criterion.Key); rating.rated() {
			sum.add(criterion.Weight, rating.Value)
		}
	}
	var result Result
	result.WeightedScore, result.Reason = sum.mean()
	if all > 0 {
		result.Coverage = float64(sum.weight) / float64(all)
	}
	return result
}

// weighted sums ratings by their weights.
type weighted struct{ weight, value int }

func (w *weighted) add(weight, value int) {
	w.weight += weight
	w.value += weight * value
}

// mean is Σ(weight·rating) / Σ(weight), or nil and the reason when nothing was summed.
func (w *weighted) mean() (*float64, Reason) {
	if w.weight == 0 {
		return nil, NothingObserved
	}
	mean := float64(w.value) / float64(w.weight)
	return &mean, ""
}
