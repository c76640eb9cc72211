package scoring

// Flaw is one error in a sheet.
type Flaw struct {
	// Index is the zero-based index of the rating in the sheet.
	Index int
	Key   string
	Code  FlawCode
}

// FlawCode identifies an error in a rating.
type FlawCode string

// The errors of a rating.
const (
	UnknownKey          FlawCode = "unknown_key"            // no criterion of the kit has this key
	DuplicateKey        FlawCode = "duplicate_key"          // an earlier rating has this key
	RatedAndNotObserved FlawCode = "rated_and_not_observed" // a rating has a value and is marked not observed
	ValueOutOfRange     FlawCode = "value_out_of_range"     // neither 0 (not rated) nor MinValue to MaxValue
)

// Check returns all errors in a sheet, in the order of its ratings; nil if there are none. A missing rating is not an
// error, because a draft is filled in step by step; Missing returns the criteria that prevent its submission.
func Check(criteria []Criterion, sheet Sheet) []Flaw {
	known := make(map[string]bool, len(criteria))
	for _, criterion := range criteria {
		known[criterion.Key] = true
	}
	var flaws []Flaw
	seen := make(map[string]bool, len(sheet))
	for i, rating := range sheet {
		for _, flaw := range []struct {
			code    FlawCode
			present bool
		}{
			{UnknownKey, !known[rating.Key]},
			{DuplicateKey, seen[rating.Key]},
			{RatedAndNotObserved, rating.NotObserved && rating.Value != 0},
			{ValueOutOfRange, rating.Value != 0 && (rating.Value < MinValue || rating.Value > MaxValue)},
		} {
			if flaw.present {
				flaws = append(flaws, Flaw{Index: i, Key: rating.Key, Code: flaw.code})
			}
		}
		seen[rating.Key] = true
	}
	return flaws
}

// Missing returns the keys of the required criteria that are neither rated nor marked not observed, in the order of the
// kit. A sheet can be submitted if there are none.
func Missing(criteria []Criterion, sheet Sheet) []string {
	var keys []string
	for _, criterion := range criteria {
		rating := sheet.rating(criterion.Key)
		if criterion.Required && rating.Value == 0 && !rating.NotObserved {
			keys = append(keys, criterion.Key)
		}
	}
	return keys
}
