package candidates

import (
	"slices"
	"strings"

	"github.com/oapi-codegen/nullable"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// profile is what people write about a candidate, in the form in which it is kept. Its JSON names are the columns.
type profile struct {
	FirstName  string   `json:"first_name"`
	LastName   string   `json:"last_name"`
	Email      *string  `json:"email"`
	Phone      *string  `json:"phone"`
	Location   *string  `json:"location"`
	Links      []string `json:"links"`
	Tags       []string `json:"tags"`
	Source     *string  `json:"source"`
	ExternalID *string  `json:"external_id"`
}

// blank is what is known of a candidate before there is one. No list is nil, because a query takes a nil list for no
// value.
func blank() profile { return profile{Links: []string{}, Tags: []string{}} }

func profileOf(row db.Candidate) profile {
	return profile{
		FirstName: row.FirstName, LastName: row.LastName, Email: row.Email, Phone: row.Phone, Location: row.Location,
		Links: row.Links, Tags: row.Tags, Source: row.Source, ExternalID: row.ExternalID,
	}
}

// patched applies a merge patch: absent stays, null clears, lists are replaced as a whole.
func (p profile) patched(patch api.UpdateCandidateRequest) profile {
	edited := profile{
		FirstName: optional.Trimmed(p.FirstName, patch.FirstName), LastName: optional.Trimmed(p.LastName, patch.LastName),
		Email: patchedEmail(p.Email, patch.Email), Phone: optional.Text(p.Phone, patch.Phone),
		Location: optional.Text(p.Location, patch.Location), Links: p.Links, Tags: p.Tags,
		Source: optional.Text(p.Source, patch.Source), ExternalID: optional.Patched(p.ExternalID, patch.ExternalID),
	}
	if patch.Links != nil {
		edited.Links = patch.Links
	}
	if patch.Tags != nil {
		edited.Tags = keywords(patch.Tags)
	}
	return edited
}

// asPatch is a new candidate as a change of a blank one.
func asPatch(wanted api.CreateCandidateRequest) api.UpdateCandidateRequest {
	return api.UpdateCandidateRequest{
		FirstName: &wanted.FirstName, LastName: &wanted.LastName, Email: wanted.Email, Phone: wanted.Phone,
		Location: wanted.Location, Links: wanted.Links, Tags: wanted.Tags, Source: wanted.Source,
		ExternalID: wanted.ExternalID,
	}
}

// patchedEmail is optional.Patched for an email, which is kept and compared in lower case.
func patchedEmail(was *string, patch nullable.Nullable[openapi_types.Email]) *string {
	if !patch.IsSpecified() {
		return was
	}
	email, err := patch.Get()
	if err != nil {
		return nil
	}
	lower := strings.ToLower(string(email))
	return &lower
}

// keywords are tags as they are kept and compared: in lower case, without the white space around them, each once.
func keywords(tags []string) []string {
	kept := make([]string, 0, len(tags))
	for _, tag := range tags {
		tag = strings.ToLower(strings.TrimSpace(tag))
		if !slices.Contains(kept, tag) {
			kept = append(kept, tag)
		}
	}
	return kept
}

// changes names the fields in which two profiles differ, in the order of the specification.
func changes(from, to profile) []string {
	named := []string{}
	for _, field := range []struct {
		name string
		same bool
	}{
		{"first_name", from.FirstName == to.FirstName},
		{"last_name", from.LastName == to.LastName},
		{"email", optional.Same(from.Email, to.Email)},
		{"phone", optional.Same(from.Phone, to.Phone)},
		{"location", optional.Same(from.Location, to.Location)},
		{"links", slices.Equal(from.Links, to.Links)},
		{"tags", slices.Equal(from.Tags, to.Tags)},
		{"source", optional.Same(from.Source, to.Source)},
		{"external_id", optional.Same(from.ExternalID, to.ExternalID)},
	} {
		if !field.same {
			named = append(named, field.name)
		}
	}
	return named
}
