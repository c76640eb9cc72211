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

// content contains the questions and criteria of a version, in the form of the API and of the database: absent members
// are null or an empty list, and texts have no surrounding white space.
type content struct {
	Criteria  []api.KitCriterion `json:"criteria"`
	Questions []api.KitQuestion  `json:"questions"`
}

// contentOf normalizes the questions and criteria of a request.
func contentOf(questions []api.KitQuestion, criteria []api.KitCriterion) content {
	c := content{Criteria: []api.KitCriterion{}, Questions: []api.KitQuestion{}}
	for _, item := range criteria {
		item.Title = strings.TrimSpace(item.Title)
		item.Description = optional.Of(optional.Text(nil, item.Description))
		anchors := make([]api.Anchor, len(item.Anchors))
		for i, anchor := range item.Anchors {
			anchors[i] = strings.TrimSpace(anchor)
		}
		item.Anchors = anchors
		c.Criteria = append(c.Criteria, item)
	}
	for _, item := range questions {
		item.Text = strings.TrimSpace(item.Text)
		item.Guidance = optional.Of(optional.Text(nil, item.Guidance))
		item.Minutes = optional.Of(value(item.Minutes))
		item.Criteria = append([]api.ContentKey{}, item.Criteria...)
		c.Questions = append(c.Questions, item)
	}
	return c
}

// decodeContent decodes the content of a row. It does not normalize the content, because the hash of a published
// version covers the stored form.
func decodeContent(row db.KitVersion) (content, error) {
	var c content
	if err := json.Unmarshal(row.Criteria, &c.Criteria); err != nil {
		return c, fmt.Errorf("decode criteria of kit version %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(row.Questions, &c.Questions); err != nil {
		return c, fmt.Errorf("decode questions of kit version %s: %w", row.ID, err)
	}
	return c, nil
}

// patched returns the content after a merge patch: a nil list keeps the current list, any other list replaces it.
func (c content) patched(questions []api.KitQuestion, criteria []api.KitCriterion) content {
	if questions == nil {
		questions = c.Questions
	}
	if criteria == nil {
		criteria = c.Criteria
	}
	return contentOf(questions, criteria)
}

// equal reports whether two contents are equal after normalization.
func (c content) equal(other content) bool {
	return reflect.DeepEqual(contentOf(c.Questions, c.Criteria), contentOf(other.Questions, other.Criteria))
}

// columns encodes the content for the two columns of the database.
func (c content) columns() (questions, criteria json.RawMessage, err error) {
	if questions, err = json.Marshal(c.Questions); err != nil {
		return nil, nil, fmt.Errorf("encode questions: %w", err)
	}
	if criteria, err = json.Marshal(c.Criteria); err != nil {
		return nil, nil, fmt.Errorf("encode criteria: %w", err)
	}
	return questions, criteria, nil
}

// hash returns the hash of the content as the API shows it, so that clients can compute it from a response.
func (c content) hash() (string, error) { return kitcontent.Hash(c.Criteria, c.Questions) }

// value returns the value of a nullable member; nil if it is null or absent.
func value[T any](member nullable.Nullable[T]) *T { return optional.Patched(nil, member) }
