package server_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestSpecificationEncodings requests the specification by GET and HEAD, as it is and compressed. Each encoding has its
// own ETag.
func TestSpecificationEncodings(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	const origin = "https://app.example.com" // an allowed origin of testkit
	client := testkit.New(t).Replica().Anonymous(t)
	if published, err = published.At(client.URL); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"/openapi.yaml": published.YAML, "/openapi.json": published.JSON} {
		t.Run(path, func(t *testing.T) {
			tags := map[string]string{}
			for encoding, accepted := range map[string]string{"": "identity", "gzip": "br;q=1, gzip;q=0.8"} {
				request := func(method string, more ...string) *testkit.Answer {
					return client.In(t).Do(method, path, nil, append(more, "Accept-Encoding", accepted, "Origin", origin)...)
				}
				answer, head := request(http.MethodGet).Expect(http.StatusOK), request(http.MethodHead).Expect(http.StatusOK)
				if got := answer.Header.Get("Content-Encoding"); got != encoding {
					t.Errorf("%s, Accept-Encoding %q: got Content-Encoding %q, want %q", path, accepted, got, encoding)
				}
				if !bytes.Equal(decompressed(t, answer), want) {
					t.Errorf("%s, Accept-Encoding %q: the body is not the published document", path, accepted)
				}
				if encoding == "gzip" && len(answer.Body) > len(want)/5 {
					t.Errorf("compressed size: got %d of %d bytes, want at most a fifth", len(answer.Body), len(want))
				}
				if got := answer.Header.Values("Vary"); !slices.Equal(got, []string{"Origin", "Accept-Encoding"}) {
					t.Errorf("Vary: got %q", got)
				}
				if got := answer.Header.Get("Content-Length"); got != strconv.Itoa(len(answer.Body)) {
					t.Errorf("Content-Length: got %s, want %d", got, len(answer.Body))
				}
				for _, name := range []string{"Etag", "Vary", "Content-Type", "Content-Encoding", "Content-Length", "Cache-Control"} {
					if !slices.Equal(head.Header.Values(name), answer.Header.Values(name)) {
						t.Errorf("%s of HEAD: got %q, want %q", name, head.Header.Values(name), answer.Header.Values(name))
					}
				}
				tags[encoding] = answer.Header.Get("Etag")
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					again := request(method, "If-None-Match", `"other", `+tags[encoding]).Expect(http.StatusNotModified)
					if again.Header.Get("Etag") != tags[encoding] || again.Header.Get("Content-Encoding") != "" ||
						!slices.Equal(again.Header.Values("Vary"), answer.Header.Values("Vary")) {
						t.Errorf("headers of the 304 for %s: got %v", method, again.Header)
					}
				}
			}
			if tags[""] == tags["gzip"] {
				t.Errorf("both encodings have the ETag %s", tags[""])
			}
			client.In(t).Do(http.MethodGet, path, nil, "Accept-Encoding", "identity", "If-None-Match", tags["gzip"]).Expect(http.StatusOK)
		})
	}
}

// TestServerInSpecification expects that the specification names the server as the client addresses it, also when
// clients send more different hosts than are kept.
func TestServerInSpecification(t *testing.T) {
	t.Parallel()
	client := testkit.New(t).Replica().Anonymous(t)
	for i := range 20 {
		host := fmt.Sprintf("host-%d.example:8443", i)
		want := "https://" + host
		answer := client.Do(http.MethodGet, "/openapi.json", nil, "X-Forwarded-Proto", "https", "X-Forwarded-Host", host)
		inYAML := client.Do(http.MethodGet, "/openapi.yaml", nil, "X-Forwarded-Proto", "https", "X-Forwarded-Host", host)
		for _, body := range [][]byte{answer.Expect(http.StatusOK).Body, inYAML.Expect(http.StatusOK).Body} {
			document, err := openapi3.NewLoader().LoadFromData(body)
			if err != nil {
				t.Fatal(err)
			}
			if len(document.Servers) != 1 || document.Servers[0].URL != want {
				t.Errorf("servers: got %v, want %s", document.Servers, want)
			}
		}
		client.Do(http.MethodGet, "/openapi.json", nil, "X-Forwarded-Proto", "https", "X-Forwarded-Host", host,
			"If-None-Match", answer.Header.Get("Etag")).Expect(http.StatusNotModified)
	}
}

// decompressed returns the body of a response without its content encoding.
func decompressed(t *testing.T, answer *testkit.Answer) []byte {
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
