package gate

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// authenticate sets the actor of a request, and returns the actor's rights; nil for public operations. It fails with
// MissingToken or InvalidToken.
func (g *Gate) authenticate(
	ctx context.Context, header http.Header, op *Operation, request *access.Request,
) (*rights, error) {
	switch {
	case op.Operator:
		return nil, g.authenticateOperator(header)
	case op.Public:
		return nil, nil //nolint:nilnil // nobody has rights, which is not an error
	}
	token, err := bearer(header)
	if err != nil {
		g.Metrics.InvalidToken(telemetry.TokenMissing)
		return nil, err
	}
	r := &rights{gate: g, op: op, at: g.Clock.Now(), ip: request.IP}
	if apikey.Is(token) {
		r.key = token
	} else if r.claims, err = g.Access.Verify(token); err != nil {
		return nil, g.refuseToken(ctx, err)
	}
	if r.actor, err = g.readFirst(ctx, r, ratelimit.Address(request.IP)); err != nil {
		return nil, err
	}
	r.actor.Origin = request.Origin()
	request.Actor = r.actor
	return r, nil
}

// refreshCookie is the name of the cookie with the refresh token.
const refreshCookie = "refresh_token"

// keepNewestToken removes all refresh cookies from a request but one. Browsers send several if an earlier release has
// set one for a longer path, or if another program on the same host uses the name. It keeps the last one that we have
// issued, and of those of the same session the newest, because an older one would count as stolen. If we have issued
// none, it removes none.
func (g *Gate) keepNewestToken(r *http.Request) {
	if len(r.CookiesNamed(refreshCookie)) < 2 {
		return
	}
	var kept *http.Cookie
	var best session.RefreshToken
	for _, cookie := range r.CookiesNamed(refreshCookie) {
		token, err := g.Refresh.Read(cookie.Value)
		if err == nil && (kept == nil || token.SessionID != best.SessionID || token.Generation > best.Generation) {
			kept, best = cookie, token
		}
	}
	if kept == nil {
		return
	}
	all := r.Cookies()
	r.Header.Del("Cookie")
	for _, cookie := range all {
		if cookie.Name != refreshCookie {
			r.AddCookie(cookie)
		}
	}
	r.AddCookie(kept)
}

// tokenOf returns the refresh token in a body or, if it has none, in the cookie; empty for none.
func tokenOf(in input, r *http.Request) string {
	if in.body != nil {
		members, _ := in.body.Value.(map[string]any)
		if token, found := members["refresh_token"].(string); found {
			return token
		}
	}
	if cookie, err := r.Cookie(refreshCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// authenticateRefresh sets the actor of a request that was refused for its access token to the user of a refresh token.
// Without one that belongs to an open session, it fails with the refusal.
func (g *Gate) authenticateRefresh(
	ctx context.Context, op *Operation, request *access.Request, token string, refusal error,
) (*rights, error) {
	presented, err := g.Refresh.Read(token)
	if err != nil {
		return nil, refusal
	}
	r := &rights{gate: g, op: op, at: g.Clock.Now()}
	r.claims, err = g.Guard.ClaimsOf(ctx, presented)
	if errors.Is(err, session.ErrEnded) {
		return nil, refusal
	}
	if err != nil {
		return nil, err
	}
	if r.actor, err = r.read(ctx); err != nil {
		return nil, err
	}
	r.actor.Origin = request.Origin()
	request.Actor = r.actor
	return r, op.permit(r.actor)
}

// authenticateOperator checks the operator's token, if there is one. It compares digests, so that the time of the
// comparison reveals neither the token nor its length.
func (g *Gate) authenticateOperator(header http.Header) error {
	if g.OperatorToken == "" {
		return nil
	}
	token, err := bearer(header)
	sent, expected := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.OperatorToken))
	if err != nil || subtle.ConstantTimeCompare(sent[:], expected[:]) != 1 {
		return fault.New(fault.MissingToken).With("This needs the operator's token.").Because(err)
	}
	return nil
}

// Operator is the middleware of routes that are outside the specification and for the operator only. It fails with
// MissingToken unless the request has the operator's token, also if there is none.
func (g *Gate) Operator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if g.OperatorToken == "" {
			return fault.New(fault.MissingToken).With("This needs the operator's token, which is not set.")
		}
		if err := g.authenticateOperator(c.Request().Header); err != nil {
			return err
		}
		return next(c)
	}
}

// refuseKey counts and logs why an API key is refused, and returns the error.
func (g *Gate) refuseKey(ctx context.Context, err error) error {
	if fault.Is(err, fault.InvalidToken) {
		g.Metrics.InvalidToken(telemetry.TokenKey)
		g.Log.InfoContext(ctx, "API key refused", slog.Any("reason", errors.Unwrap(err)))
	}
	return err
}

// refuseToken counts and logs why an access token is refused. The response does not contain the reason.
func (g *Gate) refuseToken(ctx context.Context, reason error) error {
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

// bearer reads the Authorization header. Any number of spaces separate the scheme from the token (RFC 9110, section
// 11.4). Several headers, or another scheme, count as a missing token, and the error says how to send it.
func bearer(header http.Header) (string, error) {
	values := header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", fault.New(fault.MissingToken)
	case 1:
	default:
		return "", fault.New(fault.MissingToken).With("The request has several Authorization headers; send one.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", fault.New(fault.MissingToken).
			With("The header must be Authorization: Bearer, a space, and an access token or an API key.")
	}
	return token, nil
}
