package bulk

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Table is what is written of a table as CSV.
type Table struct {
	// Columns are the members of a row that become its cells, in their order; the header line names them.
	Columns []string
	// Importable says that a Reader is meant to read the table again: a text that looks like one that was defused, such as
	// '=1, is then marked as well, and so comes back as it was.
	Importable bool
}

// Writer writes rows, each a value that is a JSON object to package encoding/json, so that a table says the same in
// both formats: as a line of NDJSON that object, and as a line of CSV some members of it. A text is a cell as it is, a
// list of texts its items parted by |, and null or nothing an empty cell; anything else is a cell with its JSON. A
// spreadsheet takes no cell for a formula. Carriage returns in a text are lost in CSV, where they stand for a line's
// end.
type Writer struct {
	table  Table
	buffer *bufio.Writer
	json   *json.Encoder
	csv    *csv.Writer // nil where NDJSON is written
	headed bool
}

// NewWriter writes a table; the last rows arrive with Flush.
func NewWriter(format Format, to io.Writer, table Table) *Writer {
	w := &Writer{table: table, buffer: bufio.NewWriter(to)}
	if format == CSV {
		w.csv = csv.NewWriter(w.buffer)
		w.csv.UseCRLF = true
		return w
	}
	w.json = json.NewEncoder(w.buffer)
	return w
}

// Write adds a row.
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
		return fmt.Errorf("a row is no object: %w", err)
	}
	cells := make([]string, len(w.table.Columns))
	for i, column := range w.table.Columns {
		text := cellOf(members[column])
		if w.table.Importable {
			cells[i] = defuseForReading(text)
		} else {
			cells[i] = defuse(text)
		}
	}
	return w.csv.Write(cells)
}

// Flush hands on what has been written. The header line of CSV comes also where no row does.
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

// cellOf writes a value as the text of a cell.
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
