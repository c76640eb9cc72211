package idempotency

import (
	"bytes"
	"net/http"
)

// Response is what a request was answered with.
type Response struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// Send writes the response.
func (r Response) Send(w http.ResponseWriter) error {
	for name, values := range r.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.Status)
	_, err := w.Write(r.Body)
	return err
}

// recorder is a response writer that keeps the response.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(part []byte) (int, error) { return r.body.Write(part) }

func (r *recorder) response() Response { return Response{r.status, r.header, r.body.Bytes()} }
