package gate

import (
	"bufio"
	"errors"
	"io"
	"net/http"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// upload is a body that its operation reads. Why it cannot be read to its end is a fault, as it would be had the door
// read it, so that the operation only has to return the error: PayloadTooLarge beyond the bound, and MalformedRequest
// where the client broke off.
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

// takeUpload looks at what the headers say of a body, and leaves it to the operation. Only its first byte is waited
// for, and only where the headers do not say whether there is one.
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
