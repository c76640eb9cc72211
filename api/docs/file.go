package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// revalidated is for pages: a new release changes them under the same path.
	revalidated = "no-cache"
	// immutable is for assets, whose path changes with their content.
	immutable = "public, max-age=31536000, immutable"
)

// file is one answer, held in both encodings.
type file struct {
	contentType  string
	cacheControl string
	body         []byte
	gzipped      []byte
	hash         string
}

func newFile(contentType, cacheControl string, body []byte) (file, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return file{}, fmt.Errorf("docs: compress: %w", err)
	}
	if _, err := zip.Write(body); err != nil {
		return file{}, fmt.Errorf("docs: compress: %w", err)
	}
	if err := zip.Close(); err != nil {
		return file{}, fmt.Errorf("docs: compress: %w", err)
	}
	return file{contentType, cacheControl, body, packed.Bytes(), hashOf(body)}, nil
}

// newFileFromGzip takes a file that comes compressed, and keeps it so for those who accept it.
func newFileFromGzip(contentType, cacheControl string, gzipped []byte) (file, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return file{}, fmt.Errorf("docs: decompress: %w", err)
	}
	body, err := io.ReadAll(unzip)
	if err != nil {
		return file{}, fmt.Errorf("docs: decompress: %w", err)
	}
	return file{contentType, cacheControl, body, gzipped, hashOf(body)}, nil
}

// hashOf is short enough to be read in a URL, and long enough that two releases never share it.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// serve answers 200, or 304 to a client that has the file. The two encodings have different entity tags, because a tag
// stands for exact bytes.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	body, tag := f.body, f.hash
	h := w.Header()
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body, tag = f.gzipped, f.hash+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Content-Type", f.contentType)
	h.Set("ETag", `"`+tag+`"`)
	// http.ServeContent leaves the length of an encoded body out unless it is told.
	h.Set("Content-Length", strconv.Itoa(len(body)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func (f file) serveNotFound(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodGet {
		// A client that has gone away is nobody to report to.
		_, _ = w.Write(f.body)
	}
}

// acceptsGzip reports whether the values of Accept-Encoding permit gzip: by name, or by the wildcard where gzip is not
// named; a weight of zero forbids it (RFC 9110, section 12.5.3).
func acceptsGzip(values []string) bool {
	wildcard := false
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return !zeroWeight(parameters)
		case "*":
			wildcard = !zeroWeight(parameters)
		}
	}
	return wildcard
}

func zeroWeight(parameters string) bool {
	name, value, _ := strings.Cut(parameters, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return false
	}
	weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err != nil || weight <= 0
}
