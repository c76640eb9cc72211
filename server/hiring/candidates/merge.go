package candidates

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// undoFor is how long a merge can be undone.
const undoFor = 24 * time.Hour

// MergeCandidates merges another candidate into one. It locks both, then their applications, then the interviews of
// those that move, each in the order of their ids.
func (c *Candidates) MergeCandidates(
	ctx context.Context, call service.Call, request api.MergeCandidatesRequestObject,
) (api.MergeCandidatesResponseObject, error) {
	actor := call.Actor
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.MergeCandidatesResponseObject, error) {
		pair, err := c.lockPair(ctx, tx, actor, request.CandidateID, request.Body.CandidateID)
		if err != nil {
			return nil, err
		}
		if err := etag.Check(request.Params.IfMatch, pair[0].Version); err != nil {
			return nil, err
		}
		merged, err := c.merge(ctx, tx, actor, pair[0], pair[1])
		return api.MergeCandidates200JSONResponse(merged), err
	})
}

// merge moves everything of a candidate to the survivor.
func (c *Candidates) merge(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, survivor, gone db.Candidate,
) (none api.CandidateMerge, err error) {
	applications, err := tx.LockApplicationsOfCandidates(ctx, db.LockApplicationsOfCandidatesParams{
		CompanyID: actor.CompanyID, CandidateIds: []uuid.UUID{survivor.ID, gone.ID},
	})
	if err != nil {
		return none, err
	}
	moved := applicationsOf(gone.ID, applications)
	if err := checkMerge(survivor, gone, applications); err != nil {
		return none, err
	}
	now := c.Clock.Now()
	if err := c.moveApplications(ctx, tx, gone, survivor.ID, moved, now); err != nil {
		return none, err
	}
	before := profileOf(survivor)
	united, filled := unite(before, profileOf(gone))
	record := db.InsertCandidateMergeParams{
		CompanyID: actor.CompanyID, ID: c.Clock.ID(), SurvivorID: survivor.ID, MergedID: gone.ID, Filled: filled,
		Tags: added(before.Tags, united.Tags), Links: added(before.Links, united.Links), ActorID: actor.ID, Now: now,
	}
	kept := gone.ExternalID
	if slices.Contains(filled, "external_id") {
		record.ExternalID, kept = gone.ExternalID, nil
	}
	_, err = tx.SetMergedInto(ctx, db.SetMergedIntoParams{
		CompanyID: actor.CompanyID, ID: gone.ID, MergedInto: &survivor.ID, ExternalID: kept, Now: now,
	})
	if err != nil {
		return none, err
	}
	saved, err := tx.UpdateCandidate(ctx, updateParams(united, survivor, now))
	if err != nil {
		return none, postgres.Guarded(err)
	}
	if err := tx.InsertCandidateMerge(ctx, record); err != nil {
		return none, err
	}
	if err := c.recordItems(ctx, tx, actor.CompanyID, record.ID, moved); err != nil {
		return none, err
	}
	err = c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.CandidateMerged, Resource: audit.Candidate, ID: &survivor.ID,
		Details: audit.Details{
			"merged_candidate_id": gone.ID, "application_ids": moved, "changed": changedFields(before, united),
		},
	})
	if err != nil {
		return none, err
	}
	return api.CandidateMerge{
		Candidate:         candidateResponse(actor, saved.Candidate, saved.IsBusy).Body,
		MergedCandidateID: gone.ID, ApplicationIds: moved, KeptApplicationIds: []uuid.UUID{},
		FinalAt: nullable.NewNullableWithValue(now.Add(undoFor).UTC()),
	}, nil
}

// moveApplications gives applications of a candidate to another one, with their history, interviews and bookings. The
// applications are locked. Interviews at the same time are the fault ScheduleConflict. For other merges, an application
// does not change by being moved, so that a chain of merges can be undone from its end.
func (c *Candidates) moveApplications(
	ctx context.Context, tx *postgres.Tx, from db.Candidate, to uuid.UUID, ids []uuid.UUID, now time.Time,
) error {
	if len(ids) == 0 {
		return nil
	}
	company := from.CompanyID
	_, err := tx.LockInterviewsOfApplications(ctx, db.LockInterviewsOfApplicationsParams{
		CompanyID: company, ApplicationIds: ids,
	})
	if err != nil {
		return err
	}
	if err := tx.DeferApplicationKeys(ctx); err != nil {
		return err
	}
	err = tx.MoveApplications(ctx, db.MoveApplicationsParams{CompanyID: company, ApplicationIds: ids, ToID: to, Now: now})
	if err != nil {
		return err
	}
	err = tx.MoveApplicationMoves(ctx, db.MoveApplicationMovesParams{CompanyID: company, ApplicationIds: ids, ToID: to})
	if err != nil {
		return err
	}
	err = tx.MoveInterviews(ctx, db.MoveInterviewsParams{CompanyID: company, ApplicationIds: ids, ToID: to, Now: now})
	if err != nil {
		return err
	}
	err = tx.MoveBookings(ctx, db.MoveBookingsParams{CompanyID: company, FromID: from.ID, ToID: to, ApplicationIds: ids})
	if err != nil {
		return err
	}
	return tx.MoveCandidateMergeItems(ctx, db.MoveCandidateMergeItemsParams{
		CompanyID: company, FromID: from.ID, ToID: to, ApplicationIds: ids,
	})
}

