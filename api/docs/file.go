package docs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/content"
)

const (
	// revalidate is the Cache-Control of pages. A new release can change a page, whose path stays the same.
	revalidate = "no-cache"
	// immutable is the Cache-Control of assets. Their path changes with their content.
	immutable = "public, max-age=31536000, immutable"
)

// file is a response body with its headers.
type file struct {
	contentType  string
	cacheControl string
	content      content.Content
}

func newFile(contentType, cacheControl string, body []byte) (file, error) {
	c, err := content.New(body)
	if err != nil {
		return file{}, fmt.Errorf("docs: %w", err)
	}
	return file{contentType, cacheControl, c}, nil
}

func newFileFromGzip(contentType, cacheControl string, gzipped []byte) (file, error) {
	c, err := content.FromGzip(gzipped)
	if err != nil {
		return file{}, fmt.Errorf("docs: %w", err)
	}
	return file{contentType, cacheControl, c}, nil
}

// shortHash returns 64 bits of the SHA-256 hash in hexadecimal: short enough for a URL, and long enough that two
// releases do not collide.
func shortHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// serve answers 200, or 304 if the client has the file already.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	form := f.content.For(r.Header.Values("Accept-Encoding")...)
	h := w.Header()
	form.Describe(h)
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Content-Type", f.contentType)
	// http.ServeContent omits the length of a body that has a Content-Encoding.
	h.Set("Content-Length", strconv.Itoa(len(form.Body)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(form.Body))
}

func (f file) serveNotFound(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(f.content.Body())))
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodGet {
		// Writing fails only if the client has closed the connection.
		_, _ = w.Write(f.content.Body())
	}
}
