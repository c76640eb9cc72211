package gate

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	body, upload, none := &Operation{bodies: map[string]string{}}, &Operation{Upload: true}, &Operation{}
	site := http.NewCrossOriginProtection()
	if err := site.AddTrustedOrigin("https://app.example"); err != nil {
		t.Fatal(err)
	}
	g := &Gate{Options: Options{MaxBody: 1000, MaxUpload: 2000}, site: site}
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(slog.New(slog.DiscardHandler))
	for name, c := range map[string]struct {
		op        *Operation
		sent      int
		announced int64
		headers   []string
		want      int
	}{
		"a body at the bound":                     {body, 1000, 1000, nil, http.StatusNoContent},
		"a body above the bound":                  {body, 0, 1001, nil, http.StatusRequestEntityTooLarge},
		"a body of unknown length":                {body, 1001, -1, nil, http.StatusRequestEntityTooLarge},
		"an upload at its bound":                  {upload, 2000, 2000, nil, http.StatusNoContent},
		"an upload above its bound":               {upload, 0, 2001, nil, http.StatusRequestEntityTooLarge},
		"an upload of unknown length":             {upload, 2001, -1, nil, http.StatusRequestEntityTooLarge},
		"a body that the operation does not take": {none, 0, 5000, nil, http.StatusNoContent},
		"a body without an operation":             {nil, 0, 1001, nil, http.StatusRequestEntityTooLarge},
		"headers at the bound": {
			body, 0, 0, []string{"Cookie", strings.Repeat("x", MaxHeaderBytes-len("Cookie: \r\n"))}, http.StatusNoContent,
		},
		"headers above the bound": {
			body, 0, 0, []string{"Cookie", strings.Repeat("x", MaxHeaderBytes)}, http.StatusRequestHeaderFieldsTooLarge,
		},
		"a foreign site": {
			body, 0, 0, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, http.StatusForbidden,
		},
		"a trusted origin": {
			body, 0, 0, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example"}, http.StatusNoContent,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/x", strings.NewReader(strings.Repeat("x", c.sent)))
			request.ContentLength = c.announced
			for i := 0; i < len(c.headers); i += 2 {
				request.Header.Set(c.headers[i], c.headers[i+1])
			}
			screened(t, e, g, c.op, request, c.want)
		})
	}
	t.Run("a target above the bound", func(t *testing.T) {
		t.Parallel()
		long := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+strings.Repeat("x", maxTargetBytes), http.NoBody)
		screened(t, e, g, body, long, http.StatusRequestHeaderFieldsTooLarge)
	})
}

// screened sends a request through the screen to a handler that reads its body.
func screened(t *testing.T, e *echo.Echo, g *Gate, op *Operation, request *http.Request, want int) {
	t.Helper()
	request = request.WithContext(access.With(request.Context(), &access.Request{Target: request.URL}))
	recorder := httptest.NewRecorder()
	c := e.NewContext(request, recorder)
	err := g.screen(c, op)
	if err == nil {
		_, err = io.ReadAll(c.Request().Body)
	}
	if err != nil {
		e.HTTPErrorHandler(err, c)
	} else if err := c.NoContent(http.StatusNoContent); err != nil {
		t.Fatal(err)
	}
	if recorder.Code != want {
		t.Errorf("%d, want %d: %s", recorder.Code, want, recorder.Body)
	}
}
