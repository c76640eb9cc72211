package gate

import (
	"errors"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
)

const (
	headerETag        = "ETag"
	headerIfNoneMatch = "If-None-Match"
)

// representation returns the headers that describe a body. A 304 has no body and leaves them out (RFC 9110, section
// 15.4.5).
func representation() []string {
	return []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition"}
}

// readConditional notes whether the gate answers the operation's If-None-Match. For that the document declares three
// things, and one without the others is an error: the parameter If-None-Match, the header ETag of the 200, and a 304
// with an ETag.
func (op *Operation) readConditional(item *openapi3.PathItem, specified *openapi3.Operation) error {
	asks := slices.ContainsFunc(slices.Concat(item.Parameters, specified.Parameters), func(p *openapi3.ParameterRef) bool {
		return p.Value.In == openapi3.ParameterInHeader && p.Value.Name == headerIfNoneMatch
	})
	unchanged := specified.Responses.Value("304") != nil
	switch {
	case op.Method == http.MethodPut && !unchanged: // the operation checks the condition
		return nil
	case op.Method != http.MethodGet:
		if asks || unchanged {
			return errors.New("is not a GET and has If-None-Match or a 304")
		}
		return nil
	case asks != unchanged, asks != hasETag(specified, "200"), unchanged != hasETag(specified, "304"):
		return errors.New("has only some of If-None-Match, an ETag at its 200, and a 304 with an ETag")
	}
	op.conditional = asks
	return nil
}

func hasETag(specified *openapi3.Operation, status string) bool {
	response := specified.Responses.Value(status)
	return response != nil && response.Value.Headers[headerETag] != nil
}

// ifChanged calls the handler of a GET that carries If-None-Match. The handler answers as if there were no condition;
// where the ETag of its 200 matches, the client gets a 304 instead.
func ifChanged(c echo.Context, next echo.HandlerFunc) error {
	response := c.Response()
	header := c.Request().Header.Get(headerIfNoneMatch)
	c.SetResponse(echo.NewResponse(&conditional{ResponseWriter: response, header: header}, c.Echo()))
	defer c.SetResponse(response)
	return next(c)
}

// conditional is a response that turns a 200 into a 304 where the client has what would be sent. It decides by the
// headers, so nothing is buffered.
type conditional struct {
	http.ResponseWriter

	header  string // the value of If-None-Match
	matched bool
}

// WriteHeader sends the status, or 304 in place of 200.
func (w *conditional) WriteHeader(status int) {
	if status == http.StatusOK && etag.Matches(&w.header, w.Header().Get(headerETag)) {
		w.matched, status = true, http.StatusNotModified
		for _, name := range representation() {
			w.Header().Del(name)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends part of the body, or drops it after a 304.
func (w *conditional) Write(part []byte) (int, error) {
	if w.matched {
		return len(part), nil
	}
	return w.ResponseWriter.Write(part)
}
