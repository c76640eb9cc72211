package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestEveryExportOpensInSpreadsheets requests every export of the specification as CSV and as XLSX. CSV begins with a
// byte order mark unless bom is false, and both have the same rows with every delimiter.
func TestEveryExportOpensInSpreadsheets(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	hiring := installation.Hiring(company)
	application := hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	// Texts that spreadsheets would compute, that look like marked formulas, and that contain separators.
	const text = `'=1+1; =2|"x", y`
	installation.Exec(`UPDATE jobs SET title = $1, external_id = '=1', department = '-1', location = '4.9E+11'`, text)
	installation.Exec(`UPDATE candidates SET last_name = $1, external_id = '@a', tags = '{"=1,2","a;b"}', phone = '+49 30'`, text)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, company.Users[api.RoleEmployee])
	installation.Exec(`UPDATE interviews SET title = $1, location = $1, instructions = '=1'`, text)
	installation.Exec(`UPDATE users SET first_name = '=1', department = $1`, text)
	hiring.Score(interview, company.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 4)
	admin := replica.SignIn(t, company.Users[api.RoleAdmin])
	const exported = "&action=candidate.exported"
	admin.Get("/api/v1/candidates/export").Expect(http.StatusOK) // an audit entry with this action
	testkit.Eventually(t, 10*time.Second, "the entry is sealed, so that it does not change between the exports", func() bool {
		return !bytes.Contains(admin.Get("/api/v1/audit-logs/export?format=ndjson"+exported).Expect(http.StatusOK).Body, []byte(`"hash":null`))
	})
	filters := map[string]string{"ExportAuditLogs": exported}
	exports := 0
	for _, op := range loadContract(t).Operations() {
		if !op.Streaming {
			continue
		}
		exports++
		t.Run(op.ID, func(t *testing.T) {
			get := func(query string) []byte {
				return admin.In(t).Get(op.Path + "?" + query + filters[op.ID]).Expect(http.StatusOK).Body
			}
			mark := []byte("\ufeff")
			marked, bare := get("format=csv"), get("format=csv&bom=false")
			if !bytes.HasPrefix(marked, mark) || bytes.HasPrefix(bare, mark) || !bytes.HasPrefix(get("format=csv&bom=true"), mark) {
				t.Errorf("got CSV that begins with %q, and with %q for bom=false", marked[:10], bare[:10])
			}
			records, err := csv.NewReader(bytes.NewReader(bare)).ReadAll()
			if err != nil || len(records) < 2 {
				t.Fatalf("got %d records, %v, want at least one below the headings", len(records), err)
			}
			readAgain(t, get("format=csv"), bulk.CSV, records[0], get("format=ndjson"))
			for name, delimiter := range map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t', "pipe": '|'} {
				file := get("format=csv&bom=false&delimiter=" + name)
				reader := csv.NewReader(bytes.NewReader(file))
				reader.Comma = delimiter
				separated, err := reader.ReadAll()
				if err != nil || !slices.Equal(separated[0], records[0]) || len(separated) != len(records) {
					t.Errorf("%s: got %d records with the headings %q, %v", name, len(separated), separated[0], err)
				}
				readAgain(t, file, bulk.CSV, records[0], get("format=ndjson"))
			}
			readAgain(t, get("format=xlsx"), bulk.XLSX, records[0], get("format=ndjson"))
			sheet := readExport(t, get("format=xlsx"))
			for i, record := range records {
				for j, cell := range record {
					records[i][j] = strings.ReplaceAll(cell, "'", "") // The marks are only in CSV.
				}
			}
			if !slices.EqualFunc(sheet, records, slices.Equal[[]string]) {
				t.Errorf("got the sheet\n%q, want the records of CSV\n%q", sheet, records)
			}
		})
	}
	if exports < 7 {
		t.Errorf("got %d exports, want at least 7", exports)
	}
}

// columnOf returns the index of the column of a reference such as AB7.
func columnOf(reference string) int {
	column := 0
	for _, letter := range strings.TrimRight(reference, "0123456789") {
		column = column*26 + int(letter-'A') + 1
	}
	return column - 1
}

// readExport returns the cells of the first sheet of an exported workbook without apostrophes.
func readExport(t *testing.T, file []byte) [][]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := archive.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Reference string `xml:"r,attr"`
				Number    string `xml:"v"`
				Text      string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := xml.NewDecoder(part).Decode(&sheet); err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, row := range sheet.Rows {
		cells := make([]string, len(sheet.Rows[0].Cells))
		for _, cell := range row.Cells {
			cells[columnOf(cell.Reference)] = strings.ReplaceAll(cell.Number+cell.Text, "'", "")
		}
		rows = append(rows, cells)
	}
	return rows
}

// readAgain reads an exported table by its columns, and compares each text and list of texts with the same export in NDJSON.
func readAgain(t *testing.T, table []byte, format bulk.Format, columns []string, lines []byte) {
	t.Helper()
	var want []map[string]any
	lists := map[string]bool{}
	for line := range bytes.Lines(lines) {
		var members map[string]any
		if err := json.Unmarshal(line, &members); err != nil {
			t.Fatal(err)
		}
		for name, value := range members {
			_, list := value.([]any)
			lists[name] = lists[name] || list
		}
		want = append(want, members)
	}
	options := bulk.Options{Most: 10_000}
	for _, name := range columns {
		column := bulk.Column{Name: name, Nullable: !lists[name]}
		if lists[name] {
			column.Separators = "|"
		}
		options.Columns = append(options.Columns, column)
	}
	reader, err := bulk.NewCSVReader(bytes.NewReader(table), bulk.UTF8, options)
	if format == bulk.XLSX {
		reader, err = bulk.NewSheetReader(bytes.NewReader(table), int64(len(table)), options)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for n := 0; ; n++ {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range record.Fields {
			if n >= len(want) {
				continue // one line for each rating of a score
			}
			switch expected := want[n][name].(type) {
			case string:
				if got != expected {
					t.Errorf("%s of line %d in %s: got %q, want %q", name, n+1, format, got, expected)
				}
			case []any:
				if _, nested := slices.Concat(expected, []any{""})[0].(string); nested && !reflect.DeepEqual(got, expected) {
					t.Errorf("%s of line %d in %s: got %q, want %q", name, n+1, format, got, expected)
				}
			}
		}
	}
}
