package idempotency

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Request is what the door knows of a request that carries a key.
type Request struct {
	// Operation is its operationId.
	Operation string
	// Key is the client's.
	Key string
	// Query is what it asks by parameters, in one form for all that mean the same.
	Query url.Values
	// Streams says that its operation reads the body as a stream: it is compared once it was read.
	Streams bool
}

// request is what makes a request the same as another: operation, path, query, what it is based on, and body.
type request struct {
	digest hash.Hash
	body   io.Reader // what of a streamed body is still to be read; nil where all of it was
	result *[sha256.Size]byte
}

// fingerprint begins to take the fingerprint of a request, and leaves its body to be read by its operation. A body of
// JSON is compared as what it says, however it is written (RFC 8785).
func fingerprint(r *http.Request, about Request) (*request, error) {
	f := &request{digest: sha256.New()}
	for _, part := range []string{
		about.Operation, r.URL.EscapedPath(), about.Query.Encode(), strings.Join(r.Header.Values("If-Match"), ","),
		r.Header.Get("Content-Type"),
	} {
		f.add([]byte(part))
	}
	if about.Streams {
		body := io.TeeReader(r.Body, f.digest)
		f.body = body
		r.Body = struct {
			io.Reader
			io.Closer
		}{body, r.Body}
		return f, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	value := jsontext.Value(bytes.Clone(body))
	if value.Canonicalize() == nil {
		body = value
	}
	f.digest.Write(body)
	return f, nil
}

// add writes a part with its length, so that no two lists of parts are the same text.
func (f *request) add(part []byte) {
	f.digest.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
	f.digest.Write(part)
}

// sum is the fingerprint. It reads what its operation has left of a streamed body.
func (f *request) sum() ([sha256.Size]byte, error) {
	if f.result == nil {
		if f.body != nil {
			if _, err := io.Copy(io.Discard, f.body); err != nil && !errors.Is(err, http.ErrBodyReadAfterClose) {
				return [sha256.Size]byte{}, err
			}
		}
		f.result = (*[sha256.Size]byte)(f.digest.Sum(nil))
	}
	return *f.result, nil
}
