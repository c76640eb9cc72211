package candidates_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// testFile returns a file of testdata.
func testFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// stored returns the candidates of the company of a client, each as "first_name last_name email phone location {links}
// {tags} external_id" without nulls, sorted.
func stored(c *testkit.Client) []string {
	var texts []string
	for _, candidate := range listAll(c, url.Values{"limit": {"200"}}) {
		parts := []string{candidate.FirstName, candidate.LastName}
		if email, err := candidate.Email.Get(); err == nil {
			parts = append(parts, string(email))
		}
		for _, text := range []interface{ Get() (string, error) }{candidate.Phone, candidate.Location} {
			if value, err := text.Get(); err == nil {
				parts = append(parts, value)
			}
		}
		parts = append(parts, fmt.Sprint(candidate.Links), fmt.Sprint(candidate.Tags))
		if id, err := candidate.ExternalID.Get(); err == nil {
			parts = append(parts, id)
		}
		texts = append(texts, strings.Join(parts, " "))
	}
	slices.Sort(texts)
	return texts
}

// TestImportOfFilesFromTheField imports every file of testdata. The report names what was detected and changed, or what
// is wrong, and then nothing is imported.
func TestImportOfFilesFromTheField(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cases := map[string]struct {
		query               string
		encoding, delimiter string
		notes, errors       []string
		stored              []string
	}{
		"blank-rows.csv": {
			encoding: "UTF-8", delimiter: ",", stored: []string{"Ada Okafor ada.okafor@mail.example [] [] x-1"},
		},
		"damaged-numbers.csv": {errors: []string{"2/phone damaged_number"}},
		"excel-german.csv": {
			encoding: "Windows-1252", delimiter: ";",
			stored: []string{"Jürgen Müller juergen.mueller@mail.example +49 30 5550 0123 [] []", "Élodie Größner elodie@mail.example [] []"},
		},
		"excel-unicode-text.txt": {
			encoding: "UTF-16LE", delimiter: "\t", stored: []string{"Łukasz Żak lukasz@mail.example [] []"},
		},
		"excel-sep.csv":      {encoding: "UTF-8", delimiter: ";", stored: []string{"Ada Okafor [] []"}},
		"excel-utf8-bom.csv": {encoding: "UTF-8", delimiter: ",", stored: []string{"Zoë Brontë [] []"}},
		"old-mac.csv":        {encoding: "UTF-8", delimiter: ",", stored: []string{"Ada Okafor [] []", "Mira Solheim [] []"}},
		"spaces.csv": {
			encoding: "UTF-8", delimiter: ",",
			stored: []string{"Ada Okafor ada@mail.example [] [robotics ros2]", "Mira Solheim mira@mail.example [] [welding mig tig]"},
		},
		"extra-column.csv": {errors: []string{"1/notes unknown"}},
		"extra-column.csv ignored": {
			query: "unknown_columns=ignore", encoding: "UTF-8", delimiter: ",", notes: []string{"1/notes ignored_column"},
			stored: []string{"Ada Okafor ada@mail.example [] []"},
		},
		"extra-column.csv mapped": {
			query: "column=notes:location", encoding: "UTF-8", delimiter: ",",
			stored: []string{"Ada Okafor ada@mail.example met at the fair [] []"},
		},
		"extra-column.csv dropped": {
			query: "column=Notes:ignore", encoding: "UTF-8", delimiter: ",", stored: []string{"Ada Okafor ada@mail.example [] []"},
		},
		"trailing-comma.csv": {encoding: "UTF-8", delimiter: ",", stored: []string{"Ada Okafor ada@mail.example [] []"}},
		"formulas.csv": {
			encoding: "UTF-8", delimiter: ",",
			stored: []string{
				`=HYPERLINK("http://x.example") Okafor a@mail.example [] []`, "x;=1+1 Sand c@mail.example [] []",
				"＝1+1 Solheim b@mail.example [] []",
			},
		},
		"links.csv": {errors: []string{"3/links/0 pattern"}},
		"links.csv partial": {
			query: "mode=partial", encoding: "UTF-8", delimiter: ",",
			notes: []string{"2/links/0 link_encoded", "4/links/0 link_encoded"},
			stored: []string{
				"Hugo Benício [https://profiles.example/in/hugo-ben%C3%ADcio] []", "Ole Dahl [https://profiles.example/ole] []",
			},
		},
		"multiline.csv": {
			encoding: "UTF-8", delimiter: ",", notes: []string{"2/location line_break"},
			stored: []string{"Ada Okafor Building 4 Floor 2 [] []"},
		},
	}
	tested := map[string]bool{}
	for name, want := range cases {
		file, _, _ := strings.Cut(name, " ")
		tested[file] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			slug := "case-" + strings.NewReplacer(".", "-", " ", "-").Replace(name)
			hr := f.replica.SignIn(t, f.Company(slug).Users[api.RoleHr])
			answer := upload(hr, "csv?"+want.query, testFile(t, file))
			if want.errors != nil {
				if got := describeRefusal(answer); !slices.Equal(got, want.errors) {
					t.Errorf("got errors %q, want %q", got, want.errors)
				}
			} else {
				report := decodeReport(answer)
				if got := describeNotes(report); !slices.Equal(got, want.notes) {
					t.Errorf("got notes %q, want %q", got, want.notes)
				}
				if got := report.Encoding.MustGet(); got != want.encoding {
					t.Errorf("got encoding %q, want %q", got, want.encoding)
				}
				if got := report.Delimiter.MustGet(); got != want.delimiter {
					t.Errorf("got delimiter %q, want %q", got, want.delimiter)
				}
			}
			if got := stored(hr); !slices.Equal(got, want.stored) {
				t.Errorf("stored are %q, want %q", got, want.stored)
			}
		})
	}
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("list testdata: got %d files, %v", len(files), err)
	}
	for _, file := range files {
		if !tested[filepath.Base(file)] {
			t.Errorf("%s has no case", file)
		}
	}
}

