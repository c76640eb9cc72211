// Package cancellation cancels the interviews of an application that is closed, so that candidate and panelists are no
// longer booked for them.
package cancellation

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Canceller cancels interviews.
type Canceller struct {
	Clock clock.Source
	Audit *audit.Recorder
}

// Cancel cancels the interviews of an application that have not begun: drafts, scheduled interviews and no-shows. It
// records the reason in their history. Interviews that have begun continue, because their scores are still useful.
//
// The caller must have locked the application's row in tx. Cancel locks the rows of the interviews. A concurrent
// transaction that schedules one of them holds its row: it either commits before Cancel reads the row, or finds the
// interview cancelled.
func (c Canceller) Cancel(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, application db.Application, reason string,
) error {
	notBegun, err := tx.ListInterviewsNotBegunForUpdate(ctx, db.ListInterviewsNotBegunForUpdateParams{
		CompanyID: application.CompanyID, ApplicationID: application.ID,
	})
	if err != nil {
		return err
	}
	for _, interview := range notBegun {
		if err := c.cancel(ctx, tx, actor, interview, reason); err != nil {
			return err
		}
	}
	return nil
}

// cancel cancels one interview and records that in its history and in the audit log.
func (c Canceller) cancel(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, from db.Interview, reason string,
) error {
	to, err := tx.TransitionInterview(ctx, db.TransitionInterviewParams{
		CompanyID: from.CompanyID, ID: from.ID, FromStatus: from.Status, ToStatus: stored.InterviewStatusCancelled,
		Reason: &reason, Now: c.Clock.Now(),
	})
	if err != nil {
		return err
	}
	err = tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: to.CompanyID, ID: c.Clock.ID(), InterviewID: to.ID, Event: stored.InterviewEventCancel,
		FromStatus: &from.Status, ToStatus: to.Status,
		FromStartsAt: from.StartsAt, FromEndsAt: from.EndsAt, FromTimezone: from.Timezone,
		ToStartsAt: to.StartsAt, ToEndsAt: to.EndsAt, ToTimezone: to.Timezone,
		Reason: &reason, ActorID: &actor.ID, CreatedAt: to.UpdatedAt,
	})
	if err != nil {
		return err
	}
	details := audit.Diff(map[string]any{"status": from.Status}, map[string]any{"status": to.Status})
	details["application_id"] = to.ApplicationID
	return c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.InterviewCancelled, Resource: audit.Interview, ID: &to.ID, Details: details,
	})
}
