package bulk

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// byteOrderMark precedes UTF-8 text in the files of some programs.
const byteOrderMark = "\ufeff"

// breakage is why a record cannot be read.
type breakage struct{ code, detail string }

// tooLong is the error of a record or line above maxRecord.
var tooLong = breakage{ //nolint:gochecknoglobals // a constant
	"too_long", fmt.Sprintf("is longer than %d bytes", maxRecord),
}

// Reader reads the records of a table.
type Reader struct {
	records interface{ next() (Record, error) }
	left    int // the number of records that may follow
	most    int
}

// NewReader returns a Reader for a table with these columns and at most this many records. For CSV it reads the header
// line; if it is invalid, the error is a fault with all its errors, MalformedRequest if it is not UTF-8 text and
// ImportRefused otherwise.
func NewReader(from io.Reader, format Format, columns []Column, most int) (*Reader, error) {
	// The buffer holds the longest permitted line with its line end.
	buffer := bufio.NewReaderSize(from, maxRecord+len("\r\n"))
	if start, err := buffer.Peek(len(byteOrderMark)); err == nil && bytes.Equal(start, []byte(byteOrderMark)) {
		_, _ = buffer.Discard(len(byteOrderMark)) // Peek has just returned it.
	}
	r := &Reader{left: most, most: most}
	if format == CSV {
		records, err := newCSVRecords(buffer, columns)
		if err != nil {
			return nil, err
		}
		r.records = records
		return r, nil
	}
	r.records = newJSONRecords(buffer, columns)
	return r, nil
}

// Next returns the next record, and io.EOF after the last one. An invalid record has Flaws and is not an error; the
// next one may be valid. Other errors are final: PayloadTooLarge if there are too many records, or an error of the
// source.
func (r *Reader) Next() (Record, error) {
	record, err := r.records.next()
	if err != nil {
		return Record{}, err
	}
	if r.left == 0 {
		return Record{}, fault.New(fault.PayloadTooLarge).
			With("The body has more than %d records; the record on line %d exceeds the limit. Split the file.",
				r.most, record.Line)
	}
	r.left--
	return record, nil
}

// checkText reports whether a text can be stored, and adds an error to the record if not.
func checkText(record *Record, pointer, text string) bool {
	switch {
	case !utf8.ValidString(text):
		record.flaw(pointer, "encoding", "is not valid UTF-8")
	case strings.ContainsRune(text, 0):
		record.flaw(pointer, "nul", "contains the character U+0000")
	default:
		return true
	}
	return false
}
