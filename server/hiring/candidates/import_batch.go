package candidates

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// batchAttempts is how often an import tries to write a batch if other requests create the same candidates meanwhile.
const batchAttempts = 3

// candidateRow is a row of a statement that writes many candidates. Its JSON names are the columns.
type candidateRow struct {
	ID uuid.UUID `json:"id"`
	profile
}

// applyBatch decides for every row of a batch whether it creates a candidate, updates one or changes nothing, and
// writes the candidates if the pass writes. A row whose candidate another request creates meanwhile updates that
// candidate in the next attempt; after batchAttempts, the fault is ConcurrentRequest.
func (in *importer) applyBatch(ctx context.Context, rows []importRow) error {
	for range batchAttempts {
		if len(rows) == 0 {
			return nil
		}
		existing, err := in.load(ctx, rows)
		if err != nil {
			return err
		}
		var updated, created []candidateRow
		var createdFrom []importRow // the rows of created, by the same index
		for _, row := range rows {
			current, fieldErrors := existing.match(row)
			if current == nil && in.addErrors(row.line, fieldErrors) {
				continue
			}
			if current != nil && len(fieldErrors) == 0 {
				fieldErrors = in.checkDuplicates(*current, row)
			}
			edited, profileErrors := mergeRow(current, row)
			switch {
			case in.addErrors(row.line, append(fieldErrors, profileErrors...)):
			case current == nil:
				created = append(created, candidateRow{in.candidates.Clock.ID(), edited})
				createdFrom = append(createdFrom, row)
			case len(changedFields(profileOf(*current), edited)) == 0:
				in.report.Unchanged++
			default:
				updated = append(updated, candidateRow{current.ID, edited})
			}
		}
		if err := in.update(ctx, updated); err != nil {
			return err
		}
		if rows, err = in.insert(ctx, created, createdFrom); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		return fault.New(fault.ConcurrentRequest)
	}
	return nil
}

// mergeRow applies a row to the profile of a candidate, or to an empty one if the candidate is nil. It returns the
// errors of the resulting profile.
func mergeRow(current *db.Candidate, row importRow) (profile, []fault.Field) {
	if current != nil {
		edited := profileOf(*current).patched(row.patch)
		return edited, checkProfile(edited)
	}
	created := emptyProfile().patched(row.patch)
	var fieldErrors []fault.Field
	for _, name := range []struct {
		pointer string
		given   bool
	}{{"/first_name", row.patch.FirstName != nil}, {"/last_name", row.patch.LastName != nil}} {
		if !name.given {
			fieldErrors = append(fieldErrors, fault.Field{
				Pointer: name.pointer, Code: "required", Detail: "is required for a new candidate",
			})
		}
	}
	for _, fieldError := range checkProfile(created) {
		// A name that is missing is also blank. The error above is the more precise one.
		if fieldError.Pointer == "/first_name" && row.patch.FirstName == nil ||
			fieldError.Pointer == "/last_name" && row.patch.LastName == nil {
			continue
		}
		fieldErrors = append(fieldErrors, fieldError)
	}
	return created, fieldErrors
}

// existingCandidates are the candidates that the rows of a batch may refer to.
type existingCandidates struct {
	byID         map[uuid.UUID]*db.Candidate
	byExternalID map[string]*db.Candidate
}

// load reads the candidates that the rows of a batch may refer to, and locks them if the pass writes.
func (in *importer) load(ctx context.Context, rows []importRow) (existingCandidates, error) {
	query := db.ListImportedCandidatesParams{CompanyID: in.company, Ids: []uuid.UUID{}, ExternalIds: []string{}}
	for _, row := range rows {
		if row.id != nil {
			query.Ids = append(query.Ids, *row.id)
		}
		if id := row.externalID(); id != nil {
			query.ExternalIds = append(query.ExternalIds, *id)
		}
	}
	list := in.tenant.ListImportedCandidates
	if in.write {
		list = func(ctx context.Context, q db.ListImportedCandidatesParams) ([]db.Candidate, error) {
			return in.tenant.ListImportedCandidatesForUpdate(ctx, db.ListImportedCandidatesForUpdateParams(q))
		}
	}
	existing := existingCandidates{map[uuid.UUID]*db.Candidate{}, map[string]*db.Candidate{}}
	candidates, err := list(ctx, query)
	for i := range candidates {
		candidate := &candidates[i]
		existing.byID[candidate.ID] = candidate
		if candidate.ExternalID != nil {
			existing.byExternalID[*candidate.ExternalID] = candidate
		}
	}
	return existing, err
}

