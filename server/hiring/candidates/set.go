package candidates

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// SetCandidateByExternalID creates the candidate with an external_id, or replaces their profile. A profile that is
// equal writes nothing. Of two requests that create the same candidate at the same time, the second replaces the
// profile.
func (c *Candidates) SetCandidateByExternalID(
	ctx context.Context, call service.Call, request api.SetCandidateByExternalIDRequestObject,
) (api.SetCandidateByExternalIDResponseObject, error) {
	actor, wanted := call.Actor, setProfile(*request.Body, request.ExternalID)
	if err := asError(checkProfile(wanted)); err != nil {
		return nil, err
	}
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.SetCandidateByExternalIDResponseObject, error) {
		saved, created, err := c.set(ctx, tx, actor, wanted, request.Params)
		if err != nil {
			return nil, err
		}
		response := candidateResponse(actor, saved.Candidate, saved.IsBusy)
		if !created {
			return api.SetCandidateByExternalID200JSONResponse{CandidateJSONResponse: response}, nil
		}
		return api.SetCandidateByExternalID201JSONResponse{
			Body: response.Body,
			Headers: api.SetCandidateByExternalID201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/candidates/" + response.Body.ID.String(),
			},
		}, nil
	})
}

// set writes the profile of the candidate with its external_id, and reports whether the candidate is new.
func (c *Candidates) set(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, wanted profile,
	conditions api.SetCandidateByExternalIDParams,
) (saved db.UpdateCandidateRow, created bool, err error) {
	named := db.GetCandidateByExternalIDForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ExternalID: *wanted.ExternalID,
	}
	row, err := tx.GetCandidateByExternalIDForUpdate(ctx, named)
	if fault.Is(err, fault.ResourceNotFound) {
		if conditions.IfMatch != nil {
			return saved, false, fault.New(fault.VersionMismatch)
		}
		row, err = tx.InsertCandidateOnce(ctx,
			insertOnceParams(wanted, actor.CompanyID, c.Clock.ID(), c.Clock.Now()))
		if err == nil {
			saved.Candidate = row
			return saved, true, c.record(ctx, tx, actor, row, audit.CandidateCreated, changedFields(emptyProfile(), wanted))
		}
		if !fault.Is(err, fault.ResourceNotFound) {
			return saved, false, err
		}
		// Another transaction has created the candidate meanwhile.
		if row, err = tx.GetCandidateByExternalIDForUpdate(ctx, named); fault.Is(err, fault.ResourceNotFound) {
			// The actor does not see it.
			return saved, false, fault.New(fault.ExternalIDTaken).Because(err)
		}
	}
	if err != nil {
		return saved, false, err
	}
	if err := etag.CheckNew(conditions.IfNoneMatch, true); err != nil {
		return saved, false, err
	}
	if err := etag.Check(conditions.IfMatch, row.Version); err != nil {
		return saved, false, err
	}
	wanted.ExternalID = row.ExternalID // The one of the request may be that of a candidate that was merged into this one.
	saved, err = c.save(ctx, tx, actor, row, wanted)
	return saved, false, err
}

// setProfile returns the profile that a request describes completely.
func setProfile(body api.SetCandidateRequest, externalID string) profile {
	set := emptyProfile().patched(api.UpdateCandidateRequest{
		FirstName: &body.FirstName, LastName: &body.LastName, Email: body.Email, Phone: body.Phone,
		Location: body.Location, Links: body.Links, Tags: body.Tags, Source: body.Source,
	})
	set.ExternalID = &externalID
	return set
}
