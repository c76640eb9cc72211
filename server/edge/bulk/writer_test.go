package bulk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
)

// write returns rows in a format.
func write(t interface{ Fatal(args ...any) }, format bulk.Format, table bulk.Table, rows ...any) string {
	var out bytes.Buffer
	writer := bulk.NewWriter(format, bulk.Sink{Writer: &out}, table)
	for _, row := range rows {
		if err := writer.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWriter(t *testing.T) {
	t.Parallel()
	type row struct {
		ID      int            `json:"id"`
		Name    string         `json:"name"`
		Email   *string        `json:"email"`
		Tags    []string       `json:"tags"`
		At      time.Time      `json:"at"`
		Good    bool           `json:"good"`
		Details map[string]any `json:"details"`
		Ratings []int          `json:"ratings"`
		Left    string         `json:"left,omitempty"`
	}
	email := "nora@acme.example"
	rows := []any{
		row{
			ID: 1, Name: "Nora \"N\" Lind, Dr.\nLund", Email: &email, Tags: []string{"a", "b|c"}, Good: true,
			At: time.Date(2026, 1, 5, 9, 30, 0, 120_000_000, time.UTC), Details: map[string]any{"b": "<", "a": 1}, Ratings: []int{3, 4},
		},
		row{Name: "'=1", Tags: []string{"=1"}},
	}
	columns := []string{"name", "id", "email", "tags", "at", "good", "details", "ratings", "left"}
	const head = "name,id,email,tags,at,good,details,ratings,left\r\n"
	const first = "\"Nora \"\"N\"\" Lind, Dr.\r\nLund\",1,nora@acme.example,a|b\\|c,2026-01-05T09:30:00.12Z,true," +
		"\"{\"\"a\"\":1,\"\"b\"\":\"\"\\u003c\"\"}\",\"[3,4]\",\r\n"
	const second = "''=1,0,,'=1,0001-01-01T00:00:00Z,false,,,\r\n"
	if got := write(t, bulk.CSV, bulk.Table{Columns: columns}, rows...); got != head+first+second {
		t.Errorf("got\n%s, want\n%s", got, head+first+second)
	}
	var lines bytes.Buffer
	for _, row := range rows {
		if err := json.NewEncoder(&lines).Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	if got := write(t, bulk.NDJSON, bulk.Table{Columns: columns}, rows...); got != lines.String() {
		t.Errorf("got\n%s, want\n%s", got, &lines)
	}
	if got := write(t, bulk.CSV, bulk.Table{Columns: columns}) + write(t, bulk.NDJSON, bulk.Table{Columns: columns}); got != head {
		t.Errorf("no rows: got %q, want %q", got, head)
	}
	for _, wrong := range []any{[]int{1}, make(chan int)} {
		if err := bulk.NewWriter(bulk.CSV, bulk.Sink{Writer: io.Discard}, bulk.Table{}).Write(wrong); err == nil {
			t.Errorf("%T: got no error, although it is not an object", wrong)
		}
	}
}

// TestWriterOfAppenders checks that lines that append themselves are those of package encoding/json, also if one is
// larger than the buffer of the writer.
func TestWriterOfAppenders(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	var rows []any
	for _, name := range []string{"a", "<b>", strings.Repeat("long", 5000), "d"} {
		row := api.PersonSummary{FirstName: name, LastName: "\u2028"}
		rows = append(rows, row)
		if err := json.NewEncoder(&want).Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	if got := write(t, bulk.NDJSON, bulk.Table{}, rows...); got != want.String() {
		t.Errorf("got\n%s, want\n%s", got, want.String())
	}
	writer := bulk.NewWriter(bulk.NDJSON, bulk.Sink{Writer: io.Discard}, bulk.Table{})
	if err := writer.Write(wrong{}); err == nil {
		t.Error("got no error for a row that has no JSON")
	}
}

// wrong has no JSON.
type wrong struct{}

func (wrong) AppendJSON(dst []byte) []byte { return encoder.Float(dst, math.NaN()) }

// full is a writer whose Write fails.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestWriterReturnsErrors checks that an error of the destination is returned.
func TestWriterReturnsErrors(t *testing.T) {
	t.Parallel()
	for _, format := range []bulk.Format{bulk.CSV, bulk.NDJSON} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			writer := bulk.NewWriter(format, bulk.Sink{Writer: full{}}, bulk.Table{Columns: []string{"name"}})
			err := writer.Write(map[string]string{"name": strings.Repeat("x", 1<<20)})
			if err == nil {
				err = writer.Flush()
			}
			if !errors.Is(err, errFull) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// openAny is open for every format.
func openAny(table string, format bulk.Format, most int) (*bulk.Reader, error) {
	if format == bulk.XLSX {
		return bulk.NewSheetReader(strings.NewReader(table), int64(len(table)), bulk.Options{Columns: columns(), Most: most})
	}
	return open(strings.NewReader(table), format, most)
}

// TestExportRoundTrip reads exported rows. Cells lose line breaks, empty strings and the white space around values.
func TestExportRoundTrip(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune("=+-@'\"|\\,;a ü😀\ufeff4.E_x0")), rapid.Rune().Filter(unicode.IsPrint),
	)).Filter(func(text string) bool { return text != "" && strings.Trim(text, " \ufeff\u200b\u2060") == text })
	type row struct {
		Name  string   `json:"name"`
		Email *string  `json:"email,omitempty"`
		Tags  []string `json:"tags,omitempty"`
		ID    int      `json:"id"`
	}
	rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) row {
		return row{
			Name: text.Draw(t, "name"), Email: rapid.Ptr(text, true).Draw(t, "email"),
			Tags: rapid.SliceOfN(text, 0, 3).Draw(t, "tags"), ID: rapid.Int().Draw(t, "id"),
		}
	}))
	rapid.Check(t, func(t *rapid.T) {
		written := rows.Draw(t, "rows")
		for _, format := range []bulk.Format{bulk.CSV, bulk.XLSX, bulk.NDJSON} {
			var given []any
			for _, row := range written {
				given = append(given, row)
			}
			table := write(t, format, bulk.Table{Columns: []string{"id", "name", "email", "tags"}}, given...)
			reader, err := openAny(table, format, len(written))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range written {
				record, err := reader.Next()
				if err != nil {
					t.Fatal(err)
				}
				var got row
				if flaws := record.Decode(&got); len(flaws) > 0 {
					t.Fatalf("%s: errors: got %+v, want none", format, flaws)
				}
				got.ID = want.ID
				if a, b := write(t, bulk.NDJSON, bulk.Table{}, got), write(t, bulk.NDJSON, bulk.Table{}, want); a != b {
					t.Fatalf("%s: got %s, want %s", format, a, b)
				}
			}
			if _, err := reader.Next(); !errors.Is(err, io.EOF) {
				t.Fatalf("%s: after the last row: got error %v, want EOF", format, err)
			}
		}
	})
}

