package idempotency

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Request is what the gate knows about a request that carries a key.
type Request struct {
	// Operation is the operationId.
	Operation string
	// Key is the client's.
	Key string
	// Query has the parameters, without those that have their default value.
	Query url.Values
	// Body is the body in the one form that all spellings of it share; empty without one, and for streams.
	Body []byte
	// Streams says that the operation reads the body as a stream. It is hashed while it is read.
	Streams bool
}

// fingerprint identifies a request: operation, path, query, If-Match, media type and body.
type fingerprint struct {
	digest hash.Hash
	rest   io.Reader // the rest of a streamed body; nil otherwise
	result *[sha256.Size]byte
}

// take begins the fingerprint of a request. It replaces a streamed body by one that hashes what the operation reads.
func take(r *http.Request, about Request) *fingerprint {
	f := &fingerprint{digest: sha256.New()}
	for _, part := range []string{
		about.Operation, r.URL.EscapedPath(), about.Query.Encode(), strings.Join(r.Header.Values("If-Match"), ","),
		r.Header.Get("Content-Type"),
	} {
		f.add([]byte(part))
	}
	if about.Streams {
		f.rest = io.TeeReader(r.Body, f.digest)
		r.Body = struct {
			io.Reader
			io.Closer
		}{f.rest, r.Body}
		return f
	}
	f.digest.Write(about.Body)
	return f
}

// add hashes a part with its length, so that different lists of parts never hash the same bytes.
func (f *fingerprint) add(part []byte) {
	f.digest.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
	f.digest.Write(part)
}

// sum returns the fingerprint. It reads what the operation has left of a streamed body.
func (f *fingerprint) sum() ([sha256.Size]byte, error) {
	if f.result == nil {
		if f.rest != nil {
			if _, err := io.Copy(io.Discard, f.rest); err != nil && !errors.Is(err, http.ErrBodyReadAfterClose) {
				return [sha256.Size]byte{}, fmt.Errorf("read the rest of the body: %w", err)
			}
		}
		f.result = (*[sha256.Size]byte)(f.digest.Sum(nil))
	}
	return *f.result, nil
}
