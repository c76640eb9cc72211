// Package content holds bodies that are the same in every response for as long as the program runs, such as the
// specification and the reference pages: as they are, and compressed once.
package content

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/edge/negotiate"
)

// Content is one body in both encodings.
type Content struct{ plain, gzipped Form }

// Form is content in one encoding.
type Form struct {
	// Body is what is sent.
	Body []byte
	// Tag is the ETag, quoted. It is strong, so the two encodings have different tags: a strong tag identifies exact bytes
	// (RFC 9110, section 8.8.3).
	Tag string
	// encoding is the value of Content-Encoding; empty if the body is not compressed.
	encoding string
}

// New compresses a body.
func New(body []byte) (Content, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return Content{}, fmt.Errorf("compress: %w", err)
	}
	if _, err := zip.Write(body); err != nil {
		return Content{}, fmt.Errorf("compress: %w", err)
	}
	if err := zip.Close(); err != nil {
		return Content{}, fmt.Errorf("compress: %w", err)
	}
	return both(body, packed.Bytes()), nil
}

// FromGzip takes a body that is compressed already. It fails if that is not valid gzip.
func FromGzip(gzipped []byte) (Content, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return Content{}, fmt.Errorf("decompress: %w", err)
	}
	body, err := io.ReadAll(unzip)
	if err != nil {
		return Content{}, fmt.Errorf("decompress: %w", err)
	}
	return both(body, gzipped), nil
}

func both(body, gzipped []byte) Content {
	return Content{
		plain:   Form{Body: body, Tag: etag.OfContent(body)},
		gzipped: Form{Body: gzipped, Tag: etag.OfContent(gzipped), encoding: "gzip"},
	}
}

// Body returns the body without compression.
func (c Content) Body() []byte { return c.plain.Body }

// For returns the form for a client that sends these values of Accept-Encoding.
func (c Content) For(accepted ...string) Form {
	if negotiate.Gzip(strings.Join(accepted, ",")) {
		return c.gzipped
	}
	return c.plain
}

// Describe sets the headers that belong to the form: ETag, Vary and Content-Encoding.
func (f Form) Describe(header http.Header) {
	header.Set("ETag", f.Tag)
	header.Add("Vary", "Accept-Encoding") // added: cross-origin rules may have set Vary already
	if f.encoding != "" {
		header.Set("Content-Encoding", f.encoding)
	}
}
