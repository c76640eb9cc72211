package login

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// RefreshTokens exchanges a refresh token for a new pair. The verdict is reached under the lock of the session's row,
// so that of many exchanges at once one rotates and the others repeat its answer.
func (a *Service) RefreshTokens(
	ctx context.Context, request api.RefreshTokensRequestObject,
) (api.RefreshTokensResponseObject, error) {
	presented, err := a.Refresh.Read(presentedToken(request))
	if err != nil {
		a.Metrics.Refresh(telemetry.RefreshInvalid)
		return nil, fault.New(fault.InvalidRefreshToken).Because(err)
	}
	var pair api.TokenPair
	var set string
	var ended *db.Session
	var role api.Role
	var verdict session.Verdict
	err = a.Store.InTx(ctx, presented.CompanyID, func(tx *db.Queries) error {
		row, err := tx.GetSessionForRefresh(ctx, db.GetSessionForRefreshParams{
			CompanyID: presented.CompanyID, ID: presented.SessionID,
		})
		if err != nil {
			return err
		}
		role = row.Role
		verdict = session.Judge(presented.Generation, session.Standing{
			Generation: row.Generation, RotatedAt: row.RotatedAt, ExpiresAt: row.ExpiresAt,
			Ended: row.RevokedAt != nil || !row.IsActive,
		}, a.Clock.Now())
		switch verdict {
		case session.Rotate:
			if err := a.rotate(ctx, tx, presented, row); err != nil {
				return err
			}
			row.Generation++
		case session.Reuse:
			ended, err = a.endReused(ctx, tx, presented, row)
			return err
		case session.Refuse:
			return a.recordRefused(ctx, tx, presented, row)
		case session.Repeat:
		}
		state := session.State{
			CompanyID: presented.CompanyID, UserID: row.UserID, Role: row.Role, Epoch: row.Epoch, ExpiresAt: row.ExpiresAt,
		}
		presented.Generation = row.Generation
		pair, set, err = a.tokens(opened{state, presented.SessionID}, presented)
		return err
	})
	switch {
	case fault.Is(err, fault.ResourceNotFound):
		a.Metrics.Refresh(telemetry.RefreshInvalid)
		return nil, fault.New(fault.InvalidRefreshToken).Because(err)
	case err != nil:
		if fault.KindOf(err) == fault.Unavailable {
			a.Metrics.Refresh(telemetry.RefreshUnavailable)
		}
		return nil, err
	}
	a.Metrics.Refresh(refreshOutcome(verdict))
	if ended != nil {
		a.Guard.Publish(ctx, role, *ended)
	}
	if verdict == session.Reuse || verdict == session.Refuse {
		return nil, fault.New(fault.InvalidRefreshToken)
	}
	return api.RefreshTokens200JSONResponse{
		Body: pair, Headers: api.RefreshTokens200ResponseHeaders{SetCookie: set},
	}, nil
}

// presentedToken is the one in the body or, without that, the cookie's.
func presentedToken(request api.RefreshTokensRequestObject) string {
	switch {
	case request.Body != nil && request.Body.RefreshToken != nil:
		return *request.Body.RefreshToken
	case request.Params.RefreshToken != nil:
		return *request.Params.RefreshToken
	}
	return ""
}

func (a *Service) rotate(
	ctx context.Context, tx *db.Queries, presented session.RefreshToken, row db.GetSessionForRefreshRow,
) error {
	request := access.RequestOf(ctx)
	rotated, err := tx.RotateSession(ctx, db.RotateSessionParams{
		CompanyID: presented.CompanyID, ID: presented.SessionID, Generation: row.Generation, Now: a.Clock.Now(),
		IP: audit.Address(request.IP), UserAgent: request.UserAgent,
	})
	if err != nil {
		return err
	}
	if rotated == 0 {
		return fault.New(fault.ConcurrentRequest)
	}
	return a.Audit.Record(ctx, tx, presented.CompanyID, audit.Entry{
		Action: audit.TokenRefreshed, Resource: audit.Session, ID: &presented.SessionID,
		Actor: &row.UserID, Session: &presented.SessionID,
	})
}

// recordRefused keeps that a token of ours was presented for a session that has ended.
func (a *Service) recordRefused(
	ctx context.Context, tx *db.Queries, presented session.RefreshToken, row db.GetSessionForRefreshRow,
) error {
	return a.Audit.Record(ctx, tx, presented.CompanyID, audit.Entry{
		Action: audit.TokenRefreshed, Resource: audit.Session, ID: &presented.SessionID, Outcome: api.AuditOutcomeFailure,
		Actor: &row.UserID, Session: &presented.SessionID, Details: audit.Details{"reason": "session_ended"},
	})
}

// endReused ends a session whose refresh token two parties hold. The caller learns no more than from any other refusal.
func (a *Service) endReused(
	ctx context.Context, tx *db.Queries, presented session.RefreshToken, row db.GetSessionForRefreshRow,
) (*db.Session, error) {
	ended, err := tx.RevokeSession(ctx, db.RevokeSessionParams{
		CompanyID: presented.CompanyID, ID: presented.SessionID, UserID: row.UserID,
		Reason: db.SessionEndTokenReuse, Now: a.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	return &ended, a.Audit.Record(ctx, tx, presented.CompanyID, audit.Entry{
		Action: audit.TokenReused, Resource: audit.Session, ID: &presented.SessionID, Outcome: api.AuditOutcomeDenied,
		Actor: &row.UserID, Session: &presented.SessionID,
		Details: audit.Details{"generation": presented.Generation, "present_generation": row.Generation},
	})
}

func refreshOutcome(v session.Verdict) string {
	switch v {
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
