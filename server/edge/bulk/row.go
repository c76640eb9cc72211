package bulk

import (
	"bufio"
	"errors"
	"io"
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
	begin  place = iota // at the start of a cell
	bare                // in a cell without quotation marks
	quoted              // between quotation marks
	closed              // after a quotation mark that ends the cell or is the first of an escaped pair
	beyond              // after a syntax error; the rest of the line is ignored
)

// rowReader reads CSV as in RFC 4180, with any delimiter. A line may also end with a line feed or a carriage return
// alone, and empty lines are ignored. Every line break in a cell is read as a line feed. It holds one row in memory,
// and nothing of a row that is too long.
type rowReader struct {
	from      *bufio.Reader
	delimiter byte
	line      int // the line of the next byte, from 1

	row   row
	cell  []byte
	size  int // of the row so far, in bytes
	place place
}

// next returns the next row, or io.EOF. A row with a syntax error ends with the line of the error.
func (r *rowReader) next() (row, error) {
	for {
		r.row, r.size, r.place, r.cell = row{line: r.line}, 0, begin, r.cell[:0]
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
			r.line++
			if r.place != quoted {
				r.finish()
				return nil
			}
		}
		r.size++
		r.take(b)
	}
}

// take processes one byte of the row.
func (r *rowReader) take(b byte) {
	switch r.place {
	case begin, bare:
		switch {
		case b == r.delimiter:
			r.endCell()
		case b != '"':
			r.place = bare
			r.keep(b)
		case r.place == begin:
			r.place = quoted
		default:
			r.spoil("has a quotation mark in a cell that does not start with one")
		}
	case quoted:
		if b == '"' {
			r.place = closed
			return
		}
		r.keep(b)
	case closed:
		switch b {
		case '"':
			r.place = quoted
			r.keep(b)
		case r.delimiter:
			r.endCell()
		default:
			r.spoil("has text after the quotation mark that ends a cell")
		}
	case beyond:
	}
}

func (r *rowReader) keep(b byte) {
	if r.size <= maxRecord {
		r.cell = append(r.cell, b)
	}
}

func (r *rowReader) endCell() {
	r.place = begin
	if r.size <= maxRecord {
		r.row.cells = append(r.row.cells, string(r.cell))
	}
	r.cell = r.cell[:0]
}

func (r *rowReader) spoil(detail string) {
	r.place, r.row.broken = beyond, breakage{"syntax", detail}
}

// finish ends the row.
func (r *rowReader) finish() {
	switch r.place {
	case quoted:
		r.spoil("has a quotation mark that is not closed")
	case begin, bare, closed:
		r.endCell()
	case beyond:
	}
	if r.size > maxRecord {
		r.row.broken, r.row.cells = tooLong, nil
	}
}
