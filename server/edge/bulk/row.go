package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// row is one record of a CSV file.
type row struct {
	line   int // the line on which it starts
	cells  []string
	broken breakage // if it has a code: why the row cannot be read after its cells
	sparse bool     // whether empty cells at the end are usually omitted
}

// place is the position of a byte in a row.
type place uint8

const (
	begin  place = iota // at the start of a cell, after white space only
	bare                // in a cell without quotation marks around it
	quoted              // between quotation marks
	closed              // after a quotation mark that ends the cell or is the first of an escaped pair
	padded              // in the white space after the quotation mark that ends the cell
	ragged              // in the text after it
	beyond              // after a syntax error; the rest of the line is ignored
)

// rowReader reads CSV as in RFC 4180, with any delimiter, and as people write it: white space may surround quotation
// marks, and quotation marks may be within a cell. A line may also end with a line feed or a carriage return alone, and
// empty lines are ignored. Every line break in a cell is read as a line feed. It holds one row in memory, and nothing
// of a row that is too long.
type rowReader struct {
	from      *bufio.Reader
	delimiter byte
	line      int // the line of the next byte, from 1

	row    row
	cell   []byte
	raw    []byte // the cell as it is written, if it begins with a quotation mark
	opened int    // the line of that quotation mark
	blank  int    // the end of the white space at the start of cell, or after the last quotation mark of raw
	size   int    // of the row so far, in bytes
	place  place
}

// next returns the next row, or io.EOF. A row with a syntax error ends with the line of the error.
func (r *rowReader) next() (row, error) {
	for {
		r.row, r.size, r.place, r.cell, r.blank = row{line: r.line}, 0, begin, r.cell[:0], 0
		err := r.readRow()
		if err != nil && (!errors.Is(err, io.EOF) || r.size == 0) {
			return row{}, err
		}
		if r.size > 0 {
			return r.row, nil
		}
	}
}

// readRow reads to the end of a row. At the end of the file it returns io.EOF, after keeping what precedes it.
func (r *rowReader) readRow() error {
	for {
		b, err := r.from.ReadByte()
		if errors.Is(err, io.EOF) {
			r.finish()
		}
		if err != nil {
			return err
		}
		if b == '\r' {
			if following, err := r.from.Peek(1); err == nil && following[0] == '\n' {
				continue
			}
			b = '\n'
		}
		if b == '\n' {
			if r.place != quoted {
				r.finish()
				r.line++
				return nil
			}
			r.line++
		}
		r.size++
		r.take(b)
	}
}

// take processes one byte of the row.
func (r *rowReader) take(b byte) {
	switch r.place {
	case begin:
		switch {
		case b == r.delimiter:
			r.endCell()
		case b != '"':
			r.keep(b)
			if b > ' ' && b < utf8.RuneSelf || !r.isBlank(r.cell) {
				r.place = bare
			}
		default:
			r.place, r.opened = quoted, r.line
			r.cell, r.raw = r.cell[:0], append(r.raw[:0], b)
		}
	case bare:
		if b == r.delimiter {
			r.endCell()
			return
		}
		r.keep(b)
	case quoted:
		r.keepRaw(b)
		if b == '"' {
			r.place, r.blank = closed, len(r.raw)
			return
		}
		r.keep(b)
	case closed, padded, ragged:
		r.takeClosed(b)
	case beyond:
	}
}

// takeClosed processes a byte after a quotation mark in a cell that begins with one.
func (r *rowReader) takeClosed(b byte) {
	if b == r.delimiter {
		r.endCell()
		return
	}
	r.keepRaw(b)
	switch {
	case b == '"' && r.place == closed:
		r.place = quoted
		r.keep(b)
	case b == '"' || r.place == ragged || !r.isBlank(r.raw):
		r.place = ragged
	default:
		r.place = padded
	}
}

// isBlank reports whether cell or raw continues after r.blank with white space only, with its last character possibly
// incomplete. It examines each character once, because a cell may have many.
func (r *rowReader) isBlank(text []byte) bool {
	rest := text[r.blank:]
	rest = rest[:len(rest)-incompleteRune(rest)]
	r.blank += len(rest)
	return trim(string(rest)) == ""
}

func (r *rowReader) keep(b byte) {
	if r.size <= maxRecord {
		r.cell = append(r.cell, b)
	}
}

func (r *rowReader) keepRaw(b byte) {
	if r.size <= maxRecord {
		r.raw = append(r.raw, b)
	}
}

// endCell ends a cell. One such as "The Crown" Pub is read as it is written. Where it is not clear what was meant, the
// row has a syntax error: the reader must not guess where a cell ends.
func (r *rowReader) endCell() {
	switch {
	case r.place == ragged && r.line > r.opened:
		r.spoil(fmt.Sprintf("has a quotation mark that is opened on line %d, and closed within a cell on line %d; "+
			"if the first one is part of the text, write it twice and put the cell into quotation marks", r.opened, r.line))
		return
	case r.place == ragged && r.raw[len(r.raw)-1] == '"', r.place == bare && opensQuote(r.cell):
		r.spoil("has quotation marks that do not surround the cell; write each one that is part of the text twice, " +
			"and put the cell into quotation marks")
		return
	case r.size > maxRecord:
	case r.place == ragged:
		r.row.cells = append(r.row.cells, string(r.raw))
	default:
		r.row.cells = append(r.row.cells, string(r.cell))
	}
	r.place, r.cell, r.blank = begin, r.cell[:0], 0
}

// opensQuote reports whether a cell without quotation marks around it has one that opens a quotation and none that
// closes it, such as the first cell of: The "Crown, Inc." Pub.
func opensQuote(cell []byte) bool {
	at := bytes.LastIndexByte(cell, '"')
	return at > 0 && at < len(cell)-1 && cell[at-1] == ' ' && cell[at+1] != ' ' && bytes.Count(cell, []byte{'"'})%2 == 1
}

func (r *rowReader) spoil(detail string) {
	r.place, r.row.broken = beyond, breakage{"syntax", detail}
}

// unclosed is the error of a quotation mark that is not closed before the end of the file.
var unclosed = breakage{ //nolint:gochecknoglobals // a constant
	"syntax", "opens a quotation mark that is never closed; close it, or write it twice within quotation marks",
}

// finish ends the row.
func (r *rowReader) finish() {
	switch r.place {
	case quoted:
		r.row.broken, r.row.line = unclosed, r.opened
		return
	case begin, bare, closed, padded, ragged:
		r.endCell()
	case beyond:
	}
	if r.size > maxRecord {
		r.row.broken, r.row.cells = tooLong, nil
		if r.line > r.row.line {
			r.row.broken.detail += fmt.Sprintf(" and extends to line %d; a quotation mark may not be closed", r.line)
		}
	}
}
