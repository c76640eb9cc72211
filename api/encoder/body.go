package encoder

import (
	"net/http"
	"strconv"
	"sync"
)

// maxKept is the capacity in bytes up to which a buffer is used again, so that one large response does not hold its
// memory for as long as the program runs.
const maxKept = 256 << 10

//nolint:gochecknoglobals // a pool is shared
var bodies = sync.Pool{New: func() any { return &Body{JSON: make([]byte, 0, 4<<10)} }}

// Body is the body of one response, in a buffer that other responses use afterwards.
type Body struct {
	// JSON is what is sent. Nothing may keep it after End.
	JSON []byte
}

// Begin returns an empty body. Defer its End.
func Begin() *Body {
	body := bodies.Get().(*Body) //nolint:forcetypeassert // the pool has nothing else
	body.JSON = body.JSON[:0]
	return body
}

// End releases the body. Deferred, it sets err if a value of the body has no JSON.
func (b *Body) End(err *error) {
	recovered := recover()
	if cap(b.JSON) <= maxKept {
		bodies.Put(b)
	}
	caught(recovered, err)
}

// Send adds the end of the line, and sends the response in one write, with its length.
func (b *Body) Send(w http.ResponseWriter, status int) error {
	b.JSON = append(b.JSON, '\n')
	w.Header().Set("Content-Length", strconv.Itoa(len(b.JSON)))
	w.WriteHeader(status)
	_, err := w.Write(b.JSON)
	return err
}
