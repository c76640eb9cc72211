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
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// ArchiveCandidate keeps a candidate for the record: they stay readable and can no longer apply.
func (c *Candidates) ArchiveCandidate(
	ctx context.Context, request api.ArchiveCandidateRequestObject,
) (api.ArchiveCandidateResponseObject, error) {
	shown, err := c.transition(
		ctx, request.CandidateID, request.Params.IfMatch, api.CandidateActionArchive, audit.CandidateArchived)
	if err != nil {
		return nil, err
	}
	return api.ArchiveCandidate200JSONResponse{CandidateJSONResponse: shown}, nil
}

// RestoreCandidate takes an archived candidate up again.
func (c *Candidates) RestoreCandidate(
	ctx context.Context, request api.RestoreCandidateRequestObject,
) (api.RestoreCandidateResponseObject, error) {
	shown, err := c.transition(
		ctx, request.CandidateID, request.Params.IfMatch, api.CandidateActionRestore, audit.CandidateRestored)
	if err != nil {
		return nil, err
	}
	return api.RestoreCandidate200JSONResponse{CandidateJSONResponse: shown}, nil
}

// transition changes a candidate's status. Whoever enters an application holds the candidate's row FOR SHARE until it
// is there, so that either it is counted here, or it finds the candidate archived.
func (c *Candidates) transition(
	ctx context.Context, id uuid.UUID, match *string, act api.CandidateAction, action audit.Action,
) (shown api.CandidateJSONResponse, err error) {
	who := access.Of(ctx)
	err = c.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		row, err := tx.GetCandidateForUpdate(ctx, db.GetCandidateForUpdateParams{CompanyID: who.CompanyID, ID: id})
		if err != nil {
			return err
		}
		busy, err := c.busy(ctx, tx, who, []db.Candidate{row})
		if err != nil {
			return err
		}
		to, err := decide(row.Status, act, standing(who), busy[id])
		if err := etag.If(match).Before(row.Version, err); err != nil {
			return err
		}
		saved, err := tx.TransitionCandidate(ctx, db.TransitionCandidateParams{
			CompanyID: who.CompanyID, ID: id, FromStatus: row.Status, ToStatus: to, Now: c.Clock.Now(),
		})
		if fault.Is(err, fault.ResourceNotFound) {
			return fault.New(fault.ConcurrentRequest)
		}
		if err != nil {
			return err
		}
		if err := c.record(ctx, tx, saved, action, []string{"status"}); err != nil {
			return err
		}
		shown, err = c.present(ctx, tx, saved)
		return err
	})
	return shown, err
}

// busy tells who of some candidates has an application that is active or on hold. It asks only where that decides
// something: about those whom the caller could archive otherwise.
func (c *Candidates) busy(
	ctx context.Context, tx *db.Queries, who access.Actor, rows []db.Candidate,
) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	for _, row := range rows {
		if lifecycle.Candidate().May(row.Status, api.CandidateActionArchive, standing(who)) {
			ids = append(ids, row.ID)
		}
	}
	busy := map[uuid.UUID]bool{}
	if len(ids) == 0 {
		return busy, nil
	}
	found, err := tx.ListBusyCandidates(ctx, db.ListBusyCandidatesParams{CompanyID: who.CompanyID, Ids: ids})
	for _, id := range found {
		busy[id] = true
	}
	return busy, err
}
