package bulk

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// export returns a workbook with rows of a name and a number, in sheets of at most this many rows.
func export(t *testing.T, rows, most int) string {
	t.Helper()
	var file bytes.Buffer
	writer := newSheetWriter(bufio.NewWriter(&file), Table{Columns: []string{"name", "count"}})
	writer.most = most
	for n := range rows {
		row := map[string]json.RawMessage{"name": []byte(`"Nora"`), "count": fmt.Append(nil, n)}
		if n == 0 {
			row["name"] = fmt.Appendf(nil, "%q", strings.Repeat("😀", 20_000))
		}
		if err := writer.write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.flush(), writer.finish()); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// TestSheetLimits reads a workbook at its limits and above them.
func TestSheetLimits(t *testing.T) {
	t.Parallel()
	const rows = 1000
	file := export(t, rows, maxLine)
	options := Options{Columns: []Column{{Name: "name"}, {Name: "count"}}, Most: rows}
	read := func(file string, limits sheetLimits) (records int, size int64, err error) {
		source, err := newSheetRecords(strings.NewReader(file), int64(len(file)), options, limits)
		if err != nil {
			return 0, 0, err
		}
		defer func() { err = errors.Join(err, source.rows.close()) }()
		for {
			if _, err := source.next(); err != nil {
				return records, source.rows.book.read, err
			}
			records++
		}
	}
	records, size, err := read(file, largestSheet)
	if records != rows || !errors.Is(err, io.EOF) {
		t.Fatalf("got %d records, %v, want %d", records, err, rows)
	}
	if records, _, err := read(file, sheetLimits{unzipped: size}); records != rows || !errors.Is(err, io.EOF) {
		t.Errorf("at the limit of %d bytes: got %d records, %v, want %d", size, records, err, rows)
	}
	if _, _, err := read(file, sheetLimits{unzipped: size / 2}); !fault.Is(err, fault.PayloadTooLarge) {
		t.Errorf("above the limit of %d bytes: got error %v, want %s", size/2, err, fault.PayloadTooLarge)
	}
	shared := withSharedTexts(t, 3)
	for most, want := range map[int]bool{2: false, 3: true} {
		_, _, err := read(shared, sheetLimits{unzipped: size, texts: most})
		if got := errors.Is(err, io.EOF); got != want || !got && !fault.Is(err, fault.PayloadTooLarge) {
			t.Errorf("3 texts with a limit of %d: got error %v", most, err)
		}
	}
}

// withSharedTexts returns a workbook with a number of shared texts, the first of which is a heading.
func withSharedTexts(t *testing.T, texts int) string {
	t.Helper()
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for name, content := range map[string]string{
		"_rels/.rels":         `<Relationships><Relationship Id="a" Type="/officeDocument" Target="book.xml"/></Relationships>`,
		"book.xml":            `<workbook xmlns:r="r"><sheets><sheet r:id="s"/></sheets></workbook>`,
		"_rels/book.xml.rels": `<Relationships><Relationship Id="s" Type="/worksheet" Target="s.xml"/><Relationship Id="t" Type="/sharedStrings" Target="t.xml"/></Relationships>`,
		"t.xml":               `<sst>` + strings.Repeat(`<si><t>name</t></si>`, texts) + `</sst>`,
		"s.xml":               `<worksheet><sheetData><row><c t="s"><v>0</v></c></row></sheetData></worksheet>`,
	} {
		part, err := archive.Create(name)
		if err == nil {
			_, err = io.WriteString(part, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// TestSheetsOfExports writes more rows than one sheet may have, and a text that is longer than a cell may be.
func TestSheetsOfExports(t *testing.T) {
	t.Parallel()
	file := export(t, 10, 4)
	archive, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, part := range archive.File {
		content, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		counts[part.Name] = bytes.Count(text, []byte("<row "))
		if emoji := bytes.Count(text, []byte("😀")); part.Name == "xl/worksheets/sheet1.xml" && emoji != maxCellText/2 {
			t.Errorf("a long text: got %d characters, want %d", emoji, maxCellText/2)
		}
	}
	for n, want := range []int{4, 4, 4, 2, 0} { // each with a row of headings
		if got := counts[fmt.Sprintf("xl/worksheets/sheet%d.xml", n+1)]; got != want {
			t.Errorf("sheet %d: got %d rows, want %d", n+1, got, want)
		}
	}
}
