package candidates

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ArchiveCandidate archives a candidate. Archived candidates stay readable and cannot apply.
func (c *Candidates) ArchiveCandidate(
	ctx context.Context, call service.Call, request api.ArchiveCandidateRequestObject,
) (api.ArchiveCandidateResponseObject, error) {
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.ArchiveCandidateResponseObject, error) {
		response, err := c.transition(
			ctx, tx, call.Actor, request.CandidateID, request.Params.IfMatch, api.CandidateActionArchive,
			audit.CandidateArchived)
		return api.ArchiveCandidate200JSONResponse{CandidateJSONResponse: response}, err
	})
}

// RestoreCandidate makes an archived candidate active again.
func (c *Candidates) RestoreCandidate(
	ctx context.Context, call service.Call, request api.RestoreCandidateRequestObject,
) (api.RestoreCandidateResponseObject, error) {
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.RestoreCandidateResponseObject, error) {
		response, err := c.transition(
			ctx, tx, call.Actor, request.CandidateID, request.Params.IfMatch, api.CandidateActionRestore,
			audit.CandidateRestored)
		return api.RestoreCandidate200JSONResponse{CandidateJSONResponse: response}, err
	})
}

// transition performs an action that changes a candidate's status, and records it in the audit log.
//
// CreateApplication locks the candidate FOR SHARE until it commits. A concurrent transition therefore either sees the
// new application, or commits first and CreateApplication finds the candidate archived.
func (c *Candidates) transition(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, action api.CandidateAction,
	auditAction audit.Action,
) (response api.CandidateJSONResponse, err error) {
	relation := lifecycle.RelationOf(actor, false)
	row, err := lock(ctx, tx, actor, id)
	if err != nil {
		return response, c.hintAtSurvivor(ctx, tx.Queries, actor, id, err)
	}
	busy, err := tx.IsBusyCandidate(ctx, db.IsBusyCandidateParams{CompanyID: actor.CompanyID, CandidateID: id})
	if err != nil {
		return response, err
	}
	to, err := decide(row.Status, action, relation, busy)
	if err := etag.If(match).Before(row.Version, err); err != nil {
		return response, err
	}
	saved, err := tx.TransitionCandidate(ctx, db.TransitionCandidateParams{
		CompanyID: actor.CompanyID, ID: id, FromStatus: row.Status, ToStatus: to, Now: c.Clock.Now(),
	})
	if err != nil {
		return response, postgres.Guarded(err)
	}
	if err := c.record(ctx, tx, actor, saved, auditAction, []string{"status"}); err != nil {
		return response, err
	}
	return candidateResponse(actor, saved, busy), nil
}
