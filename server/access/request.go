// Package access describes actors and decides, in one place, what actors see and may do beyond the
// permissions that the specification grants to their role.
//
// The specification (x-required-permission, x-roles, x-key-scopes) says which operations a role or an API key may
// call; package gate enforces that. A [Standing] says for which resources: which jobs, candidates and users the actor
// sees, and on whose behalf the state machines act. Everything is closed by default: a role that has no entry in
// [StandingOf] sees no hiring data, no other user and no audit entry, whatever permissions the specification grants to
// it, and can neither manage users nor give out API keys. The permission alone decides about the actor's own account,
// the settings of the company, and whether the actor may create jobs and candidates. A rule asks for a named standing,
// and never whether an actor has, or does not have, a certain role.
//
// Rules about oneself apply to the people who act through an actor, see [Actor.Is].
package access

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"

	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// Request is what is known about the current request. The server's first middleware creates it; the gate adds the
// operation and, once it has verified the credentials, the actor.
//
// It is for logging and for the packages that speak HTTP. Domains get their actor as an argument.
type Request struct {
	// ID is the X-Request-Id: the client's if it sent an acceptable one.
	ID string
	// IP is the client's address. Forwarding headers count only if a trusted proxy set them.
	IP netip.Addr
	// UserAgent is the header as valid UTF-8, cut to 512 characters.
	UserAgent string
	// Encodings is the Accept-Encoding header, its lines joined by commas.
	Encodings string
	// Target is the requested path and query, without Base.
	Target *url.URL
	// HTTPS says that the client uses TLS. Forwarding headers count as for IP, here and for Host.
	HTTPS bool
	// Host is the name of the server as the client knows it, with its port if it has one; empty if it is not valid.
	Host string
	// Base is the path that precedes all paths in the URLs that clients see; empty, or without a slash at its end.
	Base string
	// Query is the query of Target, parsed; nil until the gate has validated it. It must not be changed.
	Query url.Values
	// Operation is the operationId; empty if no operation matched.
	Operation string
	// Actor is nil while the request is anonymous.
	Actor *Actor
}

// Origin is what the audit log tells about the request.
func (r *Request) Origin() Origin { return Origin{RequestID: r.ID, IP: r.IP, UserAgent: r.UserAgent} }

// ServerURL is the base URL of the API as the client sees it, without a slash at its end. If the host is not known, it
// is only the path.
func (r *Request) ServerURL() string {
	switch {
	case r.Host == "":
		return r.Base
	case r.HTTPS:
		return "https://" + r.Host + r.Base
	}
	return "http://" + r.Host + r.Base
}

type key struct{}

// With returns a context that carries the request.
func With(ctx context.Context, r *Request) context.Context { return context.WithValue(ctx, key{}, r) }

// RequestOf returns the request of a context. Outside a request it is empty, never nil.
func RequestOf(ctx context.Context) *Request {
	if r, ok := ctx.Value(key{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// LogAttrs appends the attributes by which a log line identifies the request of a context and its actor: request_id,
// operation, user_id, company_id and session_id. The user_id of an API key is the id of the key.
func LogAttrs(ctx context.Context, attrs []slog.Attr) []slog.Attr {
	request := RequestOf(ctx)
	if request.ID != "" {
		attrs = append(attrs, slog.String("request_id", request.ID))
	}
	if request.Operation != "" {
		attrs = append(attrs, slog.String("operation", request.Operation))
	}
	if actor := request.Actor; actor != nil {
		const n = text.IDLength
		ids := text.AppendID(make([]byte, 0, 3*n), actor.ID)
		all := string(text.AppendID(text.AppendID(ids, actor.CompanyID), actor.SessionID))
		attrs = append(attrs, slog.String("user_id", all[:n]), slog.String("company_id", all[n:2*n]),
			slog.String("session_id", all[2*n:]))
	}
	return attrs
}
