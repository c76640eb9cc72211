package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// StartInterview begins an interview; from then on its panel can write scores.
func (i *Interviews) StartInterview(
	ctx context.Context, request api.StartInterviewRequestObject,
) (api.StartInterviewResponseObject, error) {
	shown, err := i.transition(ctx, request.InterviewID, request.Params.IfMatch, nil, step{
		api.InterviewActionStart, api.InterviewEventKindStart, audit.InterviewStarted,
	})
	if err != nil {
		return nil, err
	}
	return api.StartInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// FinishInterview ends an interview. Where every required score is in already, that completes it.
func (i *Interviews) FinishInterview(
	ctx context.Context, request api.FinishInterviewRequestObject,
) (api.FinishInterviewResponseObject, error) {
	shown, err := i.transition(ctx, request.InterviewID, request.Params.IfMatch, nil, step{
		api.InterviewActionFinish, api.InterviewEventKindFinish, audit.InterviewFinished,
	})
	if err != nil {
		return nil, err
	}
	return api.FinishInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// MarkInterviewNoShow notes that the candidate did not come.
func (i *Interviews) MarkInterviewNoShow(
	ctx context.Context, request api.MarkInterviewNoShowRequestObject,
) (api.MarkInterviewNoShowResponseObject, error) {
	shown, err := i.transition(ctx, request.InterviewID, request.Params.IfMatch, reasonOf(request.Body), step{
		api.InterviewActionMarkNoShow, api.InterviewEventKindMarkNoShow, audit.InterviewMissed,
	})
	if err != nil {
		return nil, err
	}
	return api.MarkInterviewNoShow200JSONResponse{InterviewJSONResponse: shown}, nil
}

// CancelInterview calls an interview off.
func (i *Interviews) CancelInterview(
	ctx context.Context, request api.CancelInterviewRequestObject,
) (api.CancelInterviewResponseObject, error) {
	shown, err := i.transition(ctx, request.InterviewID, request.Params.IfMatch, reasonOf(request.Body), step{
		api.InterviewActionCancel, api.InterviewEventKindCancel, audit.InterviewCancelled,
	})
	if err != nil {
		return nil, err
	}
	return api.CancelInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// CompleteInterview waits for no further score.
func (i *Interviews) CompleteInterview(
	ctx context.Context, request api.CompleteInterviewRequestObject,
) (api.CompleteInterviewResponseObject, error) {
	shown, err := i.transition(ctx, request.InterviewID, request.Params.IfMatch, &request.Body.Reason, step{
		api.InterviewActionComplete, api.InterviewEventKindComplete, audit.InterviewCompleted,
	})
	if err != nil {
		return nil, err
	}
	return api.CompleteInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// ReopenInterview waits for scores again. It stays so until the next submission, although none may be missing.
func (i *Interviews) ReopenInterview(
	ctx context.Context, request api.ReopenInterviewRequestObject,
) (api.ReopenInterviewResponseObject, error) {
	shown, err := i.transition(ctx, request.InterviewID, request.Params.IfMatch, &request.Body.Reason, step{
		api.InterviewActionReopen, api.InterviewEventKindReopen, audit.InterviewReopened,
	})
	if err != nil {
		return nil, err
	}
	return api.ReopenInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// step is an action that leads from one state to another, and how the history and the audit log name it.
type step struct {
	action api.InterviewAction
	event  api.InterviewEventKind
	record audit.Action
}

// transition is the one way of every step.
func (i *Interviews) transition(
	ctx context.Context, id uuid.UUID, match, reason *string, s step,
) (api.InterviewJSONResponse, error) {
	reason = trimmed(reason)
	f := fault.New(fault.RuleViolated)
	checkReason(f, "", reason)
	if err := wrong(f); err != nil {
		return api.InterviewJSONResponse{}, err
	}
	return i.act(ctx, id, etag.If(match), s.action, reason, func(tx *db.Queries, h held) (db.Interview, error) {
		saved, err := tx.TransitionInterview(ctx, db.TransitionInterviewParams{
			CompanyID: h.row.CompanyID, ID: id, FromStatus: h.row.Status, ToStatus: h.to, Reason: reason, Now: i.Clock.Now(),
		})
		if err != nil {
			return saved, postgres.Guarded(err)
		}
		if err := i.chronicle(ctx, tx, s.event, s.record, h.row, saved, reason); err != nil {
			return saved, err
		}
		if s.action != api.InterviewActionFinish {
			return saved, nil
		}
		return i.completer().Complete(ctx, tx, saved)
	})
}

func reasonOf(body *api.OptionalReasonRequest) *string {
	if body == nil {
		return nil
	}
	return body.Reason
}
