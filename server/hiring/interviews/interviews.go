// Package interviews implements the operations on interviews: their times, panels and states. It guarantees:
//   - Nobody is booked for two interviews at the same time unless a request allows the conflict, also with concurrent
//     requests.
//   - The history contains every change of state or time.
//   - No response depends on how a candidate was rated.
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
	"github.com/ai-interviewer-platform/interviewer/server/hiring/completion"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Interviews implements the operations of the tag interviews.
type Interviews struct{ service.Deps }

// New returns an error if a dependency is missing.
func New(deps service.Deps) (*Interviews, error) {
	if err := service.Check("interviews", deps); err != nil {
		return nil, err
	}
	return &Interviews{deps}, nil
}

// GetInterview returns an interview that the actor sees.
func (i *Interviews) GetInterview(
	ctx context.Context, call service.Call, request api.GetInterviewRequestObject,
) (api.GetInterviewResponseObject, error) {
	actor := call.Actor
	tenant := i.Store.Of(actor.CompanyID)
	row, err := get(ctx, tenant, actor, request.InterviewID)
	if err != nil {
		return nil, err
	}
	details, err := detailsOf(row)
	if err != nil {
		return nil, err
	}
	response, err := i.interviewResponse(ctx, tenant, actor, details)
	if err != nil {
		return nil, err
	}
	return api.GetInterview200JSONResponse{InterviewJSONResponse: response}, nil
}

// UpdateInterview changes title, kind, location, meeting URL and instructions, and the kit version of a draft.
func (i *Interviews) UpdateInterview(
	ctx context.Context, call service.Call, request api.UpdateInterviewRequestObject,
) (api.UpdateInterviewResponseObject, error) {
	patch := request.Body
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.UpdateInterviewResponseObject, error) {
		response, err := i.act(ctx, tx, call.Actor, request.InterviewID, etag.Needed(request.Params.IfMatch),
			api.InterviewActionUpdate, nil,
			func(locked lockedInterview) (db.Interview, error) {
				return i.save(ctx, tx, call.Actor, locked, applyPatch(locked.row, *patch))
			})
		return api.UpdateInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// save validates and writes an update. If it changes nothing, the row and its version stay as they are.
func (i *Interviews) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, locked lockedInterview, change db.UpdateInterviewParams,
) (db.Interview, error) {
	if !hasChanges(locked.row, change) {
		return locked.row, nil
	}
	f := fault.New(fault.RuleViolated)
	checkTexts(f, change.Title, change.Location, change.MeetingURL, change.Instructions)
	if change.KitVersionID != locked.row.KitVersionID {
		if err := canChangeKit(locked); err != nil {
			return locked.row, err
		}
		version, err := i.kitVersion(ctx, tx, locked.row.CompanyID, change.KitVersionID)
		if err != nil {
			return locked.row, err
		}
		checkKitVersion(f, version, &locked.row.JobID)
	}
	if err := errorOf(f); err != nil {
		return locked.row, err
	}
	change.Now = i.Clock.Now()
	saved, err := tx.UpdateInterview(ctx, change)
	if err != nil {
		return locked.row, postgres.Guarded(err)
	}
	details := audit.Diff(attributes(locked.row), attributes(saved))
	return saved, i.recordAudit(ctx, tx, actor, audit.InterviewUpdated, locked.row.ID, details)
}

// act performs an action on an interview that the actor sees, and returns the response. It calls write if the action is
// allowed. The interview is locked before its panel is read, so the decision is still valid when write saves the
// result. The application is not locked: a transaction that closes it waits for the lock of the interview and then
// cancels it.
func (i *Interviews) act(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match etag.Condition,
	action api.InterviewAction, reason *string, write func(locked lockedInterview) (db.Interview, error),
) (response api.InterviewJSONResponse, err error) {
	found, err := tx.GetInterviewForUpdate(ctx, db.GetInterviewForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	if err != nil {
		return response, err
	}
	locked := lockedInterview{row: found.Interview}
	locked.panel, err = tx.ListInterviewPanels(ctx, db.ListInterviewPanelsParams{
		CompanyID: actor.CompanyID, InterviewIds: []uuid.UUID{id},
	})
	if err != nil {
		return response, err
	}
	locked.application, err = tx.GetApplicationStatus(ctx, db.GetApplicationStatusParams{
		CompanyID: actor.CompanyID, ID: locked.row.ApplicationID,
	})
	if err != nil {
		return response, err
	}
	locked.relation = relationOf(actor, found.IsMember, locked.panel)
	locked.machine = machineFor(locked.panel, actor.ID, locked.application)
	locked.to, err = locked.decide(action, reason)
	if err := match.Before(locked.row.Version, err); err != nil {
		return response, err
	}
	saved, err := write(locked)
	if err != nil {
		return response, err
	}
	return i.changedResponse(ctx, tx, actor, saved, found.IsMember)
}

// get returns an interview that the actor sees, or ResourceNotFound.
func get(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) (db.GetInterviewRow, error) {
	return tenant.GetInterview(ctx, db.GetInterviewParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// relationOf returns the relation of the actor to an interview; member is true if the actor leads its job.
func relationOf(actor access.Actor, member bool, panel []db.ListInterviewPanelsRow) lifecycle.Relation {
	r := lifecycle.RelationOf(actor, member)
	r.Panelist = panelist(panel, actor.ID) != nil
	return r
}

// kitVersion returns a kit version, locked until the transaction ends; nil if the company has none with that id.
func (i *Interviews) kitVersion(
	ctx context.Context, tx *postgres.Tx, company, id uuid.UUID,
) (*db.GetKitVersionForInterviewRow, error) {
	row, err := tx.GetKitVersionForInterview(ctx, db.GetKitVersionForInterviewParams{
		CompanyID: company, ID: id,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, nil
	}
	return &row, err
}

// recordChange records a change of an interview in its history and in the audit log.
func (i *Interviews) recordChange(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, event stored.InterviewEvent, action audit.Action, from,
	to db.Interview,
	reason *string,
) error {
	err := tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: to.CompanyID, ID: i.Clock.ID(), InterviewID: to.ID, Event: event,
		FromStatus: &from.Status, ToStatus: to.Status,
		FromStartsAt: from.StartsAt, FromEndsAt: from.EndsAt, FromTimezone: from.Timezone,
		ToStartsAt: to.StartsAt, ToEndsAt: to.EndsAt, ToTimezone: to.Timezone,
		Reason: reason, ActorID: &actor.ID, CreatedAt: to.UpdatedAt,
	})
	if err != nil {
		return err
	}
	return i.recordAudit(ctx, tx, actor, action, to.ID, audit.Diff(attributes(from), attributes(to)))
}

// recordAudit adds an entry about an interview to the audit log.
func (i *Interviews) recordAudit(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return i.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.Interview, ID: &id, Details: details,
	})
}

func (i *Interviews) completer() completion.Completer {
	return completion.Completer{Clock: i.Clock, Audit: i.Audit}
}
