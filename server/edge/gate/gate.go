// Package gate admits requests to operations.
//
// For each request it finds the operation, authenticates the actor, counts the request against the rate limits, refuses
// what was sent from a foreign site or is too large, checks the permission, negotiates the media type, and validates
// the input. Everything that it needs to know about an operation is read from the specification when the server starts;
// if the specification leaves something open, the server does not start.
//
// The query and the body are parsed here, once. The generated code binds what was parsed, and validated, here.
package gate

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/edge/negotiate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Options are the dependencies and settings that only the gate needs.
type Options struct {
	Contract *Contract
	// Access verifies access tokens and Refresh refresh tokens, Guard the sessions that they belong to, and Keys API keys.
	Access  *session.Access
	Refresh *session.Refresh
	Guard   *session.Guard
	Keys    *apikey.Ring
	// Keeper runs requests that carry an Idempotency-Key.
	Keeper  *idempotency.Keeper
	Metrics *telemetry.Metrics
	// Timeout bounds the work on a request, except for exports and uploads.
	Timeout time.Duration
	// MaxBody and MaxUpload bound bodies, and uploads, in bytes.
	MaxBody, MaxUpload int64
	// Origins are the foreign origins from which browsers may send requests that change something.
	Origins []string `optional:"true"`
	// Limits are the rate limits. The zero value has no limits.
	Limits Limits `optional:"true"`
	// Admission bounds the requests that run at once.
	Admission *Admission
	// Uploads and Exports limit those of a company that run at the same time.
	Uploads, Exports *ratelimit.Leases
	// Pages is the path prefix of the reference pages, which are exempt from the rate limits.
	Pages string `optional:"true"`
	// OperatorToken is required by operations for the operator. Without one they are public.
	OperatorToken string `optional:"true"`
}

// Gate is the middleware that admits requests.
type Gate struct {
	service.Deps
	Options

	site    *http.CrossOriginProtection
	streams streams
}

// New fails if a dependency is missing or an origin is not valid.
func New(deps service.Deps, options Options) (*Gate, error) {
	if err := service.Check("gate", deps, options); err != nil {
		return nil, err
	}
	site := http.NewCrossOriginProtection()
	for _, origin := range options.Origins {
		if err := site.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("gate: trust the origin %q: %w", origin, err)
		}
	}
	return &Gate{Deps: deps, Options: options, site: site}, nil
}

// Enter is the middleware. It expects an access.Request in the context, and sets its operation and actor.
func (g *Gate) Enter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		op := g.Contract.find(c.Request(), c.Path())
		if op == nil {
			return g.unmatched(c, next)
		}
		ctx := c.Request().Context()
		request := access.RequestOf(ctx)
		request.Operation = op.ID
		if !op.long() {
			outer := c.Request()
			bounded, cancel := context.WithTimeout(ctx, g.Timeout)
			defer func() {
				cancel()
				// The error handler asks the request's context whether the client has left. This one has ended in any case.
				c.SetRequest(outer)
			}()
			ctx = bounded
			c.SetRequest(outer.WithContext(bounded))
		}
		var place place
		in, held, err := g.admit(ctx, c, op, request, &place)
		defer func() { place.leave() }()
		if err == nil {
			err = g.proceed(&decoded{c, in, callOf(request, held)}, op, request, next)
		}
		if err != nil {
			g.failed(ctx, op, request, err)
		}
		return err
	}
}

// failed notes an error of a request.
func (g *Gate) failed(ctx context.Context, op *Operation, request *access.Request, err error) {
	if postgres.LockTimeout(err) {
		g.Metrics.LockTimeout()
	}
	if request.Actor != nil && fault.KindOf(err) == fault.Forbidden {
		g.recordDenial(ctx, op, request, err)
	}
}

