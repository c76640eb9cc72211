package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// StartInterview starts an interview. Its panel can write scores from then on.
func (i *Interviews) StartInterview(
	ctx context.Context, call service.Call, request api.StartInterviewRequestObject,
) (api.StartInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.StartInterviewResponseObject, error) {
		response, err := i.transition(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch, nil, stateChange{
			api.InterviewActionStart, stored.InterviewEventStart, audit.InterviewStarted,
		})
		return api.StartInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// FinishInterview ends an interview. If all required scores are submitted, it also completes the interview.
func (i *Interviews) FinishInterview(
	ctx context.Context, call service.Call, request api.FinishInterviewRequestObject,
) (api.FinishInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.FinishInterviewResponseObject, error) {
		response, err := i.transition(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch, nil, stateChange{
			api.InterviewActionFinish, stored.InterviewEventFinish, audit.InterviewFinished,
		})
		return api.FinishInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// MarkInterviewNoShow records that the candidate did not come.
func (i *Interviews) MarkInterviewNoShow(
	ctx context.Context, call service.Call, request api.MarkInterviewNoShowRequestObject,
) (api.MarkInterviewNoShowResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.MarkInterviewNoShowResponseObject, error) {
		response, err := i.transition(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch,
			reasonOf(request.Body), stateChange{
				api.InterviewActionMarkNoShow, stored.InterviewEventMarkNoShow, audit.InterviewMissed,
			})
		return api.MarkInterviewNoShow200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// CancelInterview cancels an interview.
func (i *Interviews) CancelInterview(
	ctx context.Context, call service.Call, request api.CancelInterviewRequestObject,
) (api.CancelInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.CancelInterviewResponseObject, error) {
		response, err := i.transition(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch,
			reasonOf(request.Body), stateChange{
				api.InterviewActionCancel, stored.InterviewEventCancel, audit.InterviewCancelled,
			})
		return api.CancelInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// CompleteInterview completes an interview without waiting for missing scores.
func (i *Interviews) CompleteInterview(
	ctx context.Context, call service.Call, request api.CompleteInterviewRequestObject,
) (api.CompleteInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.CompleteInterviewResponseObject, error) {
		response, err := i.transition(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch,
			&request.Body.Reason, stateChange{
				api.InterviewActionComplete, stored.InterviewEventComplete, audit.InterviewCompleted,
			})
		return api.CompleteInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// ReopenInterview returns a completed interview to awaiting_scores. It stays there until the next submission, even if
// all required scores are submitted.
func (i *Interviews) ReopenInterview(
	ctx context.Context, call service.Call, request api.ReopenInterviewRequestObject,
) (api.ReopenInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.ReopenInterviewResponseObject, error) {
		response, err := i.transition(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch,
			&request.Body.Reason, stateChange{
				api.InterviewActionReopen, stored.InterviewEventReopen, audit.InterviewReopened,
			})
		return api.ReopenInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// stateChange is an action that changes only the state of an interview, with its names in the history and the audit
// log.
type stateChange struct {
	action api.InterviewAction
	event  stored.InterviewEvent
	audit  audit.Action
}

// transition validates the reason and performs a state change.
func (i *Interviews) transition(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match, reason *string, change stateChange,
) (api.InterviewJSONResponse, error) {
	reason = trimmed(reason)
	f := fault.New(fault.RuleViolated)
	checkReason(f, "", reason)
	if err := errorOf(f); err != nil {
		return api.InterviewJSONResponse{}, err
	}
	return i.act(ctx, tx, actor, id, etag.If(match), change.action, reason,
		func(locked lockedInterview) (db.Interview, error) {
			saved, err := tx.TransitionInterview(ctx, db.TransitionInterviewParams{
				CompanyID: locked.row.CompanyID, ID: id, FromStatus: locked.row.Status, ToStatus: locked.to,
				Reason: reason, Now: i.Clock.Now(),
			})
			if err != nil {
				return saved, postgres.Guarded(err)
			}
			if err := i.recordChange(ctx, tx, actor, change.event, change.audit, locked.row, saved, reason); err != nil {
				return saved, err
			}
			if change.action != api.InterviewActionFinish {
				return saved, nil
			}
			return i.completer().Complete(ctx, tx, actor, saved)
		})
}

// reasonOf returns the reason of an optional body.
func reasonOf(body *api.OptionalReasonRequest) *string {
	if body == nil {
		return nil
	}
	return body.Reason
}
