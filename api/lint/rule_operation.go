package lint

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var operationForm = regexp.MustCompile(`^([A-Z][a-z]+)([A-Z][A-Za-z]*)?$`)

// verbs returns the verbs with which an operationId can begin, and the methods that each allows.
func verbs() map[string][]string {
	table := map[string][]string{
		"Update": {http.MethodPatch}, "Set": {http.MethodPut}, "Remove": {http.MethodDelete},
		"Revoke": {http.MethodDelete, http.MethodPost},
	}
	for _, verb := range []string{"Get", "List", "Follow", "Export"} {
		table[verb] = []string{http.MethodGet}
	}
	for _, verb := range []string{
		"Create", "Change", "Deactivate", "Reactivate", "Refresh", "Verify", "Login", "Logout", "Rotate", "Reset",
		"Import", "Archive", "Restore", "Publish", "Open", "Hold", "Close", "Resume", "Reopen", "Cancel",
		"Move", "Reject", "Withdraw", "Schedule", "Reschedule", "Respond", "Start", "Finish", "Mark", "Complete",
		"Submit", "Void", "Merge", "Unmerge", "Distinguish", "Request",
	} {
		table[verb] = []string{http.MethodPost}
	}
	return table
}

// verb returns the first word of the operationId, or "" if the operationId is malformed.
func (op operation) verb() string {
	if words := operationForm.FindStringSubmatch(op.OperationID); words != nil {
		return words[1]
	}
	return ""
}

func operationRules() []Rule {
	return []Rule{
		{
			"operations-are-verb-and-noun",
			"An operationId is VerbNoun in UpperCamelCase, with a verb from the list in this rule.",
			func(c *checker) {
				known := verbs()
				for _, op := range c.operations {
					c.require(known[op.verb()] != nil, op.pointer+"/operationId",
						"%q must begin with a known verb, followed by a noun", op.OperationID)
				}
			},
		},
		{
			"methods-match-verbs",
			"The method of an operation matches its verb: GET reads, PATCH updates, POST creates or acts.",
			func(c *checker) {
				known := verbs()
				for _, op := range c.operations {
					allowed := known[op.verb()]
					c.require(allowed == nil || slices.Contains(allowed, op.method), op.pointer,
						"the method of %s must be %s, not %s", op.OperationID, strings.Join(allowed, " or "), op.method)
				}
			},
		},
		{
			"operations-have-one-tag",
			"An operation has one tag, which the document declares.",
			func(c *checker) {
				for _, op := range c.operations {
					c.require(len(op.Tags) == 1 && c.api.Tags.Get(op.Tags[0]) != nil, op.pointer+"/tags",
						"the operation must have one declared tag, not %v", op.Tags)
				}
			},
		},
		{
			"tags-are-used",
			"A tag has a description and at least one operation.",
			func(c *checker) {
				_, tags := step(c.source.Root, "tags")
				for i, tag := range c.api.Tags {
					at := "#/tags/" + itoa(i)
					c.require(tags != nil && tag.Description != "", at, "add a description to the tag %s", tag.Name)
					c.require(slices.ContainsFunc(c.operations, func(op operation) bool {
						return slices.Contains(op.Tags, tag.Name)
					}), at, "no operation has the tag %s: remove it", tag.Name)
				}
			},
		},
		{"creating-returns-201", "A Create… operation returns 201. No other operation does.", func(c *checker) {
			for _, op := range c.operations {
				c.require((op.verb() == "Create") == op.declares("201"), op.pointer+"/responses",
					"%s must be named Create… and return 201, or neither", op.OperationID)
			}
		}},
		{
			"actions-are-verbs",
			"An action is a POST to a path that ends in its verb, such as /interviews/{interview_id}/start.",
			func(c *checker) {
				for _, op := range c.operations {
					if op.method == http.MethodPost && op.verb() != "Create" {
						word, _, _ := strings.Cut(op.lastSegment(), "-")
						word, _, _ = strings.Cut(word, ".")
						c.require(word == strings.ToLower(op.verb()), op.pointer,
							"the segment %q must begin with the verb of %s", op.lastSegment(), op.OperationID)
					}
				}
			},
		},
	}
}
