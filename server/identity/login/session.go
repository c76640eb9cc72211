package login

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Logout ends the session of the request.
func (a *Service) Logout(
	ctx context.Context, call service.Call, _ api.LogoutRequestObject,
) (api.LogoutResponseObject, error) {
	actor := call.Actor
	signedOut := api.Logout200JSONResponse{
		Body:    api.LogoutResult{Status: api.LogoutStatusSignedOut},
		Headers: api.Logout200ResponseHeaders{SetCookie: a.cookie("", 0)},
	}
	_, err := ending(ctx, a, call, func(tx *postgres.Tx) (api.LogoutResponseObject, []db.Session, error) {
		ended, err := a.end(ctx, tx, actor, actor.ID, actor.SessionID, stored.RevocationReasonLogout, audit.Logout)
		return signedOut, ended, err
	})
	// Another request may have ended the session just before: the result is the same.
	if err != nil && !fault.Is(err, fault.ResourceNotFound) {
		return nil, err
	}
	return signedOut, nil
}

// ListSessions lists the actor's sessions.
func (a *Service) ListSessions(
	ctx context.Context, call service.Call, request api.ListSessionsRequestObject,
) (api.ListSessionsResponseObject, error) {
	listed, err := a.list(ctx, call.Actor, call.Actor.ID, request.Params.Limit, request.Params.Cursor)
	if err != nil {
		return nil, err
	}
	return listed, nil
}

// RevokeSession ends one of the actor's sessions.
func (a *Service) RevokeSession(
	ctx context.Context, call service.Call, request api.RevokeSessionRequestObject,
) (api.RevokeSessionResponseObject, error) {
	actor := call.Actor
	return ending(ctx, a, call, func(tx *postgres.Tx) (api.RevokeSessionResponseObject, []db.Session, error) {
		ended, err := a.end(ctx, tx, actor, actor.ID, request.SessionID, stored.RevocationReasonRevoked, audit.SessionRevoked)
		return api.RevokeSession204Response{}, ended, err
	})
}

// RevokeOtherSessions ends all of the actor's sessions except that of the request.
func (a *Service) RevokeOtherSessions(
	ctx context.Context, call service.Call, _ api.RevokeOtherSessionsRequestObject,
) (api.RevokeOtherSessionsResponseObject, error) {
	actor := call.Actor
	return ending(ctx, a, call, func(tx *postgres.Tx) (api.RevokeOtherSessionsResponseObject, []db.Session, error) {
		ended, err := a.endAll(ctx, tx, actor, actor.ID, &actor.SessionID, stored.RevocationReasonRevoked)
		return api.RevokeOtherSessions200JSONResponse{Revoked: count(ended)}, ended, err
	})
}

// ListUserSessions lists the sessions of a user whom the actor sees.
func (a *Service) ListUserSessions(
	ctx context.Context, call service.Call, request api.ListUserSessionsRequestObject,
) (api.ListUserSessionsResponseObject, error) {
	if err := a.checkSeen(ctx, call.Actor, request.UserID); err != nil {
		return nil, err
	}
	listed, err := a.list(ctx, call.Actor, request.UserID, request.Params.Limit, request.Params.Cursor)
	if err != nil {
		return nil, err
	}
	return api.ListUserSessions200JSONResponse{
		Body: listed.Body, Headers: api.ListUserSessions200ResponseHeaders(listed.Headers),
	}, nil
}

// RevokeUserSession ends one session of a user whom the actor sees.
func (a *Service) RevokeUserSession(
	ctx context.Context, call service.Call, request api.RevokeUserSessionRequestObject,
) (api.RevokeUserSessionResponseObject, error) {
	if err := a.checkSeen(ctx, call.Actor, request.UserID); err != nil {
		return nil, err
	}
	return ending(ctx, a, call, func(tx *postgres.Tx) (api.RevokeUserSessionResponseObject, []db.Session, error) {
		ended, err := a.end(ctx, tx, call.Actor, request.UserID, request.SessionID, stored.RevocationReasonRevokedByAdmin,
			audit.SessionRevoked)
		return api.RevokeUserSession204Response{}, ended, err
	})
}

