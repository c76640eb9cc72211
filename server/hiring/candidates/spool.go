package candidates

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// spool takes an upload into a file without a name, so that it can be read twice, holds neither memory nor a connection
// to the database while a client sends it, and leaves nothing behind, however this ends. It fails with the fault that
// the body fails with, and with DependencyDown where there is no room.
func spool(body io.Reader) (*os.File, error) {
	file, err := os.CreateTemp("", "interviewer-import-*")
	if err != nil {
		return nil, unspooled(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, unspooled(errors.Join(err, file.Close()))
	}
	if _, err := io.Copy(file, body); err != nil {
		return nil, unspooled(errors.Join(err, file.Close()))
	}
	return file, nil
}

// unspooled leaves the fault of a body as it is. Any other failure is the disk's.
func unspooled(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.DependencyDown).After(time.Minute).Because(err)
}