// checkDuplicates records that a row refers to a candidate, and returns an error if a previous row does. If the row
// changes the candidate's external_id, it also records the present one: whether another row with that external_id
// refers to this candidate or to a new one would depend on the order of the rows.
func (in *importer) checkDuplicates(current db.Candidate, row importRow) []fault.Field {
	fieldErrors := in.checkDuplicate(current.ID, row.line, "/id")
	if id := row.externalID(); current.ExternalID != nil && row.patch.ExternalID.IsSpecified() &&
		(id == nil || *id != *current.ExternalID) {
		key := externalKey(*current.ExternalID)
		fieldErrors = append(fieldErrors, in.checkDuplicate(key, row.line, "/external_id")...)
	}
	return fieldErrors
}

// match returns the candidate that a row refers to by id or external_id, or nil if the row creates one.
func (e existingCandidates) match(row importRow) (*db.Candidate, []fault.Field) {
	var byID, byExternalID *db.Candidate
	if row.id != nil {
		byID = e.byID[*row.id]
	}
	if id := row.externalID(); id != nil {
		byExternalID = e.byExternalID[*id]
	}
	switch {
	case byID == nil && row.id != nil && row.externalID() == nil:
		// Creating the candidate would create it again each time the file is imported.
		return nil, []fault.Field{{
			Pointer: "/id", Code: "unknown", Detail: "does not exist; remove the id or add an external_id",
		}}
	case byID == nil:
		return byExternalID, nil
	case byExternalID != nil && byExternalID.ID != byID.ID:
		return byID, []fault.Field{{
			Pointer: "/external_id", Code: "taken", Detail: "belongs to a candidate with another id",
		}}
	}
	return byID, nil
}

// update writes candidates that load has locked.
func (in *importer) update(ctx context.Context, updated []candidateRow) error {
	if in.write && len(updated) > 0 {
		encoded, err := json.Marshal(updated)
		if err != nil {
			return fmt.Errorf("encode updated candidates: %w", err)
		}
		n, err := in.tenant.UpdateImportedCandidates(ctx, db.UpdateImportedCandidatesParams{
			CompanyID: in.company, Now: in.candidates.Clock.Now(), Rows: encoded,
		})
		if err != nil {
			return err
		}
		if int(n) != len(updated) {
			return fault.New(fault.ConcurrentRequest)
		}
	}
	in.report.Updated += toInt32(len(updated))
	return nil
}

// insert writes new candidates. It returns the rows whose external_id another request has used meanwhile.
func (in *importer) insert(ctx context.Context, created []candidateRow, rows []importRow) ([]importRow, error) {
	if !in.write || len(created) == 0 {
		in.report.Created += toInt32(len(created))
		return nil, nil
	}
	encoded, err := json.Marshal(created)
	if err != nil {
		return nil, fmt.Errorf("encode new candidates: %w", err)
	}
	ids, err := in.tenant.InsertImportedCandidates(ctx, db.InsertImportedCandidatesParams{
		CompanyID: in.company, Now: in.candidates.Clock.Now(), Rows: encoded,
	})
	if err != nil {
		return nil, err
	}
	in.report.Created += toInt32(len(ids))
	inserted := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		inserted[id] = true
	}
	var conflicts []importRow
	for i, row := range rows {
		if !inserted[created[i].ID] {
			conflicts = append(conflicts, row)
		}
	}
	return conflicts, nil
}
