package interviews

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// CreateInterview creates an interview of an active application, as a draft or already scheduled.
func (i *Interviews) CreateInterview(
	ctx context.Context, call service.Call, request api.CreateInterviewRequestObject,
) (api.CreateInterviewResponseObject, error) {
	actor, wanted := call.Actor, *request.Body
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.CreateInterviewResponseObject, error) {
		var response api.InterviewJSONResponse
		application, err := i.application(ctx, tx, actor, wanted.ApplicationID)
		if err != nil {
			return nil, err
		}
		if application != nil {
			_, err := lifecycle.Application().Decide(application.Status, api.ApplicationActionScheduleInterview,
				lifecycle.RelationOf(actor, application.IsMember), nil)
			if err != nil {
				return nil, err
			}
		}
		row := newInterview(wanted, actor.CompanyID, actor.ID)
		if err := i.checkNew(ctx, tx, wanted, row, application); err != nil {
			return nil, err
		}
		row.JobID, row.CandidateID = application.JobID, application.CandidateID
		saved, err := i.insert(ctx, tx, actor, row, wanted)
		if err != nil {
			return nil, err
		}
		response, err = i.changedResponse(ctx, tx, actor, saved, application.IsMember)
		if err != nil {
			return nil, err
		}
		return api.CreateInterview201JSONResponse{
			Body: response.Body,
			Headers: api.CreateInterview201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/interviews/" + response.Body.ID.String(),
			},
		}, nil
	})
}

// application returns an application that the actor sees, locked until the transaction ends; nil if the actor sees none
// with that id.
func (i *Interviews) application(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID,
) (*db.GetApplicationForInterviewRow, error) {
	row, err := tx.GetApplicationForInterview(ctx, db.GetApplicationForInterviewParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, nil
	}
	return &row, err
}

// checkNew validates a new interview. It returns RuleViolated with all violations. application is nil if the actor sees
// no application with the requested id.
func (i *Interviews) checkNew(
	ctx context.Context, tx *postgres.Tx, wanted api.CreateInterviewRequest, row db.InsertInterviewParams,
	application *db.GetApplicationForInterviewRow,
) error {
	f := fault.New(fault.RuleViolated)
	checkTexts(f, row.Title, row.Location, row.MeetingURL, row.Instructions)
	var job *uuid.UUID
	if application == nil {
		_ = f.Field("/application_id", "unknown", "must be the id of an application that you can see")
	} else {
		job = &application.JobID
	}
	version, err := i.kitVersion(ctx, tx, row.CompanyID, row.KitVersionID)
	if err != nil {
		return err
	}
	checkKitVersion(f, version, job)
	panel := userIDs(wanted.Panel)
	active, err := i.activity(ctx, tx, row.CompanyID, panel)
	if err != nil {
		return err
	}
	checkPanel(f, panel, active)
	if wanted.Schedule != nil {
		scheduleOf(*wanted.Schedule).check(f, "/schedule", i.Clock.Now(), nil)
		if len(panel) == 0 {
			_ = f.Field("/panel", "required", "must contain a panelist, because the request schedules the interview")
		}
	}
	return errorOf(f)
}

// activity returns whether users are active. The map contains only users of the company.
func (i *Interviews) activity(
	ctx context.Context, tx *postgres.Tx, company uuid.UUID, users []uuid.UUID,
) (map[uuid.UUID]bool, error) {
	active := map[uuid.UUID]bool{}
	if len(users) == 0 {
		return active, nil
	}
	rows, err := tx.ListUsersForPanel(ctx, db.ListUsersForPanelParams{CompanyID: company, Ids: users})
	for _, row := range rows {
		active[row.ID] = row.IsActive
	}
	return active, err
}

// insert saves a new interview with its panel and, if the request contains a schedule, schedules it. Both are recorded
// in the history.
func (i *Interviews) insert(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.InsertInterviewParams,
	wanted api.CreateInterviewRequest,
) (db.Interview, error) {
	row.ID, row.Now = i.Clock.ID(), i.Clock.Now()
	created, err := tx.InsertInterview(ctx, row)
	if err != nil {
		return created, err
	}
	panel := userIDs(wanted.Panel)
	if len(panel) > 0 {
		required := make([]bool, len(panel))
		for n, p := range wanted.Panel {
			required[n] = p.ScoreRequired == nil || *p.ScoreRequired
		}
		err = tx.InsertPanelists(ctx, db.InsertPanelistsParams{
			CompanyID: created.CompanyID, InterviewID: created.ID, UserIds: panel, ScoresRequired: required, Now: row.Now,
		})
		if err != nil {
			return created, err
		}
	}
	err = tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: created.CompanyID, ID: i.Clock.ID(), InterviewID: created.ID, Event: stored.InterviewEventCreate,
		ToStatus: created.Status, ActorID: &row.CreatedBy, CreatedAt: row.Now,
	})
	if err != nil {
		return created, err
	}
	details := audit.Diff(emptyAttributes(), attributes(created))
	details["application_id"], details["panel"] = created.ApplicationID, panel
	err = i.recordAudit(ctx, tx, actor, audit.InterviewCreated, created.ID, details)
	if err != nil || wanted.Schedule == nil {
		return created, err
	}
	return i.saveTime(ctx, tx, actor, created, stored.InterviewStatusScheduled, panel, scheduleOf(*wanted.Schedule),
		func(b db.ListBookingsRow) string {
			if n := slices.Index(panel, b.PersonID); n >= 0 {
				return fmt.Sprintf("/panel/%d", n)
			}
			return "/application_id"
		})
}

// userIDs returns the users of a requested panel, in its order.
func userIDs(panel []api.NewPanelist) []uuid.UUID {
	users := make([]uuid.UUID, len(panel))
	for n, p := range panel {
		users[n] = p.UserID
	}
	return users
}