// spreadsheet is how a program writes CSV in a language.
type spreadsheet struct {
	program, language string
	encode            func(text string) string
	delimiter, line   string
}

func asUTF8(text string) string { return text }

func asUTF8WithMark(text string) string { return "\ufeff" + text }

// asUTF16 encodes in little-endian order, with a byte order mark.
func asUTF16(text string) string {
	encoded := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}
	return string(encoded)
}

func as1252(text string) string {
	encoded, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return encoded
}

// TestImportFromSpreadsheets imports the same two people as each program writes them in each language.
func TestImportFromSpreadsheets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	headings := map[string][]string{
		"en": {"First Name", "Last Name", "E-mail", "Phone", "City", "Keywords"},
		"de": {"Vorname", "Nachname", "E-Mail-Adresse", "Telefon", "Wohnort", "Schlagwörter"},
		"fr": {"Prénom", "Nom", "Courriel", "Téléphone", "Ville", "Mots-clés"},
		"es": {"Nombre", "Apellidos", "Correo electrónico", "Teléfono", "Ciudad", "Etiquetas"},
	}
	people := [][]string{
		{"Zoë", "Muñoz, geb. Groß", "zoe@mail.example", "+49 30 5550 0123", "Saint-Étienne", "soudure|élec"},
		{"François", "d'Árbol", "francois@mail.example", "0034 91 555", "A Coruña", ""},
	}
	var sheets []spreadsheet
	for _, language := range []string{"en", "de", "fr", "es"} {
		delimiter := ";" // Excel uses the list separator of the language.
		if language == "en" {
			delimiter = ","
		}
		sheets = append(sheets,
			spreadsheet{"Excel CSV", language, as1252, delimiter, "\r\n"},
			spreadsheet{"Excel CSV UTF-8", language, asUTF8WithMark, delimiter, "\r\n"},
			spreadsheet{"Excel Unicode text", language, asUTF16, "\t", "\r\n"},
			spreadsheet{"Excel for Macintosh", language, as1252, delimiter, "\r"},
			spreadsheet{"Numbers", language, asUTF8, delimiter, "\n"},
			spreadsheet{"LibreOffice", language, asUTF8, ",", "\n"},
			spreadsheet{"LibreOffice with bars", language, asUTF8, "|", "\n"},
			spreadsheet{"Google Sheets", language, asUTF8, ",", "\r\n"},
			spreadsheet{"Google Sheets TSV", language, asUTF8, "\t", "\r\n"},
		)
	}
	want := []string{
		"François d'Árbol francois@mail.example 0034 91 555 A Coruña [] []",
		"Zoë Muñoz, geb. Groß zoe@mail.example +49 30 5550 0123 Saint-Étienne [] [soudure élec]",
	}
	for i, sheet := range sheets {
		t.Run(sheet.program+" "+sheet.language, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			var text strings.Builder
			for _, row := range append([][]string{headings[sheet.language]}, people...) {
				for n, cell := range row {
					if n > 0 {
						text.WriteString(sheet.delimiter)
					}
					if strings.ContainsAny(cell, sheet.delimiter) {
						cell = `"` + cell + `"`
					}
					text.WriteString(cell)
				}
				text.WriteString(sheet.line)
			}
			hr := f.replica.SignIn(t, f.Company(fmt.Sprintf("sheet-%d", i)).Users[api.RoleHr])
			report := decodeReport(upload(hr, "csv", sheet.encode(text.String())))
			if report.Created != 2 || len(report.Notes) > 0 || report.Delimiter.MustGet() != sheet.delimiter {
				t.Errorf("got %+v, want 2 created without notes, separated by %q", report, sheet.delimiter)
			}
			if got := stored(hr); !slices.Equal(got, want) {
				t.Errorf("stored are %q, want %q", got, want)
			}
		})
	}
}

