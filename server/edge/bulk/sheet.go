package bulk

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// maxCells is how many columns a sheet may have.
	maxCells = 1 << 14
	// maxLine is how many rows a sheet may have.
	maxLine = 1 << 20
)

// sheetRecords reads the rows below the headings of a sheet.
type sheetRecords struct {
	rows    *sheet
	ahead   []row // rows that were read to find the headings
	columns columns
}

// newSheetRecords reads the first visible sheet with known headings, or else the first visible one: programs put
// summaries and lists of values in front.
func newSheetRecords(from io.ReaderAt, size int64, options Options, limits sheetLimits) (*sheetRecords, error) {
	rows, err := openSheets(from, size, limits)
	if err != nil {
		return nil, err
	}
	r := &sheetRecords{rows: rows}
	if err := r.begin(options); err != nil {
		return nil, errors.Join(err, rows.close())
	}
	return r, nil
}

// begin chooses a sheet and reads its headings.
func (r *sheetRecords) begin(options Options) error {
	var filled []bool // whether the sheets in front have values
	chosen, top, err := -1, []row(nil), error(nil)
	for i := 0; i < len(r.rows.tabs) && chosen < 0; i++ {
		if top, err = r.rows.top(i); err != nil {
			return err
		}
		filled = append(filled, len(top) > 0)
		if _, known := findHeadings(top, options); known > 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		chosen = 0
		if len(r.rows.tabs) > 1 {
			if top, err = r.rows.top(chosen); err != nil {
				return err
			}
		}
	}
	var head row
	missing := io.EOF
	at, _ := findHeadings(top, options)
	if len(top) > 0 {
		head, r.ahead, missing = top[at], top[at+1:], nil
	}
	if r.columns, err = readHeader(head, missing, options); err != nil {
		return err
	}
	r.columns.breaks = breaks
	r.columns.skipTitles(at, head.line)
	r.noteSheets(chosen, filled, head.line)
	return nil
}

// maxNamedSheets is how many sheets that are not read a note names.
const maxNamedSheets = 10

// noteSheets adds a note with the visible sheets that are not read although they have values.
func (r *sheetRecords) noteSheets(chosen int, filled []bool, line int) {
	var names []string
	for i, tab := range r.rows.tabs[:min(len(r.rows.tabs), maxNamedSheets)] {
		if i != chosen && (i < len(filled) && filled[i] || i >= len(filled) && r.rows.hasValues(i)) {
			names = append(names, strconv.Quote(tab.name))
		}
	}
	if len(names) > 0 {
		r.columns.notes = append(r.columns.notes, fault.Field{
			Line: line, Code: "ignored_sheets",
			Detail: fmt.Sprintf("is in the sheet %q; these sheets are not read: %s", r.rows.tabs[chosen].name,
				strings.Join(names, ", ")),
		})
	}
}

func (r *sheetRecords) next() (Record, error) {
	if len(r.ahead) > 0 {
		var row row
		row, r.ahead = r.ahead[0], r.ahead[1:]
		return r.columns.record(row), nil
	}
	row, err := r.rows.nextFilled()
	if err != nil {
		return Record{}, err
	}
	return r.columns.record(row), nil
}

// sheet reads the rows of one sheet of a workbook at a time (ECMA-376, part 1, chapter 18).
type sheet struct {
	book    *workbook
	tabs    []tab // the visible ones; all of them if none is visible
	part    *part
	styles  []numberFormat // by the index that cells have
	strings *sharedStrings
	epoch   int // the day of the serial number 0, in days of the 1900 system
	line    int // of the last row
	ended   bool
}

