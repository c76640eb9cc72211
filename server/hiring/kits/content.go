package kits

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kitcontent"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// content is what a version asks and rates, in the form in which the API shows it and the database keeps it: what may
// be absent is there, as null or as an empty list, and no text has white space around it.
type content struct {
	Criteria  []api.KitCriterion `json:"criteria"`
	Questions []api.KitQuestion  `json:"questions"`
}

// contentOf takes what a client sent into the form of a content.
func contentOf(questions []api.KitQuestion, criteria []api.KitCriterion) content {
	c := content{Criteria: []api.KitCriterion{}, Questions: []api.KitQuestion{}}
	for _, one := range criteria {
		one.Title = strings.TrimSpace(one.Title)
		one.Description = optional.Of(optional.Text(nil, one.Description))
		anchors := make([]api.Anchor, len(one.Anchors))
		for i, anchor := range one.Anchors {
			anchors[i] = strings.TrimSpace(anchor)
		}
		one.Anchors = anchors
		c.Criteria = append(c.Criteria, one)
	}
	for _, one := range questions {
		one.Text = strings.TrimSpace(one.Text)
		one.Guidance = optional.Of(optional.Text(nil, one.Guidance))
		one.Minutes = optional.Of(given(one.Minutes))
		one.Criteria = append([]api.ContentKey{}, one.Criteria...)
		c.Questions = append(c.Questions, one)
	}
	return c
}

// kept is the content of a row, as it is: the hash of a published one is over what stands there.
func kept(row db.KitVersion) (content, error) {
	var c content
	if err := json.Unmarshal(row.Criteria, &c.Criteria); err != nil {
		return c, fmt.Errorf("criteria of kit version %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(row.Questions, &c.Questions); err != nil {
		return c, fmt.Errorf("questions of kit version %s: %w", row.ID, err)
	}
	return c, nil
}

// replaced is the content after a change: a list that is nil leaves what is there, any other takes its place.
func (c content) replaced(questions []api.KitQuestion, criteria []api.KitCriterion) content {
	if questions == nil {
		questions = c.Questions
	}
	if criteria == nil {
		criteria = c.Criteria
	}
	return contentOf(questions, criteria)
}

// equal reports whether two contents say the same, in whichever form.
func (c content) equal(other content) bool {
	return reflect.DeepEqual(contentOf(c.Questions, c.Criteria), contentOf(other.Questions, other.Criteria))
}

// columns are the two halves of a content as the database keeps them.
func (c content) columns() (questions, criteria json.RawMessage, err error) {
	if questions, err = json.Marshal(c.Questions); err != nil {
		return nil, nil, fmt.Errorf("encode questions: %w", err)
	}
	if criteria, err = json.Marshal(c.Criteria); err != nil {
		return nil, nil, fmt.Errorf("encode criteria: %w", err)
	}
	return questions, criteria, nil
}

// hash names the content as the API shows it: whoever has read a version can compute it from what they have read.
func (c content) hash() (string, error) { return kitcontent.Hash(c.Criteria, c.Questions) }

// given is the value of a member that may be absent or null.
func given[T any](value nullable.Nullable[T]) *T { return optional.Patched(nil, value) }
