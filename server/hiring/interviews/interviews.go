// Package interviews manages when interviews are held, by which panel, and their state. It guarantees that nobody is
// booked for two interviews at the same time unless a request allows the conflict, even with concurrent requests; that
// every change of state or time is in the history; and that nothing it shows depends on how a candidate was rated.
package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/completion"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Interviews implements the operations of the tag interviews.
type Interviews struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*Interviews, error) {
	if err := service.Check("interviews", deps); err != nil {
		return nil, err
	}
	return &Interviews{deps}, nil
}

// GetInterview shows an interview that the actor sees.
func (i *Interviews) GetInterview(
	ctx context.Context, request api.GetInterviewRequestObject,
) (api.GetInterviewResponseObject, error) {
	actor := access.Of(ctx)
	tenant := i.Store.Of(actor.CompanyID)
	row, err := get(ctx, tenant, actor, request.InterviewID)
	if err != nil {
		return nil, err
	}
	shown, err := i.present(ctx, tenant, actor, row)
	if err != nil {
		return nil, err
	}
	return api.GetInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// UpdateInterview changes title, kind, location, meeting URL and instructions, and the kit version of a draft.
func (i *Interviews) UpdateInterview(
	ctx context.Context, request api.UpdateInterviewRequestObject,
) (api.UpdateInterviewResponseObject, error) {
	patch := request.Body
	shown, err := i.act(ctx, request.InterviewID, etag.Needed(request.Params.IfMatch), api.InterviewActionUpdate, nil,
		func(tx *db.Queries, h held) (db.Interview, error) {
			return i.save(ctx, tx, h, edit(h.row, *patch))
		})
	if err != nil {
		return nil, err
	}
	return api.UpdateInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// save writes an edited interview. If nothing changed, it leaves the row and its version as they are.
func (i *Interviews) save(
	ctx context.Context, tx *db.Queries, h held, change db.UpdateInterviewParams,
) (db.Interview, error) {
	if !changes(h.row, change) {
		return h.row, nil
	}
	f := fault.New(fault.RuleViolated)
	checkTexts(f, change.Title, change.Location, change.MeetingURL, change.Instructions)
	if change.KitVersionID != h.row.KitVersionID {
		if err := mayChangeKit(h); err != nil {
			return h.row, err
		}
		version, err := i.kitVersion(ctx, tx, h.row.CompanyID, change.KitVersionID)
		if err != nil {
			return h.row, err
		}
		checkKitVersion(f, version, &h.row.JobID)
	}
	if err := wrong(f); err != nil {
		return h.row, err
	}
	change.Now = i.Clock.Now()
	saved, err := tx.UpdateInterview(ctx, change)
	if err != nil {
		return h.row, postgres.Guarded(err)
	}
	details := audit.Diff(attributes(h.row), attributes(saved))
	return saved, i.audited(ctx, tx, audit.InterviewUpdated, h.row.ID, details)
}

// act performs an action on an interview that the actor sees: write runs after the decision that the action is allowed.
// The interview is locked first and its panel is read afterwards, so the decision is still valid when write saves the
// result. The application is not locked: a transaction that closes it waits for the interview, and then cancels it.
func (i *Interviews) act(
	ctx context.Context, id uuid.UUID, match etag.Condition, action api.InterviewAction, reason *string,
	write func(tx *db.Queries, h held) (db.Interview, error),
) (shown api.InterviewJSONResponse, err error) {
	actor := access.Of(ctx)
	err = i.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		locked, err := tx.GetInterviewForUpdate(ctx, db.GetInterviewForUpdateParams{
			CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
		})
		if err != nil {
			return err
		}
		h := held{row: locked.Interview}
		h.panel, err = tx.ListInterviewPanels(ctx, db.ListInterviewPanelsParams{
			CompanyID: actor.CompanyID, InterviewIds: []uuid.UUID{id},
		})
		if err != nil {
			return err
		}
		h.application, err = tx.GetApplicationStatus(ctx, db.GetApplicationStatusParams{
			CompanyID: actor.CompanyID, ID: h.row.ApplicationID,
		})
		if err != nil {
			return err
		}
		h.standing = standing(actor, locked.IsMember, h.panel)
		h.machine = machineFor(h.panel, actor.ID, h.application)
		h.to, err = h.decide(action, reason)
		if err := match.Before(h.row.Version, err); err != nil {
			return err
		}
		saved, err := write(tx, h)
		if err != nil {
			return err
		}
		shown, err = i.present(ctx, tx, actor, db.GetInterviewRow{Interview: saved, IsMember: locked.IsMember})
		return err
	})
	return shown, err
}

// get reads an interview that the actor sees.
func get(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) (db.GetInterviewRow, error) {
	return tenant.GetInterview(ctx, db.GetInterviewParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// standing is what the actor is to an interview, given whether the actor leads its job.
func standing(actor access.Actor, member bool, panel []db.ListInterviewPanelsRow) lifecycle.Standing {
	s := lifecycle.StandingOf(actor, member)
	s.Panelist = panelist(panel, actor.ID) != nil
	return s
}

// kitVersion returns a version of a kit, locked until the transaction ends; nil if the company has no version of that
// id.
func (i *Interviews) kitVersion(
	ctx context.Context, tx *db.Queries, company, id uuid.UUID,
) (*db.GetKitVersionForInterviewRow, error) {
	row, err := tx.GetKitVersionForInterview(ctx, db.GetKitVersionForInterviewParams{
		CompanyID: company, ID: id,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, nil
	}
	return &row, err
}

// chronicle records a change of an interview in its history and in the audit log.
func (i *Interviews) chronicle(
	ctx context.Context, tx *db.Queries, event api.InterviewEventKind, action audit.Action, from, to db.Interview,
	reason *string,
) error {
	who := access.Of(ctx)
	err := tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: to.CompanyID, ID: i.Clock.ID(), InterviewID: to.ID, Event: event,
		FromStatus: &from.Status, ToStatus: to.Status,
		FromStartsAt: from.StartsAt, FromEndsAt: from.EndsAt, FromTimezone: from.Timezone,
		ToStartsAt: to.StartsAt, ToEndsAt: to.EndsAt, ToTimezone: to.Timezone,
		Reason: reason, ActorID: &who.ID, CreatedAt: to.UpdatedAt,
	})
	if err != nil {
		return err
	}
	return i.audited(ctx, tx, action, to.ID, audit.Diff(attributes(from), attributes(to)))
}

func (i *Interviews) audited(
	ctx context.Context, tx *db.Queries, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return i.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.Interview, ID: &id, Details: details,
	})
}

func (i *Interviews) completer() completion.Completer {
	return completion.Completer{Clock: i.Clock, Audit: i.Audit}
}
