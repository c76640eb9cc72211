package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// row is one record of a CSV file.
type row struct {
	line   int // on which it starts
	cells  []string
	broken breakage // where it has a code: why the row cannot be read beyond its cells
}

// place is where in a row a byte stands.
type place uint8

const (
	begin  place = iota // at the beginning of a cell
	bare                // in a cell without quotation marks
	quoted              // between quotation marks
	closed              // behind a quotation mark that ends the cell, or is the first of two that stand for one
	beyond              // behind something that no row may have; the rest of the line is left out
)

// rowReader reads CSV byte by byte, as RFC 4180 has it; a line may also end with a line feed alone, and lines without
// anything are passed over. It holds one row in memory, and of one that is too long not even that.
type rowReader struct {
	from *bufio.Reader
	line int // the line of the next byte, counted from 1

	row   row
	cell  []byte
	size  int // of the row so far, in bytes
	place place
}

// next gives the next row, or io.EOF. A row that is broken ends with the line on which it breaks.
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

// readRow reads up to the end of a row. At the end of the file it returns io.EOF, with what came before it.
func (r *rowReader) readRow() error {
	for {
		b, err := r.from.ReadByte()
		if errors.Is(err, io.EOF) {
			r.finish()
		}
		if err != nil {
			return err
		}
		if b == '\r' && r.endsLine() {
			continue
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

// endsLine reports whether the carriage return that was just read belongs to the end of a line.
func (r *rowReader) endsLine() bool {
	following, err := r.from.Peek(1)
	return errors.Is(err, io.EOF) || bytes.Equal(following, []byte{'\n'})
}

// take moves on by one byte of the row.
func (r *rowReader) take(b byte) {
	switch r.place {
	case begin, bare:
		switch {
		case b == ',':
			r.endCell()
		case b != '"':
			r.place = bare
			r.keep(b)
		case r.place == begin:
			r.place = quoted
		default:
			r.spoil("has a quotation mark in a cell that does not begin with one")
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
		case ',':
			r.endCell()
		default:
			r.spoil("has something behind the quotation mark that ends a cell")
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
		r.spoil("has a quotation mark that is not closed before the end of the file")
	case begin, bare, closed:
		r.endCell()
	case beyond:
	}
	if r.size > maxRecord {
		r.row.broken, r.row.cells = tooLong, nil
	}
}
