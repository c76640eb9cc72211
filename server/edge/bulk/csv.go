package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// delimiters are the characters that may separate cells, the most common one first.
const delimiters = ",;\t|"

// separatorLine is a first line by which Excel states the delimiter.
var separatorLine = regexp.MustCompile(`^(?i)"?sep=(.)"?(\r\n|\n|\r|$)`)

// csvRecords reads the rows after a header line.
type csvRecords struct {
	rows    rowReader
	columns columns
}

func newCSVRecords(from *bufio.Reader, options Options) (*csvRecords, error) {
	r := &csvRecords{rows: rowReader{from: from, line: 1}}
	// Peek returns what the source has up to the size of the buffer. A header line beyond it is too long.
	sample, err := from.Peek(from.Size())
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	switch stated := separatorLine.FindSubmatch(sample); {
	case stated == nil:
		r.rows.delimiter = detectDelimiter(sample, options)
	case strings.IndexByte(delimiters, stated[1][0]) < 0:
		return nil, fault.New(fault.ImportRefused).With("The first line states a delimiter that is not supported.").
			Row(1, "", "delimiter", "must state a comma, a semicolon, a tab or | as the delimiter")
	default:
		_, _ = from.Discard(len(stated[0])) // Peek has just returned it.
		r.rows.delimiter, r.rows.line = stated[1][0], 2
	}
	row, err := r.rows.nextFilled()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r.columns, err = readHeader(row, err, options)
	return r, err
}

// detectDelimiter returns the delimiter with which the first line that is not blank has the most known headings, and
// among equals the most cells.
func detectDelimiter(sample []byte, options Options) byte {
	best, known, cells := delimiters[0], 0, 0
	for _, delimiter := range []byte(delimiters) {
		rows := rowReader{from: bufio.NewReader(bytes.NewReader(sample)), delimiter: delimiter, line: 1}
		row, err := rows.nextFilled()
		if err != nil {
			continue
		}
		found := countKnown(row.cells, options)
		if found > known || found == known && len(row.cells) > cells {
			best, known, cells = delimiter, found, len(row.cells)
		}
	}
	return best
}

// nextFilled returns the next row in which a cell is not blank, or io.EOF.
func (r *rowReader) nextFilled() (row, error) {
	for {
		row, err := r.next()
		if err != nil || !row.blank() {
			return row, err
		}
	}
}

func (r *csvRecords) next() (Record, error) {
	row, err := r.rows.nextFilled()
	if err != nil {
		return Record{}, err
	}
	return r.columns.record(row), nil
}

// readHeader returns the columns of a header line, or the fault with its errors. missing says that there is none.
func readHeader(row row, missing error, options Options) (columns, error) {
	head := Record{Line: max(row.line, 1)}
	var found columns
	switch {
	case missing != nil:
		head.flaw("", "required", "the header line is missing")
	case row.broken.code != "":
		head.flaw("", row.broken.code, "the header line "+row.broken.detail)
	default:
		found = matchHeader(&head, row.cells, options)
	}
	if len(head.Flaws) == 0 {
		return found, nil
	}
	code := fault.ImportRefused
	for _, flaw := range head.Flaws {
		if flaw.Code == "encoding" { // A body that is not text is not a table.
			code = fault.MalformedRequest
		}
	}
	f := fault.New(code).With("The first line must contain the headings of this table: %s. "+
		"Pass column=HEADING:FIELD for another heading, or unknown_columns=ignore.", strings.Join(fields(options), ", "))
	for _, flaw := range head.Flaws {
		f = f.Row(flaw.Line, flaw.Pointer, flaw.Code, flaw.Detail)
	}
	return found, f
}

// fields returns the names of the columns that are read.
func fields(options Options) []string {
	var names []string
	for _, column := range options.Columns {
		if !column.Ignored {
			names = append(names, column.Name)
		}
	}
	return names
}
