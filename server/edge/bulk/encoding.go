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

// The encodings of CSV. Spreadsheets write Windows-1252 as "CSV" and UTF-16 as "Unicode text" in Western languages.
const (
	UTF8        Encoding = "UTF-8"
	UTF16LE     Encoding = "UTF-16LE"
	UTF16BE     Encoding = "UTF-16BE"
	Windows1252 Encoding = "Windows-1252"
)

// DetectEncoding returns the encoding of a text, which it reads to its end: that of the byte order mark, UTF-16 if
// every other of the first bytes is zero, UTF-8 if all of it is valid, and otherwise Windows-1252. A file that is not
// text is the fault MalformedRequest, which says what to send instead.
func DetectEncoding(from io.Reader) (Encoding, error) {
	chunk := make([]byte, 0, maxRecord)
	var seen [256]bool
	for valid, first := true, true; ; first = false {
		n, err := io.ReadFull(from, chunk[len(chunk):cap(chunk)])
		read := chunk[len(chunk) : len(chunk)+n]
		chunk = chunk[:len(chunk)+n]
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return "", err
		}
		if first {
			if encoding := encodingOfStart(chunk); encoding != "" {
				return encoding, nil
			}
			if remedy := remedyOf(chunk); remedy != "" {
				return "", notText(remedy)
			}
		}
		for _, b := range read {
			seen[b] = true
		}
		rest := incompleteRune(chunk)
		valid = valid && utf8.Valid(chunk[:len(chunk)-rest]) && (!ended || rest == 0)
		switch {
		case !ended:
			chunk = append(chunk[:0], chunk[len(chunk)-rest:]...)
		case valid:
			return UTF8, nil
		case isBinary(seen):
			return "", notText("Save it as “CSV UTF-8”.")
		default:
			return Windows1252, nil
		}
	}
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
	}
	return ""
}

// notText is the fault of a file that is not text.
func notText(remedy string) error {
	return fault.New(fault.MalformedRequest).
		With("The file is not text in UTF-8, UTF-16 or Windows-1252. %s", remedy).
		Row(1, "", "encoding", "is not text in UTF-8, UTF-16 or Windows-1252")
}

// isBinary reports whether bytes occur that no text in Windows-1252 has: control characters and undefined bytes.
func isBinary(seen [256]bool) bool {
	for b := range byte(' ') {
		if seen[b] && (b < '\t' || b > '\r') {
			return true
		}
	}
	return seen[0x7f] || seen[0x81] || seen[0x8d] || seen[0x8f] || seen[0x90] || seen[0x9d]
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
	case UTF8:
	}
	return from
}
