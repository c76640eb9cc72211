// Package cancellation calls off the interviews of an application that is closed, so that nobody keeps time free for a
// candidate who is no longer considered.
package cancellation

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

// Canceller cancels interviews.
type Canceller struct {
	Clock clock.Source
	Audit *audit.Recorder
}

// Cancel cancels those interviews of an application that have not begun, for a reason that stands in their history;
// what has begun goes on, since its scores are worth having. The caller has locked the application's row in tx. Whoever
// gives one of them a time at the same moment holds its row: either they are through before it is cancelled here, or
// they find it cancelled.
func (c Canceller) Cancel(ctx context.Context, tx *db.Queries, application db.Application, reason string) error {
	planned, err := tx.ListInterviewsNotBegunForUpdate(ctx, db.ListInterviewsNotBegunForUpdateParams{
		CompanyID: application.CompanyID, ApplicationID: application.ID,
	})
	if err != nil {
		return err
	}
	for _, interview := range planned {
		if err := c.cancel(ctx, tx, interview, reason); err != nil {
			return err
		}
	}
	return nil
}

func (c Canceller) cancel(ctx context.Context, tx *db.Queries, from db.Interview, reason string) error {
	who := access.Of(ctx)
	to, err := tx.TransitionInterview(ctx, db.TransitionInterviewParams{
		CompanyID: from.CompanyID, ID: from.ID, FromStatus: from.Status, ToStatus: api.InterviewStatusCancelled,
		Reason: &reason, Now: c.Clock.Now(),
	})
	if err != nil {
		return err
	}
	err = tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: to.CompanyID, ID: c.Clock.ID(), InterviewID: to.ID, Event: api.InterviewEventKindCancel,
		FromStatus: &from.Status, ToStatus: to.Status,
		FromStartsAt: from.StartsAt, FromEndsAt: from.EndsAt, FromTimezone: from.Timezone,
		ToStartsAt: to.StartsAt, ToEndsAt: to.EndsAt, ToTimezone: to.Timezone,
		Reason: &reason, ActorID: &who.ID, CreatedAt: to.UpdatedAt,
	})
	if err != nil {
		return err
	}
	details := audit.Diff(map[string]any{"status": from.Status}, map[string]any{"status": to.Status})
	details["application_id"] = to.ApplicationID
	return c.Audit.Record(ctx, tx, to.CompanyID, audit.Entry{
		Action: audit.InterviewCancelled, Resource: audit.Interview, ID: &to.ID, Details: details,
	})
}
