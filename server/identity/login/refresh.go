package login

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// RefreshTokens exchanges a refresh token for a new token pair. If the token of the cookie is refused, the response
// expires the cookie, so that the browser does not send it again.
func (a *Service) RefreshTokens(
	ctx context.Context, call service.Call, request api.RefreshTokensRequestObject,
) (api.RefreshTokensResponseObject, error) {
	token, fromCookie := presentedToken(request)
	response, err := a.refresh(ctx, call.Actor.Origin, token)
	if fromCookie && fault.Is(err, fault.InvalidRefreshToken) {
		return expireCookie{err, a.cookie("", 0)}, nil
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// presentedToken returns the token of the body or, if there is none, of the cookie.
func presentedToken(request api.RefreshTokensRequestObject) (token string, fromCookie bool) {
	switch {
	case request.Body != nil && request.Body.RefreshToken != nil:
		return *request.Body.RefreshToken, false
	case request.Params.RefreshToken != nil:
		return *request.Params.RefreshToken, true
	}
	return "", false
}

// expireCookie is an error response that expires the cookie.
type expireCookie struct {
	err    error
	cookie string
}

// Respond is VisitRefreshTokensResponse.
func (e expireCookie) Respond(w http.ResponseWriter) error { return e.VisitRefreshTokensResponse(w) }

// VisitRefreshTokensResponse sets the header and returns the error, which the error handler of the server writes.
func (e expireCookie) VisitRefreshTokensResponse(w http.ResponseWriter) error {
	w.Header().Set("Set-Cookie", e.cookie)
	return e.err
}

// refresh decides about a token under the lock of the session's row, so that of several concurrent requests one rotates
// and the others get the same new token.
func (a *Service) refresh(
	ctx context.Context, origin access.Origin, token string,
) (api.RefreshTokens200JSONResponse, error) {
	var none api.RefreshTokens200JSONResponse
	presented, err := a.Refresh.Read(token)
	if err != nil {
		a.Metrics.Refresh(telemetry.RefreshInvalid)
		return none, fault.New(fault.InvalidRefreshToken).Because(err)
	}
	var (
		response = none
		role     stored.Role
		ended    *db.Session
		decision session.Decision
	)
	err = a.Store.InTx(ctx, presented.CompanyID, func(tx *postgres.Tx) error {
		row, err := tx.GetSessionForRefresh(ctx, db.GetSessionForRefreshParams{
			CompanyID: presented.CompanyID, ID: presented.SessionID,
		})
		if err != nil {
			return err
		}
		role = row.Role
		actor := access.Actor{
			Kind: access.KindUser, CompanyID: presented.CompanyID, ID: row.UserID, SessionID: presented.SessionID,
			Origin: origin,
		}
		decision = session.Decide(presented.Generation, rotation(row), a.Clock.Now())
		switch decision {
		case session.Rotate:
			if err := a.rotate(ctx, tx, actor, row); err != nil {
				return err
			}
			row.Generation++
		case session.Reuse:
			ended, err = a.endReused(ctx, tx, actor, presented, row)
			return err
		case session.Refuse:
			return a.recordEnded(ctx, tx, actor, row)
		case session.Repeat:
		}
		current := opened{id: presented.SessionID, State: session.State{
			CompanyID: presented.CompanyID, UserID: row.UserID, Role: row.Role, Epoch: row.Epoch, ExpiresAt: row.ExpiresAt,
			PasswordChangeRequired: row.PasswordChangeRequired,
		}}
		presented.Generation = row.Generation
		response.Body, response.Headers.SetCookie, err = a.tokens(current, presented)
		return err
	})
	switch {
	case fault.Is(err, fault.ResourceNotFound):
		a.Metrics.Refresh(telemetry.RefreshInvalid)
		return none, fault.New(fault.InvalidRefreshToken).Because(err)
	case err != nil:
		if fault.KindOf(err) == fault.Unavailable {
			a.Metrics.Refresh(telemetry.RefreshUnavailable)
		}
		return none, fmt.Errorf("rotate refresh token of session %s: %w", presented.SessionID, err)
	}
	a.Metrics.Refresh(refreshOutcome(decision))
	if ended != nil {
		a.Guard.Publish(ctx, role, *ended)
	}
	if decision == session.Reuse || decision == session.Refuse {
		return none, fault.New(fault.InvalidRefreshToken)
	}
	return response, nil
}

// rotation is the state of a session's refresh tokens.
func rotation(row db.GetSessionForRefreshRow) session.Rotation {
	return session.Rotation{
		Generation: row.Generation, RotatedAt: row.RotatedAt, Recent: row.RecentRotations, ExpiresAt: row.ExpiresAt,
		Ended: row.RevokedAt != nil || !row.IsActive,
	}
}

func (a *Service) rotate(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.GetSessionForRefreshRow,
) error {
	now := a.Clock.Now()
	tally := session.Tally{Count: row.Refreshes, RecordedAt: row.RefreshesRecordedAt}
	recorded, tally := tally.Add(now)
	changed := func() error { return fault.New(fault.ConcurrentRequest) }
	err := tx.Require(changed).RotateSession(ctx, db.RotateSessionParams{
		CompanyID: actor.CompanyID, ID: actor.SessionID, Generation: row.Generation, Now: now,
		RecentRotations: rotation(row).Rotated(now),
		IP:              audit.Address(actor.Origin.IP), UserAgent: actor.Origin.UserAgent,
		Refreshes: tally.Count, RefreshesRecordedAt: tally.RecordedAt,
	})
	if err != nil || recorded == 0 {
		return err
	}
	return a.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.TokenRefreshed, Resource: audit.Session, ID: &actor.SessionID,
		Details: audit.Details{"refreshes": recorded},
	})
}

