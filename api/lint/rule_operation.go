package lint

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var operationForm = regexp.MustCompile(`^([A-Z][a-z]+)([A-Z][A-Za-z]*)?$`)

// verbs are what an operationId may begin with, and the methods that fit.
func verbs() map[string][]string {
	table := map[string][]string{
		"Update": {http.MethodPatch}, "Set": {http.MethodPut}, "Remove": {http.MethodDelete},
		"Revoke": {http.MethodDelete, http.MethodPost},
	}
	for _, reading := range []string{"Get", "List", "Export"} {
		table[reading] = []string{http.MethodGet}
	}
	for _, acting := range []string{
		"Create", "Change", "Deactivate", "Reactivate", "Refresh", "Verify", "Login", "Logout", "Rotate", "Reset",
		"Import", "Archive", "Restore", "Publish", "Open", "Hold", "Close", "Resume", "Reopen", "Cancel",
		"Move", "Reject", "Withdraw", "Schedule", "Reschedule", "Respond", "Start", "Finish", "Mark", "Complete",
		"Submit", "Void",
	} {
		table[acting] = []string{http.MethodPost}
	}
	return table
}

// verb is the first word of the operationId; empty where it has another form.
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
			"An operationId is VerbNoun in UpperCamelCase, with a verb of the table.",
			func(l *look) {
				known := verbs()
				for _, op := range l.operations {
					l.ask(known[op.verb()] != nil, op.pointer+"/operationId",
						"%q is not a known verb and a noun", op.OperationID)
				}
			},
		},
		{
			"methods-fit-verbs",
			"An operation's method is the one that its verb says: GET reads, PATCH updates, POST acts.",
			func(l *look) {
				known := verbs()
				for _, op := range l.operations {
					l.ask(known[op.verb()] == nil || slices.Contains(known[op.verb()], op.method), op.pointer,
						"%s is not done by %s", op.OperationID, op.method)
				}
			},
		},
		{
			"operations-have-one-tag",
			"An operation stands in one chapter, which the document describes.",
			func(l *look) {
				for _, op := range l.operations {
					l.ask(len(op.Tags) == 1 && l.api.Tags.Get(op.Tags[0]) != nil, op.pointer+"/tags",
						"needs one tag that the document describes: %v", op.Tags)
				}
			},
		},
		{
			"tags-are-used",
			"A chapter is described, and has operations.",
			func(l *look) {
				_, tags := step(l.source.Root, "tags")
				for i, tag := range l.api.Tags {
					at := "#/tags/" + itoa(i)
					l.ask(tags != nil && tag.Description != "", at, "the tag %s has no description", tag.Name)
					l.ask(slices.ContainsFunc(l.operations, func(op operation) bool {
						return slices.Contains(op.Tags, tag.Name)
					}), at, "no operation has the tag %s", tag.Name)
				}
			},
		},
		{"creating-is-201", "POST answers 201 where it creates, and only there.", func(l *look) {
			for _, op := range l.operations {
				l.ask((op.verb() == "Create") == op.answers("201"), op.pointer+"/responses",
					"%s has to be called Create… where it answers 201", op.OperationID)
			}
		}},
		{
			"actions-are-verbs",
			"What neither creates nor reads is POST to a step that is the verb: /interviews/{interview_id}/start.",
			func(l *look) {
				for _, op := range l.operations {
					if op.method == http.MethodPost && op.verb() != "Create" {
						word, _, _ := strings.Cut(op.last(), "-")
						word, _, _ = strings.Cut(word, ".")
						l.ask(word == strings.ToLower(op.verb()), op.pointer, "the step %q does not begin with the verb of %s",
							op.last(), op.OperationID)
					}
				}
			},
		},
	}
}
