package lint

// Suppressed returns the exceptions to the rules.
func Suppressed() []Suppression {
	return []Suppression{
		{
			"actions-are-verbs", "#/paths/~1api~1v1~1auth~1password/post",
			"The password is a resource without an ID that cannot be read, so the segment is its name.",
		},
		{
			"actions-are-verbs", "#/paths/~1api~1v1~1auth~1password-resets/post",
			"A request for a link creates nothing that can be read, and does not say whether it has an effect.",
		},
		{
			"actions-are-verbs", "#/paths/~1api~1v1~1interviews~1{interview_id}~1no-show/post",
			"No-show is the established term; the segment mark would not say what is marked.",
		},
		{
			"responses-have-headers", "#/paths/~1api~1v1~1test-companies/post/responses/201",
			"A test company cannot be read by its ID. The response contains an API key that acts in it.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1applications~1{application_id}~1history/get",
			"A history is a list; its plural would mean several histories.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1interviews~1{interview_id}~1history/get",
			"A history is a list; its plural would mean several histories.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1interviews~1{interview_id}~1panel~1{user_id}",
			"An interview has one panel. Its members are resources of /users.",
		},
		{
			"creating-returns-201", "#/paths/~1api~1v1~1candidates~1by-external-id~1{external_id}/put/responses",
			"The operation creates the candidate or replaces its profile, and the status says which.",
		},
		{
			"operations-have-one-success", "#/paths/~1api~1v1~1candidates~1by-external-id~1{external_id}/put/responses",
			"The operation creates the candidate or replaces its profile, and the status says which.",
		},
		{
			"collections-are-plural", "#/paths/~1api~1v1~1candidates~1by-external-id~1{external_id}",
			"The segment says which id follows. The collection is the segment before it.",
		},
		{
			"path-parameters-are-ids", "#/components/parameters/CandidateExternalID",
			"The id is that of another system.",
		},
		{
			"etags-support-if-match", "#/paths/~1api~1v1~1candidates~1by-external-id~1{external_id}/put",
			"The operation changes the candidate that GetCandidate returns at another path.",
		},
		{
			"errors-are-problems", "#/paths/~1health~1ready/get/responses/503",
			"The readiness check reports the status of each dependency in the same format for both statuses.",
		},
		{
			"ids-are-uuids", "#/components/schemas/Event/properties/id",
			"The id of an event is a position, which clients can send as after.",
		},
		{
			"times-are-named", "#/components/schemas/JobPipeline/properties/as_of",
			"The time is the reference date of the figures, not the time of an event.",
		},
	}
}
