package candidates

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// attempts is how often a batch is looked at again because somebody else creates the same candidates at the same time.
const attempts = 3

// written is a row of a statement that writes many candidates, by the names of the columns.
type written struct {
	ID uuid.UUID `json:"id"`
	profile
}

// settle decides for every row of a batch whether it creates a candidate, changes one or changes nothing, and writes
// that where this pass writes. Rows whose candidates another request creates meanwhile find them at the next attempt.
func (in *intake) settle(ctx context.Context, rows []row) error {
	for range attempts {
		if len(rows) == 0 {
			return nil
		}
		found, err := in.find(ctx, rows)
		if err != nil {
			return err
		}
		var changed, created []written
		var waiting []row
		for _, one := range rows {
			was, wrong := found.meant(one)
			if was == nil && in.fail(one.line, wrong) {
				continue
			}
			if was != nil && len(wrong) == 0 {
				wrong = in.take(*was, one)
			}
			edited, flaws := merge(was, one)
			switch {
			case in.fail(one.line, append(wrong, flaws...)):
			case was == nil:
				created, waiting = append(created, written{in.room.Clock.ID(), edited}), append(waiting, one)
			case len(changes(profileOf(*was), edited)) == 0:
				in.report.Unchanged++
			default:
				changed = append(changed, written{was.ID, edited})
			}
		}
		if err := in.update(ctx, changed); err != nil {
			return err
		}
		if rows, err = in.insert(ctx, created, waiting); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		return fault.New(fault.ConcurrentRequest)
	}
	return nil
}

// merge gives the profile that a row makes of a candidate, or of nobody, and what is wrong with it.
func merge(was *db.Candidate, one row) (profile, []fault.Field) {
	if was != nil {
		edited := profileOf(*was).patched(one.patch)
		return edited, check(edited)
	}
	made := blank().patched(one.patch)
	var wrong []fault.Field
	for _, name := range []struct {
		pointer string
		given   bool
	}{{"/first_name", one.patch.FirstName != nil}, {"/last_name", one.patch.LastName != nil}} {
		if !name.given {
			wrong = append(wrong, fault.Field{
				Pointer: name.pointer, Code: "required", Detail: "is required of a new candidate",
			})
		}
	}
	for _, field := range check(made) {
		if field.Pointer == "/first_name" && one.patch.FirstName == nil ||
			field.Pointer == "/last_name" && one.patch.LastName == nil {
			continue // it was said that there is none
		}
		wrong = append(wrong, field)
	}
	return made, wrong
}

// known are the candidates whom the rows of a batch may mean.
type known struct {
	byID       map[uuid.UUID]*db.Candidate
	byExternal map[string]*db.Candidate
}

// find looks the candidates of a batch up, and locks them where this pass writes.
func (in *intake) find(ctx context.Context, rows []row) (known, error) {
	query := db.ListImportedCandidatesParams{CompanyID: in.company, Ids: []uuid.UUID{}, ExternalIds: []string{}}
	for _, one := range rows {
		if one.id != nil {
			query.Ids = append(query.Ids, *one.id)
		}
		if id := one.externalID(); id != nil {
			query.ExternalIds = append(query.ExternalIds, *id)
		}
	}
	found := known{map[uuid.UUID]*db.Candidate{}, map[string]*db.Candidate{}}
	list := in.tx.ListImportedCandidates
	if in.write {
		list = func(ctx context.Context, q db.ListImportedCandidatesParams) ([]db.Candidate, error) {
			return in.tx.ListImportedCandidatesForUpdate(ctx, db.ListImportedCandidatesForUpdateParams(q))
		}
	}
	candidates, err := list(ctx, query)
	for i := range candidates {
		one := &candidates[i]
		found.byID[one.ID] = one
		if one.ExternalID != nil {
			found.byExternal[*one.ExternalID] = one
		}
	}
	return found, err
}

// take notes that a row is about a candidate: by their id and, where the row gives them another external_id, by the one
// that they have had. Another row of the file that names it would mean somebody else, depending on which comes first.
func (in *intake) take(was db.Candidate, one row) []fault.Field {
	wrong := in.claim(was.ID, one.line, "/id")
	if is := one.externalID(); was.ExternalID != nil && one.patch.ExternalID.IsSpecified() &&
		(is == nil || *is != *was.ExternalID) {
		wrong = append(wrong, in.claim(external(*was.ExternalID), one.line, "/external_id")...)
	}
	return wrong
}

// meant gives the candidate whom a row means by id or external_id; nil for a new one.
func (k known) meant(one row) (*db.Candidate, []fault.Field) {
	var byID, byExternal *db.Candidate
	if one.id != nil {
		byID = k.byID[*one.id]
	}
	if id := one.externalID(); id != nil {
		byExternal = k.byExternal[*id]
	}
	switch {
	case byID == nil && one.id != nil && one.externalID() == nil:
		return nil, []fault.Field{{
			Pointer: "/id", Code: "unknown", Detail: "names no candidate; leave it out, or give an external_id besides",
		}}
	case byID == nil:
		return byExternal, nil
	case byExternal != nil && byExternal.ID != byID.ID:
		return byID, []fault.Field{{
			Pointer: "/external_id", Code: "taken", Detail: "belongs to another candidate than the id",
		}}
	}
	return byID, nil
}

// update writes candidates who are locked.
func (in *intake) update(ctx context.Context, changed []written) error {
	if in.write && len(changed) > 0 {
		encoded, err := json.Marshal(changed)
		if err != nil {
			return fmt.Errorf("encode rows: %w", err)
		}
		n, err := in.tx.UpdateImportedCandidates(ctx, db.UpdateImportedCandidatesParams{
			CompanyID: in.company, Now: in.room.Clock.Now(), Rows: encoded,
		})
		if err != nil {
			return err
		}
		if int(n) != len(changed) {
			return fault.New(fault.ConcurrentRequest)
		}
	}
	in.report.Updated += number(len(changed))
	return nil
}

// insert writes new candidates, and gives back the rows of those whom another request has created first.
func (in *intake) insert(ctx context.Context, created []written, rows []row) ([]row, error) {
	if !in.write || len(created) == 0 {
		in.report.Created += number(len(created))
		return nil, nil
	}
	encoded, err := json.Marshal(created)
	if err != nil {
		return nil, fmt.Errorf("encode rows: %w", err)
	}
	ids, err := in.tx.InsertImportedCandidates(ctx, db.InsertImportedCandidatesParams{
		CompanyID: in.company, Now: in.room.Clock.Now(), Rows: encoded,
	})
	if err != nil {
		return nil, err
	}
	in.report.Created += number(len(ids))
	done := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		done[id] = true
	}
	var left []row
	for i, one := range rows {
		if !done[created[i].ID] {
			left = append(left, one)
		}
	}
	return left, nil
}
