package bulk

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Encoding is a character encoding, by its IANA name.
type Encoding string

// The encodings of CSV. In Western languages, spreadsheets write Windows-1252 as "CSV", Mac OS Roman as "CSV
// (Macintosh)" and UTF-16 as "Unicode text".
const (
	UTF8        Encoding = "UTF-8"
	UTF16LE     Encoding = "UTF-16LE"
	UTF16BE     Encoding = "UTF-16BE"
	Windows1252 Encoding = "Windows-1252"
	Macintosh   Encoding = "macintosh"
)

// DetectEncoding returns the encoding of a text, which it reads to its end: that of the byte order mark, UTF-16 if
// every other of the first bytes is zero, UTF-8 if all of it is valid, and otherwise Windows-1252 or Mac OS Roman, by
// which bytes are between letters. A text with more characters in UTF-8 than other bytes is damaged UTF-8, so its other
// bytes are errors of their rows: in another encoding, all its accents would be read as other letters. A file that is
// not text is the fault MalformedRequest, which says what to send instead.
func DetectEncoding(from io.Reader) (Encoding, error) {
	chunk := make([]byte, 0, maxRecord)
	var letters western
	var characters, others int // beyond ASCII: valid ones, and bytes that are none
	for first := true; ; first = false {
		n, err := io.ReadFull(from, chunk[len(chunk):cap(chunk)])
		read := chunk[len(chunk) : len(chunk)+n]
		chunk = chunk[:len(chunk)+n]
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return "", err
		}
		if first {
			if remedy := remedyOf(chunk); remedy != "" {
				return "", notCSV(remedy)
			}
			if encoding := encodingOfStart(chunk); encoding != "" {
				return encoding, nil
			}
		}
		letters.add(read)
		rest := incompleteRune(chunk)
		valid, invalid := countCharacters(chunk[:len(chunk)-rest])
		characters, others = characters+valid, others+invalid
		switch {
		case !ended:
			chunk = append(chunk[:0], chunk[len(chunk)-rest:]...)
		case others == 0 && (rest == 0 || characters > 0) || characters > others: // The last character may be cut off.
			return UTF8, nil
		default:
			if encoding := letters.encoding(); encoding != "" {
				return encoding, nil
			}
			return "", notText("Save it as “CSV UTF-8”.")
		}
	}
}

// countCharacters returns the number of characters beyond ASCII in a text in UTF-8, and of the bytes that are part of
// none.
func countCharacters(text []byte) (valid, invalid int) {
	for at := 0; at < len(text); {
		if text[at] < utf8.RuneSelf {
			at++
			continue
		}
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			invalid++
		} else {
			valid++
		}
		at += size
	}
	return valid, invalid
}

// encodingOfStart returns the encoding that the first bytes determine, or an empty string.
func encodingOfStart(start []byte) Encoding {
	switch {
	case bytes.HasPrefix(start, []byte(byteOrderMark)):
		return UTF8
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return UTF16LE
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return UTF16BE
	}
	// Without a byte order mark, the headings show the encoding, because they consist mostly of ASCII.
	const sample = 16
	even, odd := 0, 0
	for i, b := range start[:min(len(start), sample)] {
		switch {
		case b == 0 && i%2 == 0:
			even++
		case b == 0:
			odd++
		}
	}
	switch {
	case odd > sample/4 && even == 0:
		return UTF16LE
	case even > sample/4 && odd == 0:
		return UTF16BE
	}
	return ""
}

// remedyOf returns what to do with a file that begins like one of another kind, or an empty string.
func remedyOf(start []byte) string {
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return "It seems to be a spreadsheet or a ZIP archive. Send an XLSX file to import.xlsx, or save it as “CSV UTF-8”."
	case bytes.HasPrefix(start, []byte(oldWorkbook)):
		return "It seems to be a spreadsheet in an old format. Save it as XLSX or as “CSV UTF-8”."
	case bytes.HasPrefix(start, []byte("%PDF-")):
		return "It seems to be a PDF file. Export the table as “CSV UTF-8”."
	case bytes.HasPrefix(start, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(start, []byte("\x00\x00\xfe\xff")):
		return "It seems to be UTF-32. Save it as “CSV UTF-8”."
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return "It seems to be compressed with gzip. Send the file that it contains."
	}
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte(byteOrderMark)), " \t\r\n")
	switch start = bytes.ToLower(start[:min(len(start), len("<!doctype"))]); {
	case bytes.HasPrefix(start, []byte("<!doctype")), bytes.HasPrefix(start, []byte("<html")),
		bytes.HasPrefix(start, []byte("<table")), bytes.HasPrefix(start, []byte("<?xml")):
		return "It seems to be a web page or XML, which some programs save with the ending .xls or .csv. " +
			"Open it in a spreadsheet program and save it as “CSV UTF-8” or XLSX."
	case bytes.HasPrefix(start, []byte("{\"")), bytes.HasPrefix(start, []byte("[{")),
		bytes.HasPrefix(start, []byte("[\n")), bytes.HasPrefix(start, []byte("[\r")):
		return "It seems to be JSON. Send one object per line to import.ndjson."
	case bytes.HasPrefix(start, []byte("{\\rtf")):
		return "It seems to be a document of a word processor. Save the table as “CSV UTF-8”."
	case bytes.HasPrefix(start, []byte("begin:vca")):
		return "It seems to contain visiting cards (vCard). Export the contacts as “CSV UTF-8”."
	}
	return ""
}

// notCSV is the fault of a file of another kind.
func notCSV(remedy string) error {
	return fault.New(fault.MalformedRequest).With("The file is not CSV. %s", remedy).Row(1, "", "encoding", "is not CSV")
}

// notText is the fault of a file that is not text.
func notText(remedy string) error {
	return fault.New(fault.MalformedRequest).
		With("The file is not text in UTF-8, UTF-16, Windows-1252 or Mac OS Roman. %s", remedy).
		Row(1, "", "encoding", "is not text in UTF-8, UTF-16, Windows-1252 or Mac OS Roman")
}

// incompleteRune returns how many bytes at the end may be the start of a character in UTF-8 that continues.
func incompleteRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n]; utf8.RuneStart(last) {
			if last >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// decode returns a reader of the text in UTF-8.
func (e Encoding) decode(from io.Reader) io.Reader {
	switch e {
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(from)
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(from)
	case Windows1252:
		return charmap.Windows1252.NewDecoder().Reader(from)
	case Macintosh:
		return charmap.Macintosh.NewDecoder().Reader(from)
	case UTF8:
	}
	return from
}
