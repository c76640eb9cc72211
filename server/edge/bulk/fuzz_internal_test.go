package bulk

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRows compares rows and line numbers with those of encoding/csv, up to the first row that it refuses.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"a,b\r\nc,d\n", "\"a\nb\",\"c\"\"d\"\n\n\r\n\re", "a\"b\nc", "\"a\"b\nc", "\"a\nb", ",\n\"\"\n", "\"a\"\r\n\"b\r\n\"\r", "\r\r\n\"\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, table []byte) {
		if len(table) > maxRecord {
			return
		}
		// encoding/csv does not end lines with a carriage return alone.
		table = bytes.ReplaceAll(bytes.ReplaceAll(table, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
		ours := rowReader{from: bufio.NewReader(bytes.NewReader(table)), delimiter: ',', line: 1}
		theirs := csv.NewReader(bytes.NewReader(table))
		theirs.FieldsPerRecord = -1
		for {
			row, err := ours.next()
			cells, theirErr := theirs.Read()
			if errors.Is(err, io.EOF) || errors.Is(theirErr, io.EOF) {
				if !errors.Is(err, io.EOF) || !errors.Is(theirErr, io.EOF) {
					t.Fatalf("end: got error %v, encoding/csv %v", err, theirErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if theirErr != nil {
				return
			}
			if line, _ := theirs.FieldPos(0); line != row.line || row.broken.code != "" || !slices.Equal(cells, row.cells) {
				t.Fatalf("got %q and error %q on line %d, encoding/csv %q on line %d", row.cells, row.broken, row.line, cells, line)
			}
		}
	})
}

// FuzzReader reads any input. Reading ends, every record has the line on which it starts, every error can be part of a
// response, and every valid record can be decoded and stored. encoding/json reads the same records.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"name,tags\nNora,a|b\n", "\ufeffname,email\n\"No\nra\",'=1\n\xff,\x00\n", "name\n\"", "name,name,x\n", `{"name":"a","tags":["b","c"],"email":null}`,
		"{\"name\":\"\\u0000\"}\n\n[1]\n{}{}\n{\"x\":{\"y\":[1]}}\n{\"name\":\"a\",\"name\":\"b\"}", "{\"tags\":[[[[",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	known := []Column{{Name: "name", Required: true}, {Name: "email", Nullable: true}, {Name: "tags", Separators: "|;,\n"}, {Name: "id", Ignored: true}}
	f.Fuzz(func(t *testing.T, table []byte, lines bool) {
		options := Options{Columns: known, Most: len(table) + 1}
		reader := NewJSONReader(bytes.NewReader(table), options)
		text := strings.TrimPrefix(string(table), byteOrderMark)
		if !lines {
			encoding, err := DetectEncoding(bytes.NewReader(table))
			if err != nil {
				return
			}
			if reader, err = NewCSVReader(bytes.NewReader(table), encoding, options); err != nil {
				return
			}
			decoded, err := io.ReadAll(encoding.decode(bytes.NewReader(table)))
			if err != nil {
				t.Fatal(err)
			}
			text = strings.ReplaceAll(strings.ReplaceAll(string(decoded), "\r\n", "\n"), "\r", "\n")
		}
		physical := strings.Split(text, "\n")
		for last := 0; ; {
			record, err := reader.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if record.Line <= last || record.Line > len(physical) {
				t.Fatalf("line of a record: got %d after %d, of %d lines", record.Line, last, len(physical))
			}
			last = record.Line
			for _, flaw := range record.Flaws {
				shown := utf8.ValidString(flaw.Pointer) && !strings.ContainsRune(flaw.Pointer, 0)
				if !shown || flaw.Code == "" || flaw.Detail == "" || flaw.Pointer != "" && flaw.Pointer[0] != '/' {
					t.Fatalf("error that cannot be part of a response: %+v", flaw)
				}
			}
			if len(record.Flaws) == 0 {
				checkKept(t, record)
			}
			if lines && len(record.Flaws) == 0 {
				compare(t, physical[record.Line-1], record)
			}
		}
	})
}

// checkKept decodes a valid record and checks that PostgreSQL can store its strings.
func checkKept(t *testing.T, record Record) {
	t.Helper()
	var row struct {
		Name  string   `json:"name"`
		Email *string  `json:"email"`
		Tags  []string `json:"tags"`
	}
	if flaws := record.Decode(&row); len(flaws) > 0 {
		t.Fatalf("errors of a valid record: got %+v", flaws)
	}
	texts := append(row.Tags, row.Name)
	if row.Email != nil {
		texts = append(texts, *row.Email)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Fatalf("%q cannot be stored", text)
		}
	}
}

// compare compares a record with what encoding/json reads.
func compare(t *testing.T, line string, record Record) {
	t.Helper()
	var want map[string]any
	if err := json.Unmarshal([]byte(line), &want); err != nil {
		t.Fatalf("%q: accepted, but encoding/json returns %v", line, err)
	}
	delete(want, "id")
	if !reflect.DeepEqual(record.Fields, want) {
		t.Fatalf("%q: got %v, want %v", line, record.Fields, want)
	}
}
