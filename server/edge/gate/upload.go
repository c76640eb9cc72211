package gate

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// upload is a body that the operation reads itself. Its read errors are faults, so the operation only has to return
// them: PayloadTooLarge beyond the bound, and MalformedRequest if the client disconnected.
type upload struct {
	io.Closer

	from *bufio.Reader
}

func (u upload) Read(into []byte) (int, error) {
	n, err := u.from.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		err = interrupted(err)
	}
	return n, err
}

// complete is an upload whose end is reported only if the actor still has the rights of the call. Otherwise its last
// read fails as the rights do, so an operation that reads the whole upload first does nothing else with it.
type complete struct {
	io.ReadCloser

	check func() error
}

// completed returns an upload that is complete only with the rights.
func (r *rights) completed(ctx context.Context, upload io.ReadCloser) io.ReadCloser {
	return complete{upload, func() error { return r.Check(ctx) }}
}

func (c complete) Read(into []byte) (int, error) {
	n, err := c.ReadCloser.Read(into)
	if errors.Is(err, io.EOF) {
		if ended := c.check(); ended != nil {
			return n, ended
		}
	}
	return n, err
}

// takeUpload checks the headers of an upload and leaves the body to the operation. It waits for the first byte only if
// the headers do not say whether there is a body.
func (op *Operation) takeUpload(r *http.Request, f *fault.Fault) error {
	body := bufio.NewReader(r.Body)
	if r.ContentLength < 0 {
		if _, err := body.Peek(1); err != nil && !errors.Is(err, io.EOF) {
			return interrupted(err)
		} else if err != nil {
			r.ContentLength = 0
		}
	}
	if r.ContentLength == 0 {
		op.missBody(r, f)
		return nil
	}
	if err := op.checkMedia(r.Header); err != nil {
		return err
	}
	r.Body = upload{r.Body, body}
	return nil
}
