package bulk_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// asUTF16 encodes a text with the first byte of each unit being the high one or not.
func asUTF16(text string, high bool) string {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if high {
			encoded = append(encoded, byte(unit>>8), byte(unit))
		} else {
			encoded = append(encoded, byte(unit), byte(unit>>8))
		}
	}
	return string(encoded)
}

func TestDetectEncoding(t *testing.T) {
	t.Parallel()
	const table = "name,email\r\nŁukasz 😀,l@acme.example\r\n"
	for name, c := range map[string]struct {
		text     string
		encoding bulk.Encoding // empty for a refusal
	}{
		"empty":                     {"", bulk.UTF8},
		"ASCII":                     {"name\nNora\n", bulk.UTF8},
		"UTF-8":                     {table, bulk.UTF8},
		"UTF-8 with a mark":         {"\ufeff" + table, bulk.UTF8},
		"a mark and invalid UTF-8":  {"\ufeffname\n\xff\n", bulk.UTF8},
		"UTF-8 behind much ASCII":   {strings.Repeat("x", limit-1) + "é", bulk.UTF8},
		"UTF-8 across many chunks":  {strings.Repeat("x€", limit), bulk.UTF8},
		"UTF-16LE":                  {"\xff\xfe" + asUTF16(table, false), bulk.UTF16LE},
		"UTF-16BE":                  {"\xfe\xff" + asUTF16(table, true), bulk.UTF16BE},
		"UTF-16LE without a mark":   {asUTF16(table, false), bulk.UTF16LE},
		"UTF-16BE without a mark":   {asUTF16(table, true), bulk.UTF16BE},
		"Windows-1252":              {"name\nJ\xfcrgen \x80\n", bulk.Windows1252},
		"Windows-1252 far behind":   {strings.Repeat("x", limit) + "\xe9", bulk.Windows1252},
		"damaged UTF-8":             {"name\nZoë\nJürgen\nAndr\xe9\n", bulk.UTF8},
		"damaged UTF-8 far behind":  {strings.Repeat("é", limit) + "\xe9", bulk.UTF8},
		"UTF-8 that is cut off":     {"name\nZoë\nZo\xc3", bulk.UTF8},
		"capitals before a quote":   {"name\n\x93CAF\xc9\x94 L\xfcbeck\n", bulk.Windows1252},
		"a character cut off":       {"name\n\xc3", bulk.Windows1252},
		"a NUL in UTF-8":            {"name\nNor\x00a\n", bulk.UTF8},
		"a NUL in no UTF-8":         {"name\nN\xf6r\x00a\n", ""},
		"control characters":        {"name\n\x01\xff\n", ""},
		"undefined in Windows-1252": {"name\nJ\x81rgen\n", ""},
		"the encodings of DOS":      {"name\nM\x81ller\nJ\x84ger\n", ""},
		"DOS and a line of it":      {"name\nJ\x84ger\n", ""},
		"Macintosh, German":         {"name\nM\x9fller\nJ\x8ager\nGro\xa7\nK\x9aln\n", bulk.Macintosh},
		"Macintosh, French":         {"name\nElo\x95se Lef\x8fvre\nFran\x8dois\n", bulk.Macintosh},
		"Macintosh, Spanish":        {"name\nJos\x8e Ib\x87\x96ez\nO\xd5Brien\n", bulk.Macintosh},
		"Macintosh by its line end": {"name\rBj\x9ark\r", bulk.Macintosh},
		"Windows, Slovenian":        {"name\nBo\x9ako \x8aime\n\x8eiga \x9eagar\n", bulk.Windows1252},
		"Windows, punctuation":      {"name\nO\x92Brien \x96 \x93Nora\x94\x85 Acme\x99\n\x80 5 \xa7 7\n", bulk.Windows1252},
		"Windows, capitals":         {"name\nM\xdcLLER\n\xc1LVARO\n", bulk.Windows1252},
		"Windows, French":           {"name\rFran\xe7ois\rLef\xe8vre\rl\x92\x9cuvre\r", bulk.Windows1252},
		"Windows, Catalan":          {"name\nGabriel\xb7la Mu\xf1oz\n", bulk.Windows1252},
		"Polish":                    {"name\nGa\xb3\xb9zka\nW\xf3jcik Pawe\xb3\n", ""},
		"Cyrillic":                  {"name\n\xc8\xe2\xe0\xed\n", ""},
		"the mark of DOS":           {"name\nJ\xfcrgen\n\x1a", bulk.Windows1252},
		"UTF-32":                    {"\xff\xfe\x00\x00n\x00\x00\x00", ""},
		"UTF-32BE":                  {"\x00\x00\xfe\xff\x00\x00\x00n", ""},
		"gzip":                      {"\x1f\x8b\x08", ""},
		"a web page":                {"\ufeff\r\n<!DOCTYPE html><html>", ""},
		"a table of a web page":     {"<Table><tr><td>name</td></tr></table>", ""},
		"XML":                       {"<?xml version='1.0'?><Workbook/>", ""},
		"a JSON array":              {"[{\"name\":\"Nora\"}]", ""},
		"JSON":                      {"{\"name\":\"Nora\"}\n", ""},
		"RTF":                       {"{\\rtf1", ""},
		"a visiting card":           {"BEGIN:VCARD\r\n", ""},
		"XLSX":                      {"PK\x03\x04", ""},
		"XLS":                       {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ""},
		"PDF":                       {"%PDF-1.7", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, source := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
				encoding, err := bulk.DetectEncoding(source)
				if encoding != c.encoding || (err != nil) != (c.encoding == "") || err != nil && !fault.Is(err, fault.MalformedRequest) {
					t.Errorf("%.20q: got %q, %v, want %q", c.text, encoding, err, c.encoding)
				}
			}
		})
	}
	broken := errors.New("the source is gone")
	source := io.MultiReader(strings.NewReader("name"), iotest.ErrReader(broken))
	if _, err := bulk.DetectEncoding(source); !errors.Is(err, broken) {
		t.Errorf("a broken source: got error %v", err)
	}
}

// TestEncodingsAreDecoded reads the same table in every encoding.
func TestEncodingsAreDecoded(t *testing.T) {
	t.Parallel()
	for encoding, table := range map[bulk.Encoding]string{
		bulk.UTF8: "\ufeffname;tags\nZoë;ü\n", bulk.UTF16LE: "\xff\xfe" + asUTF16("name;tags\nZoë;ü\n", false),
		bulk.UTF16BE: asUTF16("name;tags\nZoë;ü\n", true), bulk.Windows1252: "name;tags\nZo\xeb;\xfc\n",
		bulk.Macintosh: "name;tags\rZo\x91;\x9f\r",
	} {
		t.Run(string(encoding), func(t *testing.T) {
			t.Parallel()
			reader, err := bulk.NewCSVReader(strings.NewReader(table), encoding, bulk.Options{Columns: columns(), Most: 1})
			if err != nil {
				t.Fatal(err)
			}
			record, err := reader.Next()
			if err != nil || record.Fields["name"] != "Zoë" || len(record.Flaws) > 0 || reader.Delimiter != ";" {
				t.Errorf("got %+v, %v, separated by %q, want Zoë and ;", record, err, reader.Delimiter)
			}
		})
	}
}
