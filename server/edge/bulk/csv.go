package bulk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// csvRecords reads the rows after a header line.
type csvRecords struct {
	rows   rowReader
	header []Column
}

func newCSVRecords(from *bufio.Reader, known []Column) (*csvRecords, error) {
	r := &csvRecords{rows: rowReader{from: from, line: 1}}
	row, err := r.rows.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	head := Record{Line: max(row.line, 1)}
	switch {
	case err != nil:
		head.flaw("", "required", "the header line is missing")
	case row.broken.code != "":
		head.flaw("", row.broken.code, "the header line "+row.broken.detail)
	default:
		r.header = matchHeader(&head, row.cells, known)
	}
	if len(head.Flaws) == 0 {
		return r, nil
	}
	// A body that is not text is not CSV. CSV with other columns is not a table that can be imported.
	code := fault.ImportRefused
	if slices.ContainsFunc(head.Flaws, func(f fault.Field) bool { return f.Code == "encoding" }) {
		code = fault.MalformedRequest
	}
	f := fault.New(code).
		With("The body must start with a line that names columns of this table, separated by commas.")
	for _, flaw := range head.Flaws {
		f = f.Row(flaw.Line, flaw.Pointer, flaw.Code, flaw.Detail)
	}
	return nil, f
}

// matchHeader returns the columns that a header line names, and adds its errors to head.
func matchHeader(head *Record, names []string, known []Column) []Column {
	var found []Column
	for _, name := range names {
		i := slices.IndexFunc(known, func(c Column) bool { return c.Name == name })
		switch {
		case !checkText(head, pointerTo(strings.ToValidUTF8(name, "�")), name):
		case i < 0:
			head.flaw(pointerTo(name), "unknown", "is not a known column")
		case slices.Contains(found, known[i]):
			head.flaw(pointerTo(name), "duplicate_name", "occurs more than once in the header line")
		default:
			found = append(found, known[i])
		}
	}
	for _, column := range known {
		if column.Required && !slices.Contains(found, column) {
			head.flaw(pointerTo(column.Name), "required", "is not in the header line")
		}
	}
	return found
}

func (r *csvRecords) next() (Record, error) {
	row, err := r.rows.next()
	if err != nil {
		return Record{}, err
	}
	record := Record{Line: row.line, Fields: map[string]any{}}
	switch {
	case row.broken.code != "":
		pointer := ""
		if at := len(row.cells); at < len(r.header) && row.broken != tooLong {
			pointer = pointerTo(r.header[at].Name)
		}
		record.flaw(pointer, row.broken.code, row.broken.detail)
	case len(row.cells) != len(r.header):
		record.flaw("", "cells", fmt.Sprintf("has %s, but the header line has %d", count(len(row.cells)), len(r.header)))
	default:
		for i, column := range r.header {
			r.read(&record, column, row.cells[i])
		}
	}
	return record, nil
}

// read sets the value of a column from a cell.
func (r *csvRecords) read(record *Record, column Column, cell string) {
	pointer := pointerTo(column.Name)
	switch {
	case column.Ignored:
	case cell == "" && column.Required:
		record.flaw(pointer, "required", "is required")
	case cell == "":
	case column.List:
		items, clean := split(unescapeFormula(cell)), true
		for i, item := range items {
			clean = checkText(record, pointer+"/"+strconv.Itoa(i), item) && clean
		}
		if clean {
			record.keepList(column, items)
		}
	case checkText(record, pointer, cell):
		record.Fields[column.Name] = unescapeFormula(cell)
	}
}

func count(cells int) string {
	if cells == 1 {
		return "1 cell"
	}
	return strconv.Itoa(cells) + " cells"
}
