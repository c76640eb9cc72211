package candidates

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

func convert(row db.Candidate, actions []api.CandidateAction) api.Candidate {
	return api.Candidate{
		ID: row.ID, FirstName: row.FirstName, LastName: row.LastName, Email: optional.Email(row.Email),
		Phone:    optional.Of(row.Phone),
		Location: optional.Of(row.Location), Links: row.Links, Tags: row.Tags, Source: optional.Of(row.Source),
		ExternalID: optional.Of(row.ExternalID), Status: api.CandidateStatus(row.Status), AllowedActions: actions,
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

// insertParams returns the statement that inserts a candidate with a profile.
func insertParams(p profile, company, id uuid.UUID, now time.Time) db.InsertCandidateParams {
	return db.InsertCandidateParams{
		CompanyID: company, ID: id, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, Phone: p.Phone,
		Location: p.Location, Links: p.Links, Tags: p.Tags, Source: p.Source, ExternalID: p.ExternalID, Now: now,
	}
}

// updateParams returns the statement that replaces the profile of a candidate, guarded by the row's version.
func updateParams(p profile, row db.Candidate, now time.Time) db.UpdateCandidateParams {
	return db.UpdateCandidateParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, FirstName: p.FirstName, LastName: p.LastName,
		Email: p.Email, Phone: p.Phone, Location: p.Location, Links: p.Links, Tags: p.Tags, Source: p.Source,
		ExternalID: p.ExternalID, Now: now,
	}
}
