package stored

import "github.com/ai-interviewer-platform/interviewer/api/nullable"

// The elements of columns with JSON. Their encoding is frozen, because published kit versions have a hash of it: a type
// never changes after its release, and a member that is absent, null or empty stays so. A change is a new type with the
// next number, and a column that says which version a row has. Rows have version 1 as long as there is no such column.
type (
	// KitCriterionV1 is an element of kit_versions.criteria.
	KitCriterionV1 struct {
		// Anchors describe the five levels, from 1 to 5.
		Anchors     []string                  `json:"anchors"`
		Description nullable.Nullable[string] `json:"description,omitzero"`
		// Key is unique among the criteria of a version.
		Key string `json:"key"`
		// Required criteria must be rated, or marked not observed, in every score.
		Required bool   `json:"required"`
		Title    string `json:"title"`
		// Weight is 1 to 100, relative to the other criteria.
		Weight int32 `json:"weight"`
	}

	// KitQuestionV1 is an element of kit_versions.questions.
	KitQuestionV1 struct {
		// Criteria are the keys of the criteria that the question helps to rate.
		Criteria []string                  `json:"criteria,omitempty"`
		Guidance nullable.Nullable[string] `json:"guidance,omitzero"`
		// Key is unique among the questions of a version.
		Key string `json:"key"`
		// Minutes is the planned duration.
		Minutes nullable.Nullable[int32] `json:"minutes,omitzero"`
		Text    string                   `json:"text"`
	}

	// ScoreRatingV1 is an element of scores.ratings and score_revisions.ratings.
	ScoreRatingV1 struct {
		CriterionKey string                    `json:"criterion_key"`
		NotObserved  bool                      `json:"not_observed"`
		Note         nullable.Nullable[string] `json:"note"`
		// Rating is 1 to 5; null if the criterion is not rated.
		Rating nullable.Nullable[int32] `json:"rating"`
	}
)
