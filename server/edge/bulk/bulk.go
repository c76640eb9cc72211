// Package bulk reads and writes tables as CSV (RFC 4180, with a header line), XLSX (Office Open XML, with a row of
// headings) or NDJSON (one JSON object per line), in constant memory. An invalid record does not affect the others,
// every error has a line and an RFC 6901 pointer, and a table that was written to be imported is read back unchanged.
//
// CSV and XLSX are read as spreadsheets of any language write them: the encoding, the delimiter and the line ends are
// detected, and columns are found by several headings.
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

// Format is the format of a table.
type Format string

// The formats, named like the file extensions.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
	XLSX   Format = "xlsx"
)

const (
	// maxRecord is the maximum size of a record in bytes, without its line end.
	maxRecord = 64 << 10
	// maxFlaws limits the errors reported for one record, which may have thousands of unknown members.
	maxFlaws = 50
	// maxPointer is the maximum length, in bytes, of a pointer, which may contain a name that the client chose.
	maxPointer = 200
)

// Column is one column of a table to read.
type Column struct {
	// Name is the name of the field, in the header line and in the objects.
	Name string
	// Headings are further names in the header line. Case, accents, spaces and punctuation are ignored in comparisons.
	Headings []string
	// ShortHeadings are names that mean this column only if the one named by Beside is in the header line: beside a column
	// with first names, Name means the last name.
	ShortHeadings []string
	Beside        string
	// Separators separate the items of a list in a cell; empty if a value is a single text. A backslash escapes a
	// separator or another backslash.
	Separators string
	// Digits says that values often consist of digits, so that spreadsheets damage them: texts such as 4.9305E+11 are
	// errors.
	Digits bool
	// Required says that the header line must have the column, and every record a value.
	Required bool
	// Nullable says that an object may have null as the value. An empty cell is an absent value, not null.
	Nullable bool
	// Ignored says that the column may be present but is not read.
	Ignored bool
}

// list reports whether a value is a list of texts.
func (c Column) list() bool { return c.Separators != "" }

// Record is one record of a table, with the values that can be read.
type Record struct {
	// Line is the line of the file, from 1, on which the record starts. A cell that contains line feeds extends over
	// several lines.
	Line int
	// Fields are the values of the record by the names of their columns: a string, an []any of strings, or nil for null.
	Fields map[string]any
	// Flaws are the errors of the record. If there are any, Fields may be incomplete.
	Flaws []fault.Field
	// Unreadable says that the rest of the file cannot be read: the record opens a quotation mark that is never closed.
	Unreadable bool
	// Notes say what was changed in the values.
	Notes []fault.Field
}

// Decode unmarshals the fields into a struct that has a member for each column. It returns all errors of the record:
// its flaws, and the values that do not have the type of their member.
func (r Record) Decode(into any) []fault.Field {
	names := slices.Sorted(maps.Keys(r.Fields))
	if r.unmarshal(into, names...) == nil {
		return r.Flaws
	}
	// Unmarshalling stops at the first error, so the members are read one by one to report all of them.
	all := Record{Line: r.Line, Flaws: slices.Clip(r.Flaws)}
	for _, name := range names {
		err := r.unmarshal(into, name)
		if err == nil {
			continue
		}
		pointer := pointerTo(name)
		var wrong *jsonv2.SemanticError
		if errors.As(err, &wrong) && wrong.JSONPointer != "" {
			pointer = string(wrong.JSONPointer)
		}
		all.flaw(pointer, "format", "does not have the format of this field")
	}
	return all.Flaws
}

// unmarshal unmarshals some of the fields.
func (r Record) unmarshal(into any, names ...string) error {
	object := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(append(object, quote(name)...), ':'), encode(r.Fields[name])...)
	}
	return jsonv2.Unmarshal(append(object, '}'), into, jsonv2.RejectUnknownMembers(true))
}

// flaw adds an error to the record.
func (r *Record) flaw(pointer, code, detail string) {
	if len(r.Flaws) < maxFlaws {
		r.Flaws = append(r.Flaws, fault.Field{Line: r.Line, Pointer: clip(pointer), Code: code, Detail: detail})
	}
}

// note adds a note to the record.
func (r *Record) note(pointer, code, detail string) {
	r.Notes = append(r.Notes, fault.Field{Line: r.Line, Pointer: clip(pointer), Code: code, Detail: detail})
}

// keepList sets a column to a list of texts.
func (r *Record) keepList(column Column, items []string) {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	r.Fields[column.Name] = list
}

// encode returns the value of a field as JSON.
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

// quote returns a text as JSON. Invalid UTF-8 was refused before.
func quote(text string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, text) // Fails only for invalid UTF-8.
	return quoted
}

// pointerTo returns the RFC 6901 pointer to a member.
func pointerTo(name string) string { return string(jsontext.Pointer("").AppendToken(name)) }

// clip shortens a pointer and removes characters that cannot be stored or shown.
func clip(pointer string) string {
	pointer = strings.ReplaceAll(pointer, "\x00", "�")
	if len(pointer) > maxPointer {
		pointer = pointer[:maxPointer] + "…"
	}
	return strings.ToValidUTF8(pointer, "�")
}
