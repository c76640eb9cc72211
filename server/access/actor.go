// Package access carries who is asking, and by which request, through a context. There is one value per request, made
// by the server's first middleware; the contract's door fills in the caller once the access token is verified.
package access

import (
	"context"
	"net/netip"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Actor is an authenticated user, as the session's present state describes them, or an API key as it is kept; nothing
// in it comes from the client.
type Actor struct {
	CompanyID uuid.UUID
	// UserID is the user's id, or the key's, which no user has.
	UserID uuid.UUID
	// SessionID is uuid.Nil for a key.
	SessionID uuid.UUID
	// Role is the user's, or the one whose standing a key has for what it asks.
	Role api.Role
	// Key is nil for a user.
	Key *Key
}

// Key is what an API key may do.
type Key struct {
	// Scopes are the permissions that it holds.
	Scopes []string
	// Jobs are those that it is limited to; nil for a key of the whole company.
	Jobs []uuid.UUID
	// Test says that its company is for tests.
	Test bool
	// KnownTo are the people who were shown a secret of it.
	KnownTo []uuid.UUID
}

// Scopes are all that a key can do; nil for a user, who can do what their role can.
func (c Actor) Scopes() []string {
	if c.Key == nil {
		return nil
	}
	return c.Key.Scopes
}

// Type is what kind of actor the caller is.
func (c Actor) Type() api.AuditActorType {
	if c.Key != nil {
		return api.AuditActorTypeAPIKey
	}
	return api.AuditActorTypeUser
}

// Summarize says who did something, to those who read about it.
func Summarize(id uuid.UUID, name string, key bool) api.ActorSummary {
	actor := api.ActorSummary{ID: id, Type: api.AuditActorTypeUser, Name: name}
	if key {
		actor.Type = api.AuditActorTypeAPIKey
	}
	return actor
}

// Eyes are the people who read whatever the caller reads: the user, or those who were shown a secret of the key.
func (c Actor) Eyes() []uuid.UUID {
	if c.Key != nil {
		return c.Key.KnownTo
	}
	return []uuid.UUID{c.UserID}
}

// Limited reports whether the caller is a key that is limited to some jobs.
func (c Actor) Limited() bool { return c.Key != nil && c.Key.Jobs != nil }

// ReadsUsers reports whether the caller reads all users of the company, and so their addresses.
func (c Actor) ReadsUsers() bool {
	if c.Key != nil {
		return slices.Contains(c.Key.Scopes, "users:read")
	}
	return c.Role != api.RoleEmployee
}

// Request is what is known of one request.
type Request struct {
	// ID is the X-Request-Id, the client's own where it sent an acceptable one.
	ID string
	// IP is the client's address, taken from forwarding headers only where a trusted proxy set them.
	IP netip.Addr
	// UserAgent is the header as valid UTF-8, cut to 512 characters.
	UserAgent string
	// Encodings is Accept-Encoding, its lines joined by commas.
	Encodings string
	// Target is the requested path and query.
	Target *url.URL
	// Operation is the operationId, empty where no operation matched.
	Operation string
	// Actor is nil while the request is anonymous.
	Actor *Actor
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
func Of(ctx context.Context) Actor {
	c := RequestOf(ctx).Actor
	if c == nil {
		panic("caller: an operation that needs a caller ran without one")
	}
	return *c
}
