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

// ArchiveCandidate archives a candidate, who stays readable and can no longer apply.
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

// RestoreCandidate makes an archived candidate active again.
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

// transition changes a candidate's status. Creating an application locks the candidate FOR SHARE until it is saved, so
// that the application is either counted here, or finds the candidate archived.
func (c *Candidates) transition(
	ctx context.Context, id uuid.UUID, match *string, act api.CandidateAction, action audit.Action,
) (shown api.CandidateJSONResponse, err error) {
	actor := access.Of(ctx)
	by := lifecycle.StandingOf(actor, false)
	err = c.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		busy, err := c.busy(ctx, tx, by, []db.Candidate{row})
		if err != nil {
			return err
		}
		to, err := decide(row.Status, act, by, busy[id])
		if err := etag.If(match).Before(row.Version, err); err != nil {
			return err
		}
		saved, err := tx.TransitionCandidate(ctx, db.TransitionCandidateParams{
			CompanyID: actor.CompanyID, ID: id, FromStatus: row.Status, ToStatus: to, Now: c.Clock.Now(),
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

// busy returns which of some candidates have an application that is active or on hold. It queries only the candidates
// whom the actor could otherwise archive, because only for them it makes a difference.
func (c *Candidates) busy(
	ctx context.Context, tx *db.Queries, by lifecycle.Standing, rows []db.Candidate,
) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	for _, row := range rows {
		if lifecycle.Candidate().May(row.Status, api.CandidateActionArchive, by) {
			ids = append(ids, row.ID)
		}
	}
	busy := map[uuid.UUID]bool{}
	if len(ids) == 0 {
		return busy, nil
	}
	found, err := tx.ListBusyCandidates(ctx, db.ListBusyCandidatesParams{CompanyID: rows[0].CompanyID, Ids: ids})
	for _, id := range found {
		busy[id] = true
	}
	return busy, err
}
