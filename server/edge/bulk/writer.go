package bulk

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Table describes the CSV form of a table.
type Table struct {
	// Columns are the members that become cells, in this order; they are the header line.
	Columns []string
	// Importable says that a Reader reads the table again. A text that looks like a marked formula, such as '=1, is then
	// marked as well, so that it is read back unchanged.
	Importable bool
}

// Sink is where rows are written to.
type Sink struct {
	io.Writer

	// Ready is called before each batch of an export, which its error ends. It may be nil.
	Ready func() error
}

// Writer writes rows, values that package encoding/json encodes as objects. A line of NDJSON is the object; a line of
// CSV has some of its members: a text as it is, a list of texts separated by |, null or an absent member as an empty
// cell, and any other value as JSON. Cells that a spreadsheet would interpret as formulas are marked. Carriage returns
// in a text are lost in CSV, where they are part of line ends.
type Writer struct {
	table  Table
	buffer *bufio.Writer
	json   *json.Encoder
	csv    *csv.Writer // nil for NDJSON
	headed bool
	ready  func() error
}

// NewWriter returns a Writer. Call Flush after the last row.
func NewWriter(format Format, to Sink, table Table) *Writer {
	w := &Writer{table: table, buffer: bufio.NewWriter(to), ready: to.Ready}
	if w.ready == nil {
		w.ready = func() error { return nil }
	}
	if format == CSV {
		w.csv = csv.NewWriter(w.buffer)
		w.csv.UseCRLF = true
		return w
	}
	w.json = json.NewEncoder(w.buffer)
	return w
}

// Write writes a row.
func (w *Writer) Write(row any) error {
	if w.csv == nil {
		return w.json.Encode(row)
	}
	if err := w.head(); err != nil {
		return err
	}
	encoded, err := json.Marshal(row)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &members); err != nil {
		return fmt.Errorf("a row is not an object: %w", err)
	}
	cells := make([]string, len(w.table.Columns))
	for i, column := range w.table.Columns {
		text := cellOf(members[column])
		if w.table.Importable {
			cells[i] = escapeFormulaForReading(text)
		} else {
			cells[i] = escapeFormula(text)
		}
	}
	return w.csv.Write(cells)
}

// Flush writes the buffered rows, and the header line of CSV even if there are no rows.
func (w *Writer) Flush() error {
	if w.csv != nil {
		if err := w.head(); err != nil {
			return err
		}
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.buffer.Flush()
}

// head writes the header line, once.
func (w *Writer) head() error {
	if w.headed {
		return nil
	}
	w.headed = true
	return w.csv.Write(w.table.Columns)
}

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
