package bulk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// columns are the columns of a file, in its order. A column without a heading has no name and no values.
type columns struct {
	all    []Column
	notes  []fault.Field
	breaks string // see breaksOf
	texts  bool   // whether a cell may be a formula for a text; see textFormula
}

// record returns the record of a row.
func (c columns) record(row row) Record {
	record := Record{Line: row.line, Fields: map[string]any{}}
	if row.broken.code != "" {
		pointer := ""
		if at := len(row.cells); at < len(c.all) && row.broken.code != tooLong.code {
			pointer = pointerTo(c.all[at].Name)
		}
		record.flaw(pointer, row.broken.code, row.broken.detail)
		return record
	}
	if surplus := row.cells[min(len(c.all), len(row.cells)):]; !allBlank(surplus) {
		record.flaw("", "cells", fmt.Sprintf("has %s, but the header line has %d; quote cells that contain a delimiter",
			count(len(row.cells)), len(c.all)))
		return record
	}
	if len(row.cells) < len(c.all) && !row.sparse {
		// Excel omits empty cells at the end of a row.
		record.note("", "cells", fmt.Sprintf("has %s, but the header line has %d; the others were read as empty",
			count(len(row.cells)), len(c.all)))
	}
	for i, column := range c.all[:min(len(c.all), len(row.cells))] {
		cell := row.cells[i]
		if text, found := textFormula(cell); found && c.texts && !column.Ignored {
			record.note(pointerTo(column.Name), "text_formula", "was a formula for a text, and became the text")
			cell = text
		}
		column.read(&record, cell, c.breaks)
	}
	for _, column := range c.all[min(len(c.all), len(row.cells)):] {
		column.read(&record, "", c.breaks)
	}
	return record
}

// read sets the value of the column from a cell.
func (c Column) read(record *Record, cell, breaks string) {
	pointer := pointerTo(c.Name)
	cell = trim(cell)
	switch {
	case c.Ignored:
	case cell == "" && c.Required:
		record.flaw(pointer, "required", "is required")
	case cell == "":
	case c.Name == "":
		record.flaw("", "cells", "has a value in a column without a heading; add the heading")
	case failedFormula.MatchString(cell):
		record.flaw(pointer, "formula_error", fmt.Sprintf("is %s, which a spreadsheet shows for a formula without a result; "+
			"correct the formula or clear the cell", cell))
	case c.list():
		c.readList(record, pointer, unescape(cell, breaks))
	case c.Digits && decimalPlace.MatchString(cell):
		record.note(pointer, "decimal_place", "was written as a number with a decimal place, which was removed")
		record.Fields[c.Name] = cell[:len(cell)-len(".0")]
	case c.Digits && damagedNumber.MatchString(cell):
		record.flaw(pointer, "damaged_number", "was shortened by a spreadsheet, so its digits are lost; "+
			"format the column as text and enter the value again")
	case checkText(record, pointer, cell):
		value := joinLines(unescape(cell, breaks))
		if strings.Contains(cell, "\n") {
			record.note(pointer, "line_break", "has line breaks, which became spaces")
		}
		record.Fields[c.Name] = value
	}
}

// readList sets the value of a list from a cell.
func (c Column) readList(record *Record, pointer, cell string) {
	var items []string
	clean := true
	for _, item := range split(cell, c.Separators) {
		if item = trim(item); item == "" {
			continue
		}
		clean = checkText(record, pointer+"/"+strconv.Itoa(len(items)), item) && clean
		items = append(items, item)
	}
	if clean && len(items) > 0 { // A cell with nothing but separators is empty.
		record.keepList(c, items)
	}
}

// blank reports whether all cells are blank. The end of a file may have the mark by which DOS ended files, or the NULs
// of a program that stopped while it wrote.
func (r row) blank() bool {
	return r.broken.code == "" && !slices.ContainsFunc(r.cells, func(cell string) bool {
		return trim(strings.Trim(cell, "\x00\x1a")) != ""
	})
}

func allBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return trim(cell) != "" })
}

// trim removes white space around a text, also the invisible characters that word processors and address books insert:
// those without width, and the marks of the direction of text.
func trim(cell string) string {
	return strings.TrimFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\u061c\u200b\u200e\u200f\u2060\ufeff", r) ||
			r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	})
}

// joinLines replaces line breaks, with the white space around them, by spaces.
func joinLines(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = trim(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

func count(cells int) string {
	if cells == 1 {
		return "1 cell"
	}
	return strconv.Itoa(cells) + " cells"
}
