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

// Options describe a table to read.
type Options struct {
	// Columns are the columns of the table.
	Columns []Column
	// Fields are the fields of columns with other headings, which take precedence over the headings of the columns. The
	// field Ignore is for a column that is not read.
	Fields map[string]string
	// Explanations say what to do about common headings that are no columns.
	Explanations map[string]string
	// IgnoreUnknown says that columns with unknown headings are not read. Otherwise they are errors.
	IgnoreUnknown bool
	// Most is how many records there may be.
	Most int
}

// Ignore is the field of a column that is not read; see Options.Fields.
const Ignore = "ignore"

// Reader reads the records of a table.
type Reader struct {
	records interface{ next() (Record, error) }
	close   func() error
	columns *columns // nil for NDJSON
	left    int      // the number of records that may follow
	most    int
	// Delimiter separates the cells of CSV; empty for other formats.
	Delimiter string
}

// NewJSONReader returns a Reader for NDJSON in UTF-8.
func NewJSONReader(from io.Reader, options Options) *Reader {
	return newReader(newJSONRecords(from, options.Columns), options)
}

// NewCSVReader returns a Reader for CSV in an encoding. It reads the header line; if it is invalid, the error is a
// fault with all its errors, MalformedRequest if it is not text and ImportRefused otherwise.
func NewCSVReader(from io.Reader, encoding Encoding, options Options) (*Reader, error) {
	records, err := newCSVRecords(newBuffer(encoding.decode(from)), options)
	if err != nil {
		return nil, err
	}
	r := newReader(records, options)
	r.columns, r.Delimiter = &records.columns, string(records.rows.delimiter)
	return r, nil
}

// NewSheetReader returns a Reader for the first sheet of an XLSX file. It reads the row of headings; the errors are
// those of NewCSVReader. Close the reader.
func NewSheetReader(from io.ReaderAt, size int64, options Options) (*Reader, error) {
	records, err := newSheetRecords(from, size, options, largestSheet)
	if err != nil {
		return nil, err
	}
	r := newReader(records, options)
	r.columns, r.close = &records.columns, records.rows.close
	return r, nil
}

func newReader(records interface{ next() (Record, error) }, options Options) *Reader {
	return &Reader{
		records: records, close: func() error { return nil }, left: options.Most, most: options.Most,
	}
}

// newBuffer returns a buffer for the longest permitted line with its line end, without the byte order mark.
func newBuffer(from io.Reader) *bufio.Reader {
	buffer := bufio.NewReaderSize(from, maxRecord+len("\r\n"))
	if start, err := buffer.Peek(len(byteOrderMark)); err == nil && bytes.Equal(start, []byte(byteOrderMark)) {
		_, _ = buffer.Discard(len(byteOrderMark)) // Peek has just returned it.
	}
	return buffer
}

// Notes say which columns are not read, although their headings are unknown.
func (r *Reader) Notes() []fault.Field {
	if r.columns == nil {
		return nil
	}
	return r.columns.notes
}

// Close releases the temporary files of the reader.
func (r *Reader) Close() error { return r.close() }

// Next returns the next record, and io.EOF after the last one. An invalid record has Flaws and is not an error; the
// next one may be valid. Other errors are final: PayloadTooLarge if there are too many records, MalformedRequest if an
// XLSX file is damaged, or an error of the source.
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
		record.flaw(pointer, "encoding",
			"is not valid UTF-8; correct the damaged characters, or save the table as UTF-8 again")
	case strings.ContainsRune(text, 0):
		record.flaw(pointer, "nul", "contains the character U+0000")
	default:
		return true
	}
	return false
}
