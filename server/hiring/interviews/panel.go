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
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// SetPanelist adds a user to the panel, or changes whether a panelist's score is required. If nothing changes, the
// interview and its version stay as they are.
func (i *Interviews) SetPanelist(
	ctx context.Context, call service.Call, request api.SetPanelistRequestObject,
) (api.SetPanelistResponseObject, error) {
	required := request.Body.ScoreRequired == nil || *request.Body.ScoreRequired
	allowConflicts := request.Body.AllowConflicts != nil && *request.Body.AllowConflicts
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.SetPanelistResponseObject, error) {
		response, err := i.act(ctx, tx, call.Actor, request.InterviewID, etag.If(request.Params.IfMatch),
			api.InterviewActionSetPanel, nil,
			func(locked lockedInterview) (db.Interview, error) {
				before := panelist(locked.panel, request.UserID)
				if err := etag.CheckNew(request.Params.IfNoneMatch, before != nil); err != nil {
					return locked.row, err
				}
				if before == nil {
					if err := i.join(ctx, tx, call.Actor, locked, request.UserID, allowConflicts); err != nil {
						return locked.row, err
					}
				} else if before.InterviewPanelist.ScoreRequired == required {
					return locked.row, nil
				}
				now := i.Clock.Now()
				err := tx.SetPanelist(ctx, db.SetPanelistParams{
					CompanyID: locked.row.CompanyID, InterviewID: locked.row.ID, UserID: request.UserID,
					ScoreRequired: required, Now: now,
				})
				if err != nil {
					return locked.row, err
				}
				if before == nil && !allowConflicts {
					err := tx.ClaimTime(ctx, db.ClaimTimeParams{
						CompanyID: locked.row.CompanyID, InterviewID: locked.row.ID, PersonID: &request.UserID,
					})
					if err != nil {
						return locked.row, err
					}
				}
				return i.panelChanged(ctx, tx, call.Actor, locked, before, audit.PanelistSet,
					panelistDetails(request.UserID, before, &required))
			})
		if err != nil {
			return nil, err
		}
		return api.SetPanelist200JSONResponse{InterviewJSONResponse: response}, nil
	})
}

// join checks that a user may be added to the panel. If the interview occupies time, it also books the user.
func (i *Interviews) join(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, locked lockedInterview, user uuid.UUID, allowConflicts bool,
) error {
	row, err := tx.GetUser(ctx, db.GetUserParams{CompanyID: locked.row.CompanyID, ID: user})
	if err != nil {
		return err
	}
	if err := canChangePanelist(locked, actor, user); err != nil {
		return err
	}
	if err := canJoin(locked, row.IsActive); err != nil {
		return err
	}
	if !occupiesTime(locked.row.Status) {
		return nil
	}
	return i.book(ctx, tx, booking{
		company: locked.row.CompanyID, interview: locked.row.ID, panelists: []uuid.UUID{user},
		during: span{*locked.row.StartsAt, *locked.row.EndsAt}, zone: *locked.row.Timezone,
	}, allowConflicts, func(db.ListBookingsRow) string { return "" })
}

// RemovePanelist removes a user from the panel.
func (i *Interviews) RemovePanelist(
	ctx context.Context, call service.Call, request api.RemovePanelistRequestObject,
) (api.RemovePanelistResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.RemovePanelistResponseObject, error) {
		response, err := i.act(ctx, tx, call.Actor, request.InterviewID, etag.If(request.Params.IfMatch),
			api.InterviewActionSetPanel, nil,
			func(locked lockedInterview) (db.Interview, error) {
				before := panelist(locked.panel, request.UserID)
				if before == nil {
					return locked.row, fault.New(fault.ResourceNotFound)
				}
				if err := canChangePanelist(locked, call.Actor, request.UserID); err != nil {
					return locked.row, err
				}
				if err := canLeave(locked); err != nil {
					return locked.row, err
				}
				_, err := tx.DeletePanelist(ctx, db.DeletePanelistParams{
					CompanyID: locked.row.CompanyID, InterviewID: locked.row.ID, UserID: request.UserID,
				})
				if err != nil {
					return locked.row, err
				}
				return i.panelChanged(ctx, tx, call.Actor, locked, before, audit.PanelistRemoved,
					panelistDetails(request.UserID, before, nil))
			})
		if err != nil {
			return nil, err
		}
		return api.RemovePanelist200JSONResponse{InterviewJSONResponse: response}, nil
	})
}

