package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// rowsOf has the parameters of every query that inserts a batch.
type rowsOf struct {
	CompanyID uuid.UUID
	Rows      []byte
}

// insert writes a batch. Referenced tables come first.
func (l *loader) insert(ctx context.Context, tx *db.Queries, company uuid.UUID, b *batch) error {
	for _, table := range []struct {
		rows   any
		count  int
		insert func(rowsOf) error
	}{
		{b.users, len(b.users), func(r rowsOf) error { return tx.LoadUsers(ctx, db.LoadUsersParams(r)) }},
		{b.jobs, len(b.jobs), func(r rowsOf) error { return tx.LoadJobs(ctx, db.LoadJobsParams(r)) }},
		{b.members, len(b.members), func(r rowsOf) error { return tx.LoadJobMembers(ctx, db.LoadJobMembersParams(r)) }},
		{b.kits, len(b.kits), func(r rowsOf) error { return tx.LoadKits(ctx, db.LoadKitsParams(r)) }},
		{b.kitVersions, len(b.kitVersions), func(r rowsOf) error {
			return tx.LoadKitVersions(ctx, db.LoadKitVersionsParams(r))
		}},
		{b.candidates, len(b.candidates), func(r rowsOf) error {
			return tx.LoadCandidates(ctx, db.LoadCandidatesParams(r))
		}},
		{b.applications, len(b.applications), func(r rowsOf) error {
			return tx.LoadApplications(ctx, db.LoadApplicationsParams(r))
		}},
		{b.moves, len(b.moves), func(r rowsOf) error {
			return tx.LoadApplicationMoves(ctx, db.LoadApplicationMovesParams(r))
		}},
		{b.interviews, len(b.interviews), func(r rowsOf) error {
			return tx.LoadInterviews(ctx, db.LoadInterviewsParams(r))
		}},
		{b.panelists, len(b.panelists), func(r rowsOf) error {
			return tx.LoadInterviewPanelists(ctx, db.LoadInterviewPanelistsParams(r))
		}},
		{b.events, len(b.events), func(r rowsOf) error {
			return tx.LoadInterviewEvents(ctx, db.LoadInterviewEventsParams(r))
		}},
		{b.scores, len(b.scores), func(r rowsOf) error { return tx.LoadScores(ctx, db.LoadScoresParams(r)) }},
		{b.revisions, len(b.revisions), func(r rowsOf) error {
			return tx.LoadScoreRevisions(ctx, db.LoadScoreRevisionsParams(r))
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
