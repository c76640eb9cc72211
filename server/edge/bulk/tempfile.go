package bulk

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// retryDisk is the Retry-After if no temporary file can be written.
const retryDisk = time.Minute

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
