package content_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/content"
)

func unzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestForms expects both encodings of one body, each with its own ETag and headers.
func TestForms(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("openapi", 1000))
	made, err := content.New(body)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := content.FromGzip(made.For("gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]content.Content{"compressed": made, "from gzip": taken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, packed := c.For(), c.For("br", "gzip")
			if !bytes.Equal(plain.Body, body) || !bytes.Equal(c.Body(), body) || !bytes.Equal(unzipped(t, packed.Body), body) {
				t.Error("the encodings differ in content")
			}
			if len(packed.Body) >= len(plain.Body) || plain.Tag == packed.Tag || plain.Tag != made.For().Tag {
				t.Errorf("%d bytes with the ETag %s, compressed %d with the ETag %s", len(plain.Body), plain.Tag, len(packed.Body), packed.Tag)
			}
			for encoding, form := range map[string]content.Form{"": plain, "gzip": packed} {
				h := http.Header{"Vary": {"Origin"}}
				form.Describe(h)
				if h.Get("Etag") != form.Tag || h.Get("Content-Encoding") != encoding ||
					!slices.Equal(h.Values("Vary"), []string{"Origin", "Accept-Encoding"}) {
					t.Errorf("the encoding %q has the headers %v", encoding, h)
				}
			}
		})
	}
	for _, broken := range [][]byte{nil, body, made.For("gzip").Body[:40]} {
		if _, err := content.FromGzip(broken); err == nil {
			t.Errorf("%d bytes that are not gzip are accepted", len(broken))
		}
	}
}
