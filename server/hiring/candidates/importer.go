package candidates

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// batchRows is how many rows an import holds in memory and writes with one statement.
const batchRows = 500

// importRow is a row of a file that is valid by itself. Whether it is valid for the candidate that it refers to is
// decided when its batch is applied.
type importRow struct {
	line  int
	id    *uuid.UUID
	patch api.UpdateCandidateRequest
	// jobs are the ids or titles of the jobs that the candidate applies to.
	jobs []string
	// notes say what was changed in the row.
	notes []fault.Field
	// noted says that the notes about the row are in the report already.
	noted bool
}

// externalID returns the row's external_id, or nil if it is absent or null.
func (r importRow) externalID() *string {
	if id, err := r.patch.ExternalID.Get(); err == nil {
		return &id
	}
	return nil
}

// email returns the row's email as it is stored, or nil if it is absent or null.
func (r importRow) email() *string { return patchedEmail(nil, r.patch.Email) }

// importer is the state of one pass through a file.
type importer struct {
	candidates *Candidates
	actor      access.Actor
	tenant     *db.Queries
	// write is false for a pass that only finds out what an import would do.
	write     bool
	sameEmail api.SameEmail
	report    api.ImportReport
	// batchErrors and notes are those of the current batch.
	batchErrors, notes []fault.Field
	// lines has the line on which each candidate was first referred to. The key is the candidate's id or the digest of
	// their external_id, so that half a million rows need little memory.
	lines map[uint64]int32
	// emails has the line on which a candidate first got each email, by its digest, and moved the candidates whose email
	// was changed. A pass that does not write thus knows who has an email as well as one that does.
	emails map[uint64]int32
	moved  map[uuid.UUID]bool
	// names has the line on which a candidate first got each name, by the digest of its key, and renamed the candidates
	// whose name was changed. See emails.
	names   map[uint64]int32
	renamed map[uuid.UUID]bool
	// jobs are the jobs found so far, by the texts that refer to them.
	jobs map[string][]db.ListImportedJobsRow
	// unreadable is the line from which the file cannot be read; 0 if all of it can.
	unreadable int
	// mayApply says that the actor may create applications.
	mayApply bool
}

func newImporter(candidates *Candidates, actor access.Actor, tenant *db.Queries, up upload, write bool) *importer {
	return &importer{
		candidates: candidates, actor: actor, tenant: tenant, write: write,
		sameEmail: optional.Or(up.params.SameEmail, api.SameEmailSkip),
		lines:     map[uint64]int32{}, emails: map[uint64]int32{}, moved: map[uuid.UUID]bool{},
		names: map[uint64]int32{}, renamed: map[uuid.UUID]bool{},
		jobs: map[string][]db.ListImportedJobsRow{},
		report: api.ImportReport{
			Mode: up.mode, Encoding: nullableText(string(up.encoding)), Errors: []api.ImportError{}, Notes: []api.ImportNote{},
		},
	}
}

// readBatch returns the valid ones of the next batchRows rows, and records the errors of the others. It reports whether
// there may be more rows.
func (in *importer) readBatch(reader *bulk.Reader) (rows []importRow, more bool, err error) {
	for range batchRows {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return rows, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		in.report.Total++
		if record.Unreadable {
			in.unreadable = record.Line
		}
		row, fieldErrors := in.decode(record)
		if len(row.jobs) > 0 && !in.mayApply {
			if err := in.candidates.Permit(&in.actor, createApplications); err != nil {
				return nil, false, err
			}
			in.mayApply = true
		}
		if in.addErrors(record.Line, fieldErrors) {
			continue
		}
		rows = append(rows, row)
	}
	return rows, true, nil
}

// decode converts a record to a row, and returns all errors that can be found without the candidate's present data.
func (in *importer) decode(record bulk.Record) (importRow, []fault.Field) {
	notes := append(record.Notes, normalizeLinks(record)...)
	members := maps.Clone(record.Fields)
	delete(members, "id")
	delete(members, jobColumn)
	fieldErrors := in.candidates.CheckPart("CreateCandidateRequest", members)
	var decoded struct {
		api.UpdateCandidateRequest
		ID  *uuid.UUID `json:"id"`
		Job []string   `json:"job"`
	}
	for _, fieldError := range record.Decode(&decoded) {
		// A value that cannot be decoded usually violates the schema, too. One error for it is enough.
		if !slices.ContainsFunc(fieldErrors, func(f fault.Field) bool { return f.Pointer == fieldError.Pointer }) {
			fieldErrors = append(fieldErrors, fieldError)
		}
	}
	row := importRow{
		line: record.Line, id: decoded.ID, patch: decoded.UpdateCandidateRequest, jobs: decoded.Job, notes: notes,
	}
	if id := row.externalID(); id != nil {
		fieldErrors = append(fieldErrors, in.checkDuplicate(digest(*id), record.Line, "/external_id")...)
	}
	return row, fieldErrors
}

// nameKey returns what is compared of a name: its letters and digits in lower case without accents.
func nameKey(first, last string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(first+" "+last))
}

// digest returns the digest of an id, an external_id, an email or a name, by which the importer remembers lines. It is
// short, because the importer keeps one for each line. Among a million texts, two have the same digest with a
// probability of 3e-8.
func digest(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:])
}

// checkDuplicate records that a line refers to a candidate. It returns an error if a previous line does.
func (in *importer) checkDuplicate(key uint64, line int, pointer string) []fault.Field {
	if previous, found := in.lines[key]; found && previous != toInt32(line) {
		return []fault.Field{{
			Pointer: pointer, Code: "duplicate",
			Detail: fmt.Sprintf("refers to the same candidate as line %d; combine the two rows", previous),
		}}
	}
	in.lines[key] = toInt32(line)
	return nil
}

// addErrors records the errors of a row, and reports whether there are any.
func (in *importer) addErrors(line int, fieldErrors []fault.Field) bool {
	if len(fieldErrors) == 0 {
		return false
	}
	in.report.Failed++
	for _, fieldError := range fieldErrors {
		fieldError.Line = line
		in.batchErrors = append(in.batchErrors, fieldError)
	}
	return true
}

// reportBatch moves the errors and the notes of the batch to the report, ordered by line, up to maxErrors and maxNotes
// in all.
func (in *importer) reportBatch() {
	byLine := func(a, b fault.Field) int { return a.Line - b.Line }
	slices.SortStableFunc(in.batchErrors, byLine)
	for _, fieldError := range in.batchErrors {
		if len(in.report.Errors) == maxErrors {
			in.report.ErrorsTruncated = true
			break
		}
		in.report.Errors = append(in.report.Errors, api.ImportError{
			Line: toInt32(fieldError.Line), Pointer: fieldError.Pointer, Code: fieldError.Code, Detail: fieldError.Detail,
		})
	}
	slices.SortStableFunc(in.notes, byLine)
	for _, note := range in.notes {
		if len(in.report.Notes) == maxNotes {
			in.report.NotesTruncated = true
			break
		}
		in.report.Notes = append(in.report.Notes, api.ImportNote{
			Line: toInt32(note.Line), Pointer: note.Pointer, Code: note.Code, Detail: note.Detail,
		})
	}
	in.batchErrors, in.notes = in.batchErrors[:0], in.notes[:0]
}

// toInt32 converts a line number or a count to the type of the API. Files are too small to exceed it.
func toInt32(n int) int32 { return int32(min(n, math.MaxInt32)) } //nolint:gosec // bounded on this line
