package bulk

import (
	"fmt"
	"io"
	"runtime/debug"
)

// Batch is how many rows an export reads at a time, and so what it holds in memory.
const Batch = 500

// Export writes rows in batches, so that neither memory nor a statement grows with them. next gives up to Batch rows
// that follow a given one, nil for the first batch; the batch that is not full is the last. convert makes of a row what
// is written.
func Export[R, T any](to *Writer, convert func(R) (T, error), next func(after *R) ([]R, error)) error {
	var after *R
	for {
		rows, err := next(after)
		if err != nil {
			return err
		}
		for _, row := range rows {
			shown, err := convert(row)
			if err != nil {
				return err
			}
			if err := to.Write(shown); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		if err := to.Flush(); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if len(rows) < Batch {
			return nil
		}
		after = &rows[len(rows)-1]
	}
}

// Stream gives as a reader what write writes in the background. Closing the reader fails the next write, and so ends
// it; a write that fails, or panics, fails the reader, so that nobody takes what came before for everything.
func Stream(write func(to io.Writer) error) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		_ = writer.CloseWithError(guarded(write, writer)) // never fails
	}()
	return reader
}

// guarded turns a panic into an error, since nobody but the one who started a goroutine can.
func guarded(write func(to io.Writer) error, to io.Writer) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("panic: %v\n%s", recovered, debug.Stack())
		}
	}()
	return write(to)
}