// endless reads as a header line and then n times the same line.
type endless struct {
	next, line string
	left       int
	most       uint64 // of the heap, at any time
}

func (e *endless) Read(p []byte) (int, error) {
	if e.next == "" && e.left == 0 {
		return 0, io.EOF
	}
	if e.next == "" {
		e.next = e.line
		if e.left--; e.left%10_000 == 0 {
			runtime.GC()
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			e.most = max(e.most, now.HeapAlloc)
		}
	}
	n := copy(p, e.next)
	e.next = e.next[n:]
	return n, nil
}

// TestReaderMemoryIsBounded reads 100,000 generated records, and one that exceeds every limit. It is not parallel, because
// it measures the heap.
func TestReaderMemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures memory
	const records = 100_000
	note := strings.Repeat("n", 200)
	for name, test := range map[string]struct {
		format  bulk.Format
		source  endless
		records int
	}{
		"CSV":                {bulk.CSV, endless{next: "name,email,tags\r\n", line: note + ",nora@acme.example,a|b\r\n", left: records}, records},
		"NDJSON":             {bulk.NDJSON, endless{line: `{"name":"` + note + `","tags":["a","b"]}` + "\n", left: records}, records},
		"one record, CSV":    {bulk.CSV, endless{next: "name\n\"", line: note + "\n", left: records}, 1},
		"one record, NDJSON": {bulk.NDJSON, endless{line: note, left: records}, 1},
		"very many cells":    {bulk.CSV, endless{next: "name\n", line: strings.Repeat(",", 200), left: records}, 1},
		"blank lines":        {bulk.CSV, endless{next: "name\n", line: "\n", left: records}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			reader, err := open(&test.source, test.format, records)
			if err != nil {
				t.Fatal(err)
			}
			read := 0
			for ; err == nil; read++ {
				_, err = reader.Next()
			}
			if grown := int64(test.source.most) - int64(before.HeapAlloc); !errors.Is(err, io.EOF) || read-1 != test.records || grown > 4<<20 {
				t.Errorf("got %d records, error %v and %d bytes more on the heap", read-1, err, grown)
			}
		})
	}
}
