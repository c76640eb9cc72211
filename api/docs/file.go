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
	// revalidated is for pages: a new release changes them under the same path.
	revalidated = "no-cache"
	// immutable is for assets, whose path changes with their content.
	immutable = "public, max-age=31536000, immutable"
)

// file is one answer.
type file struct {
	contentType  string
	cacheControl string
	content      content.Content
}

func newFile(contentType, cacheControl string, body []byte) (file, error) {
	kept, err := content.New(body)
	if err != nil {
		return file{}, fmt.Errorf("docs: %w", err)
	}
	return file{contentType, cacheControl, kept}, nil
}

// newFileFromGzip takes a file that comes compressed.
func newFileFromGzip(contentType, cacheControl string, gzipped []byte) (file, error) {
	kept, err := content.FromGzip(gzipped)
	if err != nil {
		return file{}, fmt.Errorf("docs: %w", err)
	}
	return file{contentType, cacheControl, kept}, nil
}

// hashOf is short enough to be read in a URL, and long enough that two releases never share it.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// serve answers 200, or 304 to a client that has the file.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	form := f.content.For(r.Header.Values("Accept-Encoding")...)
	h := w.Header()
	form.Describe(h)
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Content-Type", f.contentType)
	// http.ServeContent leaves the length of an encoded body out unless it is told.
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
		// A client that has gone away is nobody to report to.
		_, _ = w.Write(f.content.Body())
	}
}
