package bulk

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxCellText is how many characters a cell of a sheet may have.
const maxCellText = 32_767

// sheetWriter writes a workbook as it arrives: the rows of a sheet first, and what lists the sheets at the end.
type sheetWriter struct {
	buffer  *bufio.Writer
	archive *zip.Writer
	table   Table
	names   []string // of the columns, such as AB
	sheets  int
	sheet   *bufio.Writer // nil before the first sheet
	rows    int           // of the sheet
	most    int           // rows of a sheet
}

func newSheetWriter(buffer *bufio.Writer, table Table) *sheetWriter {
	w := &sheetWriter{buffer: buffer, archive: zip.NewWriter(buffer), table: table, most: maxLine}
	for i := range table.Columns {
		w.names = append(w.names, columnName(i))
	}
	return w
}

// columnName returns the letters of a column, from 0.
func columnName(i int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if i < len(letters) {
		return letters[i : i+1]
	}
	return columnName(i/len(letters)-1) + columnName(i%len(letters))
}

// The parts of a workbook besides its sheets.
const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace     = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	linkSpace     = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	officeLinks   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	contentPrefix = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	sheetHead     = xmlHead + `<worksheet ` + mainSpace + `><sheetData>`
	sheetFoot     = `</sheetData></worksheet>`
	styles        = xmlHead + `<styleSheet ` + mainSpace + `>` +
		`<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill>` +
		`<fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
	packageLinks = xmlHead + `<Relationships ` + linkSpace + `><Relationship Id="rId1" Type="` + officeLinks +
		`/officeDocument" Target="xl/workbook.xml"/></Relationships>`
)

func (w *sheetWriter) write(members map[string]json.RawMessage) error {
	if w.sheet == nil || w.rows == w.most {
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.row(func(i int) (string, bool) {
		value := members[w.table.Columns[i]]
		if len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9') {
			return string(value), true
		}
		return escapeValue(escapeFormula(cellOf(value), breaks, typed)), false
	})
}

// begin ends the last sheet, and begins the next one with the headings.
func (w *sheetWriter) begin() error {
	if err := w.end(); err != nil {
		return err
	}
	w.sheets++
	part, err := w.archive.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", w.sheets))
	if err != nil {
		return err
	}
	w.sheet, w.rows = bufio.NewWriter(part), 0
	if _, err := w.sheet.WriteString(sheetHead); err != nil {
		return err
	}
	return w.row(func(i int) (string, bool) { return w.table.Columns[i], false })
}

func (w *sheetWriter) end() error {
	if w.sheet == nil {
		return nil
	}
	if _, err := w.sheet.WriteString(sheetFoot); err != nil {
		return err
	}
	return w.sheet.Flush()
}

// row writes a row. cell returns the text or the number of a column.
func (w *sheetWriter) row(cell func(i int) (text string, number bool)) error {
	w.rows++
	line := strconv.Itoa(w.rows)
	_, err := w.sheet.WriteString(`<row r="` + line + `">`)
	for i, name := range w.names {
		text, number := cell(i)
		switch {
		case err != nil:
			return err
		case text == "":
		case number:
			_, err = w.sheet.WriteString(`<c r="` + name + line + `"><v>` + text + `</v></c>`)
		default:
			// The style 1 is that of a text, so that it stays one when it is edited.
			_, err = w.sheet.WriteString(`<c r="` + name + line + `" s="1" t="inlineStr"><is><t xml:space="preserve">`)
			if err == nil {
				err = xml.EscapeText(w.sheet, []byte(encodeEscapes(cut(text))))
			}
			if err == nil {
				_, err = w.sheet.WriteString(`</t></is></c>`)
			}
		}
	}
	if err != nil {
		return err
	}
	_, err = w.sheet.WriteString(`</row>`)
	return err
}

// cut returns as much of a text as a cell may have.
func cut(text string) string {
	if len(text) <= maxCellText {
		return text
	}
	units := 0 // Spreadsheets count UTF-16.
	for i, r := range text {
		if units++; r > 0xffff {
			units++
		}
		if units > maxCellText {
			return text[:i]
		}
	}
	return text
}

// encodeEscapes makes texts that look like the form of a character that XML cannot contain, such as _x000D_, remain as
// they are.
func encodeEscapes(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	for at := 0; ; {
		found := characterEscape.FindStringIndex(text[at:])
		if found == nil {
			return text
		}
		text = text[:at+found[0]] + "_x005F" + text[at+found[0]:]
		at += found[0] + len("_x005F_x0000") // The last underscore may begin another one.
	}
}

// flush sends what was written to the sink.
func (w *sheetWriter) flush() error {
	if w.sheet == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	if err := w.archive.Flush(); err != nil {
		return err
	}
	return w.buffer.Flush()
}

// finish writes the parts that list the sheets.
func (w *sheetWriter) finish() error {
	if err := w.end(); err != nil {
		return err
	}
	types := xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + contentPrefix + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + contentPrefix + `styles+xml"/>`
	book := xmlHead + `<workbook ` + mainSpace + ` xmlns:r="` + officeLinks + `"><sheets>`
	links := xmlHead + `<Relationships ` + linkSpace + `><Relationship Id="rId0" Type="` + officeLinks +
		`/styles" Target="styles.xml"/>`
	for n := 1; n <= w.sheets; n++ {
		name := fmt.Sprintf("worksheets/sheet%d.xml", n)
		types += fmt.Sprintf(`<Override PartName="/xl/%s" ContentType="%sworksheet+xml"/>`, name, contentPrefix)
		book += fmt.Sprintf(`<sheet name="Export %d" sheetId="%d" r:id="rId%d"/>`, n, n, n)
		links += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/worksheet" Target="%s"/>`, n, officeLinks, name)
	}
	for _, part := range []struct{ name, content string }{
		{"xl/workbook.xml", book + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", links + `</Relationships>`},
		{"xl/styles.xml", styles},
		{"_rels/.rels", packageLinks},
		{"[Content_Types].xml", types + `</Types>`},
	} {
		to, err := w.archive.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(to, part.content); err != nil {
			return err
		}
	}
	if err := w.archive.Close(); err != nil {
		return err
	}
	return w.buffer.Flush()
}