// itemRow is a row of the statement that records what a merge has moved. Its JSON names are the columns.
type itemRow struct {
	ID            uuid.UUID `json:"id"`
	ApplicationID uuid.UUID `json:"application_id"`
	Version       int32     `json:"version"`
}

// recordItems records what a merge has moved, with the versions after it.
func (c *Candidates) recordItems(
	ctx context.Context, tx *postgres.Tx, company, merge uuid.UUID, applications []uuid.UUID,
) error {
	items, err := tx.ListApplicationItems(ctx, db.ListApplicationItemsParams{
		CompanyID: company, ApplicationIds: applications,
	})
	if err != nil {
		return err
	}
	rows := make([]itemRow, len(items))
	for n, item := range items {
		rows[n] = itemRow(item)
	}
	encoded, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode what was merged: %w", err)
	}
	return tx.InsertCandidateMergeItems(ctx, db.InsertCandidateMergeItemsParams{
		CompanyID: company, MergeID: merge, Items: encoded,
	})
}

// UnmergeCandidates undoes a merge. It locks in the same order as MergeCandidates.
func (c *Candidates) UnmergeCandidates(
	ctx context.Context, call service.Call, request api.UnmergeCandidatesRequestObject,
) (api.UnmergeCandidatesResponseObject, error) {
	actor := call.Actor
	return service.Commit(ctx, c.Store, call, func(tx *postgres.Tx) (api.UnmergeCandidatesResponseObject, error) {
		survivor, gone, err := c.lockMerged(ctx, tx, actor, request.CandidateID, request.Body.CandidateID)
		if err != nil {
			return nil, err
		}
		if err := etag.Check(request.Params.IfMatch, survivor.Version); err != nil {
			return nil, err
		}
		undone, err := c.unmerge(ctx, tx, actor, survivor, gone)
		return api.UnmergeCandidates200JSONResponse(undone), err
	})
}

// lockMerged locks a candidate and one that was merged into it, in the order of their ids.
func (c *Candidates) lockMerged(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id, other uuid.UUID,
) (survivor, gone db.Candidate, err error) {
	first := func() error {
		survivor, err = lock(ctx, tx, actor, id)
		return c.hintAtSurvivor(ctx, tx.Queries, actor, id, err)
	}
	second := func() error {
		gone, err = tx.LockMergedCandidate(ctx, db.LockMergedCandidateParams{
			CompanyID: actor.CompanyID, ID: other, SurvivorID: id,
		})
		if fault.Is(err, fault.ResourceNotFound) {
			return notMergedHere(ctx, tx.Queries, actor, id, other)
		}
		return err
	}
	if slices.Compare(other[:], id[:]) >= 0 {
		if err := first(); err != nil {
			return survivor, gone, err
		}
		return survivor, gone, second()
	}
	// What the actor does not see is reported first, although it is locked last.
	secondErr := second()
	if err := first(); err != nil {
		return survivor, gone, err
	}
	return survivor, gone, secondErr
}

// notMergedHere returns the fault for undoing a merge that does not exist. If the candidate was merged into this one by
// way of another one, the fault names that.
func notMergedHere(ctx context.Context, tenant *db.Queries, actor access.Actor, id, other uuid.UUID) error {
	detail := "is not a candidate that was merged into this one"
	between, err := tenant.GetDirectSurvivor(ctx, db.GetDirectSurvivorParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: other, SurvivorID: id,
	})
	if err != nil && !fault.Is(err, fault.ResourceNotFound) {
		return err
	}
	if err == nil && between != id {
		detail = "was merged into the candidate " + between.String() +
			", which was merged later. Undo the later merge first: GET /api/v1/candidates/" + id.String() +
			"/merges lists what can be undone"
	}
	return fault.New(fault.RuleViolated).Field("/candidate_id", "unknown", detail)
}

