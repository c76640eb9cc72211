package bulk

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// maxToken is the maximum size in bytes of one piece of XML, such as a text. A cell has at most 32,767 characters.
	maxToken = 1 << 20
	// maxStyles is how many formats a workbook may have; Excel permits 65,490.
	maxStyles = 1 << 17
	// maxLinks is how many relations a part may have.
	maxLinks = 1 << 14
	// maxSheets is how many sheets are considered.
	maxSheets = 100
	// maxDirectory is how many bytes may be read to find the parts of a workbook.
	maxDirectory = 4 << 20
	// oldWorkbook begins files of Excel 97 to 2003, and files with a password.
	oldWorkbook = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
)

// sheetLimits bound what is read of a workbook.
type sheetLimits struct {
	// unzipped is the maximum size in bytes of its parts, uncompressed. It is checked while they are read, because the
	// sizes that an archive declares may be wrong.
	unzipped int64
	// texts is how many texts cells may share.
	texts int
}

// largestSheet are the limits of an import: 256 MiB and eight million texts.
var largestSheet = sheetLimits{unzipped: 256 << 20, texts: 8 << 20} //nolint:gochecknoglobals // a constant

// workbook is an open archive.
type workbook struct {
	files  map[string]*zip.File // by name in lower case, with slashes
	limits sheetLimits
	read   int64 // how many bytes were read, uncompressed
}

// openWorkbook reads which parts a file has. A file that is not a workbook is the fault MalformedRequest.
func openWorkbook(from io.ReaderAt, size int64, limits sheetLimits) (*workbook, error) {
	bounded := &boundedFile{ReaderAt: from, left: maxDirectory}
	archive, err := zip.NewReader(bounded, size)
	bounded.left = math.MaxInt64 // The parts have limits of their own.
	if err != nil {
		start := make([]byte, len(oldWorkbook))
		if n, _ := from.ReadAt(start, 0); string(start[:n]) == oldWorkbook {
			return nil, notWorkbook("It is in an old format, or has a password. Save it as XLSX without a password.", err)
		}
		return nil, notWorkbook("Save the table as XLSX, or send CSV to import.csv.", err)
	}
	book := &workbook{files: map[string]*zip.File{}, limits: limits}
	for _, file := range archive.File {
		book.files[partName(file.Name)] = file
	}
	return book, nil
}

// boundedFile bounds how much of a file is read: an archive may list millions of parts.
type boundedFile struct {
	io.ReaderAt

	left int64
}

func (f *boundedFile) ReadAt(into []byte, at int64) (int, error) {
	if f.left -= int64(len(into)); f.left < 0 {
		return 0, errors.New("the archive lists too many parts")
	}
	return f.ReaderAt.ReadAt(into, at)
}

// damaged returns a fault as it is, and any other error as that of a damaged workbook.
func damaged(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return err
	}
	return notWorkbook("Open it in a spreadsheet program and save it again as XLSX.", err)
}

func notWorkbook(remedy string, cause error) error {
	return fault.New(fault.MalformedRequest).With("The file is not a readable workbook (XLSX). %s", remedy).
		Row(1, "", "workbook", "is not a readable workbook").Because(cause)
}

// partName returns the name of a part as it is compared.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// part is an XML document of a workbook.
type part struct {
	*xml.Decoder

	source *boundedSource
	close  func() error
}

func (b *workbook) open(name string) (*part, error) {
	file := b.files[partName(name)]
	if file == nil {
		return nil, fmt.Errorf("the part %q is missing", name)
	}
	content, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("open the part %q: %w", name, err)
	}
	source := &boundedSource{from: content, book: b}
	return &part{xml.NewDecoder(source), source, content.Close}, nil
}

// token returns the next piece of XML, or io.EOF at the end of the document.
func (p *part) token() (xml.Token, error) {
	p.source.token = maxToken
	token, err := p.RawToken()
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return token, err
}

// boundedSource reads a part byte by byte, within the limits of the workbook and of one token.
type boundedSource struct {
	from   io.Reader
	book   *workbook
	buffer [16 << 10]byte
	at, to int
	token  int // how many bytes the decoder may still read for its token
}

// Read is not called: the decoder prefers ReadByte.
func (s *boundedSource) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (s *boundedSource) ReadByte() (byte, error) {
	if s.token--; s.token < 0 {
		return 0, fault.New(fault.PayloadTooLarge).With("A cell of the workbook is larger than %d bytes.", maxToken)
	}
	for s.at == s.to {
		n, err := s.from.Read(s.buffer[:])
		if s.book.read += int64(n); s.book.read > s.book.limits.unzipped {
			return 0, fault.New(fault.PayloadTooLarge).
				With("The workbook is larger than %d bytes uncompressed. Split it into smaller files.", s.book.limits.unzipped)
		}
		if s.at, s.to = 0, n; n == 0 && err != nil {
			return 0, err
		}
	}
	s.at++
	return s.buffer[s.at-1], nil
}

// link is a relation of a part to another one.
type link struct{ ID, kind, target string }

