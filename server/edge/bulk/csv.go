package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// delimiters are the characters that may separate cells, the most common one first.
const delimiters = ",;\t|"

// separatorLine is a first line by which Excel states the delimiter.
// Programs that save the file again add the delimiters of empty cells.
var separatorLine = regexp.MustCompile(`^(?i)"?sep= *(.)"?[,;\t| ]*(\r\n|\n|\r|$)`)

// csvRecords reads the rows after a header line.
type csvRecords struct {
	rows    rowReader
	columns columns
}

func newCSVRecords(from *bufio.Reader, options Options) (*csvRecords, error) {
	r := &csvRecords{rows: rowReader{from: from, line: 1}}
	sample, err := peek(from)
	if err != nil {
		return nil, err
	}
	candidates := delimiters
	switch stated := separatorLine.FindSubmatch(sample); {
	case stated == nil:
	case strings.IndexByte(delimiters, stated[1][0]) < 0:
		return nil, fault.New(fault.ImportRefused).With("The first line states a delimiter that is not supported.").
			Row(1, "", "delimiter", "must state a comma, a semicolon, a tab or | as the delimiter")
	default:
		_, _ = from.Discard(len(stated[0])) // Peek has just returned it.
		candidates, r.rows.line = string(stated[1]), 2
		if sample, err = peek(from); err != nil {
			return nil, err
		}
	}
	var titles int
	r.rows.delimiter, titles = detectDelimiter(sample, candidates, options)
	row, err := r.rows.nextFilled()
	for range titles {
		if err == nil {
			row, err = r.rows.nextFilled()
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if hasForeignQuotes(row.cells) {
		return nil, fault.New(fault.ImportRefused).With("The cells are in quotation marks that CSV does not have.").
			Row(row.line, "", "syntax", `has cells in other quotation marks than "; save the table again as CSV or XLSX`)
	}
	r.columns, err = readHeader(row, err, options)
	r.columns.breaks, r.columns.texts = breaksOf(rune(r.rows.delimiter)), true
	r.columns.skipTitles(titles, row.line)
	return r, err
}

// foreignQuotes matches a cell in quotation marks that are a part of the text in CSV.
var foreignQuotes = regexp.MustCompile("^(?:'.+'|`.+`|‘.+’|“.+”|„.+[“”]|«.+»)$")

// hasForeignQuotes reports whether all headings of several are in such quotation marks.
func hasForeignQuotes(headings []string) bool {
	return len(headings) > 1 && !slices.ContainsFunc(headings, func(heading string) bool {
		return !foreignQuotes.MatchString(trim(heading))
	})
}

// peek returns what the source has up to the size of the buffer. A header line beyond it is too long.
func peek(from *bufio.Reader) ([]byte, error) {
	sample, err := from.Peek(from.Size())
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	return sample, nil
}

// detectDelimiter returns the one of some delimiters with which the headings have the most known ones, and among equals
// the most cells. It also returns how many rows precede the headings.
func detectDelimiter(sample []byte, candidates string, options Options) (best byte, titles int) {
	best, known, cells := candidates[0], 0, 0
	for _, delimiter := range []byte(candidates) {
		rows := rowReader{from: bufio.NewReader(bytes.NewReader(sample)), delimiter: delimiter, line: 1}
		top, err := readTop(rows.nextFilled)
		if err != nil || len(top) == 0 {
			continue
		}
		at, found := findHeadings(top, options)
		if n := len(top[at].cells); found > known || found == known && n > cells {
			best, known, cells, titles = delimiter, found, n, at
		}
	}
	return best, titles
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
	record := r.columns.record(row)
	record.Unreadable = row.broken == unclosed
	return record, nil
}
