package candidates_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
)

// workbook returns an XLSX file with rows below headings.
func workbook(t *testing.T, headings []string, rows ...[]string) string {
	t.Helper()
	var file strings.Builder
	writer := bulk.NewWriter(bulk.XLSX, bulk.Sink{Writer: &file}, bulk.Table{Columns: headings})
	for _, row := range rows {
		members := map[string]string{}
		for i, cell := range row {
			members[headings[i]] = cell
		}
		if err := writer.Write(members); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.Flush(), writer.Close()); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// TestImportOfWorkbooks imports XLSX with the headings of each language, a job and an unknown column.
func TestImportOfWorkbooks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	job := f.hiring.Job(api.JobStatusOpen)
	for i, headings := range [][]string{
		{"External ID", "First name", "Last name", "Phone", "Tags", "Job", "Note"},
		{"Bewerbernummer", "Vorname", "Nachname", "Telefon", "Schlagwörter", "Stelle", "Notiz"},
		{"Identifiant externe", "Prénom", "Nom", "Téléphone", "Mots-clés", "Poste", "Remarque"},
		{"ID externo", "Nombre", "Apellidos", "Teléfono", "Etiquetas", "Puesto", "Nota"},
	} {
		t.Run(headings[1], func(t *testing.T) {
			f := f.in(t)
			id := string(rune('a' + i))
			file := workbook(t, headings,
				[]string{"00" + id, "Zoë", " Groß ", "+49 30 1", "a; b", job.String(), "x"}, []string{"", " ", "\u00a0"},
				[]string{"01" + id, "Łukasz", "=1+1", "", "", "", ""})
			refused := describeRefusal(upload(hr, "xlsx", file))
			if want := []string{"1/" + headings[6] + " unknown"}; !slices.Equal(refused, want) {
				t.Errorf("an unknown column: got errors %q, want %q", refused, want)
			}
			for _, query := range []string{"xlsx?dry_run=true&unknown_columns=ignore", "xlsx?unknown_columns=ignore"} {
				report := decodeReport(upload(hr, query, file))
				if counts(report) != [5]int32{2, 2, 0, 0, 0} || report.ApplicationsCreated != 1 || !report.Encoding.IsNull() ||
					!report.Delimiter.IsNull() || !slices.Equal(describeNotes(report), []string{"1/" + headings[6] + " ignored_column"}) {
					t.Errorf("%s: got %+v, want 2 created, 1 application and a note", query, report)
				}
			}
			f.expectStoredOf(id, "00"+id+" v1 Zoë Groß +49 30 1 {} {a,b} active", "01"+id+" v1 Łukasz =1+1 {} {} active")
		})
	}

	for name, c := range map[string]struct{ file, detail string }{
		"CSV": {"first_name,last_name\nA,B\n", "send CSV to import.csv"},
		"XLS": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Save it as XLSX without a password"},
	} {
		t.Run(name, func(t *testing.T) {
			problem := upload(hr.In(t), "xlsx", c.file).Refused(http.StatusBadRequest, "malformed_request")
			if !strings.Contains(problem.Detail, c.detail) {
				t.Errorf("got detail %q, want it to say %q", problem.Detail, c.detail)
			}
		})
	}
	refused := sortErrors(describeRefusal(upload(hr, "xlsx", workbook(t, []string{"first_name", "last_name", "email"},
		[]string{"A", "B", "a@b.example"}, nil, []string{"C", "D", "c@c"}, []string{"E", "", "e@b.example"}))))
	if want := []string{"4/email format", "5/last_name required"}; !slices.Equal(refused, want) {
		t.Errorf("invalid rows: got errors %q, want %q", refused, want)
	}
}

// expectStoredOf is expectStored for the candidates whose external_id ends with a text.
func (f fixture) expectStoredOf(suffix string, want ...string) {
	f.t.Helper()
	got := f.queryTexts(`
		SELECT concat_ws(' ', external_id, 'v' || version, first_name, last_name, phone, links, tags, status)
		FROM candidates WHERE company_id = $1 AND external_id LIKE '%' || $2 ORDER BY external_id`, f.acme.ID, suffix)
	if !slices.Equal(got, want) {
		f.t.Errorf("stored are %q, want %q", got, want)
	}
}
