package gate

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// Door lets requests through to their operations.
type Gate struct {
	Contract *Contract
	Access   *session.Access
	Guard    *session.Guard
	Keys     *apikey.Ring
	Keeper   *idempotency.Keeper
	Store    *postgres.Store
	Audit    *audit.Recorder
	Metrics  *telemetry.Metrics
	Log      *slog.Logger
	// Screen refuses what no operation takes for the way it was sent, from a foreign site or too large, and bounds what is
	// read of the rest.
	Screen func(echo.Context) error
	// Limits say how often callers may ask.
	Limits Limits
	// Pages is the path that the reference pages lie below. To read them counts against no limit.
	Pages string
	// OperatorToken is what operations for the operator ask for; empty lets everybody in.
	OperatorToken string
	// Timeout bounds the work on one request that does not take as long as its client does.
	Timeout time.Duration

	streams streams
}

// Enter is the middleware. It expects that a caller.Request is in the context, and gives it its operation and caller.
func (g *Gate) Enter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		op := g.Contract.find(c.Request(), c.Path())
		if op == nil {
			return g.unknown(c, next)
		}
		ctx := c.Request().Context()
		request := access.RequestOf(ctx)
		request.Operation = op.ID
		if !op.long() {
			outer := c.Request()
			bounded, cancel := context.WithTimeout(ctx, g.Timeout)
			defer func() {
				cancel()
				// Whoever answers an error later asks the context whether the client has left; this one has ended anyway.
				c.SetRequest(outer)
			}()
			ctx = bounded
			c.SetRequest(outer.WithContext(bounded))
		}
		err := g.admit(ctx, c, op, request)
		if err == nil {
			err = g.proceed(c, op, request, next)
		}
		if request.Actor != nil && fault.KindOf(err) == fault.Forbidden {
			g.recordDenial(ctx, op, request, err)
		}
		return err
	}
}

// proceed has the operation done. What takes long is counted, and what carries an Idempotency-Key is done once.
func (g *Gate) proceed(c echo.Context, op *Operation, request *access.Request, next echo.HandlerFunc) error {
	if key := c.Request().Header.Get(idempotency.Header); op.Repeatable && key != "" {
		act := next
		next = func(c echo.Context) error { return g.once(c, op, key, act) }
	}
	if op.conditional && c.Request().Header.Get(headerIfNoneMatch) != "" {
		return ifChanged(c, next)
	}
	if op.long() {
		return g.streams.run(c, request.Actor.ID, next)
	}
	return next(c)
}

// once has the operation done, unless the same request with the same key was answered before.
func (g *Gate) once(c echo.Context, op *Operation, key string, act echo.HandlerFunc) error {
	response, asked := c.Response(), c.Request()
	record := func(w http.ResponseWriter, r *http.Request) error {
		c.SetResponse(echo.NewResponse(w, c.Echo()))
		c.SetRequest(r)
		defer func() {
			c.SetResponse(response)
			c.SetRequest(asked)
		}()
		return act(c)
	}
	about := idempotency.Request{Operation: op.ID, Key: key, Query: op.stated(asked.URL.Query()), Streams: op.Upload}
	answer, replayed, err := g.Keeper.Run(asked, about, record)
	if err != nil {
		return err
	}
	if replayed {
		response.Header().Set(idempotency.Replayed, "true")
	}
	return answer.Send(response)
}

// unknown handles what is no operation: a method that an operation's path does not know, which goes for OPTIONS as for
// any other, one of the reference pages, or nothing at all. It counts as a request of nobody.
func (g *Gate) unknown(c echo.Context, next echo.HandlerFunc) error {
	ctx := c.Request().Context()
	if g.Pages == "" || !strings.HasPrefix(c.Path(), g.Pages) {
		if err := g.limit(ctx, c, access.RequestOf(ctx)); err != nil {
			return err
		}
	}
	if err := g.Screen(c); err != nil {
		return err
	}
	if allow := g.Contract.allow(c.Path()); allow != "" {
		c.Response().Header().Set("Allow", allow)
		return fault.New(fault.MethodNotAllowed)
	}
	return next(c)
}

// admit asks in this order: who, how often, sent in which way, whether they may, and whether the request is what the
// specification says.
// Everybody is counted before they are refused, since refusals cost as well: a guessed token costs a signature, and a
// denial a row in the audit log.
func (g *Gate) admit(ctx context.Context, c echo.Context, op *Operation, request *access.Request) error {
	refused := g.authenticate(ctx, c, op, request)
	if op.Limited {
		if err := g.limit(ctx, c, request); err != nil {
			return err
		}
	}
	if err := g.Screen(c); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	if err := op.permit(request.Actor); err != nil {
		return err
	}
	if !op.accepts(c.Request().Header) {
		return fault.New(fault.NotAcceptable).With("This is served as %s.", strings.Join(op.produces, " or "))
	}
	err := op.validate(ctx, c)
	g.announce(op, request, c.Response().Header(), c.Request())
	return err
}

