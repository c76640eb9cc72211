package bulk

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
)

// Table describes the CSV and XLSX forms of a table.
type Table struct {
	// Columns are the members that become cells, in this order; they are the header line.
	Columns []string
}

// Sink is where rows are written to.
type Sink struct {
	io.Writer

	// Ready is called before each batch of an export, which its error ends. It may be nil.
	Ready func() error
	// ByteOrderMark says that CSV begins with a byte order mark, by which Excel recognizes UTF-8.
	ByteOrderMark bool
	// Delimiter separates the cells of CSV; 0 is a comma.
	Delimiter rune
}

// Writer writes rows, values that package encoding/json encodes as objects. In NDJSON, a row that is an
// encoder.Appender appends itself. A line of NDJSON is the object; a row of
// CSV or XLSX has some of its members: a text as it is, a list of texts separated by |, null or an absent member as an
// empty cell, and any other value as JSON. Cells of CSV that a spreadsheet would interpret as formulas are marked. A
// text that looks like a marked formula, such as '=1, is marked as well, so that a Reader returns every text
// unchanged. Only carriage returns are lost in CSV, where they are part of line ends.
type Writer struct {
	table Table
	rows  rowWriter
	lines *lineWriter // nil for CSV and XLSX
	ready func() error
}

// rowWriter writes the rows of a format.
type rowWriter interface {
	// write writes a row. The header line is written first.
	write(members map[string]json.RawMessage) error
	// flush writes the buffered rows, and the header line even if there are no rows.
	flush() error
	// finish is called after the last flush.
	finish() error
}

// NewWriter returns a Writer. Call Close after the last row.
func NewWriter(format Format, to Sink, table Table) *Writer {
	w := &Writer{table: table, ready: to.Ready}
	if w.ready == nil {
		w.ready = func() error { return nil }
	}
	buffer := bufio.NewWriter(to)
	switch format {
	case CSV:
		w.rows = newCSVWriter(buffer, to, table)
	case XLSX:
		w.rows = newSheetWriter(buffer, table)
	case NDJSON:
		w.lines = &lineWriter{buffer, json.NewEncoder(buffer)}
		w.rows = w.lines
	}
	return w
}

// Write writes a row.
func (w *Writer) Write(row any) error {
	if w.lines != nil {
		return w.lines.encode(row)
	}
	encoded, err := json.Marshal(row)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &members); err != nil {
		return fmt.Errorf("a row is not an object: %w", err)
	}
	return w.rows.write(members)
}

// Flush writes the buffered rows, and the header line even if there are no rows.
func (w *Writer) Flush() error { return w.rows.flush() }

// Close writes what is left, and the end of the table. It does not close the sink.
func (w *Writer) Close() error {
	if err := w.rows.flush(); err != nil {
		return err
	}
	return w.rows.finish()
}

// lineWriter writes NDJSON. It encodes whole rows instead of their members.
type lineWriter struct {
	buffer *bufio.Writer
	json   *json.Encoder
}

func (w *lineWriter) encode(row any) error {
	appender, ok := row.(encoder.Appender)
	if !ok {
		return w.json.Encode(row)
	}
	line, err := encoder.Append(w.buffer.AvailableBuffer(), appender)
	if err != nil {
		return err
	}
	_, err = w.buffer.Write(append(line, '\n'))
	return err
}

func (w *lineWriter) write(map[string]json.RawMessage) error { return nil }
func (w *lineWriter) flush() error                           { return w.buffer.Flush() }
func (w *lineWriter) finish() error                          { return nil }

// csvWriter writes CSV.
type csvWriter struct {
	csv    *csv.Writer
	buffer *bufio.Writer
	table  Table
	mark   bool   // whether the byte order mark is to be written
	breaks string // where a spreadsheet with other settings starts a new cell
	headed bool
}

func newCSVWriter(buffer *bufio.Writer, to Sink, table Table) *csvWriter {
	w := &csvWriter{csv: csv.NewWriter(buffer), buffer: buffer, table: table, mark: to.ByteOrderMark}
	w.csv.UseCRLF = true
	if to.Delimiter != 0 {
		w.csv.Comma = to.Delimiter
	}
	w.breaks = breaksOf(w.csv.Comma)
	return w
}

func (w *csvWriter) write(members map[string]json.RawMessage) error {
	if err := w.head(); err != nil {
		return err
	}
	cells := make([]string, len(w.table.Columns))
	for i, column := range w.table.Columns {
		cells[i] = escapeValue(escapeFormula(cellOf(members[column]), w.breaks, readable))
	}
	return w.csv.Write(cells)
}

// head writes the header line, once.
func (w *csvWriter) head() error {
	if w.headed {
		return nil
	}
	w.headed = true
	if w.mark {
		if _, err := w.buffer.WriteString(byteOrderMark); err != nil {
			return err
		}
	}
	return w.csv.Write(w.table.Columns)
}

func (w *csvWriter) flush() error {
	if err := w.head(); err != nil {
		return err
	}
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return err
	}
	return w.buffer.Flush()
}

func (*csvWriter) finish() error { return nil }

// cellOf returns a value as the text of a cell.
func cellOf(value json.RawMessage) string {
	var text string
	var items []string
	switch {
	case len(value) == 0 || string(value) == "null":
		return ""
	case json.Unmarshal(value, &text) == nil:
		return text
	case json.Unmarshal(value, &items) == nil:
		return join(items)
	}
	return string(value)
}
