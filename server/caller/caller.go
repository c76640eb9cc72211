// Package caller carries who is asking, and by which request, through a context. There is one value per request, made
// by the server's first middleware; the contract's door fills in the caller once the access token is verified.
package caller

import (
	"context"
	"net/netip"
	"net/url"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Caller is an authenticated user, as the session's present state describes them; nothing in it comes from the client.
type Caller struct {
	CompanyID uuid.UUID
	UserID    uuid.UUID
	SessionID uuid.UUID
	Role      api.Role
}

// Request is what is known of one request.
type Request struct {
	// ID is the X-Request-Id, the client's own where it sent an acceptable one.
	ID string
	// IP is the client's address, taken from forwarding headers only where a trusted proxy set them.
	IP netip.Addr
	// UserAgent is the header as valid UTF-8, cut to 512 characters.
	UserAgent string
	// Target is the requested path and query.
	Target *url.URL
	// Operation is the operationId, empty where no operation matched.
	Operation string
	// Caller is nil while the request is anonymous.
	Caller *Caller
}

type key struct{}

// With returns a context that carries the request.
func With(ctx context.Context, r *Request) context.Context { return context.WithValue(ctx, key{}, r) }

// RequestOf gives the request of a context; outside a request it is an empty one, never nil.
func RequestOf(ctx context.Context) *Request {
	if r, ok := ctx.Value(key{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// Of gives the caller of an authenticated operation. The door has refused anonymous requests before any handler of such
// an operation runs; that there is no caller is therefore a defect, and panics.
func Of(ctx context.Context) Caller {
	c := RequestOf(ctx).Caller
	if c == nil {
		panic("caller: an operation that needs a caller ran without one")
	}
	return *c
}
