package bulk

import (
	"fmt"
	"io"
	"runtime/debug"
)

// Batch is the number of rows that an export reads at a time and holds in memory.
const Batch = 500

// Export writes rows in batches, so that neither memory nor a statement grows with their number. next returns up to
// Batch rows after a given one, nil for the first batch; a batch with fewer rows is the last. convert returns the value
// to write for a row. The sink of the writer is asked before each batch whether it is ready.
func Export[R, T any](to *Writer, convert func(R) (T, error), next func(after *R) ([]R, error)) error {
	var after *R
	for {
		if err := to.ready(); err != nil {
			return err
		}
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
			if err := to.Close(); err != nil {
				return fmt.Errorf("export: %w", err)
			}
			return nil
		}
		after = &rows[len(rows)-1]
	}
}

// Stream returns a reader of what write writes in the background. Closing the reader makes the next write fail. If
// write fails or panics, the reader fails, so that an incomplete stream is not taken for a complete one.
func Stream(write func(to io.Writer) error) *io.PipeReader {
	reader, writer := io.Pipe()
	go func() {
		_ = writer.CloseWithError(guarded(write, writer)) // Never fails.
	}()
	return reader
}

// guarded turns a panic into an error. A panic in a goroutine can only be recovered in that goroutine.
func guarded(write func(to io.Writer) error, to io.Writer) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("panic: %v\n%s", recovered, debug.Stack())
		}
	}()
	return write(to)
}
