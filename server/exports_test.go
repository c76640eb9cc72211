package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestEveryExportOpensInSpreadsheets requests every export of the specification as CSV and as XLSX. CSV begins with a
// byte order mark unless bom is false, and both have the same rows.
func TestEveryExportOpensInSpreadsheets(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company, replica := installation.Company("acme"), installation.Replica()
	hiring := installation.Hiring(company)
	application := hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, company.Users[api.RoleEmployee])
	hiring.Score(interview, company.Users[api.RoleEmployee], api.ScoreStatusSubmitted, 4)
	admin := replica.SignIn(t, company.Users[api.RoleAdmin])
	admin.Get("/api/v1/candidates/export").Expect(http.StatusOK) // an audit entry with this action
	filters := map[string]string{"ExportAuditLogs": "&action=candidate.exported"}
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
	if exports < 4 {
		t.Errorf("got %d exports, want at least 4", exports)
	}
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
			cells[cell.Reference[0]-'A'] = strings.ReplaceAll(cell.Number+cell.Text, "'", "")
		}
		rows = append(rows, cells)
	}
	return rows
}
