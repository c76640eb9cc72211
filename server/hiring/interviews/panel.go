package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// SetPanelist puts a user on the panel, or says of a panelist whether their score is required. What is so already
// changes nothing.
func (i *Interviews) SetPanelist(
	ctx context.Context, request api.SetPanelistRequestObject,
) (api.SetPanelistResponseObject, error) {
	required := request.Body.ScoreRequired == nil || *request.Body.ScoreRequired
	allowConflicts := request.Body.AllowConflicts != nil && *request.Body.AllowConflicts
	shown, err := i.act(ctx, request.InterviewID, etag.If(request.Params.IfMatch), api.InterviewActionSetPanel, nil,
		func(tx *db.Queries, h held) (db.Interview, error) {
			was := panelist(h.panel, request.UserID)
			if was == nil {
				if err := i.join(ctx, tx, h, request.UserID, allowConflicts); err != nil {
					return h.row, err
				}
			} else if was.InterviewPanelist.ScoreRequired == required {
				return h.row, nil
			}
			now := i.Clock.Now()
			err := tx.SetPanelist(ctx, db.SetPanelistParams{
				CompanyID: h.row.CompanyID, InterviewID: h.row.ID, UserID: request.UserID, ScoreRequired: required, Now: now,
			})
			if err != nil {
				return h.row, err
			}
			return i.repanel(ctx, tx, h, was, audit.PanelistSet, place(request.UserID, was, &required))
		})
	if err != nil {
		return nil, err
	}
	return api.SetPanelist200JSONResponse{InterviewJSONResponse: shown}, nil
}

// join decides whether a user may be put on a panel, and books them where the interview takes their time.
func (i *Interviews) join(ctx context.Context, tx *db.Queries, h held, user uuid.UUID, allowConflicts bool) error {
	row, err := tx.GetUser(ctx, db.GetUserParams{CompanyID: h.row.CompanyID, ID: user})
	if err != nil {
		return err
	}
	if err := mayChangeSeat(h, access.Of(ctx), user); err != nil {
		return err
	}
	if err := mayJoin(h, row.IsActive); err != nil {
		return err
	}
	if !occupies(h.row.Status) {
		return nil
	}
	return i.book(ctx, tx, booking{
		company: h.row.CompanyID, interview: h.row.ID, panelists: []uuid.UUID{user},
		during: span{*h.row.StartsAt, *h.row.EndsAt},
	}, allowConflicts, func(db.ListBookingsRow) string { return "" })
}

// RemovePanelist takes a user off the panel.
func (i *Interviews) RemovePanelist(
	ctx context.Context, request api.RemovePanelistRequestObject,
) (api.RemovePanelistResponseObject, error) {
	shown, err := i.act(ctx, request.InterviewID, etag.If(request.Params.IfMatch), api.InterviewActionSetPanel, nil,
		func(tx *db.Queries, h held) (db.Interview, error) {
			was := panelist(h.panel, request.UserID)
			if was == nil {
				return h.row, fault.New(fault.ResourceNotFound)
			}
			if err := mayChangeSeat(h, access.Of(ctx), request.UserID); err != nil {
				return h.row, err
			}
			if err := mayLeave(h); err != nil {
				return h.row, err
			}
			_, err := tx.DeletePanelist(ctx, db.DeletePanelistParams{
				CompanyID: h.row.CompanyID, InterviewID: h.row.ID, UserID: request.UserID,
			})
			if err != nil {
				return h.row, err
			}
			return i.repanel(ctx, tx, h, was, audit.PanelistRemoved, place(request.UserID, was, nil))
		})
	if err != nil {
		return nil, err
	}
	return api.RemovePanelist200JSONResponse{InterviewJSONResponse: shown}, nil
}

// repanel notes that a panel has changed. An interview that waited for the score of whoever the change is about, and
// waits for it no longer, is completed where it waits for no other.
func (i *Interviews) repanel(
	ctx context.Context, tx *db.Queries, h held, was *db.ListInterviewPanelsRow,
	action audit.Action, details audit.Details,
) (db.Interview, error) {
	saved, err := tx.AdvanceInterview(ctx, db.AdvanceInterviewParams{
		CompanyID: h.row.CompanyID, ID: h.row.ID, FromStatus: h.row.Status, Now: i.Clock.Now(),
	})
	if err != nil {
		return h.row, postgres.Guarded(err)
	}
	if err := i.audited(ctx, tx, action, h.row.ID, details); err != nil {
		return h.row, err
	}
	if was == nil || !missing(*was) {
		return saved, nil
	}
	return i.completer().Complete(ctx, tx, saved)
}

// RespondToInterview says whether the caller comes.
func (i *Interviews) RespondToInterview(
	ctx context.Context, request api.RespondToInterviewRequestObject,
) (api.RespondToInterviewResponseObject, error) {
	who, response := access.Of(ctx), api.PanelResponse(request.Body.Response)
	comment := optional.Text(nil, request.Body.Comment)
	f := fault.New(fault.RuleViolated)
	text.OptionalLines(f, "/comment", comment)
	if err := wrong(f); err != nil {
		return nil, err
	}
	shown, err := i.act(ctx, request.InterviewID, etag.If(request.Params.IfMatch), api.InterviewActionRespond, nil,
		func(tx *db.Queries, h held) (db.Interview, error) {
			now := i.Clock.Now()
			_, err := tx.UpdatePanelResponse(ctx, db.UpdatePanelResponseParams{
				CompanyID: h.row.CompanyID, InterviewID: h.row.ID, UserID: who.ID, Response: response, Comment: comment,
				Now: now,
			})
			if err != nil {
				return h.row, err
			}
			saved, err := tx.TouchInterview(ctx, db.TouchInterviewParams{
				CompanyID: h.row.CompanyID, ID: h.row.ID, FromStatus: h.row.Status, Now: now,
			})
			if err != nil {
				return h.row, postgres.Guarded(err)
			}
			return saved, i.audited(ctx, tx, audit.InterviewResponded, h.row.ID, answer(*panelist(h.panel, who.ID), response))
		})
	if err != nil {
		return nil, err
	}
	return api.RespondToInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// place is what the audit keeps of a change of the panel: who it is about, and whether their score was and is required,
// which is neither where they were or are not on it.
func place(user uuid.UUID, was *db.ListInterviewPanelsRow, is *bool) audit.Details {
	from := map[string]any{"score_required": nil}
	if was != nil {
		from["score_required"] = was.InterviewPanelist.ScoreRequired
	}
	details := audit.Diff(from, map[string]any{"score_required": optional.Plain(is)})
	details["user_id"] = user
	return details
}

// answer is what the audit keeps of a response; what was said about it stands with the interview alone.
func answer(was db.ListInterviewPanelsRow, is api.PanelResponse) audit.Details {
	return audit.Diff(map[string]any{"response": was.InterviewPanelist.Response}, map[string]any{"response": is})
}
