package bulk

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

const (
	// maxTitles is how many rows may precede the headings, such as the title of a table. Numbers writes its name.
	maxTitles = 10
	// leastKnown is how many headings of a row must be known for it to be the headings below a title.
	leastKnown = 2
)

// readTop returns the rows that may contain the headings, and whether there may be more rows.
func readTop(next func() (row, error)) (top []row, err error) {
	for len(top) <= maxTitles {
		found, err := next()
		if errors.Is(err, io.EOF) {
			return top, nil
		}
		if err != nil {
			return top, err
		}
		if top = append(top, found); found.broken.code != "" {
			break
		}
	}
	return top, nil
}

// findHeadings returns which of the first rows has the headings: the first one, unless none of its cells is a known
// heading and a later row has some.
func findHeadings(top []row, options Options) (at, known int) {
	for i, row := range top {
		found := countKnown(row.cells, options)
		switch {
		case i == 0 && found > 0:
			return 0, found
		case i > 0 && found >= leastKnown:
			return i, found
		}
	}
	return 0, 0
}

// skipTitles adds a note if rows precede the headings.
func (c *columns) skipTitles(rows, line int) {
	if rows > 0 {
		c.notes = append(c.notes, fault.Field{
			Line: line, Code: "skipped_rows", Detail: "has the headings; the rows above are not read",
		})
	}
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

// remark matches what people and programs add to a heading, such as (required), the 2. of a numbered column, and the
// number of the first of several values, as in E-mail 1 - Value.
var remark = regexp.MustCompile(`^\s*[0-9]+[.)]\s*|\s*(\([^()]*\)|\[[^][]*\])\s*$|\s+1(\s+-\s+Value)?\s*$`)

// header is a header line.
type header struct {
	headings []string // without white space around them
	options  Options
	known    map[string]Column // by the keys of their headings
}

func newHeader(cells []string, options Options) header {
	h := header{make([]string, len(cells)), options, knownHeadings(options)}
	for i, cell := range cells {
		h.headings[i] = trim(cell)
	}
	present := map[string]bool{}
	for _, heading := range h.headings {
		if column, known := h.find(heading); known {
			present[column.Name] = true
		}
	}
	for _, column := range options.Columns {
		if !present[column.Beside] || present[column.Name] {
			continue
		}
		for _, heading := range column.ShortHeadings {
			h.add(heading, column)
		}
	}
	return h
}

// knownHeadings returns the columns by the keys of their headings. If two have the same heading, it means the first.
func knownHeadings(options Options) map[string]Column {
	h := header{known: map[string]Column{}}
	for _, column := range options.Columns {
		h.add(column.Name, column)
		for _, heading := range column.Headings {
			h.add(heading, column)
		}
	}
	return h.known
}

func (h header) add(heading string, column Column) {
	if key := headingKey(heading); h.known[key].Name == "" {
		h.known[key] = column
	}
}

// means reports whether a heading that the parameters name is meant to be one of the line. A heading that is spelled
// alike in the line is the only one that is meant: otherwise ignoring one of the columns E-Mail and Email would ignore
// both.
func (h header) means(given, heading string) bool {
	given = trim(given)
	if slices.Contains(h.headings, given) {
		return given == heading
	}
	return headingKey(given) != "" && headingKey(given) == headingKey(heading)
}

// find returns the column for a heading.
func (h header) find(heading string) (Column, bool) {
	for _, given := range slices.Sorted(maps.Keys(h.options.Fields)) {
		if !h.means(given, heading) {
			continue
		}
		field := h.options.Fields[given]
		if field == Ignore {
			return Column{Name: heading, Ignored: true}, true
		}
		i := slices.IndexFunc(h.options.Columns, func(c Column) bool { return c.Name == field })
		return h.options.Columns[max(i, 0)], i >= 0
	}
	for _, spelling := range []string{heading, remark.ReplaceAllString(heading, "")} {
		if column, known := h.known[headingKey(spelling)]; known {
			return column, true
		}
	}
	return Column{}, false
}

// countKnown returns how many headings are known.
func countKnown(cells []string, options Options) int {
	count, h := 0, newHeader(cells, options)
	for _, heading := range h.headings {
		if _, known := h.find(heading); known {
			count++
		}
	}
	return count
}

// matchHeader returns the columns that a header line names, and adds its errors to head.
func matchHeader(head *Record, cells []string, options Options) columns {
	var c columns
	h := newHeader(cells, options)
	used := map[string]string{} // the heading of each field
	for _, heading := range h.headings {
		pointer := pointerTo(strings.ToValidUTF8(heading, "�"))
		column, known := h.find(heading)
		switch {
		case heading == "":
			column = Column{}
		case !checkText(head, pointer, heading):
		case !known && options.IgnoreUnknown:
			column = Column{Name: heading, Ignored: true}
			c.notes = append(c.notes, fault.Field{
				Line: head.Line, Pointer: clip(pointer), Code: "ignored_column", Detail: "is not a known column, and is not read",
			})
		case !known && len(head.Flaws) < maxFlaws:
			head.flaw(pointer, "unknown", "is not a known column"+suggestion(heading, options))
		case !known, column.Ignored:
		case used[column.Name] != "":
			head.flaw(pointer, "duplicate_name", secondColumn(column.Name, used[column.Name], heading))
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
	for _, given := range slices.Sorted(maps.Keys(options.Fields)) {
		if !slices.ContainsFunc(h.headings, func(heading string) bool { return h.means(given, heading) }) {
			head.flaw(pointerTo(given), "absent", "is given in the parameter column, but is not in the header line")
		}
	}
	return c
}

// secondColumn describes a column for a field that another one is for already. A parameter can only distinguish them if
// their headings differ.
func secondColumn(field, first, second string) string {
	if first == second {
		return fmt.Sprintf("is a second column for %s with the same heading; remove or rename one of them", field)
	}
	return fmt.Sprintf("is a second column for %s, after %q; remove one of them, or pass column=%s:ignore",
		field, first, second)
}

// suggestion returns what to do about an unknown heading, if it is similar to a known one, has an explanation, or
// consists of several headings.
func suggestion(heading string, options Options) string {
	for _, delimiter := range delimiters {
		parts := strings.Split(heading, string(delimiter))
		if len(parts) >= leastKnown && countKnown(parts, options) >= leastKnown {
			return "; quotation marks surround the whole line: remove them, or save the table again as CSV or XLSX"
		}
	}
	for other, explanation := range options.Explanations {
		if headingKey(other) == headingKey(heading) {
			return "; " + explanation
		}
	}
	for _, column := range options.Columns {
		if near := text.Nearest(heading, append([]string{column.Name}, column.Headings...)); near != "" && !column.Ignored {
			return "; did you mean " + column.Name + "?"
		}
	}
	return ""
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
