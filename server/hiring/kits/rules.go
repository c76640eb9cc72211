package kits

import (
	"fmt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// writes reports whether an actor writes a kit. Whoever writes its drafts does, so that nobody has one right without
// the other.
func writes(who lifecycle.Standing) bool {
	return lifecycle.KitVersion().May(lifecycle.KitVersion().Initial, api.KitVersionActionUpdate, who)
}

// mayWrite decides whether somebody may create or change a kit, or begin a new version of it.
func mayWrite(who lifecycle.Standing) error {
	if writes(who) {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).
		With("Team leads write the kits of jobs that they are a member of; all others are for HR and admins to write.")
}

// kitActions are what somebody may do with a kit now. One draft has to be published before the next is begun.
func kitActions(who lifecycle.Standing, hasDraft bool) []api.KitAction {
	switch {
	case !writes(who):
		return []api.KitAction{}
	case hasDraft:
		return []api.KitAction{api.KitActionUpdate}
	}
	return []api.KitAction{api.KitActionUpdate, api.KitActionCreateVersion}
}

// checkKit adds to a fault what is wrong with the texts of a kit. The description may be empty.
func checkKit(f *fault.Fault, name, description string) {
	text.Check(f, "/name", name)
	if description != "" {
		text.CheckLines(f, "/description", description)
	}
}

// checkContent adds to a fault everything that is wrong with the content of a version: keys that stand twice, questions
// that refer to criteria that are not there, and texts that are blank or disturb what stands around them.
func checkContent(f *fault.Fault, c content) {
	criteria, questions := map[string]bool{}, map[string]bool{}
	for i, criterion := range c.Criteria {
		at := fmt.Sprintf("/criteria/%d", i)
		if criteria[criterion.Key] {
			_ = f.Field(at+"/key", "duplicate", "is the key of a criterion before it")
		}
		criteria[criterion.Key] = true
		text.Check(f, at+"/title", criterion.Title)
		text.OptionalLines(f, at+"/description", given(criterion.Description))
		for level, anchor := range criterion.Anchors {
			text.CheckLines(f, fmt.Sprintf("%s/anchors/%d", at, level), anchor)
		}
	}
	for i, question := range c.Questions {
		at := fmt.Sprintf("/questions/%d", i)
		if questions[question.Key] {
			_ = f.Field(at+"/key", "duplicate", "is the key of a question before it")
		}
		questions[question.Key] = true
		text.CheckLines(f, at+"/text", question.Text)
		text.OptionalLines(f, at+"/guidance", given(question.Guidance))
		for j, key := range question.Criteria {
			if !criteria[key] {
				_ = f.Field(fmt.Sprintf("%s/criteria/%d", at, j), "unknown", "is the key of no criterion of this version")
			}
		}
	}
}

// mayPublish decides whether a content can be what people are rated by: there must be something to rate.
func mayPublish(c content) error {
	if len(c.Criteria) > 0 {
		return nil
	}
	return fault.New(fault.RuleViolated).With("A version needs at least one criterion before it is published.").
		Field("/criteria", "required", "must have at least one criterion")
}