// openSheets opens a workbook. A file that is not a workbook is the fault MalformedRequest.
func openSheets(from io.ReaderAt, size int64, limits sheetLimits) (*sheet, error) {
	book, err := openWorkbook(from, size, limits)
	if err != nil {
		return nil, err
	}
	s := &sheet{book: book, strings: &sharedStrings{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(damaged(err), s.close())
	}
	return s, nil
}

// open finds the sheets, and reads the parts that they share.
func (s *sheet) open() error {
	links, err := s.book.relations("")
	if err != nil {
		return err
	}
	main := linkOf(links, "/officeDocument")
	if s.tabs, s.epoch, err = s.book.sheets(main); err != nil {
		return err
	}
	if len(s.tabs) == 0 {
		return errors.New("the workbook has no sheet")
	}
	if links, err = s.book.relations(main); err != nil {
		return err
	}
	if name := linkOf(links, "/styles"); name != "" {
		if s.styles, err = s.book.readStyles(name); err != nil {
			return err
		}
	}
	if name := linkOf(links, "/sharedStrings"); name != "" {
		return s.strings.read(s.book, name)
	}
	return nil
}

// begin opens a sheet instead of the present one.
func (s *sheet) begin(i int) (err error) {
	if s.part != nil {
		if err := s.part.close(); err != nil {
			return fmt.Errorf("close a sheet: %w", err)
		}
	}
	s.line, s.ended = 0, false
	s.part, err = s.book.open(s.tabs[i].part)
	return err
}

// top opens a sheet and returns its first rows, which may contain the headings.
func (s *sheet) top(i int) ([]row, error) {
	if err := s.begin(i); err != nil {
		return nil, damaged(err)
	}
	return readTop(s.nextFilled)
}

// hasValues reports whether there is a value at the beginning of a sheet. It does not change which one is read.
func (s *sheet) hasValues(i int) bool {
	part, err := s.book.open(s.tabs[i].part)
	if err != nil {
		return false
	}
	defer func() { _ = part.close() }() // read only
	const sample = 1000                 // pieces of XML
	for range sample {
		token, err := part.token()
		if err != nil {
			return false
		}
		if start, ok := token.(xml.StartElement); ok && (start.Name.Local == "v" || start.Name.Local == "t") {
			return true
		}
	}
	return false
}

// close releases the archive's readers and the temporary file.
func (s *sheet) close() error {
	err := s.strings.close()
	if s.part != nil {
		err = errors.Join(err, s.part.close())
	}
	return err
}

// nextFilled returns the next row in which a cell is not blank, or io.EOF.
func (s *sheet) nextFilled() (row, error) {
	for {
		if s.ended {
			return row{}, io.EOF
		}
		token, err := s.part.token()
		if err != nil {
			return row{}, unexpected(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			s.ended = token.Name.Local == "sheetData"
		case xml.StartElement:
			if token.Name.Local != "row" {
				continue
			}
			s.line++
			if number, err := strconv.Atoi(attribute(token, "r")); err == nil && number > s.line && number <= maxLine {
				s.line = number
			}
			found, err := s.readRow()
			if err != nil {
				return row{}, damaged(err)
			}
			if !found.blank() {
				return found, nil
			}
		}
	}
}

// readRow returns the row whose element has just begun.
func (s *sheet) readRow() (row, error) {
	found, size := row{line: s.line, sparse: true}, 0
	for next := 0; ; {
		token, err := s.part.token()
		if err != nil {
			return found, unexpected(err)
		}
		start, ok := token.(xml.StartElement)
		if end, isEnd := token.(xml.EndElement); isEnd && end.Name.Local == "row" {
			return found, nil
		}
		if !ok || start.Name.Local != "c" {
			continue
		}
		if column := columnOf(attribute(start, "r")); column > 0 {
			next = column - 1
		}
		text, err := s.readCell(start)
		if err != nil {
			return found, err
		}
		if size += len(text) + 1; size > maxRecord {
			found.broken, found.cells = tooLong, nil
		}
		if found.broken.code == "" && text != "" && next >= len(found.cells) && next < maxCells {
			found.cells = append(found.cells, make([]string, next-len(found.cells))...)
			found.cells = append(found.cells, text)
		}
		next++
	}
}

// columnOf returns the number of the column of a reference such as AB12, from 1, or 0.
func columnOf(reference string) int {
	column := 0
	for _, letter := range []byte(reference) {
		switch {
		case letter >= 'A' && letter <= 'Z':
			column = column*26 + int(letter-'A') + 1
		case letter >= 'a' && letter <= 'z':
			column = column*26 + int(letter-'a') + 1
		default:
			return column
		}
		if column > maxCells {
			return maxCells + 1
		}
	}
	return column
}

// noResult is read for a formula without a result, and for errors that other programs have.
const noResult = "#ERROR!"

// readCell returns the text that the cell whose element has just begun shows.
func (s *sheet) readCell(start xml.StartElement) (string, error) {
	text, formula, result := "", false, false
	for {
		token, err := s.part.token()
		if err != nil {
			return "", unexpected(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			if token.Name.Local == "c" && formula && !result {
				return noResult, nil // A program has written the formula, and no spreadsheet has calculated it.
			}
			if token.Name.Local == "c" {
				return s.show(start, text)
			}
		case xml.StartElement:
			switch token.Name.Local {
			case "v", "is":
				result = true
				if text, err = s.part.text(token.Name.Local, maxRecord+1); err != nil {
					return "", err
				}
			case "f":
				formula = true
				if err := s.part.skip("f"); err != nil {
					return "", err
				}
			}
		}
	}
}

// show returns the text that a cell with a value shows.
func (s *sheet) show(start xml.StartElement, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	switch attribute(start, "t") {
	case "s":
		return s.strings.at(strings.TrimSpace(value))
	case "e":
		if !failedFormula.MatchString(value) {
			return noResult, nil
		}
	case "b":
		return strings.ToUpper(strconv.FormatBool(isTrue(value))), nil
	case "", "n":
		format := general
		if style, err := strconv.Atoi(attribute(start, "s")); err == nil && style >= 0 && style < len(s.styles) {
			format = s.styles[style]
		}
		return format.show(value, s.epoch), nil
	}
	return value, nil
}
