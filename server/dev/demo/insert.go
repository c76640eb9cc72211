package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// rowsOf is what every query takes that inserts many rows.
type rowsOf struct {
	CompanyID uuid.UUID
	Rows      []byte
}

// insert writes a batch, what others refer to first.
func (l *loader) insert(ctx context.Context, tx db.DBTX, company uuid.UUID, b *batch) error {
	q := l.Queries
	for _, table := range []struct {
		rows   any
		count  int
		insert func(rowsOf) error
	}{
		{b.users, len(b.users), func(r rowsOf) error { return q.LoadUsers(ctx, tx, db.LoadUsersParams(r)) }},
		{b.jobs, len(b.jobs), func(r rowsOf) error { return q.LoadJobs(ctx, tx, db.LoadJobsParams(r)) }},
		{b.members, len(b.members), func(r rowsOf) error { return q.LoadJobMembers(ctx, tx, db.LoadJobMembersParams(r)) }},
		{b.kits, len(b.kits), func(r rowsOf) error { return q.LoadKits(ctx, tx, db.LoadKitsParams(r)) }},
		{b.kitVersions, len(b.kitVersions), func(r rowsOf) error {
			return q.LoadKitVersions(ctx, tx, db.LoadKitVersionsParams(r))
		}},
		{b.candidates, len(b.candidates), func(r rowsOf) error {
			return q.LoadCandidates(ctx, tx, db.LoadCandidatesParams(r))
		}},
		{b.applications, len(b.applications), func(r rowsOf) error {
			return q.LoadApplications(ctx, tx, db.LoadApplicationsParams(r))
		}},
		{b.moves, len(b.moves), func(r rowsOf) error {
			return q.LoadApplicationMoves(ctx, tx, db.LoadApplicationMovesParams(r))
		}},
		{b.interviews, len(b.interviews), func(r rowsOf) error {
			return q.LoadInterviews(ctx, tx, db.LoadInterviewsParams(r))
		}},
		{b.panelists, len(b.panelists), func(r rowsOf) error {
			return q.LoadInterviewPanelists(ctx, tx, db.LoadInterviewPanelistsParams(r))
		}},
		{b.events, len(b.events), func(r rowsOf) error {
			return q.LoadInterviewEvents(ctx, tx, db.LoadInterviewEventsParams(r))
		}},
		{b.scores, len(b.scores), func(r rowsOf) error { return q.LoadScores(ctx, tx, db.LoadScoresParams(r)) }},
		{b.revisions, len(b.revisions), func(r rowsOf) error {
			return q.LoadScoreRevisions(ctx, tx, db.LoadScoreRevisionsParams(r))
		}},
	} {
		if table.count == 0 {
			continue
		}
		rows, err := json.Marshal(table.rows)
		if err != nil {
			return fmt.Errorf("encode %T: %w", table.rows, err)
		}
		if err := table.insert(rowsOf{company, rows}); err != nil {
			return fmt.Errorf("insert %T: %w", table.rows, err)
		}
	}
	return nil
}
