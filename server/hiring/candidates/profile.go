package candidates

import (
	"slices"
	"strings"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// profile has the fields of a candidate that clients write, as they are stored. Its JSON names are the columns.
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

// emptyProfile returns the profile that a new candidate starts from. Its lists are empty and not nil, because a query
// sends a nil list as NULL.
func emptyProfile() profile { return profile{Links: []string{}, Tags: []string{}} }

func profileOf(row db.Candidate) profile {
	return profile{
		FirstName: row.FirstName, LastName: row.LastName, Email: row.Email, Phone: row.Phone, Location: row.Location,
		Links: row.Links, Tags: row.Tags, Source: row.Source, ExternalID: row.ExternalID,
	}
}

// patched returns the profile after a merge patch: an absent member keeps the value, null clears it, and lists are
// replaced as a whole.
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
		edited.Tags = normalizeTags(patch.Tags)
	}
	return edited
}

// asPatch converts the request for a new candidate to a patch of an empty profile.
func asPatch(body api.CreateCandidateRequest) api.UpdateCandidateRequest {
	return api.UpdateCandidateRequest{
		FirstName: &body.FirstName, LastName: &body.LastName, Email: body.Email, Phone: body.Phone,
		Location: body.Location, Links: body.Links, Tags: body.Tags, Source: body.Source,
		ExternalID: body.ExternalID,
	}
}

// patchedEmail is optional.Patched for an email address, which is stored and compared in lower case.
func patchedEmail(current *string, patch nullable.Nullable[openapi_types.Email]) *string {
	if !patch.IsSpecified() {
		return current
	}
	email, err := patch.Get()
	if err != nil {
		return nil
	}
	lower := strings.ToLower(string(email))
	return &lower
}

// normalizeTags returns tags as they are stored and compared: trimmed, in lower case and without duplicates.
func normalizeTags(tags []string) []string {
	normalized := make([]string, 0, len(tags))
	for _, tag := range tags {
		tag = strings.ToLower(strings.TrimSpace(tag))
		if !slices.Contains(normalized, tag) {
			normalized = append(normalized, tag)
		}
	}
	return normalized
}

// changedFields returns the names of the fields in which two profiles differ, in the order of the specification.
func changedFields(from, to profile) []string {
	names := []string{}
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
			names = append(names, field.name)
		}
	}
	return names
}
