package bulk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// columns are the columns of a file, in its order. A column without a heading has no name and no values.
type columns struct {
	all   []Column
	notes []fault.Field
}

// headingKey returns what is compared of a heading: its letters and digits in lower case without accents.
func headingKey(heading string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(heading))
}

// find returns the column for a heading.
func find(heading string, options Options) (Column, bool) {
	key := headingKey(heading)
	for given, field := range options.Fields {
		if headingKey(given) != key || key == "" && given != heading {
			continue
		}
		if field == Ignore {
			return Column{Name: heading, Ignored: true}, true
		}
		i := slices.IndexFunc(options.Columns, func(c Column) bool { return c.Name == field })
		return options.Columns[max(i, 0)], i >= 0
	}
	for _, column := range options.Columns {
		if headingKey(column.Name) == key ||
			slices.ContainsFunc(column.Headings, func(other string) bool { return headingKey(other) == key }) {
			return column, true
		}
	}
	return Column{}, false
}

// countKnown returns how many headings are known.
func countKnown(headings []string, options Options) int {
	count := 0
	for _, heading := range headings {
		if _, known := find(heading, options); known {
			count++
		}
	}
	return count
}

// matchHeader returns the columns that a header line names, and adds its errors to head.
func matchHeader(head *Record, headings []string, options Options) columns {
	var c columns
	used := map[string]string{} // the heading of each field
	for _, heading := range headings {
		heading = trim(heading)
		pointer := pointerTo(strings.ToValidUTF8(heading, "�"))
		column, known := find(heading, options)
		switch {
		case heading == "":
			column = Column{}
		case !checkText(head, pointer, heading):
		case !known && options.IgnoreUnknown:
			column = Column{Name: heading, Ignored: true}
			c.notes = append(c.notes, fault.Field{
				Line: head.Line, Pointer: clip(pointer), Code: "ignored_column", Detail: "is not a known column, and is not read",
			})
		case !known:
			head.flaw(pointer, "unknown", "is not a known column"+suggestion(heading, options))
		case column.Ignored:
		case used[column.Name] != "":
			head.flaw(pointer, "duplicate_name", fmt.Sprintf("is a second column for %s, after %q; "+
				"remove one of them, or pass column=HEADING:ignore", column.Name, used[column.Name]))
		default:
			used[column.Name] = heading
		}
		c.all = append(c.all, column)
	}
	for _, column := range options.Columns {
		if column.Required && used[column.Name] == "" {
			head.flaw(pointerTo(column.Name), "required", "is not in the header line")
		}
	}
	for heading := range options.Fields {
		if !slices.ContainsFunc(headings, func(given string) bool { return headingKey(given) == headingKey(heading) }) {
			head.flaw(pointerTo(heading), "absent", "is given in the parameter column, but is not in the header line")
		}
	}
	return c
}

// suggestion returns a question for an unknown heading that is similar to a known one.
func suggestion(heading string, options Options) string {
	for _, column := range options.Columns {
		if near := text.Nearest(heading, append([]string{column.Name}, column.Headings...)); near != "" && !column.Ignored {
			return "; did you mean " + column.Name + "?"
		}
	}
	return ""
}

// record returns the record of a row.
func (c columns) record(row row) Record {
	record := Record{Line: row.line, Fields: map[string]any{}}
	if row.broken.code != "" {
		pointer := ""
		if at := len(row.cells); at < len(c.all) && row.broken != tooLong {
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
		column.read(&record, row.cells[i])
	}
	for _, column := range c.all[min(len(c.all), len(row.cells)):] {
		column.read(&record, "")
	}
	return record
}

// read sets the value of the column from a cell.
func (c Column) read(record *Record, cell string) {
	pointer := pointerTo(c.Name)
	cell = trim(cell)
	switch {
	case c.Ignored:
	case cell == "" && c.Required:
		record.flaw(pointer, "required", "is required")
	case cell == "":
	case c.Name == "":
		record.flaw("", "cells", "has a value in a column without a heading; add the heading")
	case c.list():
		c.readList(record, pointer, unescape(cell))
	case c.Digits && damagedNumber.MatchString(cell):
		record.flaw(pointer, "damaged_number", "was shortened by a spreadsheet, so its digits are lost; "+
			"format the column as text and enter the value again")
	case checkText(record, pointer, cell):
		value := joinLines(unescape(cell))
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
	if clean {
		record.keepList(c, items)
	}
}

// blank reports whether all cells are blank.
func (r row) blank() bool { return r.broken.code == "" && allBlank(r.cells) }

func allBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return trim(cell) != "" })
}

// trim removes white space around a text, also the characters without width that word processors insert.
func trim(cell string) string {
	return strings.TrimFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
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
