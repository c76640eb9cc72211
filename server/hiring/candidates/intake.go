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

// batchRows is how many rows are held in memory and written by one statement.
const batchRows = 500

// columns are those of an import. An export can be imported again: its id is read like an external_id, and what nobody
// can write is passed over.
func columns() []bulk.Column {
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

// row is a row of a file that is right as far as it can be judged by itself.
type row struct {
	line  int
	id    *uuid.UUID
	patch api.UpdateCandidateRequest
}

// externalID is what another system calls the candidate of a row, nil where the row does not say.
func (r row) externalID() *string {
	if id, err := r.patch.ExternalID.Get(); err == nil {
		return &id
	}
	return nil
}

// intake is one pass through a file.
type intake struct {
	room    *Candidates
	company uuid.UUID
	tx      *db.Queries
	write   bool
	report  api.ImportReport
	// wrong is what is wrong with the rows of the present batch.
	wrong []fault.Field
	// claims tells on which line a candidate was met: by their id, and by a digest of their external_id.
	claims map[[16]byte]int32
}

func newIntake(room *Candidates, company uuid.UUID, tx *db.Queries, write bool) *intake {
	return &intake{
		room: room, company: company, tx: tx, write: write, claims: map[[16]byte]int32{},
		report: api.ImportReport{Errors: []api.ImportError{}},
	}
}

// read gives the next rows that are right by themselves, and notes what is wrong with the others.
func (in *intake) read(reader *bulk.Reader) (rows []row, more bool, err error) {
	for range batchRows {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return rows, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		in.report.Total++
		read, wrong := in.decode(record)
		if in.fail(record.Line, wrong) {
			continue
		}
		rows = append(rows, read)
	}
	return rows, true, nil
}

// decode makes a row of a record, and tells everything that is wrong with it by itself.
func (in *intake) decode(record bulk.Record) (row, []fault.Field) {
	members := maps.Clone(record.Fields)
	delete(members, "id")
	wrong := in.room.CheckPart("CreateCandidateRequest", members)
	var read struct {
		api.UpdateCandidateRequest
		ID *uuid.UUID `json:"id"`
	}
	for _, flaw := range record.Decode(&read) {
		// What the specification finds wrong may also be what cannot be decoded.
		if !slices.ContainsFunc(wrong, func(f fault.Field) bool { return f.Pointer == flaw.Pointer }) {
			wrong = append(wrong, flaw)
		}
	}
	decoded := row{record.Line, read.ID, read.UpdateCandidateRequest}
	if id := decoded.externalID(); id != nil {
		wrong = append(wrong, in.claim(external(*id), record.Line, "/external_id")...)
	}
	return decoded, wrong
}

// external is the digest by which an external_id is claimed.
func external(id string) [16]byte {
	digest := sha256.Sum256([]byte(id))
	return [16]byte(digest[:16])
}

// claim notes that a row is about a candidate, and finds it wrong where another row was before.
func (in *intake) claim(who [16]byte, line int, pointer string) []fault.Field {
	if before, met := in.claims[who]; met {
		return []fault.Field{{
			Pointer: pointer, Code: "duplicate", Detail: fmt.Sprintf("means the same candidate as line %d", before),
		}}
	}
	in.claims[who] = number(line)
	return nil
}

// fail notes what is wrong with a row, and reports whether anything is.
func (in *intake) fail(line int, wrong []fault.Field) bool {
	if len(wrong) == 0 {
		return false
	}
	in.report.Failed++
	for _, field := range wrong {
		field.Line = line
		in.wrong = append(in.wrong, field)
	}
	return true
}

// endBatch adds what is wrong with the rows of a batch to the report, by their lines.
func (in *intake) endBatch() {
	slices.SortStableFunc(in.wrong, func(a, b fault.Field) int { return a.Line - b.Line })
	for _, field := range in.wrong {
		if len(in.report.Errors) == maxErrors {
			in.report.ErrorsTruncated = true
			break
		}
		in.report.Errors = append(in.report.Errors, api.ImportError{
			Line: number(field.Line), Pointer: field.Pointer, Code: field.Code, Detail: field.Detail,
		})
	}
	in.wrong = in.wrong[:0]
}

// number is a line as the API counts it; no file that is read has more lines.
func number(line int) int32 { return int32(min(line, math.MaxInt32)) } //nolint:gosec // bounded on this line
