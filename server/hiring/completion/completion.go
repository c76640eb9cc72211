// Package completion completes an interview when no required score is missing any more. An interview can reach that
// point by the submission of a score, by its end if all scores were submitted before, and by a change of its panel. All
// of them call Complete with the interview's row locked, so an interview is completed exactly once.
package completion

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Completer completes interviews.
type Completer struct {
	Clock clock.Source
	Audit *audit.Recorder
}

// Complete completes an interview that is awaiting_scores if no required score is missing, and returns the updated row.
// In every other case it changes nothing and returns the given row. The actor is the one whose act made the interview
// complete, and is recorded in the audit log. In the history the system is the actor, because nobody decided it.
//
// The caller must have locked the interview's row in tx. Submissions, reopenings and other completions lock it too, so
// the result of counting the missing scores is valid until the end of the transaction.
func (c Completer) Complete(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, interview db.Interview,
) (db.Interview, error) {
	if interview.Status != stored.InterviewStatusAwaitingScores {
		return interview, nil
	}
	missing, err := tx.CountMissingScores(ctx, db.CountMissingScoresParams{
		CompanyID: interview.CompanyID, InterviewID: interview.ID,
	})
	if err != nil || missing > 0 {
		return interview, err
	}
	now := c.Clock.Now()
	completed, err := tx.TransitionInterview(ctx, db.TransitionInterviewParams{
		CompanyID: interview.CompanyID, ID: interview.ID, FromStatus: interview.Status,
		ToStatus: stored.InterviewStatusCompleted, Now: now,
	})
	if err != nil {
		return interview, err
	}
	from, system := interview.Status, access.System(interview.CompanyID)
	err = tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: interview.CompanyID, ID: c.Clock.ID(), InterviewID: interview.ID,
		Event: stored.InterviewEventComplete, FromStatus: &from, ToStatus: completed.Status, ActorID: &system.ID,
		CreatedAt: now,
	})
	if err != nil {
		return interview, err
	}
	return completed, c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.InterviewCompleted, Resource: audit.Interview, ID: &interview.ID,
		Details: audit.Details{"automatic": true},
	})
}