// permit decides whether a caller may call the operation at all.
func (op *Operation) permit(who *access.Actor) error {
	switch {
	case op.Public:
		return nil
	case who.Key != nil:
		if op.admits(*who.Key) {
			return nil
		}
		return op.denyKey()
	case op.Roles[who.Role]:
		return nil
	}
	return fault.New(fault.PermissionDenied).With("This needs the permission %s, which the role %s does not have.",
		op.Permission, who.Role)
}

// denyKey says what a key lacks, or that no key can have it.
func (op *Operation) denyKey() error {
	f := fault.New(fault.PermissionDenied)
	switch op.Keys {
	case ReachJobs:
		return f.With("This needs the scope %s, which the key does not have.", op.Scope)
	case ReachCompany:
		return f.With("This needs a key for the whole company that has the scope %s.", op.Scope)
	case ReachTest:
		return f.With("This needs a key of a test company that has the scope %s and is not limited to jobs.", op.Scope)
	case ReachEvery:
	}
	return f.With("Only people may do this, no API keys.")
}

// authenticate makes of the bearer token a caller: of an access token the user whom the session's present state
// describes, of the secret of an API key the key.
func (g *Gate) authenticate(ctx context.Context, c echo.Context, op *Operation, request *access.Request) error {
	switch {
	case op.Operator:
		return g.askOperator(c.Request().Header)
	case op.Public:
		return nil
	}
	token, err := bearer(c.Request().Header)
	if err != nil {
		g.Metrics.InvalidToken(telemetry.TokenMissing)
		return err
	}
	if apikey.Is(token) {
		request.Actor, err = g.Keys.Check(ctx, token)
		if fault.Is(err, fault.InvalidToken) {
			g.Metrics.InvalidToken(telemetry.TokenKey)
			g.Log.InfoContext(ctx, "API key refused", slog.Any("reason", errors.Unwrap(err)))
		}
		return err
	}
	claims, err := g.Access.Verify(token)
	if err != nil {
		return g.refuse(ctx, err)
	}
	state, err := g.Guard.Check(ctx, claims)
	if errors.Is(err, session.ErrEnded) {
		return g.refuse(ctx, err)
	}
	if err != nil {
		return err
	}
	request.Actor = &access.Actor{
		CompanyID: state.CompanyID, ID: state.UserID, SessionID: claims.SessionID, Role: state.Role,
	}
	return nil
}

// askOperator lets in who has the operator's token, where there is one. Digests are compared, so that the time tells
// nothing of the token, nor of its length.
func (g *Gate) askOperator(header http.Header) error {
	if g.OperatorToken == "" {
		return nil
	}
	token, err := bearer(header)
	sent, wanted := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.OperatorToken))
	if err != nil || subtle.ConstantTimeCompare(sent[:], wanted[:]) != 1 {
		return fault.New(fault.MissingToken).With("This needs the operator's token.").Because(err)
	}
	return nil
}

func (g *Gate) refuse(ctx context.Context, reason error) error {
	label := telemetry.TokenMalformed
	switch {
	case errors.Is(reason, session.ErrSignature), errors.Is(reason, session.ErrKey):
		label = telemetry.TokenSignature
	case errors.Is(reason, session.ErrClaims):
		label = telemetry.TokenClaims
	case errors.Is(reason, session.ErrExpired):
		label = telemetry.TokenExpired
	case errors.Is(reason, session.ErrEnded):
		label = telemetry.TokenRevoked
	}
	g.Metrics.InvalidToken(label)
	g.Log.InfoContext(ctx, "access token refused", slog.String("reason", reason.Error()))
	return fault.New(fault.InvalidToken).Because(reason)
}

// bearer reads the Authorization header (RFC 6750, section 2.1). Two of them, or another scheme, are as good as none.
func bearer(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return "", fault.New(fault.MissingToken)
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", fault.New(fault.MissingToken)
	}
	return token, nil
}

// recordDenial keeps that somebody tried what they may not do. That the record could not be written is logged, and
// changes nothing for the caller: they are refused either way.
func (g *Gate) recordDenial(ctx context.Context, op *Operation, request *access.Request, denied error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.Timeout)
	defer cancel()
	company := request.Actor.CompanyID
	err := g.Store.InTx(ctx, company, func(tx *db.Queries) error {
		var f *fault.Fault
		errors.As(denied, &f)
		details := audit.Details{
			"operation": op.ID, "code": f.Code(),
			// Escaped, the record shows exactly what was asked for, bytes included that are no text.
			"path": request.Target.EscapedPath(),
		}
		if f.Code() != fault.CrossSiteRequest { // which is refused before anybody asks what the caller may do
			details["permission"] = op.Permission
			if request.Actor.Key == nil {
				details["role"] = request.Actor.Role // a key has none
			}
		}
		return g.Audit.Record(ctx, tx, company, audit.Entry{
			Action: audit.AccessDenied, Resource: audit.Operation, Outcome: api.AuditOutcomeDenied, Details: details,
		})
	})
	if err != nil {
		g.Log.ErrorContext(ctx, "a denial could not be recorded", slog.Any("error", err))
	}
}
