package interviews

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// ScheduleInterview gives a draft its time, or one that the candidate missed another.
func (i *Interviews) ScheduleInterview(
	ctx context.Context, request api.ScheduleInterviewRequestObject,
) (api.ScheduleInterviewResponseObject, error) {
	shown, err := i.move(ctx, request.InterviewID, request.Params.IfMatch, api.InterviewActionSchedule, *request.Body)
	if err != nil {
		return nil, err
	}
	return api.ScheduleInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

// RescheduleInterview gives a scheduled interview another time.
func (i *Interviews) RescheduleInterview(
	ctx context.Context, request api.RescheduleInterviewRequestObject,
) (api.RescheduleInterviewResponseObject, error) {
	shown, err := i.move(ctx, request.InterviewID, request.Params.IfMatch, api.InterviewActionReschedule,
		api.ScheduleRequest(*request.Body))
	if err != nil {
		return nil, err
	}
	return api.RescheduleInterview200JSONResponse{InterviewJSONResponse: shown}, nil
}

func (i *Interviews) move(
	ctx context.Context, id uuid.UUID, match *string, action api.InterviewAction, wanted api.ScheduleRequest,
) (api.InterviewJSONResponse, error) {
	when := appointmentOf(wanted)
	f := fault.New(fault.RuleViolated)
	when.check(f, "")
	if err := wrong(f); err != nil {
		return api.InterviewJSONResponse{}, err
	}
	return i.act(ctx, id, etag.If(match), action, when.reason, func(tx *db.Queries, h held) (db.Interview, error) {
		if action == api.InterviewActionReschedule && when.is(h.row) {
			return h.row, nil
		}
		panel := make([]uuid.UUID, len(h.panel))
		for n, p := range h.panel {
			panel[n] = p.InterviewPanelist.UserID
		}
		// The request names none of the people, so its errors point to the whole of it.
		return i.appoint(ctx, tx, h.row, h.to, panel, when, func(db.ListBookingsRow) string { return "" })
	})
}

// appointment is when an interview is to be held.
type appointment struct {
	during         span
	zone           string
	allowConflicts bool
	reason         *string
}

// appointmentOf takes times to the microsecond, which is what PostgreSQL keeps.
func appointmentOf(wanted api.ScheduleRequest) appointment {
	return appointment{
		during: span{wanted.StartsAt.Truncate(time.Microsecond), wanted.EndsAt.Truncate(time.Microsecond)},
		zone:   wanted.Timezone, allowConflicts: wanted.AllowConflicts != nil && *wanted.AllowConflicts,
		reason: trimmed(wanted.Reason),
	}
}

// is reports whether an interview has this time already: to give it once more, as a client does that has lost an
// answer, asks nobody anew.
func (a appointment) is(row db.Interview) bool {
	return row.StartsAt != nil && row.StartsAt.Equal(a.during.from) && row.EndsAt.Equal(a.during.to) &&
		*row.Timezone == a.zone
}

func (a appointment) check(f *fault.Fault, below string) {
	checkTimes(f, below, a.during, a.zone)
	checkReason(f, below, a.reason)
}

// appoint gives an interview a time, and asks its whole panel anew whether they come; at says which part of the request
// names somebody who is booked at that time already.
func (i *Interviews) appoint(
	ctx context.Context, tx *db.Queries, row db.Interview, to api.InterviewStatus, panel []uuid.UUID, when appointment,
	at func(db.ListBookingsRow) string,
) (db.Interview, error) {
	err := i.book(ctx, tx, booking{
		company: row.CompanyID, interview: row.ID, panelists: panel, candidate: &row.CandidateID, during: when.during,
	}, when.allowConflicts, at)
	if err != nil {
		return row, err
	}
	now := i.Clock.Now()
	saved, err := tx.ScheduleInterview(ctx, db.ScheduleInterviewParams{
		CompanyID: row.CompanyID, ID: row.ID, FromStatus: row.Status, ToStatus: to, Reason: when.reason,
		StartsAt: when.during.from, EndsAt: when.during.to, Timezone: when.zone, Now: now,
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
	event, action := api.InterviewEventKindSchedule, audit.InterviewScheduled
	if row.Status == to {
		event, action = api.InterviewEventKindReschedule, audit.InterviewRescheduled
	}
	return saved, i.chronicle(ctx, tx, event, action, row, saved, when.reason)
}

// book takes people's time for an interview. Their calendars are held from here to the end of the transaction, so of
// two requests that want the same person at once the second finds what the first has booked.
func (i *Interviews) book(
	ctx context.Context, tx *db.Queries, b booking, allowConflicts bool, at func(db.ListBookingsRow) string,
) error {
	people := b.panelists
	if b.candidate != nil {
		people = append([]uuid.UUID{*b.candidate}, people...)
	}
	err := tx.LockCalendars(ctx, db.LockCalendarsParams{CompanyID: b.company, People: people})
	if err != nil || allowConflicts {
		return err
	}
	conflicts, err := i.bookings(ctx, tx, b)
	if err != nil || len(conflicts) == 0 {
		return err
	}
	return bookedTwice(conflicts, at)
}
