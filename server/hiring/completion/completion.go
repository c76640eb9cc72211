// Package completion ends an interview when its last required score is in. Both ways to that moment, the submission
// of a score and the end of an interview whose scores were submitted before, go through here with the interview's row
// locked, so it happens exactly once.
package completion

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

// Completer completes interviews.
type Completer struct {
	Clock clock.Source
	Audit *audit.Recorder
}

// Complete completes an interview that awaits scores and misses none, and gives it as it is then; any other stays as it
// is. The caller has locked the interview's row in tx, so nobody submits, reopens or completes at the same time.
func (c Completer) Complete(ctx context.Context, tx *db.Queries, interview db.Interview) (db.Interview, error) {
	if interview.Status != api.InterviewStatusAwaitingScores {
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
		ToStatus: api.InterviewStatusCompleted, Now: now,
	})
	if err != nil {
		return interview, err
	}
	from := interview.Status
	err = tx.InsertInterviewEvent(ctx, db.InsertInterviewEventParams{
		CompanyID: interview.CompanyID, ID: c.Clock.ID(), InterviewID: interview.ID,
		Event: api.InterviewEventKindComplete, FromStatus: &from, ToStatus: completed.Status, CreatedAt: now,
	})
	if err != nil {
		return interview, err
	}
	return completed, c.Audit.Record(ctx, tx, interview.CompanyID, audit.Entry{
		Action: audit.InterviewCompleted, Resource: audit.Interview, ID: &interview.ID,
		Details: audit.Details{"automatic": true},
	})
}
