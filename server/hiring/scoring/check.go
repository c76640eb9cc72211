package scoring

// Flaw is one thing that is wrong with a sheet.
type Flaw struct {
	// Index is the place of the rating in the sheet, from 0.
	Index int
	Key   string
	Code  FlawCode
}

// FlawCode says what is wrong with a rating.
type FlawCode string

// What can be wrong with a rating.
const (
	UnknownKey          FlawCode = "unknown_key"            // no criterion of the kit has the key
	DuplicateKey        FlawCode = "duplicate_key"          // an earlier rating has the key
	RatedAndNotObserved FlawCode = "rated_and_not_observed" // one contradicts the other
	ValueOutOfRange     FlawCode = "value_out_of_range"     // neither MinValue to MaxValue, nor 0 for not rated
)

// Check finds everything that is wrong with a sheet, in the order of its ratings, or nil. What is missing is not wrong:
// a draft is filled in bit by bit, and Missing says what keeps it from being submitted.
func Check(criteria []Criterion, sheet Sheet) []Flaw {
	known := make(map[string]bool, len(criteria))
	for _, criterion := range criteria {
		known[criterion.Key] = true
	}
	var flaws []Flaw
	seen := make(map[string]bool, len(sheet))
	for i, rating := range sheet {
		for _, flaw := range []struct {
			code FlawCode
			is   bool
		}{
			{UnknownKey, !known[rating.Key]},
			{DuplicateKey, seen[rating.Key]},
			{RatedAndNotObserved, rating.NotObserved && rating.Value != 0},
			{ValueOutOfRange, rating.Value != 0 && (rating.Value < MinValue || rating.Value > MaxValue)},
		} {
			if flaw.is {
				flaws = append(flaws, Flaw{Index: i, Key: rating.Key, Code: flaw.code})
			}
		}
		seen[rating.Key] = true
	}
	return flaws
}

// Missing lists the keys of required criteria that are neither rated nor marked not observed, in the order of the kit.
// A sheet may be submitted when there are none.
func Missing(criteria []Criterion, sheet Sheet) []string {
	var keys []string
	for _, criterion := range criteria {
		rating := sheet.of(criterion.Key)
		if criterion.Required && rating.Value == 0 && !rating.NotObserved {
			keys = append(keys, criterion.Key)
		}
	}
	return keys
}
