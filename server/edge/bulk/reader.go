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

// byteOrderMark is what some programs write before a text in UTF-8.
const byteOrderMark = "\ufeff"

// breakage is why a record cannot be read.
type breakage struct{ code, detail string }

// tooLong is said of a record, or a line, that does not fit into memory.
var tooLong = breakage{ //nolint:gochecknoglobals // a constant
	"too_long", fmt.Sprintf("is longer than %d bytes", maxRecord),
}

// Reader reads the records of a table one after the other.
type Reader struct {
	records interface{ next() (Record, error) }
	left    int // how many records may still come
	most    int
}

// NewReader reads a table with these columns and at most so many records. Of CSV it reads the header line, and fails
// with the fault MalformedRequest, which names everything that is wrong with it: without its columns nothing else can
// be read.
func NewReader(from io.Reader, format Format, columns []Column, most int) (*Reader, error) {
	// The buffer holds the longest line that is read, with its end.
	buffer := bufio.NewReaderSize(from, maxRecord+len("\r\n"))
	if start, err := buffer.Peek(len(byteOrderMark)); err == nil && bytes.Equal(start, []byte(byteOrderMark)) {
		_, _ = buffer.Discard(len(byteOrderMark)) // it was there a moment ago
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

// Next gives the next record, and io.EOF after the last one. A record that is flawed says so itself, and the next one
// may be right. Any other error is the end: the fault PayloadTooLarge where there are more records than the reader was
// made for, and whatever reading from the source has failed with. The record is the caller's own.
func (r *Reader) Next() (Record, error) {
	record, err := r.records.next()
	if err != nil {
		return Record{}, err
	}
	if r.left == 0 {
		return Record{}, fault.New(fault.PayloadTooLarge).
			With("The body has more than %d records; the one on line %d is too many.", r.most, record.Line)
	}
	r.left--
	return record, nil
}

// checkText adds to a record what keeps a text from being kept, and reports whether nothing does.
func checkText(record *Record, pointer, text string) bool {
	switch {
	case !utf8.ValidString(text):
		record.flaw(pointer, "encoding", "is not text in UTF-8")
	case strings.ContainsRune(text, 0):
		record.flaw(pointer, "nul", "contains the character U+0000")
	default:
		return true
	}
	return false
}
