package candidates

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// batchAttempts is how often an import tries to write a batch if other requests create the same candidates meanwhile.
const batchAttempts = 3

// candidateRow is a row of a statement that writes many candidates. Its JSON names are the columns.
type candidateRow struct {
	ID uuid.UUID `json:"id"`
	profile
}

// change is what the import does for one row.
type change struct {
	row importRow
	// current is the candidate that the row changes; nil if it creates one.
	current *db.Candidate
	// id is the id of the candidate.
	id     uuid.UUID
	edited profile
	// apply are the jobs that the candidate applies to, without those of open applications.
	apply []uuid.UUID
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
		var updated, created, unchanged []change
		for _, row := range rows {
			decided, fieldErrors := in.decide(row, existing)
			switch {
			case in.addErrors(row.line, fieldErrors) || decided == nil:
			case decided.current == nil:
				created = append(created, *decided)
			case len(changedFields(profileOf(*decided.current), decided.edited)) == 0:
				unchanged = append(unchanged, *decided)
			default:
				updated = append(updated, *decided)
			}
		}
		in.report.Unchanged += toInt32(len(unchanged))
		if err := in.update(ctx, updated); err != nil {
			return err
		}
		if created, rows, err = in.insert(ctx, created); err != nil {
			return err
		}
		if err := in.applyToJobs(ctx, slices.Concat(updated, created, unchanged)); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		return fault.New(fault.ConcurrentRequest)
	}
	return nil
}

// decide returns what the import does for a row, or all errors of the row. It returns neither for a row that is
// skipped.
func (in *importer) decide(row importRow, existing existingCandidates) (*change, []fault.Field) {
	current, fieldErrors := existing.match(row)
	unknownID := row.id != nil && existing.byID[*row.id] == nil
	if unknownID {
		fieldErrors = append(fieldErrors, in.checkDuplicate(digest(row.id.String()), row.line, "/id")...)
	}
	if email := row.email(); len(fieldErrors) == 0 && email != nil && current == nil && row.externalID() == nil {
		var skipped bool
		if current, skipped, fieldErrors = in.matchEmail(row, *email, unknownID, existing); skipped {
			return nil, nil
		}
	}
	if id := row.externalID(); current != nil && id != nil && existing.byExternalID[*id] == current {
		// The external_id is the present one, or that of a candidate that was merged into this one, which stays an alias.
		row.patch.ExternalID.SetUnspecified()
	}
	if current != nil && len(fieldErrors) == 0 {
		fieldErrors = in.checkDuplicates(*current, row)
	}
	edited, profileErrors := mergeRow(current, row, unknownID)
	fieldErrors = append(fieldErrors, profileErrors...)
	decided := &change{row: row, current: current, edited: edited}
	if current != nil {
		decided.id = current.ID
	} else {
		decided.id = in.candidates.Clock.ID()
	}
	var jobErrors []fault.Field
	decided.apply, jobErrors = in.jobsOf(row, current, existing)
	if fieldErrors = append(fieldErrors, jobErrors...); len(fieldErrors) > 0 {
		return nil, fieldErrors
	}
	if !row.noted {
		in.noteCreated(*decided, existing)
	}
	in.trackEmail(*decided)
	in.trackName(*decided)
	if row.noted {
		return decided, nil
	}
	in.notes = append(in.notes, row.notes...)
	if unknownID {
		in.notes = append(in.notes, fault.Field{
			Line: row.line, Pointer: "/id", Code: "unknown_id",
			Detail: "is not the id of a candidate in this company, and was ignored",
		})
	}
	return decided, nil
}