// admit checks a request. Every request is counted before it is refused, because refusals have a cost as well: a
// guessed token costs a signature check, and a denial an entry in the audit log. It returns the actor's rights, nil for
// public operations. From before its body is read until its end, the request holds a place.
func (g *Gate) admit(
	ctx context.Context, c echo.Context, op *Operation, request *access.Request, place *place,
) (in input, held *rights, err error) {
	held, refused := g.authenticate(ctx, c.Request().Header, op, request)
	if op.Limited {
		if err := g.limit(ctx, c, request); err != nil {
			return in, nil, err
		}
	}
	if err := g.screen(c, op); err != nil {
		return in, nil, err
	}
	if op.takesCookie {
		g.keepNewestToken(c.Request())
	}
	switch {
	case refused != nil && !op.Refreshable:
		return in, nil, refused
	case refused == nil:
		if err := op.permit(request.Actor); err != nil {
			return in, nil, err
		}
	}
	if !op.accepts(c.Request().Header) {
		return in, nil, fault.New(fault.NotAcceptable).With("This is served as %s.", strings.Join(op.produces, " or "))
	}
	if *place, err = g.enter(ctx, op, request); err != nil {
		return in, nil, err
	}
	in, err = op.validate(ctx, c)
	if refused != nil {
		if held, refused = g.authenticateRefresh(ctx, op, request, tokenOf(in, c.Request()), refused); refused != nil {
			return in, nil, refused
		}
	}
	// Before anything is said about the body, which may have taken as long as the client wanted.
	if err := held.renew(ctx, request); err != nil {
		return in, nil, err
	}
	if op.Upload && err == nil {
		c.Request().Body = held.completed(ctx, c.Request().Body)
	}
	if err == nil {
		err = op.permitQuery(request.Actor, in.query)
	}
	g.announce(op, request, c.Response().Header(), c.Request().Header, in)
	return in, held, err
}

// accepts reports whether the client accepts a media type of the operation's successes. Where they have no body, every
// Accept header does.
func (op *Operation) accepts(header http.Header) bool {
	return len(op.produces) == 0 || negotiate.MediaType(strings.Join(header.Values("Accept"), ","), op.produces...)
}

// proceed runs the operation: at most once for an Idempotency-Key, without a body for a client that has it, and within
// the bound of long operations.
func (g *Gate) proceed(c *decoded, op *Operation, request *access.Request, next echo.HandlerFunc) error {
	header := c.Request().Header
	if key := header.Get(idempotency.Header); op.Repeatable && key != "" {
		next = g.once(c, op, key, next)
	}
	if op.conditional && header.Get(headerIfNoneMatch) != "" {
		return ifChanged(c, next)
	}
	if op.long() {
		return g.stream(c, op, request.Actor, next)
	}
	return next(c)
}

// once returns a handler that runs the operation, unless the same request was answered before with the same key.
func (g *Gate) once(c *decoded, op *Operation, key string, act echo.HandlerFunc) echo.HandlerFunc {
	return func(echo.Context) error {
		response := c.Response()
		record := func(w http.ResponseWriter, attempt service.Attempt) error {
			attempted := *c
			attempted.call.Attempt = attempt
			c.SetResponse(echo.NewResponse(w, c.Echo()))
			defer c.SetResponse(response)
			return act(&attempted)
		}
		answer, replayed, err := g.Keeper.Run(c.Request(), c.call.Actor, idempotency.Request{
			Operation: op.ID, Key: key, Query: op.explicit(c.in.query), Body: c.in.canonical(), Streams: op.Upload,
		}, record)
		if err != nil {
			return err
		}
		if replayed {
			response.Header().Set(idempotency.Replayed, "true")
		}
		return answer.Send(response)
	}
}

// CallOf returns the call of an operation that the gate has admitted. Without the gate there is no call, so another
// context is a defect and panics.
func CallOf(c echo.Context) service.Call {
	return c.(*decoded).call //nolint:forcetypeassert // see above
}

// Respond sends the response of an operation that the gate has admitted. If the attempt of the call has recorded the
// response, the client gets the record, and nothing is encoded again.
func Respond(c echo.Context, response api.Response) error {
	if attempt := CallOf(c).Attempt; attempt != nil && attempt.Recorded() {
		return nil
	}
	return response.Respond(c.Response())
}

// callOf returns the call of an admitted request. The actor of a public operation is nobody.
func callOf(request *access.Request, held *rights) service.Call {
	call := service.Call{Query: request.Target.RawQuery}
	if request.Actor != nil {
		call.Actor, call.Rights = *request.Actor, held
	}
	call.Actor.Origin = request.Origin()
	return call
}

// unmatched handles a request that matches no operation: a method that the path does not have, including OPTIONS; a
// reference page; or an unknown path. It counts as anonymous.
func (g *Gate) unmatched(c echo.Context, next echo.HandlerFunc) error {
	ctx := c.Request().Context()
	if g.Pages == "" || !strings.HasPrefix(c.Path(), g.Pages) {
		if err := g.limit(ctx, c, access.RequestOf(ctx)); err != nil {
			return err
		}
	}
	if err := g.screen(c, nil); err != nil {
		return err
	}
	if allow := g.Contract.allow(c.Request(), c.Path()); allow != "" {
		c.Response().Header().Set("Allow", allow)
		return fault.New(fault.MethodNotAllowed)
	}
	return next(c)
}