// ListCandidateMerges lists the merges into a candidate that can be undone, newest first.
func (c *Candidates) ListCandidateMerges(
	ctx context.Context, call service.Call, request api.ListCandidateMergesRequestObject,
) (api.ListCandidateMergesResponseObject, error) {
	actor := call.Actor
	tenant := c.Store.Of(actor.CompanyID)
	_, err := tenant.GetCandidate(ctx, db.GetCandidateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: request.CandidateID,
	})
	if err != nil {
		return nil, c.hintAtSurvivor(ctx, tenant, actor, request.CandidateID, err)
	}
	since := c.Clock.Now().Add(-undoFor)
	shown, err := page.Read(ctx, c.Cursors, page.List[db.ListCandidateMergesRow, api.PastMerge]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListCandidateMerges", Query: request.CandidateID},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListCandidateMergesRow, error) {
			return tenant.ListCandidateMerges(ctx, db.ListCandidateMergesParams{
				CompanyID: actor.CompanyID, SurvivorID: request.CandidateID, Since: since,
				AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.ListCandidateMergesRow) page.Place { return page.At(row.CreatedAt, row.ID) },
		Show:  page.Each(func(row db.ListCandidateMergesRow) api.PastMerge { return convertMerge(actor, row) }),
	})
	if err != nil {
		return nil, err
	}
	return api.ListCandidateMerges200JSONResponse{
		Body:    api.PastMergePage(shown.Body),
		Headers: api.ListCandidateMerges200ResponseHeaders{Link: shown.Link},
	}, nil
}

// unmerge gives a candidate back what a merge has moved and what has not changed since.
func (c *Candidates) unmerge(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, survivor, gone db.Candidate,
) (none api.CandidateMerge, err error) {
	merge, err := tx.GetLastMerge(ctx, db.GetLastMergeParams{
		CompanyID: actor.CompanyID, MergedID: gone.ID, SurvivorID: survivor.ID,
	})
	if err != nil {
		return none, err
	}
	now := c.Clock.Now()
	if !now.Before(merge.CreatedAt.Add(undoFor)) {
		return none, fault.New(fault.StateConflict).With("A merge can be undone for 24 hours only.")
	}
	_, err = tx.LockApplicationsOfCandidates(ctx, db.LockApplicationsOfCandidatesParams{
		CompanyID: actor.CompanyID, CandidateIds: []uuid.UUID{survivor.ID},
	})
	if err != nil {
		return none, err
	}
	back, kept, err := c.unchanged(ctx, tx, merge)
	if err != nil {
		return none, err
	}
	if err := c.moveApplications(ctx, tx, survivor, gone.ID, back, now); err != nil {
		return none, err
	}
	before := profileOf(survivor)
	separated := separate(before, profileOf(gone), merge)
	externalID := gone.ExternalID
	if merge.ExternalID != nil && separated.ExternalID == nil && before.ExternalID != nil {
		externalID = merge.ExternalID
	}
	saved := survivor
	if len(changedFields(before, separated)) > 0 || len(back) > 0 {
		updated, err := tx.UpdateCandidate(ctx, updateParams(separated, survivor, now))
		if err != nil {
			return none, postgres.Guarded(err)
		}
		saved = updated.Candidate
	}
	_, err = tx.SetMergedInto(ctx, db.SetMergedIntoParams{
		CompanyID: actor.CompanyID, ID: gone.ID, ExternalID: externalID, Now: now,
	})
	if err != nil {
		return none, err
	}
	err = tx.UndoCandidateMerge(ctx, db.UndoCandidateMergeParams{CompanyID: actor.CompanyID, ID: merge.ID, Now: &now})
	if err != nil {
		return none, err
	}
	err = c.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.CandidateMergeUndone, Resource: audit.Candidate, ID: &survivor.ID,
		Details: audit.Details{
			"merged_candidate_id": gone.ID, "application_ids": back, "kept_application_ids": kept,
			"changed": changedFields(before, separated),
		},
	})
	if err != nil {
		return none, err
	}
	response, err := c.changedResponse(ctx, tx, actor, saved)
	return api.CandidateMerge{
		Candidate: response.Body, MergedCandidateID: gone.ID, ApplicationIds: back, KeptApplicationIds: kept,
		FinalAt: nullable.NewNullNullable[time.Time](),
	}, err
}

