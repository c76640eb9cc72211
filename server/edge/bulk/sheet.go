package bulk

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// maxToken is the maximum size in bytes of one piece of XML, such as a text. A cell has at most 32,767 characters.
	maxToken = 1 << 20
	// maxStyles is how many formats a workbook may have; Excel permits 65,490.
	maxStyles = 1 << 17
	// maxCells is how many columns a sheet may have.
	maxCells = 1 << 14
	// maxLine is how many rows a sheet may have.
	maxLine = 1 << 20
	// maxDirectory is how many bytes may be read to find the parts of a workbook.
	maxDirectory = 4 << 20
	// retryDisk is the Retry-After if no temporary file can be written.
	retryDisk = time.Minute
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

// sheetRecords reads the rows below the headings of a sheet.
type sheetRecords struct {
	rows    *sheet
	columns columns
}

func newSheetRecords(from io.ReaderAt, size int64, options Options, limits sheetLimits) (*sheetRecords, error) {
	rows, err := openSheet(from, size, limits)
	if err != nil {
		return nil, err
	}
	r := &sheetRecords{rows: rows}
	row, err := rows.nextFilled()
	if err == nil || errors.Is(err, io.EOF) {
		r.columns, err = readHeader(row, err, options)
	}
	if err != nil {
		return nil, errors.Join(err, rows.close())
	}
	return r, nil
}

func (r *sheetRecords) next() (Record, error) {
	row, err := r.rows.nextFilled()
	if err != nil {
		return Record{}, err
	}
	return r.columns.record(row), nil
}

// sheet reads the rows of the first sheet of a workbook (ECMA-376, part 1, chapter 18).
type sheet struct {
	book    *workbook
	part    *part
	styles  []numberFormat // by the index that cells have
	strings *sharedStrings
	epoch   int // the day of the serial number 0, in days of the 1900 system
	line    int // of the last row
}

// workbook is an open archive.
type workbook struct {
	files  map[string]*zip.File // by name in lower case, with slashes
	limits sheetLimits
	read   int64 // how many bytes were read, uncompressed
}

// openSheet opens the first sheet. A file that is not a workbook is the fault MalformedRequest.
func openSheet(from io.ReaderAt, size int64, limits sheetLimits) (*sheet, error) {
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
	s := &sheet{book: book, strings: &sharedStrings{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(damaged(err), s.close())
	}
	return s, nil
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

// open finds the parts of the first sheet, and reads all but its rows.
func (s *sheet) open() error {
	links, err := s.book.relations("")
	if err != nil {
		return err
	}
	main := linkOf(links, "/officeDocument")
	first, epoch, err := s.book.firstSheet(main)
	if err != nil {
		return err
	}
	s.epoch = epoch
	if links, err = s.book.relations(main); err != nil {
		return err
	}
	if name := linkOf(links, "/styles"); name != "" {
		if s.styles, err = s.book.readStyles(name); err != nil {
			return err
		}
	}
	if name := linkOf(links, "/sharedStrings"); name != "" {
		if err := s.strings.read(s.book, name); err != nil {
			return err
		}
	}
	for _, link := range links {
		if link.ID == first {
			s.part, err = s.book.open(link.target)
			return err
		}
	}
	return errors.New("the workbook has no sheet")
}

// close releases the archive's readers and the temporary file.
func (s *sheet) close() error {
	err := s.strings.close()
	if s.part != nil {
		err = errors.Join(err, s.part.close())
	}
	return err
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
		if start.Name.Local != "Relationship" || len(links) == maxCells {
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

// firstSheet returns the relation of the first sheet, and the epoch of the dates.
func (b *workbook) firstSheet(name string) (relation string, epoch int, err error) {
	p, err := b.open(name)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = p.close() }() // read only
	err = p.each(func(start xml.StartElement) error {
		switch {
		case start.Name.Local == "workbookPr" && isTrue(attribute(start, "date1904")):
			epoch = days1904
		case start.Name.Local == "sheet" && relation == "":
			for _, a := range start.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" { // r:id, unlike sheetId
					relation = a.Value
				}
			}
		}
		return nil
	})
	return relation, epoch, err
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

// sharedStrings are the texts that cells refer to by number. They are in a temporary file, because there may be
// millions.
type sharedStrings struct {
	file *os.File
	ends []uint32 // where each text ends in the file
}

func (s *sharedStrings) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close() // The file has no name, so closing it also deletes it.
}

// read stores the texts of a part.
func (s *sharedStrings) read(book *workbook, name string) (err error) {
	p, err := book.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }() // read only
	if s.file, err = TempFile(); err != nil {
		return err
	}
	var size uint32
	buffer := make([]byte, 0, maxRecord)
	err = p.each(func(start xml.StartElement) error {
		if start.Name.Local != "si" {
			return nil
		}
		if most := book.limits.texts; len(s.ends) == most {
			return fault.New(fault.PayloadTooLarge).
				With("The workbook has more than %d texts. Split it into smaller files.", most)
		}
		text, err := p.text("si", maxRecord+1)
		if err != nil {
			return err
		}
		size += uint32(len(text)) //nolint:gosec // bounded by the limits
		s.ends = append(s.ends, size)
		if buffer = append(buffer, text...); len(buffer) < maxRecord {
			return nil
		}
		_, err = s.file.Write(buffer)
		buffer = buffer[:0]
		return temporary(err)
	})
	if err == nil {
		_, err = s.file.Write(buffer)
		err = temporary(err)
	}
	return err
}

