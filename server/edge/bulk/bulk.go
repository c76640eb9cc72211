// Package bulk reads and writes tables of any length, as CSV (RFC 4180, with a header line) or NDJSON (one JSON object
// a line), in memory that does not grow with them. It promises that a record that cannot be read costs only itself,
// that whatever is wrong is named by its line and an RFC 6901 pointer, and that a table which was written to be
// imported reads back as it was. It knows neither the tables nor where they come from and go to.
package bulk

import (
	"errors"
	"maps"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Format is the form of a table.
type Format string

// The formats, named as the files' extensions are.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
)

const (
	// maxRecord is how many bytes a record may have, without the end of its last line.
	maxRecord = 64 << 10
	// maxFlaws bounds what is said of one record: whoever sends thousands of unknown members learns enough from these.
	maxFlaws = 50
	// maxPointer bounds, in bytes, what a pointer repeats of a name that the client chose.
	maxPointer = 200
)

// Column is one column of a table that is read.
type Column struct {
	// Name is the column's name in the header line, and the member's in an object.
	Name string
	// List says that a value is a list of texts. In a cell its items are parted by |, and a backslash before a | or a
	// backslash takes that one as it is.
	List bool
	// Required says that the header line must have the column, and every record a value for it.
	Required bool
	// Nullable says that null may stand for a value. A cell cannot say so: an empty one means that there is no value.
	Nullable bool
	// Ignored says that the column is known and not read, so that a table that has more of them can be read at all.
	Ignored bool
}

// Record is one record of a table, as far as it can be read.
type Record struct {
	// Line is the line of the file, counted from 1, on which the record starts. A cell that contains line feeds goes over
	// several lines.
	Line int
	// Fields are the values of the record by the names of their columns: a string, an []any of strings, or nil for null.
	Fields map[string]any
	// Flaws are what is wrong with the record; with any, Fields may lack what could not be read.
	Flaws []fault.Field
}

// Decode reads the fields into a struct with a member of each column's name, and returns everything that is wrong with
// the record: its flaws, and which values cannot be read as what the struct wants.
func (r Record) Decode(into any) []fault.Field {
	all := Record{Line: r.Line, Flaws: slices.Clip(r.Flaws)}
	// Each member is read by itself, since the reader of JSON stops at the first that it cannot read.
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		object := slices.Concat([]byte{'{'}, quote(name), []byte{':'}, encode(r.Fields[name]), []byte{'}'})
		err := jsonv2.Unmarshal(object, into, jsonv2.RejectUnknownMembers(true))
		if err == nil {
			continue
		}
		pointer := pointerTo(name)
		var wrong *jsonv2.SemanticError
		if errors.As(err, &wrong) && wrong.JSONPointer != "" {
			pointer = string(wrong.JSONPointer)
		}
		all.flaw(pointer, "format", "is not in the format that this field has")
	}
	return all.Flaws
}

// flaw adds one thing that is wrong with the record.
func (r *Record) flaw(pointer, code, detail string) {
	if len(r.Flaws) < maxFlaws {
		r.Flaws = append(r.Flaws, fault.Field{Line: r.Line, Pointer: clip(pointer), Code: code, Detail: detail})
	}
}

// keepList sets a column to a list of texts.
func (r *Record) keepList(column Column, items []string) {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	r.Fields[column.Name] = list
}

// encode writes the value of a field as JSON.
func encode(value any) []byte {
	switch value := value.(type) {
	case string:
		return quote(value)
	case []any:
		list := []byte{'['}
		for i, item := range value {
			if i > 0 {
				list = append(list, ',')
			}
			list = append(list, encode(item)...)
		}
		return append(list, ']')
	}
	return []byte("null")
}

// quote writes a text as JSON. Bytes that are no UTF-8 were refused before.
func quote(text string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, text) // fails on invalid UTF-8 only
	return quoted
}

// pointerTo is the RFC 6901 pointer to a member.
func pointerTo(name string) string { return string(jsontext.Pointer("").AppendToken(name)) }

// clip makes of a pointer something that can be kept and shown.
func clip(pointer string) string {
	pointer = strings.ReplaceAll(pointer, "\x00", "�")
	if len(pointer) > maxPointer {
		pointer = pointer[:maxPointer] + "…"
	}
	return strings.ToValidUTF8(pointer, "�")
}
