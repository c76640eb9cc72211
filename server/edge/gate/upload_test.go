package gate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	importPath  = "/api/v1/users/import"
	importBound = 1000
)

// importing loads the specification with an additional upload.
func importing(t *testing.T, required bool) *Contract {
	t.Helper()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	file := openapi3.NewMediaType().WithSchema(openapi3.NewStringSchema())
	document.Paths.Set(importPath, &openapi3.PathItem{Post: &openapi3.Operation{
		OperationID: "ImportUsers",
		Extensions:  map[string]any{"x-required-permission": "users:create", "x-upload": true},
		Security:    openapi3.NewSecurityRequirements().With(openapi3.NewSecurityRequirement().Authenticate("bearerAuth")),
		Parameters: openapi3.Parameters{
			{Value: openapi3.NewQueryParameter("dry_run").WithSchema(openapi3.NewBoolSchema())},
		},
		RequestBody: &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(required).WithContent(
			openapi3.Content{"text/csv": file, "application/x-ndjson": file},
		)},
		Responses: openapi3.NewResponses(openapi3.WithStatus(http.StatusOK, &openapi3.ResponseRef{
			Value: openapi3.NewResponse().WithDescription("Done."),
		})),
	}})
	loaded, err := Load(document)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// serveImport serves the upload's path. It responds with the media type and the bytes that the operation receives, or with
// a problem.
func serveImport(t *testing.T, required bool) string {
	t.Helper()
	contract := importing(t, required)
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(slog.New(slog.DiscardHandler))
	e.POST(importPath, func(c echo.Context) error {
		r := c.Request()
		r = r.WithContext(access.With(r.Context(), &access.Request{Target: r.URL}))
		r.Body = http.MaxBytesReader(c.Response(), r.Body, importBound)
		c.SetRequest(r)
		if _, err := contract.find(r, c.Path()).validate(r.Context(), c); err != nil {
			return err
		}
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		return c.String(http.StatusOK, r.Header.Get("Content-Type")+" "+string(content))
	})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server.URL
}

// chunked hides the length of a body.
type chunked struct{ io.Reader }

func TestUploads(t *testing.T) {
	t.Parallel()
	url := serveImport(t, true)
	const table = "a,b\r\n\"\xff\x00{"
	for name, test := range map[string]struct {
		query  string
		body   io.Reader
		header []string
		status int
		want   string // part of the response
	}{
		"CSV":                       {"", strings.NewReader(table), []string{"Content-Type", "text/csv"}, 200, "text/csv " + table},
		"in chunks":                 {"", chunked{strings.NewReader(table)}, []string{"Content-Type", "text/csv"}, 200, "text/csv " + table},
		"NDJSON":                    {"?dry_run=true", strings.NewReader(`{"a":`), []string{"Content-Type", "application/x-ndjson"}, 200, `application/x-ndjson {"a":`},
		"with parameters":           {"", strings.NewReader("a"), []string{"Content-Type", " Text/CSV; charset=UTF-8; header=present", "Content-Encoding", "identity"}, 200, "text/csv a"},
		"at the bound":              {"", chunked{strings.NewReader(strings.Repeat("x", importBound))}, []string{"Content-Type", "text/csv"}, 200, "xxx"},
		"above the bound":           {"", strings.NewReader(strings.Repeat("x", importBound+1)), []string{"Content-Type", "text/csv"}, 413, "larger than 1000 bytes"},
		"above the bound in chunks": {"", chunked{strings.NewReader(strings.Repeat("x", importBound+1))}, []string{"Content-Type", "text/csv"}, 413, "larger than 1000 bytes"},
		"no type":                   {"", strings.NewReader("a"), nil, 415, "application/x-ndjson or text/csv"},
		"another type":              {"", strings.NewReader("{}"), []string{"Content-Type", "application/json"}, 415, "application/x-ndjson or text/csv"},
		"an invalid type":           {"", strings.NewReader("a"), []string{"Content-Type", "text/csv; x"}, 415, "unsupported_media_type"},
		"another charset":           {"", strings.NewReader("a"), []string{"Content-Type", "text/csv; charset=latin1"}, 200, "text/csv a"},
		"compressed":                {"", strings.NewReader("a"), []string{"Content-Type", "text/csv", "Content-Encoding", "gzip"}, 415, "gzip"},
		"nothing":                   {"", http.NoBody, []string{"Content-Type", "text/csv"}, 400, `"code":"required"`},
		"nothing in chunks":         {"", chunked{strings.NewReader("")}, []string{"Content-Type", "text/csv"}, 400, `"code":"required"`},
		"another parameter":         {"?x=1", strings.NewReader("a"), []string{"Content-Type", "text/csv"}, 400, `"code":"unknown","detail":"is not a parameter of this operation","parameter":"x"`},
		"a parameter twice":         {"?dry_run=true&dry_run=true", strings.NewReader("a"), []string{"Content-Type", "text/csv"}, 400, `"code":"repeated"`},
		"a parameter of another type": {
			"?dry_run=maybe", chunked{strings.NewReader("a")}, []string{"Content-Type", "text/csv"}, 400, `"code":"type","detail":"must be true or false","parameter":"dry_run"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+importPath+test.query, test.body)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(test.header); i += 2 {
				request.Header.Set(test.header[i], test.header[i+1])
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			content, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.status || !strings.Contains(string(content), test.want) {
				t.Errorf("%d %q (%v), want %d and %q", response.StatusCode, content, err, test.status, test.want)
			}
		})
	}
}

// TestOptionalUpload expects that the Content-Type of a missing upload is ignored.
func TestOptionalUpload(t *testing.T) {
	t.Parallel()
	url := serveImport(t, false)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+importPath, chunked{strings.NewReader("")})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "image/png")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if content, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || string(content) != " " {
		t.Errorf("%d %q (%v)", response.StatusCode, content, err)
	}
}

// TestInterruptedUpload expects a 400, whether the upload ends before its first byte or after it.
func TestInterruptedUpload(t *testing.T) {
	t.Parallel()
	url := serveImport(t, true)
	for name, sent := range map[string]string{
		"fewer bytes than announced":         "Content-Length: 10\r\n\r\na,b",
		"an invalid chunk":                   "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"an invalid chunk after a valid one": "Transfer-Encoding: chunked\r\n\r\n3\r\na,b\r\nzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n%s", importPath, sent); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			content, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(content), `"code":"incomplete"`) {
				t.Errorf("%d %q (%v)", response.StatusCode, content, err)
			}
		})
	}
}

// TestUploadErrorsAreFaults expects faults that keep their cause.
func TestUploadErrorsAreFaults(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	body := http.MaxBytesReader(recorder, io.NopCloser(strings.NewReader(strings.Repeat("x", importBound+1))), importBound)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, importPath, body)
	r.Header.Set("Content-Type", "text/csv")
	flaws := fault.New(fault.MalformedRequest)
	op := importing(t, true).find(r, importPath)
	if read, err := op.readBody(r, flaws); read != nil || err != nil || len(flaws.Fields()) > 0 {
		t.Fatalf("%q %v %+v", read, err, flaws.Fields())
	}
	n, err := io.Copy(io.Discard, r.Body)
	var large *http.MaxBytesError
	if n != importBound || !fault.Is(err, fault.PayloadTooLarge) || !errors.As(err, &large) {
		t.Errorf("%d bytes and then %v", n, err)
	}
}