// at returns the text with a number.
func (s *sharedStrings) at(number string) (string, error) {
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(s.ends) {
		return "", fmt.Errorf("the workbook has no shared text %q", number)
	}
	var start uint32
	if i > 0 {
		start = s.ends[i-1]
	}
	text := make([]byte, s.ends[i]-start)
	_, err = s.file.ReadAt(text, int64(start))
	return string(text), temporary(err)
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

func decodeEscapes(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return characterEscape.ReplaceAllStringFunc(text, func(escape string) string {
		code, _ := strconv.ParseUint(escape[2:6], 16, 16) // The expression has matched hexadecimal digits.
		return string(rune(code))
	})
}

// nextFilled returns the next row in which a cell is not blank, or io.EOF.
func (s *sheet) nextFilled() (row, error) {
	for {
		token, err := s.part.token()
		if err != nil {
			return row{}, unexpected(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			if token.Name.Local == "sheetData" {
				return row{}, io.EOF
			}
		case xml.StartElement:
			if token.Name.Local != "row" {
				continue
			}
			s.line++
			if number, err := strconv.Atoi(attribute(token, "r")); err == nil && number > s.line && number <= maxLine {
				s.line = number
			}
			found, err := s.readRow()
			if err != nil {
				return row{}, damaged(err)
			}
			if !found.blank() {
				return found, nil
			}
		}
	}
}

// readRow returns the row whose element has just begun.
func (s *sheet) readRow() (row, error) {
	found, size := row{line: s.line, sparse: true}, 0
	for next := 0; ; {
		token, err := s.part.token()
		if err != nil {
			return found, unexpected(err)
		}
		start, ok := token.(xml.StartElement)
		if end, isEnd := token.(xml.EndElement); isEnd && end.Name.Local == "row" {
			return found, nil
		}
		if !ok || start.Name.Local != "c" {
			continue
		}
		if column := columnOf(attribute(start, "r")); column > 0 {
			next = column - 1
		}
		text, err := s.readCell(start)
		if err != nil {
			return found, err
		}
		if size += len(text) + 1; size > maxRecord {
			found.broken, found.cells = tooLong, nil
		}
		if found.broken.code == "" && text != "" && next >= len(found.cells) && next < maxCells {
			found.cells = append(found.cells, make([]string, next-len(found.cells))...)
			if attribute(start, "t") == "e" {
				found.broken = breakage{"formula_error", "is a formula without a result: " + text}
				continue
			}
			found.cells = append(found.cells, text)
		}
		next++
	}
}

// columnOf returns the number of the column of a reference such as AB12, from 1, or 0.
func columnOf(reference string) int {
	column := 0
	for _, letter := range []byte(reference) {
		switch {
		case letter >= 'A' && letter <= 'Z':
			column = column*26 + int(letter-'A') + 1
		case letter >= 'a' && letter <= 'z':
			column = column*26 + int(letter-'a') + 1
		default:
			return column
		}
		if column > maxCells {
			return maxCells + 1
		}
	}
	return column
}

// readCell returns the text that the cell whose element has just begun shows.
func (s *sheet) readCell(start xml.StartElement) (string, error) {
	text := ""
	for {
		token, err := s.part.token()
		if err != nil {
			return "", unexpected(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			if token.Name.Local == "c" {
				return s.show(start, text)
			}
		case xml.StartElement:
			switch token.Name.Local {
			case "v", "is":
				if text, err = s.part.text(token.Name.Local, maxRecord+1); err != nil {
					return "", err
				}
			case "f":
				if err := s.part.skip("f"); err != nil {
					return "", err
				}
			}
		}
	}
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

// show returns the text that a cell with a value shows.
func (s *sheet) show(start xml.StartElement, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	switch attribute(start, "t") {
	case "s":
		return s.strings.at(strings.TrimSpace(value))
	case "b":
		return strings.ToUpper(strconv.FormatBool(isTrue(value))), nil
	case "", "n":
		format := general
		if style, err := strconv.Atoi(attribute(start, "s")); err == nil && style >= 0 && style < len(s.styles) {
			format = s.styles[style]
		}
		return format.show(value, s.epoch), nil
	}
	return value, nil
}

// TempFile returns a new file without a name, so that even a crash leaves nothing behind. An error of the file system,
// such as a full disk, is the fault DependencyDown.
func TempFile() (*os.File, error) {
	file, err := os.CreateTemp("", "interviewer-import-*")
	if err != nil {
		return nil, temporary(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, temporary(errors.Join(err, file.Close()))
	}
	return file, nil
}

// temporary returns the fault of an error of the file system.
func temporary(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.DependencyDown).After(retryDisk).Because(fmt.Errorf("write a temporary file: %w", err))
}
