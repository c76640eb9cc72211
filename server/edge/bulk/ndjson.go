package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonRecords reads lines with one JSON object each. Empty lines are ignored.
type jsonRecords struct {
	from    *bufio.Reader
	line    int // the line that was read last, from 1
	columns []Column
	named   map[string]Column
}

func newJSONRecords(from io.Reader, columns []Column) *jsonRecords {
	named := map[string]Column{}
	for _, column := range columns {
		named[column.Name] = column
	}
	return &jsonRecords{from: newBuffer(from), columns: columns, named: named}
}

func (r *jsonRecords) next() (Record, error) {
	for {
		line, long, err := r.readLine()
		if err != nil {
			return Record{}, err
		}
		record := Record{Line: r.line, Fields: map[string]any{}}
		if long {
			record.flaw("", tooLong.code, tooLong.detail)
			return record, nil
		}
		if len(bytes.TrimSpace(line)) > 0 {
			r.read(&record, line)
			return record, nil
		}
	}
}

// readLine returns the next line without its line end, or io.EOF. It keeps nothing of a line that is too long.
func (r *jsonRecords) readLine() (line []byte, long bool, err error) {
	r.line++
	line, err = r.from.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		line, long = nil, true
		_, err = r.from.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && (long || len(line) > 0) {
		err = nil
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
	return line, long || len(line) > maxRecord, err
}

// read sets the fields from the members of an object.
func (r *jsonRecords) read(record *Record, line []byte) {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(line))
	if err := r.readObject(record, decoder); err != nil {
		code, detail := "syntax", "is not valid JSON in UTF-8"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			code, detail = "duplicate_name", "occurs more than once in the object"
		}
		record.flaw(string(decoder.StackPointer()), code, detail)
	}
}

// readObject returns an error if the line is not valid JSON. Other errors become flaws, and reading continues.
func (r *jsonRecords) readObject(record *Record, decoder *jsontext.Decoder) error {
	if token, err := decoder.ReadToken(); err != nil {
		return err
	} else if token.Kind() != '{' {
		record.flaw("", "type", "must be of type object")
		return nil
	}
	given := map[string]bool{}
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadToken()
		if err != nil {
			return err
		}
		column, known := r.named[name.String()]
		given[column.Name] = known
		if err := readMember(record, decoder, column, known); err != nil {
			return err
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return err
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		record.flaw("", "trailing_data", "has text after the object")
	}
	for _, column := range r.columns {
		if column.Required && !given[column.Name] {
			record.flaw(pointerTo(column.Name), "required", "is required")
		}
	}
	return nil
}

// readMember reads the value of a member.
func readMember(record *Record, decoder *jsontext.Decoder, column Column, known bool) error {
	kind := decoder.PeekKind()
	switch {
	case !known:
		return refuse(record, decoder, "unknown", "is not a known field")
	case column.Ignored:
		return decoder.SkipValue()
	case kind == '"' && !column.list():
		text, clean, err := readText(record, decoder)
		if clean {
			record.Fields[column.Name] = text
		}
		return err
	case kind == '[' && column.list():
		items, clean, err := readItems(record, decoder)
		if clean {
			record.keepList(column, items)
		}
		return err
	case kind == 'n' && column.Nullable:
		record.Fields[column.Name] = nil
		return decoder.SkipValue()
	case kind == 'n':
		return refuse(record, decoder, "type", "must not be null")
	case column.list():
		return refuse(record, decoder, "type", "must be of type array")
	}
	return refuse(record, decoder, "type", "must be of type string")
}

// refuse skips the next value and adds an error for it.
func refuse(record *Record, decoder *jsontext.Decoder, code, detail string) error {
	if err := decoder.SkipValue(); err != nil {
		return err
	}
	record.flaw(string(decoder.StackPointer()), code, detail)
	return nil
}

// readItems reads a list of texts; clean reports whether all items are valid texts.
func readItems(record *Record, decoder *jsontext.Decoder) (items []string, clean bool, err error) {
	if _, err := decoder.ReadToken(); err != nil {
		return nil, false, err
	}
	clean = true
	for decoder.PeekKind() != ']' {
		if decoder.PeekKind() != '"' {
			if err := refuse(record, decoder, "type", "must be of type string"); err != nil {
				return nil, false, err
			}
			clean = false
			continue
		}
		item, fine, err := readText(record, decoder)
		if err != nil {
			return nil, false, err
		}
		items, clean = append(items, item), clean && fine
	}
	_, err = decoder.ReadToken()
	return items, clean, err
}

// readText reads a text; clean reports whether it can be stored.
func readText(record *Record, decoder *jsontext.Decoder) (text string, clean bool, err error) {
	token, err := decoder.ReadToken()
	if err != nil {
		return "", false, err
	}
	text = token.String()
	return text, checkText(record, string(decoder.StackPointer()), text), nil
}
