package bulk_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// people are the options of a table with names that are found by short headings.
func people() bulk.Options {
	return bulk.Options{
		Columns: []bulk.Column{
			{Name: "first_name", Headings: []string{"Vorname"}, ShortHeadings: []string{"Name"}, Beside: "last_name"},
			{Name: "last_name", Headings: []string{"Nachname"}, ShortHeadings: []string{"Name"}, Beside: "first_name"},
			{Name: "email", Headings: []string{"E-Mail", "N\u00ba de correo"}},
			{Name: "phone", Digits: true},
			{Name: "tags", Separators: "|"},
		},
		Explanations: map[string]string{"Name": "split it"}, Most: 100,
	}
}

// outcome returns the records of a table as their lines and values, the notes in brackets, or the error of its headings.
func outcome(t *testing.T, reader *bulk.Reader, err error) string {
	t.Helper()
	var f *fault.Fault
	if errors.As(err, &f) {
		said := ""
		for _, field := range f.Fields() {
			said += fmt.Sprintf("%d %s: %s; ", field.Line, field.Pointer, field.Detail)
		}
		return said
	}
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, note := range reader.Notes() {
		said += fmt.Sprintf("[%d %s %s] ", note.Line, note.Code, note.Detail)
	}
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprint(record.Line)
		for _, name := range []string{"first_name", "last_name", "phone", "email", "tags"} {
			if value := record.Fields[name]; value != nil {
				said += fmt.Sprintf(" %s=%v", name, value)
			}
		}
		for _, flaw := range record.Flaws {
			said += fmt.Sprintf(" (%s %s)", flaw.Pointer, flaw.Code)
		}
		for _, note := range record.Notes {
			said += fmt.Sprintf(" [%s %s]", note.Pointer, note.Code)
		}
		said += "; "
	}
	return said
}

// TestHeadingsAreFound reads tables with headings as people and programs write them, and below titles.
func TestHeadingsAreFound(t *testing.T) {
	t.Parallel()
	const skipped = "skipped_rows has the headings; the rows above are not read] "
	for table, want := range map[string]string{
		"Vorname;Name\nAda;Okafor\n":                  "2 first_name=Ada last_name=Okafor; ",
		"Name,Nachname\nAda,Okafor\n":                 "2 first_name=Ada last_name=Okafor; ",
		"Name,E-Mail\nAda Okafor,a@b.example\n":       "1 /Name: is not a known column; split it; ",
		"Vorname,Nachname,Name\na,b,c\n":              "1 /Name: is not a known column; split it; ",
		"1. Vorname,2) Nachname\na,b\n":               "2 first_name=a last_name=b; ",
		"Vorname [Pflicht],E-mail 1 - Value\na,b\n":   "2 first_name=a email=b; ",
		"Vorname,N.\u00ba de correo\na,b\n":           "2 first_name=a email=b; ",
		"Vorname,1.\na,b\n":                           "1 /1.: is not a known column; ",
		"Table 1,,\nVorname,Nachname,\na,b,\n":        "[2 " + skipped + "3 first_name=a last_name=b; ",
		"Liste; Stand 1.12.\n\n;;\nVorname;Name\na;b": "[4 " + skipped + "5 first_name=a last_name=b; ",
		"sep=;\nListe\nVorname;Name\na;b\n":           "[3 " + skipped + "4 first_name=a last_name=b; ",
		"sep=;;;\nVorname;Name;\na;b;\n":              "3 first_name=a last_name=b; ",
		"sep= ;\nVorname;Name\na;b\n":                 "3 first_name=a last_name=b; ",
		"Liste,,\nVorname,Titel,\na,b,\n":             "1 /Liste: is not a known column; ",
		strings.Repeat("x\n", 11) + "Vorname,Name\n":  "1 /x: is not a known column; ",
		"\"Vorname;Name\"\n\"a;b\"\n": "1 /Vorname;Name: is not a known column; quotation marks surround the whole line: " +
			"remove them, or save the table again as CSV or XLSX; ",
		"'Vorname','Name'\n'a','b'\n": "1 : has cells in other quotation marks than \"; save the table again as CSV or XLSX; ",
		"“Vorname”;„Name“\na;b\n":     "1 : has cells in other quotation marks than \"; save the table again as CSV or XLSX; ",
	} {
		t.Run(table[:min(len(table), 30)], func(t *testing.T) {
			t.Parallel()
			reader, err := bulk.NewCSVReader(strings.NewReader(table), bulk.UTF8, people())
			if got := outcome(t, reader, err); got != want {
				t.Errorf("%q: got %q, want %q", table, got, want)
			}
		})
	}
}