// matchEmail returns the candidate that a row without a known id and without an external_id refers to by its email, or
// nil. skipped says that the row is reported and not imported. Rows with different ids of another company are different
// candidates, also if they have the same email.
func (in *importer) matchEmail(
	row importRow, email string, unknownID bool, existing existingCandidates,
) (found *db.Candidate, skipped bool, fieldErrors []fault.Field) {
	line, inFile := in.emails[digest(email)]
	if in.sameEmail == api.SameEmailCreate || inFile && line == toInt32(row.line) || inFile && unknownID {
		return nil, false, nil
	}
	holders := in.holders(existing.byEmail[email], in.moved)
	who, remedy, problem := in.nameHolders(email, holders), "", ""
	switch {
	case who == "":
		return nil, false, nil
	case inFile:
		remedy, problem = "combine the two rows, or add an external_id to each", "duplicate"
	case len(holders) > 1:
		remedy, problem = "add the id of the one to change, or a new external_id to create another candidate", "ambiguous"
	}
	switch {
	case in.sameEmail == api.SameEmailSkip:
		in.report.Skipped++
		in.notes = append(in.notes, fault.Field{
			Line: row.line, Pointer: "/email", Code: "same_email", Detail: who + " has this email; the row was skipped",
		})
		return nil, true, nil
	case problem != "":
		return nil, false, []fault.Field{{
			Pointer: "/email", Code: problem, Detail: "is the email of " + who + "; " + remedy,
		}}
	}
	return holders[0], false, nil
}

// holders returns the candidates that have an email or a name, without those that the file has given another one.
func (*importer) holders(stored []*db.Candidate, changed map[uuid.UUID]bool) []*db.Candidate {
	var holders []*db.Candidate
	for _, candidate := range stored {
		if !changed[candidate.ID] {
			holders = append(holders, candidate)
		}
	}
	return holders
}

// nameHolders says who has an email: a previous row of the file, or the holders. It is empty if nobody has it.
func (in *importer) nameHolders(email string, holders []*db.Candidate) string {
	if line, inFile := in.emails[digest(email)]; inFile {
		return fmt.Sprintf("the candidate of line %d", line)
	}
	return in.describe(holders)
}

// describe names stored candidates. It is empty if there are none.
func (in *importer) describe(holders []*db.Candidate) string {
	switch {
	case len(holders) == 0:
		return ""
	case len(holders) > 1:
		return "more than one candidate"
	case in.actor.Reach() == access.ReachAll:
		return "candidate " + holders[0].ID.String()
	}
	return "a candidate" // that the actor may not see
}

// noteCreated notes what may be the same person as the candidate that a row creates.
func (in *importer) noteCreated(c change, existing existingCandidates) {
	row, email := c.row, c.edited.Email
	note := func(pointer, code, detail string) {
		in.notes = append(in.notes, fault.Field{Line: row.line, Pointer: pointer, Code: code, Detail: detail})
	}
	switch {
	case c.current != nil:
	case email != nil && row.externalID() != nil:
		if who := in.nameHolders(*email, in.holders(existing.byEmail[*email], in.moved)); who != "" {
			note("/email", "same_email", who+" has this email, too; another candidate was created for the external_id")
		}
	case email == nil && row.externalID() == nil:
		const created = ", no external_id and no email; another candidate was created"
		key := nameKey(c.edited.FirstName, c.edited.LastName)
		line, inFile := in.names[digest(key)]
		if who := in.describe(in.holders(existing.byName[key], in.renamed)); inFile && row.id == nil {
			note("", "same_name", fmt.Sprintf("has the name of line %d", line)+created)
		} else if !inFile && who != "" {
			note("", "same_name", "has the name of "+who+created)
		}
	}
}

// trackName records which names the file gives to candidates and takes from them.
func (in *importer) trackName(c change) {
	key := nameKey(c.edited.FirstName, c.edited.LastName)
	if c.current != nil {
		if nameKey(c.current.FirstName, c.current.LastName) == key {
			return
		}
		in.renamed[c.current.ID] = true
	}
	if digested := digest(key); in.names[digested] == 0 {
		in.names[digested] = toInt32(c.row.line)
	}
}

