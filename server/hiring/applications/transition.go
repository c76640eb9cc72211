package applications

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/cancellation"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// MoveApplication moves an application to another stage.
func (a *Applications) MoveApplication(
	ctx context.Context, call service.Call, request api.MoveApplicationRequestObject,
) (api.MoveApplicationResponseObject, error) {
	return service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.MoveApplicationResponseObject, error) {
		response, err := a.transition(ctx, tx, call.Actor, request.ApplicationID, request.Params.IfMatch, move{
			auditAction: audit.ApplicationMoved, reason: request.Body.Reason,
			decide: func(row db.Application, relation lifecycle.Relation, reason *string) (outcome, error) {
				return moveToStage(row, stored.ApplicationStage(request.Body.To), relation, reason)
			},
		})
		return api.MoveApplication200JSONResponse{ApplicationJSONResponse: response}, err
	})
}

// HoldApplication puts an application on hold.
func (a *Applications) HoldApplication(
	ctx context.Context, call service.Call, request api.HoldApplicationRequestObject,
) (api.HoldApplicationResponseObject, error) {
	return service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.HoldApplicationResponseObject, error) {
		response, err := a.transition(ctx, tx, call.Actor, request.ApplicationID, request.Params.IfMatch, statusChange(
			api.ApplicationActionHold, nil, audit.ApplicationHeld, optionalReason(request.Body)))
		return api.HoldApplication200JSONResponse{ApplicationJSONResponse: response}, err
	})
}

// ResumeApplication makes an application that is on hold active again.
func (a *Applications) ResumeApplication(
	ctx context.Context, call service.Call, request api.ResumeApplicationRequestObject,
) (api.ResumeApplicationResponseObject, error) {
	return service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.ResumeApplicationResponseObject, error) {
		response, err := a.transition(ctx, tx, call.Actor, request.ApplicationID, request.Params.IfMatch, statusChange(
			api.ApplicationActionResume, nil, audit.ApplicationResumed, optionalReason(request.Body)))
		return api.ResumeApplication200JSONResponse{ApplicationJSONResponse: response}, err
	})
}

// RejectApplication rejects an application for one of the listed reasons.
func (a *Applications) RejectApplication(
	ctx context.Context, call service.Call, request api.RejectApplicationRequestObject,
) (api.RejectApplicationResponseObject, error) {
	return service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.RejectApplicationResponseObject, error) {
		response, err := a.transition(ctx, tx, call.Actor, request.ApplicationID, request.Params.IfMatch, statusChange(
			api.ApplicationActionReject, (*stored.RejectionReason)(&request.Body.RejectionReason), audit.ApplicationRejected,
			request.Body.Reason))
		return api.RejectApplication200JSONResponse{ApplicationJSONResponse: response}, err
	})
}

// WithdrawApplication records that the candidate has withdrawn the application.
func (a *Applications) WithdrawApplication(
	ctx context.Context, call service.Call, request api.WithdrawApplicationRequestObject,
) (api.WithdrawApplicationResponseObject, error) {
	return service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.WithdrawApplicationResponseObject, error) {
		response, err := a.transition(ctx, tx, call.Actor, request.ApplicationID, request.Params.IfMatch, statusChange(
			api.ApplicationActionWithdraw, nil, audit.ApplicationWithdrawn, optionalReason(request.Body)))
		return api.WithdrawApplication200JSONResponse{ApplicationJSONResponse: response}, err
	})
}

// ReactivateApplication makes a rejected or withdrawn application active again, in the stage it was in.
func (a *Applications) ReactivateApplication(
	ctx context.Context, call service.Call, request api.ReactivateApplicationRequestObject,
) (api.ReactivateApplicationResponseObject, error) {
	actor := call.Actor
	type answer = api.ReactivateApplicationResponseObject
	response, err := service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (answer, error) {
		// Candidates are locked before their applications, as by a merge of candidates.
		_, err := tx.LockApplicantOf(ctx, db.LockApplicantOfParams{
			CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ApplicationID: request.ApplicationID,
		})
		if err != nil {
			return nil, err
		}
		response, err := a.transition(ctx, tx, call.Actor, request.ApplicationID, request.Params.IfMatch, statusChange(
			api.ApplicationActionReactivate, nil, audit.ApplicationReactivated, &request.Body.Reason))
		return api.ReactivateApplication200JSONResponse{ApplicationJSONResponse: response}, err
	})
	if !fault.Is(err, fault.ApplicationExists) {
		return response, err
	}
	row, lookup := a.get(ctx, actor, request.ApplicationID)
	if lookup != nil {
		return nil, err
	}
	return nil, a.nameConflict(ctx, actor, row.Application.CandidateID, row.Application.JobID, err)
}

