package bulk

import (
	"encoding/xml"
	"fmt"
	"os"
	"strconv"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

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
