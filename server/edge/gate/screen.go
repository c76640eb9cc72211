package gate

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// MaxHeaderBytes bounds the headers of a request together.
	MaxHeaderBytes = 32 << 10
	// maxTargetBytes bounds path and query. It is more than any query needs that the specification allows, even
	// percent-encoded.
	maxTargetBytes = 16 << 10
)

// screen refuses requests for how they were sent: with too many headers, by a browser from a foreign site, or with a
// body that announces too many bytes. It bounds what can be read of the body. op is nil if no operation matched.
func (g *Gate) screen(c echo.Context, op *Operation) error {
	r := c.Request()
	if len(r.RequestURI) > maxTargetBytes || headerBytes(r.Header) > MaxHeaderBytes {
		return fault.New(fault.HeadersTooLarge)
	}
	// Browsers send Sec-Fetch-Site or Origin. Other clients send neither and pass.
	if err := g.site.Check(r); err != nil {
		return fault.New(fault.CrossSiteRequest).Because(err)
	}
	most := g.MaxBody
	switch {
	case op == nil:
	case op.Upload:
		most = g.MaxUpload
	case op.bodies == nil:
		return nil // the operation takes no body: validate refuses one after its first bytes, whatever its size
	}
	if r.ContentLength > most {
		return fault.New(fault.PayloadTooLarge).With("The body is larger than %d bytes.", most)
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
	return nil
}

func headerBytes(header http.Header) int {
	total := 0
	for name, values := range header {
		for _, value := range values {
			total += len(name) + len(value) + len(": \r\n")
		}
	}
	return total
}
