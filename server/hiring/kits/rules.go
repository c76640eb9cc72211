package kits

import (
	"fmt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// canWrite reports whether an actor may create and change a kit. The rule is that of the kit's drafts, so that nobody
// has one right without the other.
func canWrite(relation lifecycle.Relation) bool {
	return lifecycle.KitVersion().May(lifecycle.KitVersion().Initial, api.KitVersionActionUpdate, relation)
}

// checkWrite returns RoleNotAllowed if an actor may not create or change a kit or its versions.
func checkWrite(relation lifecycle.Relation) error {
	if canWrite(relation) {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).
		With("Team leads may change only the kits of jobs of which they are a member. Ask HR or an admin to change others.")
}

// kitActions returns the allowed actions of a kit. A kit has at most one draft, so create_version is not allowed while
// there is one.
func kitActions(relation lifecycle.Relation, hasDraft bool) []api.KitAction {
	switch {
	case !canWrite(relation):
		return []api.KitAction{}
	case hasDraft:
		return []api.KitAction{api.KitActionUpdate}
	}
	return []api.KitAction{api.KitActionUpdate, api.KitActionCreateVersion}
}

// checkKit adds an error to f for each invalid text of a kit. The description may be empty.
func checkKit(f *fault.Fault, name, description string) {
	text.Check(f, "/name", name)
	if description != "" {
		text.CheckLines(f, "/description", description)
	}
}

// checkContent adds an error to f for each duplicate key, each reference to a missing criterion, and each text that is
// blank or affects the display of its surroundings.
func checkContent(f *fault.Fault, c content) {
	criteria, questions := map[string]bool{}, map[string]bool{}
	for i, criterion := range c.Criteria {
		at := fmt.Sprintf("/criteria/%d", i)
		if criteria[criterion.Key] {
			_ = f.Field(at+"/key", "duplicate", "must differ from the keys of earlier criteria")
		}
		criteria[criterion.Key] = true
		text.Check(f, at+"/title", criterion.Title)
		text.OptionalLines(f, at+"/description", value(criterion.Description))
		for level, anchor := range criterion.Anchors {
			text.CheckLines(f, fmt.Sprintf("%s/anchors/%d", at, level), anchor)
		}
	}
	for i, question := range c.Questions {
		at := fmt.Sprintf("/questions/%d", i)
		if questions[question.Key] {
			_ = f.Field(at+"/key", "duplicate", "must differ from the keys of earlier questions")
		}
		questions[question.Key] = true
		text.CheckLines(f, at+"/text", question.Text)
		text.OptionalLines(f, at+"/guidance", value(question.Guidance))
		for j, key := range question.Criteria {
			if !criteria[key] {
				_ = f.Field(fmt.Sprintf("%s/criteria/%d", at, j), "unknown", "must be the key of a criterion of this version")
			}
		}
	}
}

// checkPublishable returns RuleViolated if a content has no criteria, because interviews could not be rated.
func checkPublishable(c content) error {
	if len(c.Criteria) > 0 {
		return nil
	}
	return fault.New(fault.RuleViolated).
		With("The version has no criteria. Add at least one criterion before you publish it.").
		Field("/criteria", "required", "must have at least one criterion")
}
