package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestTheSpecificationIsServedInBothEncodings to GET and HEAD, each by a tag of its own.
func TestTheSpecificationIsServedInBothEncodings(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	const origin = "https://app.example.com" // the harness lists it
	client := testkit.New(t).Replica().Anonymous(t)
	for path, want := range map[string][]byte{"/openapi.yaml": published.YAML, "/openapi.json": published.JSON} {
		tags := map[string]string{}
		for encoding, accepted := range map[string]string{"": "identity", "gzip": "br;q=1, gzip;q=0.8"} {
			ask := func(method string, more ...string) *testkit.Answer {
				return client.Do(method, path, nil, append(more, "Accept-Encoding", accepted, "Origin", origin)...)
			}
			answer, head := ask(http.MethodGet).Expect(http.StatusOK), ask(http.MethodHead).Expect(http.StatusOK)
			if got := answer.Header.Get("Content-Encoding"); got != encoding {
				t.Errorf("%s: %q is answered in the encoding %q", path, accepted, got)
			}
			if !bytes.Equal(plain(t, answer), want) {
				t.Errorf("%s: %q is answered with something else", path, accepted)
			}
			if encoding == "gzip" && len(answer.Body) > len(want)/5 {
				t.Errorf("%s: %d bytes are compressed to %d", path, len(want), len(answer.Body))
			}
			if got := answer.Header.Values("Vary"); !slices.Equal(got, []string{"Origin", "Accept-Encoding"}) {
				t.Errorf("%s: depends on %q", path, got)
			}
			if got := answer.Header.Get("Content-Length"); got != strconv.Itoa(len(answer.Body)) {
				t.Errorf("%s: has %d bytes and says %s", path, len(answer.Body), got)
			}
			for _, name := range []string{"Etag", "Vary", "Content-Type", "Content-Encoding", "Content-Length", "Cache-Control"} {
				if !slices.Equal(head.Header.Values(name), answer.Header.Values(name)) {
					t.Errorf("%s: HEAD has the %s %q, GET %q", path, name, head.Header.Values(name), answer.Header.Values(name))
				}
			}
			tags[encoding] = answer.Header.Get("Etag")
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				again := ask(method, "If-None-Match", `"other", `+tags[encoding]).Expect(http.StatusNotModified)
				if again.Header.Get("Etag") != tags[encoding] || again.Header.Get("Content-Encoding") != "" ||
					!slices.Equal(again.Header.Values("Vary"), answer.Header.Values("Vary")) {
					t.Errorf("%s: %s again is answered with %v", path, method, again.Header)
				}
			}
		}
		if tags[""] == tags["gzip"] {
			t.Errorf("%s: has the tag %s in both encodings", path, tags[""])
		}
		client.Do(http.MethodGet, path, nil, "Accept-Encoding", "identity", "If-None-Match", tags["gzip"]).Expect(http.StatusOK)
	}
}

func plain(t *testing.T, answer *testkit.Answer) []byte {
	t.Helper()
	if answer.Header.Get("Content-Encoding") == "" {
		return answer.Body
	}
	reader, err := gzip.NewReader(bytes.NewReader(answer.Body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
