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
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// MoveApplication moves an application to another stage.
func (a *Applications) MoveApplication(
	ctx context.Context, request api.MoveApplicationRequestObject,
) (api.MoveApplicationResponseObject, error) {
	shown, err := a.transition(ctx, request.ApplicationID, request.Params.IfMatch, move{
		happened: audit.ApplicationMoved, reason: request.Body.Reason,
		decide: func(row db.Application, who lifecycle.Standing, reason *string) (step, error) {
			return toStage(row, request.Body.To, who, reason)
		},
	})
	if err != nil {
		return nil, err
	}
	return api.MoveApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// HoldApplication lets an application wait.
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

// ResumeApplication lets an application be considered again that has waited.
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

// RejectApplication says no, for one of the listed reasons.
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

// WithdrawApplication notes that the candidate has said no.
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

// ReactivateApplication takes a closed application up again, in the stage where it was.
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

// move is a move that somebody wants to make: how it is decided, why, and what the record calls it.
type move struct {
	happened audit.Action
	reason   *string
	decide   func(row db.Application, who lifecycle.Standing, reason *string) (step, error)
}

// change is the move of an action that changes the status only.
func change(
	action api.ApplicationAction, rejection *api.RejectionReason, happened audit.Action, reason *string,
) move {
	return move{happened, reason, func(row db.Application, who lifecycle.Standing, reason *string) (step, error) {
		return toStatus(row, action, rejection, who, reason)
	}}
}

// why is the reason that a body gives, which may be absent as the whole body may.
func why(body *api.OptionalReasonRequest) *string {
	if body == nil {
		return nil
	}
	return body.Reason
}

// transition is the one way of every move of an application that the caller sees.
func (a *Applications) transition(
	ctx context.Context, id uuid.UUID, match *string, m move,
) (shown api.ApplicationJSONResponse, err error) {
	who := access.Of(ctx)
	if m.reason != nil {
		trimmed := optional.Trimmed("", m.reason)
		m.reason = &trimmed
	}
	err = a.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		seen, err := visibility.Of(ctx, tx, who)
		if err != nil {
			return err
		}
		locked, err := tx.GetApplicationForUpdate(ctx, db.GetApplicationForUpdateParams{
			CompanyID: who.CompanyID, ID: id, SeesAll: seen.All, Jobs: seen.Jobs, Applications: seen.Applications,
		})
		if err != nil {
			return err
		}
		row := locked.Application
		taken, err := m.decide(row, seen.Standing(row.JobID), m.reason)
		if err := etag.If(match).Before(row.Version, err); err != nil {
			return err
		}
		if err := checkReason(m.reason); err != nil {
			return err
		}
		if considered(taken.status) && !considered(row.Status) {
			if err := a.lockApplicant(ctx, tx, row, seen); err != nil {
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
		shown = present(db.GetApplicationRow(locked), seen)
		return a.record(ctx, tx, m.happened, id, audit.Diff(attributes(row), attributes(saved)))
	})
	return shown, err
}

// lockApplicant fails where the candidate of an application that is to be considered again may not apply. They may not
// be archived before it is.
func (a *Applications) lockApplicant(ctx context.Context, tx *db.Queries, row db.Application, seen visibility.Sight) error {
	candidate, err := tx.LockApplicant(ctx, db.LockApplicantParams{
		CompanyID: row.CompanyID, ID: row.CandidateID,
	})
	if err != nil {
		return err
	}
	return isApplicant(candidate.Status, seen.Standing(row.JobID))
}

// write makes a decided move: of the application, and in its history. The time is that of the lock, so that moves which
// waited for each other follow each other in the history too.
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
