package candidates

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// spool copies an upload to a temporary file, so that it can be read several times and occupies neither memory nor a
// database connection while the client sends it. A fault of the body is returned as it is; an error of the file system,
// such as a full disk, is the fault DependencyDown.
func spool(body io.Reader) (*os.File, error) {
	file, err := bulk.TempFile()
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(file, body); err != nil {
		return nil, spoolError(errors.Join(err, file.Close()))
	}
	return file, nil
}

// spoolError returns a fault of the body as it is. All other errors are the file system's.
func spoolError(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.DependencyDown).After(time.Minute).Because(fmt.Errorf("spool upload: %w", err))
}