// RevokeUserSessions ends all sessions of a user whom the actor sees.
func (a *Service) RevokeUserSessions(
	ctx context.Context, call service.Call, request api.RevokeUserSessionsRequestObject,
) (api.RevokeUserSessionsResponseObject, error) {
	if err := a.checkSeen(ctx, call.Actor, request.UserID); err != nil {
		return nil, err
	}
	return ending(ctx, a, call, func(tx *postgres.Tx) (api.RevokeUserSessionsResponseObject, []db.Session, error) {
		ended, err := a.endAll(ctx, tx, call.Actor, request.UserID, nil, stored.RevocationReasonRevokedByAdmin)
		return api.RevokeUserSessions200JSONResponse{Revoked: count(ended)}, ended, err
	})
}

// checkSeen fails with ResourceNotFound if the actor does not see the user, or the company has no such user.
func (a *Service) checkSeen(ctx context.Context, actor access.Actor, user uuid.UUID) error {
	_, err := a.Store.Of(actor.CompanyID).GetVisibleUser(ctx, db.GetVisibleUserParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Users.String(), ID: user,
	})
	if err != nil {
		return fmt.Errorf("read user %s: %w", user, err)
	}
	return nil
}

// ending commits what fn writes, and then announces the sessions that fn has ended to all replicas.
func ending[R api.Response](
	ctx context.Context, a *Service, call service.Call, fn func(tx *postgres.Tx) (R, []db.Session, error),
) (R, error) {
	var ended []db.Session
	response, err := service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (response R, err error) {
		response, ended, err = fn(tx)
		return response, err
	})
	if err == nil {
		a.Guard.Publish(ctx, "", ended...)
	}
	return response, err
}

// end ends one session of a user, and returns it.
func (a *Service) end(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, user, id uuid.UUID, reason stored.RevocationReason,
	action audit.Action,
) ([]db.Session, error) {
	ended, err := tx.RevokeSession(ctx, db.RevokeSessionParams{
		CompanyID: actor.CompanyID, ID: id, UserID: user, Reason: reason, Now: a.Clock.Now(),
	})
	if err == nil {
		err = a.Audit.Record(ctx, tx, actor, revoked(action, ended))
	}
	if err != nil {
		return nil, fmt.Errorf("end session %s: %w", id, err)
	}
	return []db.Session{ended}, nil
}

// endAll ends the sessions of a user, except the one to keep, and returns them.
func (a *Service) endAll(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, user uuid.UUID, keep *uuid.UUID,
	reason stored.RevocationReason,
) ([]db.Session, error) {
	ended, err := tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
		CompanyID: actor.CompanyID, UserID: user, KeepID: keep, Reason: reason, Now: a.Clock.Now(),
	})
	for _, s := range ended {
		if err == nil {
			err = a.Audit.Record(ctx, tx, actor, revoked(audit.SessionRevoked, s))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("end sessions of user %s: %w", user, err)
	}
	return ended, nil
}

// count is the number of a user's sessions in a response.
func count(ended []db.Session) int32 {
	return int32(len(ended)) //nolint:gosec // the sessions of one user
}

// revoked is the entry about the end of a session, with the refreshes that no entry has counted.
func revoked(action audit.Action, s db.Session) audit.Entry {
	details := audit.Details{"user_id": s.UserID, "reason": s.RevocationReason}
	if s.Refreshes > 0 {
		details["refreshes"] = s.Refreshes
	}
	return audit.Entry{Action: action, Resource: audit.Session, ID: &s.ID, Details: details}
}

func (a *Service) list(
	ctx context.Context, actor access.Actor, user uuid.UUID, limit *int32, cursor *string,
) (api.ListSessions200JSONResponse, error) {
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