// TestImportRefusesOtherFiles sends files of other kinds as CSV. The detail says what to do.
func TestImportRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ file, detail string }{
		"XLSX":         {"PK\x03\x04\x14\x00", "Send an XLSX file to import.xlsx"},
		"XLS":          {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "Save it as XLSX"},
		"PDF":          {"%PDF-1.7\n\xff", "Export the table"},
		"binary":       {"first_name\n\x01\xff", "Save it as “CSV UTF-8”"},
		"other legacy": {"first_name\nJ\x81rg", "Save it as “CSV UTF-8”"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problem := upload(f.as[api.RoleHr].In(t), "csv", c.file).Refused(http.StatusBadRequest, "malformed_request")
			if !strings.Contains(problem.Detail, c.detail) {
				t.Errorf("got detail %q, want it to say %q", problem.Detail, c.detail)
			}
		})
	}
}

// TestColumnParameters checks the errors of unknown columns and of the parameters for them.
func TestColumnParameters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	problem := upload(hr, "csv", "Frist name,Emial,Quux\nA,B,C\n").Refused(http.StatusUnprocessableEntity, "import_refused")
	var details []string
	for _, e := range problem.Errors {
		details = append(details, *e.Pointer+" "+e.Detail)
	}
	want := []string{
		"/Frist name is not a known column; did you mean first_name?", "/Emial is not a known column; did you mean email?",
		"/Quux is not a known column",
	}
	if !slices.Equal(details, want) {
		t.Errorf("got %q, want %q", details, want)
	}
	for _, text := range []string{"first_name, last_name, email", "column=HEADING:FIELD", "unknown_columns=ignore"} {
		if !strings.Contains(problem.Detail, text) {
			t.Errorf("got detail %q, want it to contain %q", problem.Detail, text)
		}
	}

	file := "Rufname;Nachname;Vorname\nJo;Lind;Johanna\n"
	mapped := "csv?" + url.Values{"column": {"Rufname:ignore"}}.Encode()
	if report := decodeReport(upload(hr, mapped, file)); report.Created != 1 || stored(hr)[0] != "Johanna Lind [] []" {
		t.Errorf("got %+v and %q, want Johanna Lind", report, stored(hr))
	}
	if got := describeRefusal(upload(hr, "csv?column=Name:last_name&column=Rufname:ignore", file)); !slices.Equal(got, []string{"1/Name absent"}) {
		t.Errorf("a heading that is absent: got %q, want 1/Name absent", got)
	}
	refused := upload(hr, "csv?column=Name:surname", file).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if e := refused.Errors[0]; *e.Parameter != "column" || !strings.Contains(e.Detail, "last_name") {
		t.Errorf("an unknown field: got %+v, want the fields", e)
	}
	for _, query := range []string{"column=Name", "column=:last_name", "unknown_columns=some", "same_email=some"} {
		upload(hr, "csv?"+query, file).Refused(http.StatusBadRequest, "malformed_request")
	}
}

// TestImportTakesMediaTypesOfClients uploads files with the media types that browsers and libraries send. Others are
// refused with a list.
func TestImportTakesMediaTypesOfClients(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	const file = "first_name,last_name\nAda,Okafor\n"
	for _, media := range []string{
		"text/csv", "Text/CSV; charset=windows-1252", "application/csv", "text/x-csv", "text/plain", "application/vnd.ms-excel",
		"application/octet-stream", "text/tab-separated-values; charset=utf-16",
	} {
		if report := decodeReport(hr.Do(http.MethodPost, collection+"/import.csv?dry_run=true", file, "Content-Type", media)); report.Created != 1 {
			t.Errorf("%s: got %+v, want 1 created", media, report)
		}
	}
	refused := hr.Do(http.MethodPost, collection+"/import.csv", file, "Content-Type", "image/png").Refused(http.StatusUnsupportedMediaType, "unsupported_media_type")
	if !strings.HasPrefix(refused.Detail, "The Content-Type must be text/csv or application/csv or ") {
		t.Errorf("got detail %q, want the media types with text/csv first", refused.Detail)
	}
	sheet := hr.Do(http.MethodPost, collection+"/import.csv", "PK\x03\x04", "Content-Type", "application/vnd.ms-excel").
		Refused(http.StatusBadRequest, "malformed_request")
	if !strings.Contains(sheet.Detail, "import.xlsx") {
		t.Errorf("a workbook: got detail %q, want import.xlsx", sheet.Detail)
	}
}
