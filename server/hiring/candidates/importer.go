package candidates

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// batchRows is how many rows an import holds in memory and writes with one statement.
const batchRows = 500

// importColumns returns the columns of an import. They include those of an export, so that an export can be imported:
// its id identifies a candidate like an external_id does, and its read-only columns are ignored.
func importColumns() []bulk.Column {
	return []bulk.Column{
		{Name: "id", Nullable: true},
		{Name: "first_name"},
		{Name: "last_name"},
		{Name: "email", Nullable: true},
		{Name: "phone", Nullable: true},
		{Name: "location", Nullable: true},
		{Name: "links", List: true},
		{Name: "tags", List: true},
		{Name: "source", Nullable: true},
		{Name: "external_id", Nullable: true},
		{Name: "status", Ignored: true},
		{Name: "allowed_actions", Ignored: true},
		{Name: "created_at", Ignored: true},
		{Name: "updated_at", Ignored: true},
	}
}

// importRow is a row of a file that is valid by itself. Whether it is valid for the candidate that it refers to is
// decided when its batch is applied.
type importRow struct {
	line  int
	id    *uuid.UUID
	patch api.UpdateCandidateRequest
}

// externalID returns the row's external_id, or nil if it is absent or null.
func (r importRow) externalID() *string {
	if id, err := r.patch.ExternalID.Get(); err == nil {
		return &id
	}
	return nil
}

// importer is the state of one pass through a file.
type importer struct {
	candidates *Candidates
	company    uuid.UUID
	tenant     *db.Queries
	// write is false for a pass that only finds out what an import would do.
	write  bool
	report api.ImportReport
	// batchErrors are the errors in the rows of the current batch.
	batchErrors []fault.Field
	// lines has the line on which each candidate was first referred to. The key is the candidate's id or the digest of
	// their external_id, so that half a million rows need little memory.
	lines map[[16]byte]int32
}

func newImporter(candidates *Candidates, company uuid.UUID, tenant *db.Queries, write bool) *importer {
	return &importer{
		candidates: candidates, company: company, tenant: tenant, write: write, lines: map[[16]byte]int32{},
		report: api.ImportReport{Errors: []api.ImportError{}},
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
		row, fieldErrors := in.decode(record)
		if in.addErrors(record.Line, fieldErrors) {
			continue
		}
		rows = append(rows, row)
	}
	return rows, true, nil
}

// decode converts a record to a row, and returns all errors that can be found without the candidate's present data.
func (in *importer) decode(record bulk.Record) (importRow, []fault.Field) {
	members := maps.Clone(record.Fields)
	delete(members, "id")
	fieldErrors := in.candidates.CheckPart("CreateCandidateRequest", members)
	var decoded struct {
		api.UpdateCandidateRequest
		ID *uuid.UUID `json:"id"`
	}
	for _, fieldError := range record.Decode(&decoded) {
		// A value that cannot be decoded usually violates the schema, too. One error for it is enough.
		if !slices.ContainsFunc(fieldErrors, func(f fault.Field) bool { return f.Pointer == fieldError.Pointer }) {
			fieldErrors = append(fieldErrors, fieldError)
		}
	}
	row := importRow{record.Line, decoded.ID, decoded.UpdateCandidateRequest}
	if id := row.externalID(); id != nil {
		fieldErrors = append(fieldErrors, in.checkDuplicate(externalKey(*id), record.Line, "/external_id")...)
	}
	return row, fieldErrors
}

// externalKey returns the digest of an external_id, the key of importer.lines.
func externalKey(id string) [16]byte {
	digest := sha256.Sum256([]byte(id))
	return [16]byte(digest[:16])
}

// checkDuplicate records that a line refers to a candidate. It returns an error if a previous line does.
func (in *importer) checkDuplicate(key [16]byte, line int, pointer string) []fault.Field {
	if previous, found := in.lines[key]; found {
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

// reportErrors moves the errors of the batch to the report, ordered by line, up to maxErrors in all.
func (in *importer) reportErrors() {
	slices.SortStableFunc(in.batchErrors, func(a, b fault.Field) int { return a.Line - b.Line })
	for _, fieldError := range in.batchErrors {
		if len(in.report.Errors) == maxErrors {
			in.report.ErrorsTruncated = true
			break
		}
		in.report.Errors = append(in.report.Errors, api.ImportError{
			Line: toInt32(fieldError.Line), Pointer: fieldError.Pointer, Code: fieldError.Code, Detail: fieldError.Detail,
		})
	}
	in.batchErrors = in.batchErrors[:0]
}

// toInt32 converts a line number or a count to the type of the API. Files are too small to exceed it.
func toInt32(n int) int32 { return int32(min(n, math.MaxInt32)) } //nolint:gosec // bounded on this line