// relations returns the relations of a part, or those of the archive for an empty name.
func (b *workbook) relations(name string) ([]link, error) {
	p, err := b.open(path.Join(path.Dir(name), "_rels", path.Base("./"+name)+".rels"))
	if name == "" {
		p, err = b.open("_rels/.rels")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // read only
	var links []link
	err = p.each(func(start xml.StartElement) error {
		if start.Name.Local != "Relationship" || len(links) == maxLinks {
			return nil
		}
		target := attribute(start, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(name), target)
		}
		links = append(links, link{attribute(start, "Id"), attribute(start, "Type"), target})
		return nil
	})
	return links, err
}

// linkOf returns the target of the first relation whose type ends with a suffix. The prefixes of strict and
// transitional documents differ.
func linkOf(links []link, suffix string) string {
	for _, link := range links {
		if strings.HasSuffix(link.kind, suffix) {
			return link.target
		}
	}
	return ""
}

// each calls a function with every element of a part.
func (p *part) each(element func(xml.StartElement) error) error {
	for {
		token, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := element(start); err != nil {
				return err
			}
		}
	}
}

// attribute returns an attribute without regard to its prefix.
func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// tab is a sheet of a workbook.
type tab struct{ name, part string }

// sheets returns the visible sheets with cells, or the hidden ones if there are no others, and the epoch of the dates.
// Charts have tabs without cells.
func (b *workbook) sheets(name string) (visible []tab, epoch int, err error) {
	links, err := b.relations(name)
	if err != nil {
		return nil, 0, err
	}
	parts := map[string]string{}
	for _, link := range links {
		if strings.HasSuffix(link.kind, "/worksheet") && b.files[partName(link.target)] != nil {
			parts[link.ID] = link.target
		}
	}
	p, err := b.open(name)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = p.close() }() // read only
	var hidden []tab
	err = p.each(func(start xml.StartElement) error {
		switch {
		case start.Name.Local == "workbookPr" && isTrue(attribute(start, "date1904")):
			epoch = days1904
		case start.Name.Local == "sheet":
			found := tab{name: attribute(start, "name")}
			for _, a := range start.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" { // r:id, unlike sheetId
					found.part = parts[a.Value]
				}
			}
			switch state := attribute(start, "state"); {
			case found.part == "" || len(visible)+len(hidden) == maxSheets:
			case state == "hidden" || state == "veryHidden":
				hidden = append(hidden, found)
			default:
				visible = append(visible, found)
			}
		}
		return nil
	})
	if len(visible) == 0 {
		visible = hidden
	}
	return visible, epoch, err
}

func isTrue(value string) bool { return value == "1" || value == "true" }

// readStyles returns the formats of numbers by the index that cells have.
func (b *workbook) readStyles(name string) ([]numberFormat, error) {
	p, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // read only
	codes, styles, inCells := map[string]string{}, []numberFormat{}, false
	for {
		token, err := p.token()
		if errors.Is(err, io.EOF) {
			return styles, nil
		}
		if err != nil {
			return nil, err
		}
		switch element := token.(type) {
		case xml.StartElement:
			switch id := attribute(element, "numFmtId"); {
			case len(styles) > maxStyles || len(codes) > maxStyles:
				return nil, errors.New("the workbook has too many formats")
			case element.Name.Local == "numFmt":
				codes[id] = attribute(element, "formatCode")
			case element.Name.Local == "cellXfs":
				inCells = true
			case element.Name.Local == "xf" && inCells:
				styles = append(styles, formatOf(id, codes[id]))
			}
		case xml.EndElement:
			inCells = inCells && element.Name.Local != "cellXfs"
		}
	}
}

// text returns the text of the element that has just begun, up to a number of bytes. It skips phonetic readings.
func (p *part) text(element string, most int) (string, error) {
	var text strings.Builder
	inText, phonetic := 0, 0
	for {
		token, err := p.token()
		if err != nil {
			return "", unexpected(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "t", "v":
				inText++
			case "rPh":
				phonetic++
			}
		case xml.EndElement:
			switch token.Name.Local {
			case element:
				return decodeEscapes(text.String()), nil
			case "t", "v":
				inText--
			case "rPh":
				phonetic--
			}
		case xml.CharData:
			if (inText > 0 || element == "v") && phonetic == 0 {
				text.Write(token[:min(len(token), max(most-text.Len(), 0))])
			}
		}
	}
}

// unexpected returns an error that is not io.EOF: the document ends too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return damaged(io.ErrUnexpectedEOF)
	}
	return err
}

// characterEscape matches the form of a character that XML cannot contain (ECMA-376, part 1, 22.9.2.19).
var characterEscape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// characterEscapes matches such characters in a row: two may be the halves of one in UTF-16.
var characterEscapes = regexp.MustCompile(`(_x[0-9A-Fa-f]{4}_)+`)

func decodeEscapes(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return characterEscapes.ReplaceAllStringFunc(text, func(escapes string) string {
		var units []uint16
		for at := 0; at < len(escapes); at += len("_x0000_") {
			code, _ := strconv.ParseUint(escapes[at+2:at+6], 16, 16) // The expression has matched hexadecimal digits.
			units = append(units, uint16(code))
		}
		return string(utf16.Decode(units))
	})
}

// skip reads to the end of the element that has just begun.
func (p *part) skip(element string) error {
	for {
		token, err := p.token()
		if err != nil {
			return unexpected(err)
		}
		if end, ok := token.(xml.EndElement); ok && end.Name.Local == element {
			return nil
		}
	}
}
