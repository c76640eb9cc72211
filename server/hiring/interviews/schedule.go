package interviews

import (
	"context"
	"time"

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

// ScheduleInterview sets the time of a draft, or another time after a no-show.
func (i *Interviews) ScheduleInterview(
	ctx context.Context, call service.Call, request api.ScheduleInterviewRequestObject,
) (api.ScheduleInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.ScheduleInterviewResponseObject, error) {
		response, err := i.setTime(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch,
			api.InterviewActionSchedule,
			*request.Body)
		return api.ScheduleInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// RescheduleInterview changes the time of a scheduled interview.
func (i *Interviews) RescheduleInterview(
	ctx context.Context, call service.Call, request api.RescheduleInterviewRequestObject,
) (api.RescheduleInterviewResponseObject, error) {
	return service.Commit(ctx, i.Store, call, func(tx *postgres.Tx) (api.RescheduleInterviewResponseObject, error) {
		response, err := i.setTime(ctx, tx, call.Actor, request.InterviewID, request.Params.IfMatch,
			api.InterviewActionReschedule,
			api.ScheduleRequest(*request.Body))
		return api.RescheduleInterview200JSONResponse{InterviewJSONResponse: response}, err
	})
}

// setTime validates the requested time and performs the action that sets it.
func (i *Interviews) setTime(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, action api.InterviewAction,
	wanted api.ScheduleRequest,
) (api.InterviewJSONResponse, error) {
	s := scheduleOf(wanted)
	return i.act(ctx, tx, actor, id, etag.If(match), action, s.reason,
		func(locked lockedInterview) (db.Interview, error) {
			known := locked.row.StartsAt
			if action == api.InterviewActionSchedule {
				known = nil // The time of a no-show is over.
			}
			f := fault.New(fault.RuleViolated)
			s.check(f, "", i.Clock.Now(), known)
			if err := errorOf(f); err != nil {
				return locked.row, err
			}
			// A client that lost the response repeats its request. It must not reset the panel's responses.
			if action == api.InterviewActionReschedule && s.isTimeOf(locked.row) {
				return locked.row, nil
			}
			panel := make([]uuid.UUID, len(locked.panel))
			for n, p := range locked.panel {
				panel[n] = p.InterviewPanelist.UserID
			}
			// The request does not name people, so the pointer of a conflict is the whole request.
			return i.saveTime(ctx, tx, actor, locked.row, locked.to, panel, s, func(db.ListBookingsRow) string { return "" })
		})
}

// schedule is the requested time of an interview.
type schedule struct {
	during         span
	zone           string
	allowConflicts bool
	allowPast      bool
	reason         *string
}

// scheduleOf converts a request. It truncates times to microseconds, the precision of PostgreSQL.
func scheduleOf(wanted api.ScheduleRequest) schedule {
	return schedule{
		during: span{wanted.StartsAt.Truncate(time.Microsecond), wanted.EndsAt.Truncate(time.Microsecond)},
		zone:   wanted.Timezone, allowConflicts: wanted.AllowConflicts != nil && *wanted.AllowConflicts,
		allowPast: wanted.AllowPast != nil && *wanted.AllowPast, reason: trimmed(wanted.Reason),
	}
}

// isTimeOf reports whether an interview already has this time and zone.
func (s schedule) isTimeOf(row db.Interview) bool {
	return row.StartsAt != nil && row.StartsAt.Equal(s.during.from) && row.EndsAt.Equal(s.during.to) &&
		*row.Timezone == s.zone
}

// check adds violations to a fault; prefix is the pointer of the object that contains the schedule. known is the start
// that the interview has already; nil if it has none.
func (s schedule) check(f *fault.Fault, prefix string, now time.Time, known *time.Time) {
	checkTimes(f, prefix, s.during, s.zone)
	if !s.allowPast {
		checkPast(f, prefix, s.during.from, now, known)
	}
	checkReason(f, prefix, s.reason)
}

// saveTime books the candidate and the panel, saves the time of an interview and resets all responses of the panel.
// If a person is booked at that time, it returns ScheduleConflict; pointer returns the part of the request that names
// the person.
func (i *Interviews) saveTime(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Interview, to stored.InterviewStatus,
	panel []uuid.UUID, s schedule,
	pointer func(db.ListBookingsRow) string,
) (db.Interview, error) {
	err := i.book(ctx, tx, booking{
		company: row.CompanyID, interview: row.ID, panelists: panel, candidate: &row.CandidateID, during: s.during,
		zone: s.zone,
	}, s.allowConflicts, pointer)
	if err != nil {
		return row, err
	}
	now := i.Clock.Now()
	saved, err := tx.ScheduleInterview(ctx, db.ScheduleInterviewParams{
		CompanyID: row.CompanyID, ID: row.ID, FromStatus: row.Status, ToStatus: to, Reason: s.reason,
		StartsAt: s.during.from, EndsAt: s.during.to, Timezone: s.zone, Now: now,
	})
	if err != nil {
		return row, postgres.Guarded(err)
	}
	err = tx.ResetPanelResponses(ctx, db.ResetPanelResponsesParams{
		CompanyID: row.CompanyID, InterviewID: row.ID, Now: now,
	})
	if err != nil {
		return row, err
	}
	if !s.allowConflicts {
		err := tx.ClaimTime(ctx, db.ClaimTimeParams{CompanyID: row.CompanyID, InterviewID: row.ID})
		if err != nil {
			return row, err
		}
	}
	event, action := stored.InterviewEventSchedule, audit.InterviewScheduled
	if row.Status == to {
		event, action = stored.InterviewEventReschedule, audit.InterviewRescheduled
	}
	return saved, i.recordChange(ctx, tx, actor, event, action, row, saved, s.reason)
}

// book locks people's calendars until the end of the transaction and checks them for conflicts. If two transactions
// book the same person, the second waits for the first and sees its booking. Triggers add the bookings when the
// interview or its panel is saved; ClaimTime then has PostgreSQL check them.
func (i *Interviews) book(
	ctx context.Context, tx *postgres.Tx, b booking, allowConflicts bool, pointer func(db.ListBookingsRow) string,
) error {
	people := b.panelists
	if b.candidate != nil {
		people = append([]uuid.UUID{*b.candidate}, people...)
	}
	err := tx.LockCalendars(ctx, db.LockCalendarsParams{CompanyID: b.company, People: people})
	if err != nil || allowConflicts {
		return err
	}
	conflicts, err := i.bookings(ctx, tx.Queries, b)
	if err != nil || len(conflicts) == 0 {
		return err
	}
	return conflictFault(conflicts, b.zone, pointer)
}
