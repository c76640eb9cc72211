package login

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Logout ends the session of the request.
func (a *Service) Logout(ctx context.Context, _ api.LogoutRequestObject) (api.LogoutResponseObject, error) {
	actor := access.Of(ctx)
	err := a.end(ctx, actor.ID, actor.SessionID, db.SessionEndLogout, audit.Logout)
	// Another request may have ended the session just before: the result is the same.
	if err != nil && !fault.Is(err, fault.ResourceNotFound) {
		return nil, err
	}
	return api.Logout200JSONResponse{
		Body:    api.LogoutResult{Status: api.LogoutStatusSignedOut},
		Headers: api.Logout200ResponseHeaders{SetCookie: cookie("", 0)},
	}, nil
}

// ListSessions lists the actor's sessions.
func (a *Service) ListSessions(
	ctx context.Context, request api.ListSessionsRequestObject,
) (api.ListSessionsResponseObject, error) {
	listed, err := a.list(ctx, access.Of(ctx).ID, request.Params.Limit, request.Params.Cursor)
	if err != nil {
		return nil, err
	}
	return listed, nil
}

// RevokeSession ends one of the actor's sessions.
func (a *Service) RevokeSession(
	ctx context.Context, request api.RevokeSessionRequestObject,
) (api.RevokeSessionResponseObject, error) {
	err := a.end(ctx, access.Of(ctx).ID, request.SessionID, db.SessionEndRevoked, audit.SessionRevoked)
	if err != nil {
		return nil, err
	}
	return api.RevokeSession204Response{}, nil
}

// RevokeOtherSessions ends all of the actor's sessions except that of the request.
func (a *Service) RevokeOtherSessions(
	ctx context.Context, _ api.RevokeOtherSessionsRequestObject,
) (api.RevokeOtherSessionsResponseObject, error) {
	actor := access.Of(ctx)
	ended, err := a.endAll(ctx, actor.ID, &actor.SessionID, db.SessionEndRevoked)
	if err != nil {
		return nil, err
	}
	return api.RevokeOtherSessions200JSONResponse{Revoked: ended}, nil
}

// ListUserSessions lists the sessions of a user whom the actor sees.
func (a *Service) ListUserSessions(
	ctx context.Context, request api.ListUserSessionsRequestObject,
) (api.ListUserSessionsResponseObject, error) {
	if err := a.checkSeen(ctx, request.UserID); err != nil {
		return nil, err
	}
	listed, err := a.list(ctx, request.UserID, request.Params.Limit, request.Params.Cursor)
	if err != nil {
		return nil, err
	}
	return api.ListUserSessions200JSONResponse{
		Body: listed.Body, Headers: api.ListUserSessions200ResponseHeaders(listed.Headers),
	}, nil
}

// RevokeUserSession ends one session of a user whom the actor sees.
func (a *Service) RevokeUserSession(
	ctx context.Context, request api.RevokeUserSessionRequestObject,
) (api.RevokeUserSessionResponseObject, error) {
	if err := a.checkSeen(ctx, request.UserID); err != nil {
		return nil, err
	}
	err := a.end(ctx, request.UserID, request.SessionID, db.SessionEndRevokedByAdmin, audit.SessionRevoked)
	if err != nil {
		return nil, err
	}
	return api.RevokeUserSession204Response{}, nil
}

// RevokeUserSessions ends all sessions of a user whom the actor sees.
func (a *Service) RevokeUserSessions(
	ctx context.Context, request api.RevokeUserSessionsRequestObject,
) (api.RevokeUserSessionsResponseObject, error) {
	if err := a.checkSeen(ctx, request.UserID); err != nil {
		return nil, err
	}
	ended, err := a.endAll(ctx, request.UserID, nil, db.SessionEndRevokedByAdmin)
	if err != nil {
		return nil, err
	}
	return api.RevokeUserSessions200JSONResponse{Revoked: ended}, nil
}

// checkSeen fails with ResourceNotFound if the actor does not see the user, or the company has no such user.
func (a *Service) checkSeen(ctx context.Context, user uuid.UUID) error {
	actor := access.Of(ctx)
	_, err := a.Store.Of(actor.CompanyID).GetVisibleUser(ctx, db.GetVisibleUserParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Users.String(), ID: user,
	})
	if err != nil {
		return fmt.Errorf("read user %s: %w", user, err)
	}
	return nil
}

// end ends one session of a user and announces it to all replicas.
func (a *Service) end(ctx context.Context, user, id uuid.UUID, reason db.SessionEnd, action audit.Action) error {
	company, now := access.Of(ctx).CompanyID, a.Clock.Now()
	var ended db.Session
	err := a.Store.InTx(ctx, company, func(tx *db.Queries) (err error) {
		ended, err = tx.RevokeSession(ctx, db.RevokeSessionParams{
			CompanyID: company, ID: id, UserID: user, Reason: reason, Now: now,
		})
		if err != nil {
			return err
		}
		return a.Audit.Record(ctx, tx, company, revoked(action, ended))
	})
	if err != nil {
		return fmt.Errorf("end session %s: %w", id, err)
	}
	postgres.AfterCommit(ctx, func() { a.Guard.Publish(ctx, "", ended) })
	return nil
}

// endAll ends the sessions of a user, except the one to keep, and announces it to all replicas.
func (a *Service) endAll(ctx context.Context, user uuid.UUID, keep *uuid.UUID, reason db.SessionEnd) (int32, error) {
	company, now := access.Of(ctx).CompanyID, a.Clock.Now()
	var ended []db.Session
	err := a.Store.InTx(ctx, company, func(tx *db.Queries) (err error) {
		ended, err = tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
			CompanyID: company, UserID: user, KeepID: keep, Reason: reason, Now: now,
		})
		for _, s := range ended {
			if err == nil {
				err = a.Audit.Record(ctx, tx, company, revoked(audit.SessionRevoked, s))
			}
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions of user %s: %w", user, err)
	}
	postgres.AfterCommit(ctx, func() { a.Guard.Publish(ctx, "", ended...) })
	return int32(len(ended)), nil //nolint:gosec // the sessions of one user
}

func revoked(action audit.Action, s db.Session) audit.Entry {
	return audit.Entry{
		Action: action, Resource: audit.Session, ID: &s.ID,
		Details: audit.Details{"user_id": s.UserID, "reason": s.EndReason},
	}
}

func (a *Service) list(
	ctx context.Context, user uuid.UUID, limit *int32, cursor *string,
) (api.ListSessions200JSONResponse, error) {
	actor := access.Of(ctx)
	response, err := page.Read(ctx, a.Cursors, page.List[db.Session, api.Session]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListSessions", Query: user},
		Cursor: cursor, Limit: limit,
		Fetch: func(w page.Window) ([]db.Session, error) {
			return a.Store.Of(actor.CompanyID).ListSessions(ctx, db.ListSessionsParams{
				CompanyID: actor.CompanyID, UserID: user, Now: a.Clock.Now(),
				AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.Session) page.Place { return page.At(row.CreatedAt, row.ID) },
		Show:  page.Each(func(row db.Session) api.Session { return convert(row, actor.SessionID) }),
	})
	return api.ListSessions200JSONResponse{
		Body: api.SessionPage(response.Body), Headers: api.ListSessions200ResponseHeaders{Link: response.Link},
	}, err
}
