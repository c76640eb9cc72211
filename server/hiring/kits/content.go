package kits

import (
	"reflect"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// content contains the questions and criteria of a version, as they are stored.
type content struct {
	Criteria  []stored.KitCriterionV1
	Questions []stored.KitQuestionV1
}

// contentIn returns the content of a row. It does not normalize the content, because the hash of a published version
// covers the stored form.
func contentIn(row db.KitVersion) content { return content{row.Criteria, row.Questions} }

// contentOf converts and normalizes the questions and criteria of a request.
func contentOf(questions []api.KitQuestion, criteria []api.KitCriterion) content {
	var c content
	for _, item := range criteria {
		c.Criteria = append(c.Criteria, stored.KitCriterionV1(item))
	}
	for _, item := range questions {
		c.Questions = append(c.Questions, stored.KitQuestionV1(item))
	}
	return c.normalized()
}

// normalized returns the content with the members that are absent set to null or an empty list, and without white space
// around texts.
func (c content) normalized() content {
	n := content{Criteria: []stored.KitCriterionV1{}, Questions: []stored.KitQuestionV1{}}
	for _, item := range c.Criteria {
		item.Title = strings.TrimSpace(item.Title)
		item.Description = optional.Of(optional.Text(nil, item.Description))
		anchors := make([]string, len(item.Anchors))
		for i, anchor := range item.Anchors {
			anchors[i] = strings.TrimSpace(anchor)
		}
		item.Anchors = anchors
		n.Criteria = append(n.Criteria, item)
	}
	for _, item := range c.Questions {
		item.Text = strings.TrimSpace(item.Text)
		item.Guidance = optional.Of(optional.Text(nil, item.Guidance))
		item.Minutes = optional.Of(value(item.Minutes))
		item.Criteria = append([]string{}, item.Criteria...)
		n.Questions = append(n.Questions, item)
	}
	return n
}

// patched returns the content after a merge patch: a nil list keeps the current list, any other list replaces it.
func (c content) patched(questions []api.KitQuestion, criteria []api.KitCriterion) content {
	after, sent := c.normalized(), contentOf(questions, criteria)
	if questions != nil {
		after.Questions = sent.Questions
	}
	if criteria != nil {
		after.Criteria = sent.Criteria
	}
	return after
}

// equal reports whether two contents are equal after normalization.
func (c content) equal(other content) bool {
	return reflect.DeepEqual(c.normalized(), other.normalized())
}

// criteria returns the criteria as the API shows them.
func (c content) criteria() []api.KitCriterion {
	shown := make([]api.KitCriterion, len(c.Criteria))
	for i, item := range c.Criteria {
		shown[i] = api.KitCriterion(item)
	}
	return shown
}

// questions returns the questions as the API shows them.
func (c content) questions() []api.KitQuestion {
	shown := make([]api.KitQuestion, len(c.Questions))
	for i, item := range c.Questions {
		shown[i] = api.KitQuestion(item)
	}
	return shown
}

// hash returns the hash of the stored content.
func (c content) hash() (string, error) { return kitcontent.Hash(c.Criteria, c.Questions) }

// value returns the value of a nullable member; nil if it is null or absent.
func value[T any](member nullable.Nullable[T]) *T { return optional.Patched(nil, member) }