// unchanged returns the applications that a merge has moved and that have not changed since, together with their
// interviews and scores, and those that have. The interviews of all are locked, and with them their scores.
func (c *Candidates) unchanged(
	ctx context.Context, tx *postgres.Tx, merge db.CandidateMerge,
) (unchanged, changed []uuid.UUID, err error) {
	moved, err := tx.ListCandidateMergeItems(ctx, db.ListCandidateMergeItemsParams{
		CompanyID: merge.CompanyID, MergeID: merge.ID,
	})
	if err != nil {
		return nil, nil, err
	}
	applications := []uuid.UUID{}
	versions := map[uuid.UUID]map[uuid.UUID]int32{}
	for _, item := range moved {
		if versions[item.ApplicationID] == nil {
			versions[item.ApplicationID] = map[uuid.UUID]int32{}
			applications = append(applications, item.ApplicationID)
		}
		versions[item.ApplicationID][item.ID] = item.Version
	}
	_, err = tx.LockInterviewsOfApplications(ctx, db.LockInterviewsOfApplicationsParams{
		CompanyID: merge.CompanyID, ApplicationIds: applications,
	})
	if err != nil {
		return nil, nil, err
	}
	items, err := tx.ListApplicationItems(ctx, db.ListApplicationItemsParams{
		CompanyID: merge.CompanyID, ApplicationIds: applications,
	})
	if err != nil {
		return nil, nil, err
	}
	differs := map[uuid.UUID]bool{}
	for _, item := range items {
		if version, known := versions[item.ApplicationID][item.ID]; !known || version != item.Version {
			differs[item.ApplicationID] = true
		}
	}
	unchanged, changed = []uuid.UUID{}, []uuid.UUID{}
	for _, id := range applications {
		if differs[id] {
			changed = append(changed, id)
		} else {
			unchanged = append(unchanged, id)
		}
	}
	return unchanged, changed, nil
}

// applicationsOf returns the ids of the applications of a candidate.
func applicationsOf(candidate uuid.UUID, all []db.Application) []uuid.UUID {
	ids := []uuid.UUID{}
	for _, row := range all {
		if row.CandidateID == candidate {
			ids = append(ids, row.ID)
		}
	}
	return ids
}

// checkMerge returns an error if the applications of two candidates cannot belong to one. A candidate has only one open
// application to a job, and an archived candidate has none.
func checkMerge(survivor, gone db.Candidate, applications []db.Application) error {
	open := map[uuid.UUID]uuid.UUID{} // by job
	conflict := fault.New(fault.ApplicationExists).
		With("Both candidates have an open application to the same job. Close one of them first.")
	for _, row := range applications {
		if row.Status != stored.ApplicationStatusActive && row.Status != stored.ApplicationStatusOnHold {
			continue
		}
		if row.CandidateID == gone.ID && survivor.Status == stored.CandidateStatusArchived {
			return fault.New(fault.StateConflict).
				With("The candidate is archived and cannot get open applications. Restore the candidate first.")
		}
		if other, exists := open[row.JobID]; exists {
			_ = conflict.ConflictsWith(audit.Application, other).ConflictsWith(audit.Application, row.ID)
		}
		open[row.JobID] = row.ID
	}
	if len(conflict.Conflicts()) > 0 {
		return conflict
	}
	return nil
}

// unite returns a profile with the values of another one where it has none, and the names of these fields. Tags and
// links are united, up to the numbers that a candidate may have.
func unite(into, from profile) (united profile, filled []string) {
	united, filled = into, []string{}
	for _, field := range []struct {
		name  string
		own   **string
		other *string
	}{
		{"email", &united.Email, from.Email},
		{"phone", &united.Phone, from.Phone},
		{"location", &united.Location, from.Location},
		{"source", &united.Source, from.Source},
		{"external_id", &united.ExternalID, from.ExternalID},
	} {
		if *field.own == nil && field.other != nil {
			*field.own = field.other
			filled = append(filled, field.name)
		}
	}
	united.Tags, united.Links = union(into.Tags, from.Tags, maxTags), union(into.Links, from.Links, maxLinks)
	return united, filled
}

// The most tags and links of a candidate, as in the specification.
const maxTags, maxLinks = 50, 20

// union returns the texts of two lists, those of the first one first, at most so many.
func union(a, b []string, most int) []string {
	all := slices.Clone(a)
	for _, text := range b {
		if len(all) < most && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// added returns the texts that a list has more than another one.
func added(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(after), func(text string) bool { return slices.Contains(before, text) })
}

// separate returns the profile without what a merge has added to it and what has not changed since.
func separate(current, gone profile, merge db.CandidateMerge) profile {
	separated := current
	goneID := gone.ExternalID
	if merge.ExternalID != nil {
		goneID = merge.ExternalID
	}
	for _, field := range []struct {
		name  string
		own   **string
		given *string
	}{
		{"email", &separated.Email, gone.Email},
		{"phone", &separated.Phone, gone.Phone},
		{"location", &separated.Location, gone.Location},
		{"source", &separated.Source, gone.Source},
		{"external_id", &separated.ExternalID, goneID},
	} {
		if slices.Contains(merge.Filled, field.name) && optional.Same(*field.own, field.given) {
			*field.own = nil
		}
	}
	separated.Tags, separated.Links = added(merge.Tags, current.Tags), added(merge.Links, current.Links)
	return separated
}
