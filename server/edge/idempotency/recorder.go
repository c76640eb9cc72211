package idempotency

import (
	"bytes"
	"net/http"
)

// recorder is a response that goes nowhere.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(part []byte) (int, error) { return r.body.Write(part) }

func (r *recorder) answer() Answer { return Answer{r.status, r.header, r.body.Bytes()} }
