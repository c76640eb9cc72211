package interviews

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// CreateInterview creates an interview of an active application, as a draft or already scheduled.
func (i *Interviews) CreateInterview(
	ctx context.Context, request api.CreateInterviewRequestObject,
) (api.CreateInterviewResponseObject, error) {
	actor, wanted := access.Of(ctx), *request.Body
	var shown api.InterviewJSONResponse
	err := i.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		application, err := i.application(ctx, tx, actor, wanted.ApplicationID)
		if err != nil {
			return err
		}
		if application != nil {
			_, err := lifecycle.Application().Decide(application.Status, api.ApplicationActionScheduleInterview,
				lifecycle.StandingOf(actor, application.IsMember), nil)
			if err != nil {
				return err
			}
		}
		row := newInterview(wanted, actor.CompanyID, actor.ID)
		if err := i.check(ctx, tx, wanted, row, application); err != nil {
			return err
		}
		row.JobID, row.CandidateID = application.JobID, application.CandidateID
		saved, err := i.insert(ctx, tx, row, wanted)
		if err != nil {
			return err
		}
		shown, err = i.present(ctx, tx, actor, db.GetInterviewRow{Interview: saved, IsMember: application.IsMember})
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.CreateInterview201JSONResponse{
		Body: shown.Body,
		Headers: api.CreateInterview201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/interviews/" + shown.Body.ID.String(),
		},
	}, nil
}

// application returns an application that the actor sees, locked until the transaction ends; nil if there is none.
func (i *Interviews) application(
	ctx context.Context, tx *db.Queries, actor access.Actor, id uuid.UUID,
) (*db.GetApplicationForInterviewRow, error) {
	row, err := tx.GetApplicationForInterview(ctx, db.GetApplicationForInterviewParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, nil
	}
	return &row, err
}

// check validates a new interview. All violations are reported together, as the fault RuleViolated.
func (i *Interviews) check(
	ctx context.Context, tx *db.Queries, wanted api.CreateInterviewRequest, row db.InsertInterviewParams,
	application *db.GetApplicationForInterviewRow,
) error {
	f := fault.New(fault.RuleViolated)
	checkTexts(f, row.Title, row.Location, row.MeetingURL, row.Instructions)
	var job *uuid.UUID
	if application == nil {
		_ = f.Field("/application_id", "unknown", "must name an application")
	} else {
		job = &application.JobID
	}
	version, err := i.kitVersion(ctx, tx, row.CompanyID, row.KitVersionID)
	if err != nil {
		return err
	}
	checkKitVersion(f, version, job)
	panel := usersOf(wanted.Panel)
	active, err := i.active(ctx, tx, row.CompanyID, panel)
	if err != nil {
		return err
	}
	checkPanel(f, panel, active)
	if wanted.Schedule != nil {
		appointmentOf(*wanted.Schedule).check(f, "/schedule")
		if len(panel) == 0 {
			_ = f.Field("/panel", "required", "must name somebody, because the interview is scheduled at once")
		}
	}
	return wrong(f)
}

// active returns, for those of some users that exist in the company, whether they are active.
func (i *Interviews) active(
	ctx context.Context, tx *db.Queries, company uuid.UUID, users []uuid.UUID,
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

// insert saves a new interview with its panel and schedules it if requested. The history records both.
func (i *Interviews) insert(
	ctx context.Context, tx *db.Queries, row db.InsertInterviewParams, wanted api.CreateInterviewRequest,
) (db.Interview, error) {
	row.ID, row.Now = i.Clock.ID(), i.Clock.Now()
	created, err := tx.InsertInterview(ctx, row)
	if err != nil {
		return created, err
	}
	panel := usersOf(wanted.Panel)
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
		CompanyID: created.CompanyID, ID: i.Clock.ID(), InterviewID: created.ID, Event: api.InterviewEventKindCreate,
		ToStatus: created.Status, ActorID: &row.CreatedBy, CreatedAt: row.Now,
	})
	if err != nil {
		return created, err
	}
	details := audit.Diff(blank(), attributes(created))
	details["application_id"], details["panel"] = created.ApplicationID, panel
	if err := i.audited(ctx, tx, audit.InterviewCreated, created.ID, details); err != nil || wanted.Schedule == nil {
		return created, err
	}
	return i.appoint(ctx, tx, created, api.InterviewStatusScheduled, panel, appointmentOf(*wanted.Schedule),
		func(b db.ListBookingsRow) string {
			if n := slices.Index(panel, b.PersonID); n >= 0 {
				return fmt.Sprintf("/panel/%d", n)
			}
			return "/application_id"
		})
}

func usersOf(panel []api.NewPanelist) []uuid.UUID {
	users := make([]uuid.UUID, len(panel))
	for n, p := range panel {
		users[n] = p.UserID
	}
	return users
}
