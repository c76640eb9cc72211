package applications

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/cancellation"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// MoveApplication moves an application to another stage.
func (a *Applications) MoveApplication(
	ctx context.Context, request api.MoveApplicationRequestObject,
) (api.MoveApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, move{
		happened: audit.ApplicationMoved, reason: request.Body.Reason,
		decide: func(row db.Application, by lifecycle.Standing, reason *string) (step, error) {
			return toStage(row, request.Body.To, by, reason)
		},
	})
	if err != nil {
		return nil, err
	}
	return api.MoveApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// HoldApplication puts an application on hold.
func (a *Applications) HoldApplication(
	ctx context.Context, request api.HoldApplicationRequestObject,
) (api.HoldApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, change(
		api.ApplicationActionHold, nil, audit.ApplicationHeld, why(request.Body)))
	if err != nil {
		return nil, err
	}
	return api.HoldApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// ResumeApplication makes an application that is on hold active again.
func (a *Applications) ResumeApplication(
	ctx context.Context, request api.ResumeApplicationRequestObject,
) (api.ResumeApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, change(
		api.ApplicationActionResume, nil, audit.ApplicationResumed, why(request.Body)))
	if err != nil {
		return nil, err
	}
	return api.ResumeApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// RejectApplication rejects an application for one of the listed reasons.
func (a *Applications) RejectApplication(
	ctx context.Context, request api.RejectApplicationRequestObject,
) (api.RejectApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, change(
		api.ApplicationActionReject, &request.Body.RejectionReason, audit.ApplicationRejected, request.Body.Reason))
	if err != nil {
		return nil, err
	}
	return api.RejectApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// WithdrawApplication records that the candidate has withdrawn.
func (a *Applications) WithdrawApplication(
	ctx context.Context, request api.WithdrawApplicationRequestObject,
) (api.WithdrawApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, change(
		api.ApplicationActionWithdraw, nil, audit.ApplicationWithdrawn, why(request.Body)))
	if err != nil {
		return nil, err
	}
	return api.WithdrawApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// ReactivateApplication makes a rejected or withdrawn application active again, in the stage it was in.
func (a *Applications) ReactivateApplication(
	ctx context.Context, request api.ReactivateApplicationRequestObject,
) (api.ReactivateApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, change(
		api.ApplicationActionReactivate, nil, audit.ApplicationReactivated, &request.Body.Reason))
	if err != nil {
		return nil, err
	}
	return api.ReactivateApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// move is a requested move: its name in the audit log, its reason and how it is decided.
type move struct {
	happened audit.Action
	reason   *string
	decide   func(row db.Application, by lifecycle.Standing, reason *string) (step, error)
}

// change is a move that changes the status only.
func change(
	action api.ApplicationAction, rejection *api.RejectionReason, happened audit.Action, reason *string,
) move {
	return move{happened, reason, func(row db.Application, by lifecycle.Standing, reason *string) (step, error) {
		return toStatus(row, action, rejection, by, reason)
	}}
}

// why is the reason in a request body; nil if the body or the reason is absent.
func why(body *api.OptionalReasonRequest) *string {
	if body == nil {
		return nil
	}
	return body.Reason
}

// transition performs a move of an application that the actor sees.
func (a *Applications) transition(
	ctx context.Context, id uuid.UUID, match *string, m move,
) (shown api.ApplicationJSONResponse, err error) {
	actor := access.Of(ctx)
	if m.reason != nil {
		trimmed := optional.Trimmed("", m.reason)
		m.reason = &trimmed
	}
	err = a.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		locked, err := tx.GetApplicationForUpdate(ctx, db.GetApplicationForUpdateParams{
			CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
		})
		if err != nil {
			return err
		}
		row, by := locked.Application, lifecycle.StandingOf(actor, locked.IsMember)
		taken, err := m.decide(row, by, m.reason)
		if err := etag.If(match).Before(row.Version, err); err != nil {
			return err
		}
		if err := checkReason(m.reason); err != nil {
			return err
		}
		if considered(taken.status) && !considered(row.Status) {
			if err := a.lockApplicant(ctx, tx, row, by); err != nil {
				return err
			}
		}
		saved, err := a.write(ctx, tx, row, taken, m.reason)
		if err != nil {
			return err
		}
		if reason := farewell(saved.Status); reason != "" {
			canceller := cancellation.Canceller{Clock: a.Clock, Audit: a.Audit}
			if err := canceller.Cancel(ctx, tx, saved, reason); err != nil {
				return err
			}
		}
		locked.Application = saved
		shown = present(actor, db.GetApplicationRow(locked))
		return a.record(ctx, tx, m.happened, id, audit.Diff(attributes(row), attributes(saved)))
	})
	return shown, err
}

// lockApplicant fails if the candidate of an application that is reopened may not apply. The lock keeps the candidate
// from being archived until the transaction ends.
func (a *Applications) lockApplicant(
	ctx context.Context, tx *db.Queries, row db.Application, by lifecycle.Standing,
) error {
	candidate, err := tx.LockApplicant(ctx, db.LockApplicantParams{
		CompanyID: row.CompanyID, ID: row.CandidateID,
	})
	if err != nil {
		return err
	}
	return isApplicant(candidate.Status, by)
}

// write saves a move, in the application and in its history. The time is taken while the application is locked, so that
// the history has concurrent moves in the order in which they happened.
func (a *Applications) write(
	ctx context.Context, tx *db.Queries, row db.Application, taken step, reason *string,
) (db.Application, error) {
	now := a.Clock.Now()
	entered, seconds := stay(row, taken.stage, now)
	saved, err := tx.TransitionApplication(ctx, db.TransitionApplicationParams{
		CompanyID: row.CompanyID, ID: row.ID, FromStage: row.Stage, FromStatus: row.Status, ToStage: taken.stage,
		ToStatus: taken.status, FurthestStage: lifecycle.Further(row.FurthestStage, taken.stage),
		RejectionReason: taken.rejection, StageEnteredAt: entered, Now: now,
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, tx.InsertApplicationMove(ctx, db.InsertApplicationMoveParams{
		CompanyID: row.CompanyID, ID: a.Clock.ID(), ApplicationID: row.ID, JobID: row.JobID, CandidateID: row.CandidateID,
		Event: taken.event, FromStage: &row.Stage, ToStage: saved.Stage, FromStatus: &row.Status, ToStatus: saved.Status,
		RejectionReason: taken.rejection, Reason: reason, Seconds: seconds, ActorID: access.Of(ctx).ID, Now: now,
	})
}