// trackEmail records which emails the file gives to candidates and takes from them.
func (in *importer) trackEmail(c change) {
	if c.current != nil && optional.Same(c.current.Email, c.edited.Email) {
		return
	}
	if c.current != nil {
		in.moved[c.current.ID] = true
	}
	if c.edited.Email != nil {
		if key := digest(*c.edited.Email); in.emails[key] == 0 {
			in.emails[key] = toInt32(c.row.line)
		}
	}
}

// mergeRow applies a row to the profile of a candidate, or to an empty one if the candidate is nil. It returns the
// errors of the resulting profile.
func mergeRow(current *db.Candidate, row importRow, unknownID bool) (profile, []fault.Field) {
	if current != nil {
		edited := profileOf(*current).patched(row.patch)
		return edited, checkProfile(edited)
	}
	created := emptyProfile().patched(row.patch)
	var fieldErrors []fault.Field
	if unknownID && row.patch.FirstName == nil && row.patch.LastName == nil {
		return created, []fault.Field{{
			Pointer: "/id", Code: "unknown", Detail: "does not exist; a new candidate needs first_name and last_name",
		}}
	}
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
	byEmail      map[string][]*db.Candidate
	// byName are those with the names of the rows without an external_id and an email, by their keys.
	byName map[string][]*db.Candidate
	// open are the open applications, each as a candidate and a job.
	open map[[2]uuid.UUID]bool
}

// load reads the candidates that the rows of a batch may refer to, and locks them if the pass writes.
func (in *importer) load(ctx context.Context, rows []importRow) (existingCandidates, error) {
	query := db.ListImportedCandidatesParams{
		CompanyID: in.actor.CompanyID, Ids: []uuid.UUID{}, ExternalIds: []string{}, Emails: []string{},
	}
	for _, row := range rows {
		if row.id != nil {
			query.Ids = append(query.Ids, *row.id)
		}
		if id := row.externalID(); id != nil {
			query.ExternalIds = append(query.ExternalIds, *id)
		}
		if email := row.email(); email != nil && !slices.Contains(query.Emails, *email) {
			query.Emails = append(query.Emails, *email)
		}
	}
	list := in.tenant.ListImportedCandidates
	if in.write {
		list = func(ctx context.Context, q db.ListImportedCandidatesParams) ([]db.Candidate, error) {
			return in.tenant.ListImportedCandidatesForUpdate(ctx, db.ListImportedCandidatesForUpdateParams(q))
		}
	}
	existing := existingCandidates{
		byID: map[uuid.UUID]*db.Candidate{}, byExternalID: map[string]*db.Candidate{}, byEmail: map[string][]*db.Candidate{},
	}
	aliases, err := in.tenant.ListImportedAliases(ctx, db.ListImportedAliasesParams(query))
	if err != nil {
		return existing, err
	}
	for _, alias := range aliases {
		query.Ids = append(query.Ids, alias.SurvivorID)
	}
	candidates, err := list(ctx, query)
	if err != nil {
		return existing, err
	}
	for i := range candidates {
		candidate := &candidates[i]
		existing.byID[candidate.ID] = candidate
		if candidate.ExternalID != nil {
			existing.byExternalID[*candidate.ExternalID] = candidate
		}
		if candidate.Email != nil {
			existing.byEmail[*candidate.Email] = append(existing.byEmail[*candidate.Email], candidate)
		}
	}
	existing.addAliases(aliases)
	if existing.byName, err = in.loadNames(ctx, rows); err != nil {
		return existing, err
	}
	existing.open, err = in.loadJobs(ctx, rows, candidates)
	return existing, err
}

