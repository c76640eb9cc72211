// Package interviews looks after when interviews are held, by whom, and how far they have come. It promises that nobody
// is booked twice without somebody having said so, not even by two requests at once, that every change of state or time
// is in an interview's history, and that nothing it shows depends on how a candidate was rated.
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
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
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

// GetInterview shows one interview to those who may see it.
func (i *Interviews) GetInterview(
	ctx context.Context, request api.GetInterviewRequestObject,
) (api.GetInterviewResponseObject, error) {
	who := access.Of(ctx)
	tenant := i.Store.Of(who.CompanyID)
	row, seen, err := i.see(ctx, tenant, who, request.InterviewID)
	if err != nil {
		return nil, err
	}
	shown, err := i.present(ctx, tenant, who, seen, row)
	if err != nil {
		return nil, err
	}
	return api.GetInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// UpdateInterview changes title, kind, place and instructions, and of a draft the kit version.
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

// save writes an edited interview; an edit that changes nothing leaves the row and its version alone.
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

// act is the one way of every action: the interview is locked, as the caller may see it, and then its panel is read, so
// that what is decided still holds when it is written. Its application is not locked: who closes that at the same time
// waits for the interview, and cancels it.
func (i *Interviews) act(
	ctx context.Context, id uuid.UUID, match etag.Condition, action api.InterviewAction, reason *string,
	write func(tx *db.Queries, h held) (db.Interview, error),
) (shown api.InterviewJSONResponse, err error) {
	who := access.Of(ctx)
	err = i.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		seen, err := visibility.Of(ctx, tx, who)
		if err != nil {
			return err
		}
		h := held{}
		h.row, err = tx.GetVisibleInterviewForUpdate(ctx, db.GetVisibleInterviewForUpdateParams{
			CompanyID: who.CompanyID, ID: id, SeesAll: seen.All, Jobs: seen.Jobs, Interviews: seen.Interviews,
		})
		if err != nil {
			return err
		}
		h.panel, err = tx.ListInterviewPanels(ctx, db.ListInterviewPanelsParams{
			CompanyID: who.CompanyID, InterviewIds: []uuid.UUID{id},
		})
		if err != nil {
			return err
		}
		h.application, err = tx.GetApplicationStatus(ctx, db.GetApplicationStatusParams{
			CompanyID: who.CompanyID, ID: h.row.ApplicationID,
		})
		if err != nil {
			return err
		}
		h.standing = standing(seen, who, h.row, h.panel)
		h.machine = machineFor(h.panel, who.ID, h.application)
		h.to, err = h.decide(action, reason)
		if err := match.Before(h.row.Version, err); err != nil {
			return err
		}
		saved, err := write(tx, h)
		if err != nil {
			return err
		}
		shown, err = i.present(ctx, tx, who, seen, saved)
		return err
	})
	return shown, err
}

// see gives an interview that the caller may see, and what else they may see.
func (i *Interviews) see(
	ctx context.Context, tenant *db.Queries, who access.Actor, id uuid.UUID,
) (db.Interview, visibility.Sight, error) {
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return db.Interview{}, seen, err
	}
	row, err := tenant.GetInterview(ctx, db.GetInterviewParams{
		CompanyID: who.CompanyID, ID: id, SeesAll: seen.All, Jobs: seen.Jobs, Interviews: seen.Interviews,
	})
	return row, seen, err
}

// standing is what the caller is to an interview.
func standing(
	seen visibility.Sight, who access.Actor, row db.Interview, panel []db.ListInterviewPanelsRow,
) lifecycle.Standing {
	s := seen.Standing(row.JobID)
	s.Panelist = member(panel, who.ID) != nil
	return s
}

// kitVersion gives a version of a kit, locked as it is; nil where the company has none of that id.
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

// chronicle writes what has become of an interview into its history and into the audit log.
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