// move is a requested move: its action in the audit log, its reason, and the function that decides it.
type move struct {
	auditAction audit.Action
	reason      *string
	decide      func(row db.Application, relation lifecycle.Relation, reason *string) (outcome, error)
}

// statusChange returns a move that changes the status and keeps the stage.
func statusChange(
	action api.ApplicationAction, rejection *stored.RejectionReason, auditAction audit.Action, reason *string,
) move {
	return move{auditAction, reason, func(
		row db.Application, relation lifecycle.Relation, reason *string,
	) (outcome, error) {
		return changeStatus(row, action, rejection, relation, reason)
	}}
}

// optionalReason returns the reason in a request body, or nil if the body or the reason is absent.
func optionalReason(body *api.OptionalReasonRequest) *string {
	if body == nil {
		return nil
	}
	return body.Reason
}

// transition performs a move of an application that is visible to the actor. It records the move in the history and in
// the audit log, and cancels the interviews of a closed application that have not started.
func (a *Applications) transition(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, m move,
) (response api.ApplicationJSONResponse, err error) {
	if m.reason != nil {
		trimmed := optional.Trimmed("", m.reason)
		m.reason = &trimmed
	}
	locked, err := tx.GetApplicationForUpdate(ctx, db.GetApplicationForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	if err != nil {
		return response, err
	}
	row, relation := locked.Application, lifecycle.RelationOf(actor, locked.IsMember)
	next, err := m.decide(row, relation, m.reason)
	if err := etag.If(match).Before(row.Version, err); err != nil {
		return response, err
	}
	if err := checkReason(m.reason); err != nil {
		return response, err
	}
	if isOpen(next.status) && !isOpen(row.Status) {
		if err := a.lockApplicant(ctx, tx, row, relation); err != nil {
			return response, err
		}
	}
	saved, err := a.write(ctx, tx, actor, row, next, m.reason)
	if err != nil {
		return response, err
	}
	if reason := cancellationReason(saved.Status); reason != "" {
		canceller := cancellation.Canceller{Clock: a.Clock, Audit: a.Audit}
		if err := canceller.Cancel(ctx, tx, actor, saved, reason); err != nil {
			return response, err
		}
	}
	locked.Application = saved
	response = applicationResponse(actor, db.GetApplicationRow(locked))
	return response, a.record(ctx, tx, actor, m.auditAction, id, audit.Diff(attributes(row), attributes(saved)))
}

// lockApplicant returns an error if the candidate of an application that is reopened cannot apply. It locks the
// candidate, so that they are not archived before the transaction ends.
func (a *Applications) lockApplicant(
	ctx context.Context, tx *postgres.Tx, row db.Application, relation lifecycle.Relation,
) error {
	candidate, err := tx.LockApplicant(ctx, db.LockApplicantParams{
		CompanyID: row.CompanyID, ID: &row.CandidateID,
	})
	if err != nil {
		return err
	}
	return checkApplicant(candidate.Status, relation)
}

// write saves a move in the application and in its history. It reads the clock while the application is locked, so that
// concurrent moves are in the history in the order in which they happened.
func (a *Applications) write(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Application, next outcome, reason *string,
) (db.Application, error) {
	now := a.Clock.Now()
	entered, seconds := stageStay(row, next.stage, now)
	saved, err := tx.TransitionApplication(ctx, db.TransitionApplicationParams{
		CompanyID: row.CompanyID, ID: row.ID, FromStage: row.Stage, FromStatus: row.Status, ToStage: next.stage,
		ToStatus: next.status, FurthestStage: lifecycle.Further(row.FurthestStage, next.stage),
		RejectionReason: next.rejection, StageEnteredAt: entered, Now: now,
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, tx.InsertApplicationMove(ctx, db.InsertApplicationMoveParams{
		CompanyID: row.CompanyID, ID: a.Clock.ID(), ApplicationID: row.ID, JobID: row.JobID, CandidateID: row.CandidateID,
		Event: next.event, FromStage: &row.Stage, ToStage: saved.Stage, FromStatus: &row.Status, ToStatus: saved.Status,
		RejectionReason: next.rejection, Reason: reason, Seconds: seconds, ActorID: actor.ID, Now: now,
	})
}