// loadNames reads the candidates that have the names of rows which have nothing else to find a candidate by. They only
// have an id and a name.
func (in *importer) loadNames(ctx context.Context, rows []importRow) (map[string][]*db.Candidate, error) {
	query := db.ListImportedNamesParams{CompanyID: in.actor.CompanyID}
	for _, row := range rows {
		if row.externalID() != nil || row.email() != nil || row.patch.FirstName == nil || row.patch.LastName == nil {
			continue
		}
		query.FirstNames = append(query.FirstNames, *row.patch.FirstName)
		query.LastNames = append(query.LastNames, *row.patch.LastName)
	}
	if len(query.FirstNames) == 0 {
		return nil, nil
	}
	found, err := in.tenant.ListImportedNames(ctx, query)
	byName := map[string][]*db.Candidate{}
	for _, candidate := range found {
		key := nameKey(candidate.FirstName, candidate.LastName)
		if !slices.ContainsFunc(byName[key], func(other *db.Candidate) bool { return other.ID == candidate.ID }) {
			byName[key] = append(byName[key], &db.Candidate{
				ID: candidate.ID, FirstName: candidate.FirstName, LastName: candidate.LastName,
			})
		}
	}
	return byName, err
}

// addAliases adds the ids, external_ids and emails of candidates that were merged into others. They refer to these.
func (e existingCandidates) addAliases(aliases []db.ListImportedAliasesRow) {
	for _, alias := range aliases {
		survivor := e.byID[alias.SurvivorID]
		if survivor == nil {
			continue // merged meanwhile
		}
		e.byID[alias.ID] = survivor
		if alias.ExternalID != nil {
			e.byExternalID[*alias.ExternalID] = survivor
		}
		if alias.Email != nil && !slices.Contains(e.byEmail[*alias.Email], survivor) {
			e.byEmail[*alias.Email] = append(e.byEmail[*alias.Email], survivor)
		}
	}
}

// checkDuplicates records that a row refers to a candidate, and returns an error if a previous row does. If the row
// changes the candidate's external_id, it also records the present one: whether another row with that external_id
// refers to this candidate or to a new one would depend on the order of the rows.
func (in *importer) checkDuplicates(current db.Candidate, row importRow) []fault.Field {
	fieldErrors := in.checkDuplicate(digest(current.ID.String()), row.line, "/id")
	if id := row.externalID(); current.ExternalID != nil && row.patch.ExternalID.IsSpecified() &&
		(id == nil || *id != *current.ExternalID) {
		key := digest(*current.ExternalID)
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
func (in *importer) update(ctx context.Context, updated []change) error {
	in.report.Updated += toInt32(len(updated))
	if !in.write || len(updated) == 0 {
		return nil
	}
	encoded, err := encodeRows(updated)
	if err != nil {
		return err
	}
	n, err := in.tenant.UpdateImportedCandidates(ctx, db.UpdateImportedCandidatesParams{
		CompanyID: in.actor.CompanyID, Now: in.candidates.Clock.Now(), Rows: encoded,
	})
	if err == nil && int(n) != len(updated) {
		return fault.New(fault.ConcurrentRequest)
	}
	return err
}

func encodeRows(changes []change) (json.RawMessage, error) {
	rows := make([]candidateRow, len(changes))
	for i, c := range changes {
		rows[i] = candidateRow{c.id, c.edited}
	}
	encoded, err := json.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("encode candidates: %w", err)
	}
	return encoded, nil
}

// insert writes new candidates. It returns those that it has written, and the rows whose external_id another request
// has used meanwhile.
func (in *importer) insert(ctx context.Context, created []change) (written []change, conflicts []importRow, err error) {
	if !in.write || len(created) == 0 {
		in.report.Created += toInt32(len(created))
		return created, nil, nil
	}
	encoded, err := encodeRows(created)
	if err != nil {
		return nil, nil, err
	}
	ids, err := in.tenant.InsertImportedCandidates(ctx, db.InsertImportedCandidatesParams{
		CompanyID: in.actor.CompanyID, Now: in.candidates.Clock.Now(), Rows: encoded,
	})
	if err != nil {
		return nil, nil, err
	}
	in.report.Created += toInt32(len(ids))
	inserted := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		inserted[id] = true
	}
	for _, c := range created {
		if inserted[c.id] {
			written = append(written, c)
			continue
		}
		c.row.noted = true
		conflicts = append(conflicts, c.row)
	}
	return written, conflicts, nil
}
