package contract

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
	"github.com/ai-interviewer-platform/interviewer/server/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/audit"
	"github.com/ai-interviewer-platform/interviewer/server/caller"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/session"
	"github.com/ai-interviewer-platform/interviewer/server/store"
	"github.com/ai-interviewer-platform/interviewer/server/telemetry"
)

// Door lets requests through to their operations.
type Door struct {
	Contract *Contract
	Access   *session.Access
	Guard    *session.Guard
	Keys     *apikey.Ring
	Keeper   *idempotency.Keeper
	Store    *store.Store
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
func (d *Door) Enter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		op := d.Contract.find(c.Request(), c.Path())
		if op == nil {
			return d.unknown(c, next)
		}
		ctx := c.Request().Context()
		request := caller.RequestOf(ctx)
		request.Operation = op.ID
		if !op.long() {
			outer := c.Request()
			bounded, cancel := context.WithTimeout(ctx, d.Timeout)
			defer func() {
				cancel()
				// Whoever answers an error later asks the context whether the client has left; this one has ended anyway.
				c.SetRequest(outer)
			}()
			ctx = bounded
			c.SetRequest(outer.WithContext(bounded))
		}
		err := d.admit(ctx, c, op, request)
		if err == nil {
			err = d.proceed(c, op, request, next)
		}
		if request.Caller != nil && fault.KindOf(err) == fault.Forbidden {
			d.recordDenial(ctx, op, request, err)
		}
		return err
	}
}

// proceed has the operation done. What takes long is counted, and what carries an Idempotency-Key is done once.
func (d *Door) proceed(c echo.Context, op *Operation, request *caller.Request, next echo.HandlerFunc) error {
	if key := c.Request().Header.Get(idempotency.Header); op.Repeatable && key != "" {
		act := next
		next = func(c echo.Context) error { return d.once(c, op, key, act) }
	}
	if op.long() {
		return d.streams.run(c, request.Caller.UserID, next)
	}
	return next(c)
}

// once has the operation done, unless the same request with the same key was answered before.
func (d *Door) once(c echo.Context, op *Operation, key string, act echo.HandlerFunc) error {
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
	answer, replayed, err := d.Keeper.Run(asked, about, record)
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
func (d *Door) unknown(c echo.Context, next echo.HandlerFunc) error {
	ctx := c.Request().Context()
	if d.Pages == "" || !strings.HasPrefix(c.Path(), d.Pages) {
		if err := d.limit(ctx, c, caller.RequestOf(ctx)); err != nil {
			return err
		}
	}
	if err := d.Screen(c); err != nil {
		return err
	}
	if allow := d.Contract.allow(c.Path()); allow != "" {
		c.Response().Header().Set("Allow", allow)
		return fault.New(fault.MethodNotAllowed)
	}
	return next(c)
}

// admit asks in this order: who, how often, sent in which way, whether they may, and whether the request is what the
// specification says.
// Everybody is counted before they are refused, since refusals cost as well: a guessed token costs a signature, and a
// denial a row in the audit log.
func (d *Door) admit(ctx context.Context, c echo.Context, op *Operation, request *caller.Request) error {
	refused := d.authenticate(ctx, c, op, request)
	if op.Limited {
		if err := d.limit(ctx, c, request); err != nil {
			return err
		}
	}
	if err := d.Screen(c); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	if err := op.permit(request.Caller); err != nil {
		return err
	}
	if !op.accepts(c.Request().Header) {
		return fault.New(fault.NotAcceptable).With("This is served as %s.", strings.Join(op.produces, " or "))
	}
	err := op.validate(ctx, c)
	d.announce(op, request, c.Response().Header(), c.Request())
	return err
}

// permit decides whether a caller may call the operation at all.
func (op *Operation) permit(who *caller.Caller) error {
	switch {
	case op.Public:
		return nil
	case who.Key != nil:
		who.Role = op.standing(*who.Key)
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
func (d *Door) authenticate(ctx context.Context, c echo.Context, op *Operation, request *caller.Request) error {
	switch {
	case op.Operator:
		return d.askOperator(c.Request().Header)
	case op.Public:
		return nil
	}
	token, err := bearer(c.Request().Header)
	if err != nil {
		d.Metrics.InvalidToken(telemetry.TokenMissing)
		return err
	}
	if apikey.Is(token) {
		request.Caller, err = d.Keys.Check(ctx, token)
		if fault.Is(err, fault.InvalidToken) {
			d.Metrics.InvalidToken(telemetry.TokenKey)
			d.Log.InfoContext(ctx, "API key refused", slog.Any("reason", errors.Unwrap(err)))
		}
		return err
	}
	claims, err := d.Access.Verify(token)
	if err != nil {
		return d.refuse(ctx, err)
	}
	state, err := d.Guard.Check(ctx, claims)
	if errors.Is(err, session.ErrEnded) {
		return d.refuse(ctx, err)
	}
	if err != nil {
		return err
	}
	request.Caller = &caller.Caller{
		CompanyID: state.CompanyID, UserID: state.UserID, SessionID: claims.SessionID, Role: state.Role,
	}
	return nil
}

// askOperator lets in who has the operator's token, where there is one. Digests are compared, so that the time tells
// nothing of the token, nor of its length.
func (d *Door) askOperator(header http.Header) error {
	if d.OperatorToken == "" {
		return nil
	}
	token, err := bearer(header)
	sent, wanted := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(d.OperatorToken))
	if err != nil || subtle.ConstantTimeCompare(sent[:], wanted[:]) != 1 {
		return fault.New(fault.MissingToken).With("This needs the operator's token.").Because(err)
	}
	return nil
}

func (d *Door) refuse(ctx context.Context, reason error) error {
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
	d.Metrics.InvalidToken(label)
	d.Log.InfoContext(ctx, "access token refused", slog.String("reason", reason.Error()))
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
func (d *Door) recordDenial(ctx context.Context, op *Operation, request *caller.Request, denied error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Timeout)
	defer cancel()
	company := request.Caller.CompanyID
	err := d.Store.InTx(ctx, company, func(tx db.DBTX) error {
		var f *fault.Fault
		errors.As(denied, &f)
		details := audit.Details{
			"operation": op.ID, "code": f.Code(),
			// Escaped, the record shows exactly what was asked for, bytes included that are no text.
			"path": request.Target.EscapedPath(),
		}
		if f.Code() != fault.CrossSiteRequest { // which is refused before anybody asks what the caller may do
			details["permission"] = op.Permission
			if request.Caller.Key == nil {
				details["role"] = request.Caller.Role // a key has none
			}
		}
		return d.Audit.Record(ctx, tx, company, audit.Entry{
			Action: audit.AccessDenied, Resource: audit.Operation, Outcome: api.AuditOutcomeDenied, Details: details,
		})
	})
	if err != nil {
		d.Log.ErrorContext(ctx, "a denial could not be recorded", slog.Any("error", err))
	}
}