// TestCellsAsProgramsWriteThem reads values that other programs have changed or wrapped.
func TestCellsAsProgramsWriteThem(t *testing.T) {
	t.Parallel()
	for cells, want := range map[string]string{
		`="00123",x`:                      "2 phone=00123 email=x [/phone text_formula]",
		`"=""0 """"1""""""",x`:            `2 phone=0 "1" email=x [/phone text_formula]`,
		`'="00123",x`:                     `2 phone=="00123" email=x`,
		`="a"&"b",x`:                      `2 phone=="a"&"b" email=x`,
		"493055500123.0,x":                "2 phone=493055500123 email=x [/phone decimal_place]",
		`"493055500123,0",x`:              "2 phone=493055500123 email=x [/phone decimal_place]",
		"'493055500123.0,x":               "2 phone=493055500123.0 email=x",
		"1.0,12345.0":                     "2 phone=1.0 email=12345.0",
		"4.93055500123E11,x":              "2 email=x (/phone damaged_number)",
		"4E11,x":                          "2 phone=4E11 email=x",
		"\u202a+49 1\u202c,\u200ex\u200f": "2 phone=+49 1 email=x",
		"1,x\n\x1a":                       "2 phone=1 email=x",
		"1,x\n\x00\x00\x00":               "2 phone=1 email=x",
		"1,x\x00y":                        "2 phone=1 (/email nul)",
		"Zo\xeb,x":                        "2 email=x (/phone encoding)",
	} {
		t.Run(cells, func(t *testing.T) {
			t.Parallel()
			reader, err := bulk.NewCSVReader(strings.NewReader("phone,email\n"+cells), bulk.UTF8, people())
			if got := outcome(t, reader, err); got != want+"; " {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestSheetIsChosen reads workbooks with several sheets, and with rows above the headings.
func TestSheetIsChosen(t *testing.T) {
	t.Parallel()
	row := func(cells ...string) string {
		text := "<row>"
		for _, cell := range cells {
			text += `<c t="inlineStr"><is><t>` + cell + `</t></is></c>`
		}
		return text + "</row>"
	}
	data := row("Vorname", "Name") + row("a", "b")
	const ignored = "ignored_sheets is in the sheet %q; these sheets are not read: %s] "
	for name, c := range map[string]struct {
		sheets []string // a kind or a state, a colon and rows
		want   string
	}{
		"one":             {[]string{":" + data}, "2 first_name=a last_name=b; "},
		"empty others":    {[]string{":" + data, ":"}, "2 first_name=a last_name=b; "},
		"two with values": {[]string{":" + data, ":" + data}, "[1 " + fmt.Sprintf(ignored, "S0", `"S1"`) + "2 first_name=a last_name=b; "},
		"hidden":          {[]string{"hidden:" + data + data, ":" + data}, "2 first_name=a last_name=b; "},
		"very hidden":     {[]string{"veryHidden:" + row("x"), ":" + data}, "2 first_name=a last_name=b; "},
		"all hidden":      {[]string{"hidden:" + data}, "2 first_name=a last_name=b; "},
		"a chart":         {[]string{"chartsheet:", ":" + data}, "2 first_name=a last_name=b; "},
		"a summary":       {[]string{":" + row("Exported"), ":" + data}, "[1 " + fmt.Sprintf(ignored, "S1", `"S0"`) + "2 first_name=a last_name=b; "},
		"unknown in all":  {[]string{":" + row("x"), ":" + row("y")}, "1 /x: is not a known column; "},
		"a title":         {[]string{":" + row("Table 1") + data + row("c", "d")}, "[2 skipped_rows has the headings; the rows above are not read] 3 first_name=a last_name=b; 4 first_name=c last_name=d; "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book := parts{}
			sheets, links := "", ""
			for i, sheet := range c.sheets {
				kind, rows, _ := strings.Cut(sheet, ":")
				state := ""
				if kind != "chartsheet" {
					state, kind = kind, "worksheet"
				}
				part := fmt.Sprintf("s%d.xml", i)
				book["xl/"+part] = "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"
				sheets += fmt.Sprintf(`<sheet name="S%d" r:id="r%d" state=%q/>`, i, i, state)
				links += fmt.Sprintf(`<Relationship Id="r%d" Type="http://x/%s" Target=%q/>`, i, kind, part)
			}
			book["xl/workbook.xml"] = `<workbook xmlns:r="r"><sheets>` + sheets + `</sheets></workbook>`
			book["xl/_rels/workbook.xml.rels"] = `<Relationships>` + links + `</Relationships>`
			file := workbook(t, book)
			reader, err := bulk.NewSheetReader(strings.NewReader(file), int64(len(file)), people())
			if err == nil {
				defer func() {
					if err := reader.Close(); err != nil {
						t.Error(err)
					}
				}()
			}
			if got := outcome(t, reader, err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestFormatsOfTelephoneNumbers reads numbers whose format depends on their size, or has no zeros.
func TestFormatsOfTelephoneNumbers(t *testing.T) {
	t.Parallel()
	styles := `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[&lt;=9999999]###\-####;\(###\)\ ###\-####"/>` +
		`<numFmt numFmtId="165" formatCode="+##\ ###\ ####"/></numFmts>` +
		`<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`
	book := names(`<c s="1"><v>4155550123</v></c>`, `<c s="1"><v>5550123</v></c>`, `<c s="2"><v>493055501</v></c>`,
		`<c t="inlineStr"><is><t>_xD83D__xDE00_</t></is></c>`)
	book["xl/styles.xml"] = styles
	want := []string{"2 name=4155550123", "3 name=5550123", "4 name=+49 305 5501", "5 name=😀"}
	if got, err := readSheet(workbook(t, book), 100); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
