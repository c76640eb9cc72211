package gate

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// freshFor is how old rights may be when the operation begins. It is longer than a body takes that was sent together
// with its headers, so that usual requests read their rights once, and at the end of their transaction.
const freshFor = 10 * time.Millisecond

// rights are those of the actor of a request to call its operation. They are a service.Rights.
type rights struct {
	gate *Gate
	op   *Operation
	// key is the secret of an API key; empty for a user, who has claims.
	key    string
	claims session.Claims
	// ip is the address of the client.
	ip netip.Addr
	// actor is the actor as the operation sees it, and at is when it began to be read.
	actor *access.Actor
	at    time.Time
}

// read returns the actor as it is now: the user of the session that the access token belongs to, with the role that the
// user has now, or the API key. It fails with InvalidToken. An access token that expires while its request runs stays
// valid for the request, as long as its session does.
func (r *rights) read(ctx context.Context) (*access.Actor, error) {
	if r.key != "" {
		actor, err := r.gate.Keys.Check(ctx, r.key, ratelimit.Network(r.ip))
		return actor, r.gate.refuseKey(ctx, err)
	}
	state, err := r.gate.Guard.Check(ctx, r.claims)
	if err != nil {
		return nil, r.ended(ctx, err)
	}
	return &access.Actor{
		Kind: access.KindUser, CompanyID: state.CompanyID, ID: state.UserID, SessionID: r.claims.SessionID, Role: state.Role,
		Restricted: state.PasswordChangeRequired,
	}, nil
}

// ended is the fault of a session that has ended, or another error as it is.
func (r *rights) ended(ctx context.Context, err error) error {
	if errors.Is(err, session.ErrEnded) {
		return r.gate.refuseToken(ctx, err)
	}
	return err
}

// renew reads the rights again if they are no longer fresh, because reading the body took time, and sets the actor of
// the request to the present one. It fails as admit does.
func (r *rights) renew(ctx context.Context, request *access.Request) error {
	if r == nil { // of a public operation
		return nil
	}
	if age := r.gate.Clock.Now().Sub(r.at); 0 <= age && age < freshFor {
		return nil
	}
	actor, err := r.read(ctx)
	if err != nil {
		return err
	}
	actor.Origin = request.Origin()
	r.actor, request.Actor = actor, actor
	return r.op.permit(actor)
}

// Check is part of service.Rights.
func (r *rights) Check(ctx context.Context) error {
	actor, err := r.read(ctx)
	if err != nil {
		return err
	}
	return r.kept(actor)
}

// Confirm is part of service.Rights.
func (r *rights) Confirm(ctx context.Context, tx *postgres.Tx) error {
	if r.key == "" {
		// A change of the role ends the token.
		return r.gate.Guard.Confirm(ctx, tx, r.claims, func() error { return r.ended(ctx, session.ErrEnded) })
	}
	actor, err := r.gate.Keys.Confirm(ctx, tx, r.key, *r.actor)
	if err != nil {
		return r.gate.refuseKey(ctx, err)
	}
	return r.kept(actor)
}

// kept fails with PermissionDenied unless the actor, as it is now, may call the operation, and an API key has at least
// the scopes and jobs that the operation takes it to have.
func (r *rights) kept(now *access.Actor) error {
	if err := r.op.permit(now); err != nil {
		return err
	}
	if now.Key != nil && !now.Key.Includes(*r.actor.Key) {
		return fault.New(fault.PermissionDenied).With("The API key has lost scopes or jobs while the request ran.")
	}
	return nil
}
