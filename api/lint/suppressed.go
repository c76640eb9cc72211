package lint

// Suppressed is what may stand although a rule says otherwise.
func Suppressed() []Suppression {
	return []Suppression{
		{
			"actions-are-verbs", "#/paths/~1api~1v1~1auth~1password/post",
			"The caller's password is a thing without an id that cannot be read, so the step is its name.",
		},
		{
			"actions-are-verbs", "#/paths/~1api~1v1~1interviews~1{interview_id}~1no-show/post",
			"To mark as no-show is what calendars call it; the step /mark would not say what is marked.",
		},
		{
			"answers-carry-their-headers", "#/paths/~1api~1v1~1test-companies/post/responses/201",
			"A test company is not read by its id: whoever opens it gets a key that acts in it.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1applications~1{application_id}~1history/get",
			"A history is the list of what happened; it has no plural that means that.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1interviews~1{interview_id}~1history/get",
			"A history is the list of what happened; it has no plural that means that.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1interviews~1{interview_id}~1panel~1{user_id}",
			"An interview has one panel, and the users on it are those of /users.",
		},
		{
			"errors-are-problems", "#/paths/~1health~1ready/get/responses/503",
			"Whoever asks for readiness is answered what is up and down, in the same form whether it is enough or not.",
		},
		{
			"moments-end-in-at", "#/components/schemas/JobPipeline/properties/as_of",
			"The figures are as of a moment; nothing happened at it.",
		},
	}
}
