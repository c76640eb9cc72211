package candidates

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
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

// convertMerge converts a merge that can be undone. Merges by earlier releases have no actor.
func convertMerge(actor access.Actor, row db.ListCandidateMergesRow) api.PastMerge {
	merge := api.PastMerge{
		Candidate: api.CandidateSummary{ID: row.GoneID, FirstName: row.FirstName, LastName: row.LastName},
		MergedAt:  row.CreatedAt.UTC(), FinalAt: row.CreatedAt.Add(undoFor).UTC(),
	}
	if actor.Holds("candidates:read") {
		merge.Candidate.ExternalID, merge.Candidate.Email = optional.Of(row.ExternalID), optional.Email(row.Email)
	}
	if row.ActorID != nil {
		by := access.Summarize(*row.ActorID, access.Kind(row.ActorKind), row.ActorName)
		merge.MergedBy = &by
	}
	return merge
}

// newCandidate returns the row of a new candidate with a profile.
func newCandidate(p profile, company, id uuid.UUID, now time.Time) db.Candidate {
	return db.Candidate{
		CompanyID: company, ID: id, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, Phone: p.Phone,
		Location: p.Location, Links: p.Links, Tags: p.Tags, Source: p.Source, ExternalID: p.ExternalID,
		Status: lifecycle.Candidate().Initial, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// insertParams returns the statement that inserts a row.
func insertParams(row db.Candidate) db.InsertCandidateParams {
	return db.InsertCandidateParams{
		CompanyID: row.CompanyID, ID: row.ID, FirstName: row.FirstName, LastName: row.LastName, Email: row.Email,
		Phone: row.Phone, Location: row.Location, Links: row.Links, Tags: row.Tags, Source: row.Source,
		ExternalID: row.ExternalID, Status: row.Status, Version: row.Version, CreatedAt: row.CreatedAt,
		UpdatedAt: row.UpdatedAt,
	}
}

// insertOnceParams returns the statement that inserts a candidate with a profile unless its external_id is in use.
func insertOnceParams(p profile, company, id uuid.UUID, now time.Time) db.InsertCandidateOnceParams {
	return db.InsertCandidateOnceParams{
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
