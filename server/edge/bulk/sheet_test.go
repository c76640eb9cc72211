package bulk_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// parts are the parts of a workbook by name. The defaults are those of a workbook with one sheet.
type parts map[string]string

// workbook returns an XLSX file with the given parts in addition to, or instead of, the defaults.
func workbook(t testing.TB, given parts) string {
	t.Helper()
	all := parts{
		"[Content_Types].xml": "<Types/>",
		"_rels/.rels":         `<Relationships><Relationship Id="a" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns:r="r"><sheets>` +
			`<sheet name="S" sheetId="7" r:id="b"/><sheet name="T" sheetId="8" r:id="x"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="b" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="c" Type="http://x/sharedStrings" Target="/xl/sharedStrings.xml"/>` +
			`<Relationship Id="d" Type="http://x/styles" Target="styles.xml"/></Relationships>`,
		"xl/sharedStrings.xml": `<sst><si><t>name</t></si><si><r><t>No</t></r><r><t xml:space="preserve">ra </t></r><rPh><t>x</t></rPh></si></sst>`,
		"xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy\ hh:mm"/>` +
			`<numFmt numFmtId="166" formatCode="0 &quot;days&quot;"/><numFmt numFmtId="167" formatCode="[$-407]0##\/###\ ##"/>` +
			`<numFmt numFmtId="168" formatCode="#,##0.00\ &quot;€&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="167"/>` +
			`<xf numFmtId="11"/><xf numFmtId="20"/><xf numFmtId="168"/><xf numFmtId="49"/></cellXfs></styleSheet>`,
	}
	for name, content := range given {
		all[name] = content
	}
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for name, content := range all {
		if content == "" {
			continue
		}
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

// rows returns the part of a sheet with rows.
func rows(cells string) parts {
	return parts{"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + cells + `</sheetData></worksheet>`}
}

// names returns the part of a sheet with a heading and the values of a column.
func names(cells ...string) parts {
	sheet := `<row r="1"><c r="A1" t="s"><v>0</v></c></row>`
	for i, cell := range cells {
		sheet += fmt.Sprintf(`<row r="%d">%s</row>`, i+2, cell)
	}
	return rows(sheet)
}

// readSheet is read for XLSX, and returns an error of the file instead of the records.
func readSheet(file string, most int) (records []string, err error) {
	reader, err := bulk.NewSheetReader(strings.NewReader(file), int64(len(file)), bulk.Options{Columns: columns(), Most: most})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		if len(record.Flaws) > 0 {
			records = append(records, errorsOf(record.Flaws))
			continue
		}
		text := fmt.Sprintf("%d", record.Line)
		for _, name := range []string{"name", "email", "tags", "phone"} {
			if value := record.Fields[name]; value != nil {
				text += fmt.Sprintf(" %s=%v", name, value)
			}
		}
		records = append(records, text)
	}
}

// TestSheets reads the cells of workbooks as the programs show them.
func TestSheets(t *testing.T) {
	t.Parallel()
	inline := func(text string) string { return `<c t="inlineStr"><is><t>` + text + `</t></is></c>` }
	for name, c := range map[string]struct {
		parts parts
		want  []string
	}{
		"shared texts":     {names(`<c r="A2" t="s"><v>1</v></c>`), []string{"2 name=Nora"}},
		"inline texts":     {names(inline("Nora"), inline("&amp;&#252;_x0041__x005F_x0041_")), []string{"2 name=Nora", "3 name=&üA_x0041_"}},
		"line breaks":      {names(inline("No\nra"), inline("No_x000D_\nra")), []string{"2 name=No ra", "3 name=No ra"}},
		"numbers":          {names(`<c r="A2"><v>42</v></c>`, `<c><v>0.30000000000000004</v></c>`, `<c><v>4.93055500123E+11</v></c>`), []string{"2 name=42", "3 name=0.3", "4 name=493055500123"}},
		"leading zeros":    {names(`<c s="2"><v>123</v></c>`, `<c s="2"><v>1234567</v></c>`), []string{"2 name=00123", "3 name=1234567"}},
		"patterns":         {names(`<c s="4"><v>7</v></c>`, `<c s="5"><v>301234567</v></c>`, `<c s="8"><v>1234.5</v></c>`), []string{"2 name=7", "3 name=3012/345 67", "4 name=1234.5"}},
		"scientific":       {names(`<c s="6"><v>493055500123</v></c>`), []string{"2 name=493055500123"}},
		"text of a number": {names(`<c s="9" t="str"><v>00123</v></c>`), []string{"2 name=00123"}},
		"dates":            {names(`<c s="1"><v>46022</v></c>`, `<c s="3"><v>46022.5</v></c>`, `<c s="7"><v>0.75</v></c>`, `<c s="1"><v>1</v></c>`, `<c t="d"><v>2026-01-02</v></c>`), []string{"2 name=2025-12-31", "3 name=2025-12-31 12:00:00", "4 name=18:00:00", "5 name=1900-01-01", "6 name=2026-01-02"}},
		"Booleans":         {names(`<c t="b"><v>1</v></c>`), []string{"2 name=TRUE"}},
		"results":          {names(`<c t="str"><f>A1&amp;"x"</f><v>namex</v></c>`), []string{"2 name=namex"}},
		"errors":           {names(`<c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c>`), []string{"2 /name: formula_error"}},
		"several errors": {
			rows(`<row><c t="s"><v>0</v></c><c t="str"><v>email</v></c></row><row><c t="e"><v>#N/A</v></c><c t="e"><v>#NEW_ERROR</v></c></row>`),
			[]string{"2 /name: formula_error /email: formula_error"},
		},
		"no results": {
			names(`<c><f>A1&amp;"x"</f></c>`, `<c t="str"><f>A1</f></c>`, `<c t="str"><f>""</f><v></v></c>`, inline("'#N/A")),
			[]string{"2 /name: formula_error", "3 /name: formula_error", "5 name=#N/A"},
		},
		"rows without cells": {names(`<c r="A2" s="1"/>`, ``, inline("Nora"), `<c r="A5"><v></v></c>`), []string{"4 name=Nora"}},
		"gaps": {
			rows(`<row r="3"><c r="C3" t="s"><v>0</v></c><c r="F3" t="str"><v>Tags</v></c></row><row r="9"><c r="C9" t="s"><v>1</v></c><c r="F9" t="str"><v>a;b</v></c></row>`),
			[]string{"9 name=Nora tags=[a b]"},
		},
		"no references": {
			rows(`<row><c t="s"><v>0</v></c><c t="str"><v>E-Mail</v></c></row><row><c t="s"><v>1</v></c><c t="str"><v>a@b.example</v></c></row>`),
			[]string{"2 name=Nora email=a@b.example"},
		},
		"prefixes":   {parts{"xl/worksheets/sheet1.xml": `<x:worksheet xmlns:x="y"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c></x:row><x:row><x:c t="s"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>`}, []string{"2 name=Nora"}},
		"no styles":  {parts{"xl/worksheets/sheet1.xml": names(`<c s="1"><v>7</v></c>`)["xl/worksheets/sheet1.xml"], "xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="b" Type="/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="c" Type="/sharedStrings" Target="sharedStrings.xml"/></Relationships>`}, []string{"2 name=7"}},
		"1904":       {parts{"xl/worksheets/sheet1.xml": names(`<c s="1"><v>1</v></c>`)["xl/worksheets/sheet1.xml"], "xl/workbook.xml": `<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet sheetId="7" r:id="b"/></sheets></workbook>`}, []string{"2 name=1904-01-02"}},
		"a long row": {names(strings.Repeat(inline(strings.Repeat("x", 32_000)), 3), inline("Nora")), []string{"2 : too_long", "3 name=Nora"}},
		"damaged numbers": {
			rows(`<row><c t="s"><v>0</v></c><c t="str"><v>phone</v></c></row><row><c t="s"><v>1</v></c><c t="str"><v>4.9305E+11</v></c></row>` +
				`<row><c t="s"><v>1</v></c><c><v>4930555001234567</v></c></row><row><c t="s"><v>1</v></c><c><v>493055500123</v></c></row>`),
			[]string{"2 /phone: damaged_number", "3 /phone: damaged_number", "4 name=Nora phone=493055500123"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := readSheet(workbook(t, c.parts), 100); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestSheetsAreRefused reads files that are not workbooks, damaged ones, and ones that are larger than they seem.
func TestSheetsAreRefused(t *testing.T) {
	t.Parallel()
	valid := workbook(t, names(`<c t="s"><v>1</v></c>`))
	for name, c := range map[string]struct {
		file   func(t *testing.T) string
		code   fault.Code
		detail string
	}{
		"CSV":        {func(*testing.T) string { return "name\nNora\n" }, fault.MalformedRequest, "send CSV to import.csv"},
		"XLS":        {func(*testing.T) string { return "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" }, fault.MalformedRequest, "without a password"},
		"truncated":  {func(*testing.T) string { return valid[:len(valid)-30] }, fault.MalformedRequest, "Save the table"},
		"no parts":   {func(t *testing.T) string { return workbook(t, parts{"_rels/.rels": ""}) }, fault.MalformedRequest, "save it again"},
		"no sheet":   {func(t *testing.T) string { return workbook(t, nil) }, fault.MalformedRequest, "save it again"},
		"broken XML": {func(t *testing.T) string { return workbook(t, names("<c><v>")) }, fault.MalformedRequest, "save it again"},
		"XML that stops": {func(t *testing.T) string {
			return workbook(t, parts{"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="s"><v>0</v></c></row>`})
		}, fault.MalformedRequest, "save it again"},
		"no such text": {func(t *testing.T) string { return workbook(t, names(`<c t="s"><v>2</v></c>`)) }, fault.MalformedRequest, "save it again"},
		"an entity": {func(t *testing.T) string {
			return workbook(t, parts{"xl/worksheets/sheet1.xml": `<!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>`})
		}, fault.MalformedRequest, "save it again"},
		"a large text": {func(t *testing.T) string {
			return workbook(t, names(`<c t="str"><v>`+strings.Repeat("x", 2<<20)+`</v></c>`))
		}, fault.PayloadTooLarge, "larger than 1048576 bytes"},
		"too many rows": {func(t *testing.T) string {
			return workbook(t, names(slices.Repeat([]string{`<c t="s"><v>1</v></c>`}, 3)...))
		}, fault.PayloadTooLarge, "more than 2 records"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readSheet(c.file(t), 2)
			var f *fault.Fault
			if !errors.As(err, &f) || f.Code() != c.code || !strings.Contains(f.Detail(), c.detail) {
				t.Errorf("got error %v, want %s and %q", err, c.code, c.detail)
			}
		})
	}
}

// TestArchiveOfManyParts reads an archive that lists so many parts that they would need much memory.
func TestArchiveOfManyParts(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for i := range 100_000 {
		if _, err := writer.CreateHeader(&zip.FileHeader{Name: strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readSheet(archive.String(), 1); !fault.Is(err, fault.MalformedRequest) || !strings.Contains(fmt.Sprint(err), "too many parts") {
		t.Errorf("got error %v, want %s", err, fault.MalformedRequest)
	}
}