// panelChanged advances the interview's version after a change of one panelist and records the change. If the
// panelist's score was missing before the change, the interview is completed unless another score is missing. A change
// of a panelist whose score was not missing never completes it: otherwise an interview that HR reopened, although all
// scores are submitted, would be completed again.
func (i *Interviews) panelChanged(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, locked lockedInterview, before *db.ListInterviewPanelsRow,
	action audit.Action, details audit.Details,
) (db.Interview, error) {
	saved, err := tx.AdvanceInterview(ctx, db.AdvanceInterviewParams{
		CompanyID: locked.row.CompanyID, ID: locked.row.ID, FromStatus: locked.row.Status, Now: i.Clock.Now(),
	})
	if err != nil {
		return locked.row, postgres.Guarded(err)
	}
	if err := i.recordAudit(ctx, tx, actor, action, locked.row.ID, details); err != nil {
		return locked.row, err
	}
	if before == nil || !lacksScore(*before) {
		return saved, nil
	}
	return i.completer().Complete(ctx, tx, actor, saved)
}

// RespondToInterview saves the actor's response as a panelist.
func (i *Interviews) RespondToInterview(
	ctx context.Context, call service.Call, request api.RespondToInterviewRequestObject,
) (api.RespondToInterviewResponseObject, error) {
	actor, answer := call.Actor, stored.PanelResponse(request.Body.Response)
	comment := optional.Text(nil, request.Body.Comment)
	f := fault.New(fault.RuleViolated)
	text.OptionalLines(f, "/comment", comment)
	if err := errorOf(f); err != nil {
		return nil, err
	}
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.RespondToInterviewResponseObject, error) {
		response, err := i.act(ctx, tx, call.Actor, request.InterviewID, etag.If(request.Params.IfMatch),
			api.InterviewActionRespond, nil,
			func(locked lockedInterview) (db.Interview, error) {
				now := i.Clock.Now()
				_, err := tx.UpdatePanelResponse(ctx, db.UpdatePanelResponseParams{
					CompanyID: locked.row.CompanyID, InterviewID: locked.row.ID, UserID: actor.ID, Response: answer,
					Comment: comment, Now: now,
				})
				if err != nil {
					return locked.row, err
				}
				saved, err := tx.TouchInterview(ctx, db.TouchInterviewParams{
					CompanyID: locked.row.CompanyID, ID: locked.row.ID, FromStatus: locked.row.Status, Now: now,
				})
				if err != nil {
					return locked.row, postgres.Guarded(err)
				}
				details := responseDetails(*panelist(locked.panel, actor.ID), answer)
				return saved, i.recordAudit(ctx, tx, actor, audit.InterviewResponded, locked.row.ID, details)
			})
		return api.RespondToInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// panelistDetails returns the audit details of a change of a panelist: the user, and whether their score was and is
// required. before is nil if the user was not on the panel, required is nil if the user is no longer on it.
func panelistDetails(user uuid.UUID, before *db.ListInterviewPanelsRow, required *bool) audit.Details {
	from := map[string]any{"score_required": nil}
	if before != nil {
		from["score_required"] = before.InterviewPanelist.ScoreRequired
	}
	details := audit.Diff(from, map[string]any{"score_required": optional.Plain(required)})
	details["user_id"] = user
	return details
}

// responseDetails returns the audit details of a response. They do not contain the comment.
func responseDetails(before db.ListInterviewPanelsRow, answer stored.PanelResponse) audit.Details {
	return audit.Diff(map[string]any{"response": before.InterviewPanelist.Response}, map[string]any{"response": answer})
}