// recordEnded counts that a token of an ended session was presented, and records it once per day.
func (a *Service) recordEnded(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.GetSessionForRefreshRow,
) error {
	tally := session.Tally{Count: row.Refusals, RecordedAt: row.RefusalsRecordedAt}
	recorded, tally := tally.Add(a.Clock.Now())
	err := tx.CountRefusal(ctx, db.CountRefusalParams{
		CompanyID: actor.CompanyID, ID: actor.SessionID,
		Refusals: tally.Count, RefusalsRecordedAt: tally.RecordedAt,
	})
	if err != nil || recorded == 0 {
		return err
	}
	return a.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.TokenRefreshed, Resource: audit.Session, ID: &actor.SessionID, Outcome: stored.AuditOutcomeFailure,
		Details: audit.Details{"reason": "session_ended", "attempts": recorded},
	})
}

// endReused ends a session whose refresh token two parties hold. The response does not differ from other refusals.
func (a *Service) endReused(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, presented session.RefreshToken,
	row db.GetSessionForRefreshRow,
) (*db.Session, error) {
	ended, err := tx.RevokeSession(ctx, db.RevokeSessionParams{
		CompanyID: presented.CompanyID, ID: presented.SessionID, UserID: row.UserID,
		Reason: stored.RevocationReasonTokenReuse, Now: a.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	return &ended, a.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.TokenReused, Resource: audit.Session, ID: &actor.SessionID, Outcome: stored.AuditOutcomeDenied,
		Details: audit.Details{
			"generation": presented.Generation, "present_generation": row.Generation, "refreshes": row.Refreshes,
		},
	})
}

func refreshOutcome(d session.Decision) string {
	switch d {
	case session.Rotate:
		return telemetry.RefreshRotated
	case session.Repeat:
		return telemetry.RefreshReplayed
	case session.Reuse:
		return telemetry.RefreshReused
	case session.Refuse:
		return telemetry.RefreshRevoked
	}
	return telemetry.RefreshInvalid
}
