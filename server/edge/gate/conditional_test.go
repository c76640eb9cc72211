package gate

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestConditional(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status      int
		tag, header string
		want        int
	}{
		"the same ETag":           {http.StatusOK, `"1"`, `"1"`, http.StatusNotModified},
		"a weak one":              {http.StatusOK, `"1"`, `W/"1"`, http.StatusNotModified},
		"one of several":          {http.StatusOK, `"1"`, `"0", "1"`, http.StatusNotModified},
		"any":                     {http.StatusOK, `"1"`, `*`, http.StatusNotModified},
		"another ETag":            {http.StatusOK, `"2"`, `"1"`, http.StatusOK},
		"a response without ETag": {http.StatusOK, "", `"1"`, http.StatusOK},
		"another success":         {http.StatusCreated, `"1"`, `"1"`, http.StatusCreated},
		"a problem":               {http.StatusNotFound, `"1"`, `"1"`, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			request.Header.Set("If-None-Match", c.header)
			outer := echo.New().NewContext(request, recorder)
			response := outer.Response()
			err := ifChanged(outer, func(inner echo.Context) error {
				w := inner.Response()
				w.Header().Set("Content-Type", "text/plain")
				w.Header().Set("Content-Length", "8")
				w.Header().Set("Cache-Control", "no-cache")
				if c.tag != "" {
					w.Header().Set("ETag", c.tag)
				}
				w.WriteHeader(c.status)
				_, err := io.Copy(w, strings.NewReader("the body"))
				return err
			})
			if err != nil || outer.Response() != response || !response.Committed {
				t.Fatalf("%v, committed %t", err, response.Committed)
			}
			got := recorder.Header()
			if recorder.Code != c.want || response.Status != c.want || got.Get("ETag") != c.tag ||
				got.Get("Cache-Control") != "no-cache" {
				t.Errorf("%d, logged as %d, with %v", recorder.Code, response.Status, got)
			}
			body, size := "the body", int64(8)
			if c.want == http.StatusNotModified {
				body, size = "", 0
			}
			if recorder.Body.String() != body || response.Size != size || (got.Get("Content-Type") == "") != (body == "") ||
				(got.Get("Content-Length") == "") != (body == "") {
				t.Errorf("the body is %q, logged as %d bytes, with %v", recorder.Body, response.Size, got)
			}
		})
	}
}
