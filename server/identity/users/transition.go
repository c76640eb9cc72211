package users

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// DeactivateUser prevents a user from logging in and ends their sessions.
func (u *Users) DeactivateUser(
	ctx context.Context, call service.Call, request api.DeactivateUserRequestObject,
) (api.DeactivateUserResponseObject, error) {
	var changed affected
	response, err := service.Commit(ctx, u.Store, call, func(tx *postgres.Tx) (api.DeactivateUserResponseObject, error) {
		saved, sessions, err := u.transition(ctx, tx, call.Actor, request.UserID, request.Params.IfMatch,
			audit.UserDeactivated, deactivation{u})
		changed = sessions
		return api.DeactivateUser200JSONResponse{UserJSONResponse: saved}, err
	})
	if err != nil {
		return nil, err
	}
	changed.publish(ctx, u.Guard)
	return response, nil
}

// ReactivateUser allows a user to log in again.
func (u *Users) ReactivateUser(
	ctx context.Context, call service.Call, request api.ReactivateUserRequestObject,
) (api.ReactivateUserResponseObject, error) {
	var changed affected
	response, err := service.Commit(ctx, u.Store, call, func(tx *postgres.Tx) (api.ReactivateUserResponseObject, error) {
		saved, sessions, err := u.transition(ctx, tx, call.Actor, request.UserID, request.Params.IfMatch,
			audit.UserReactivated, reactivation{u})
		changed = sessions
		return api.ReactivateUser200JSONResponse{UserJSONResponse: saved}, err
	})
	if err != nil {
		return nil, err
	}
	changed.publish(ctx, u.Guard)
	return response, nil
}

// ChangeUserRole gives a user another role and ends the access tokens that were issued for the old role.
func (u *Users) ChangeUserRole(
	ctx context.Context, call service.Call, request api.ChangeUserRoleRequestObject,
) (api.ChangeUserRoleResponseObject, error) {
	var changed affected
	response, err := service.Commit(ctx, u.Store, call, func(tx *postgres.Tx) (api.ChangeUserRoleResponseObject, error) {
		saved, sessions, err := u.transition(ctx, tx, call.Actor, request.UserID, request.Params.IfMatch,
			audit.UserRoleChanged, roleChange{u, stored.Role(request.Body.Role)})
		changed = sessions
		return api.ChangeUserRole200JSONResponse{UserJSONResponse: saved}, err
	})
	if err != nil {
		return nil, err
	}
	changed.publish(ctx, u.Guard)
	return response, nil
}

// stateChange is a change of a user's state.
type stateChange interface {
	// decide fails if the actor may not change the user; admins is the number of active admins of the company.
	decide(actor access.Actor, row db.User, admins int) error
	write(ctx context.Context, tx *postgres.Tx, row db.User) (db.User, error)
	// sessions changes the user's sessions accordingly and returns those it changed.
	sessions(ctx context.Context, tx *postgres.Tx, row db.User) ([]db.Session, error)
}

// affected are the sessions that a change of a user has changed, and the role that the user has now. They are
// published after the commit, so that other replicas need not wait until they read the rows.
type affected struct {
	role     stored.Role
	sessions []db.Session
}

func (a affected) publish(ctx context.Context, guard *session.Guard) {
	guard.Publish(ctx, a.role, a.sessions...)
}

// transition applies a state change, and returns the user and the sessions that it has changed. If the user is an
// active admin, it locks all active admins of the company before it reads the user, always in this order, so that the
// decision about the last admin still holds at the write.
func (u *Users) transition(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, action audit.Action,
	change stateChange,
) (response api.UserJSONResponse, sessions affected, err error) {
	if !actor.SeesUser(id) {
		return response, sessions, fault.New(fault.ResourceNotFound)
	}
	admins, err := tx.LockActiveAdmins(ctx, db.LockActiveAdminsParams{CompanyID: actor.CompanyID, UserID: id})
	if err != nil {
		return response, sessions, err
	}
	row, err := tx.GetUserForUpdate(ctx, db.GetUserForUpdateParams{CompanyID: actor.CompanyID, ID: id})
	if err != nil {
		return response, sessions, err
	}
	if access.Administers(row.Role) && row.IsActive && len(admins) == 0 { // became an active admin between the two reads
		return response, sessions, fault.New(fault.ConcurrentRequest)
	}
	if err := etag.If(match).Before(row.Version, change.decide(actor, row, len(admins))); err != nil {
		return response, sessions, err
	}
	saved, err := change.write(ctx, tx, row)
	if err != nil {
		return response, sessions, postgres.Guarded(err)
	}
	sessions.role = saved.Role
	if sessions.sessions, err = change.sessions(ctx, tx, saved); err != nil {
		return response, sessions, err
	}
	err = u.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.User, ID: &id, Details: audit.Diff(attributes(row), attributes(saved)),
	})
	if err != nil {
		return response, sessions, err
	}
	response, err = u.userResponse(ctx, tx.Queries, actor, saved)
	return response, sessions, err
}

type deactivation struct{ u *Users }

func (deactivation) decide(actor access.Actor, row db.User, admins int) error {
	return canDeactivate(actor, row, admins)
}

func (d deactivation) write(ctx context.Context, tx *postgres.Tx, row db.User) (db.User, error) {
	return tx.TransitionUserActive(ctx, db.TransitionUserActiveParams{
		CompanyID: row.CompanyID, ID: row.ID, WasActive: true, Now: d.u.Clock.Now(),
	})
}

func (d deactivation) sessions(ctx context.Context, tx *postgres.Tx, row db.User) ([]db.Session, error) {
	return tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
		CompanyID: row.CompanyID, UserID: row.ID, Reason: stored.RevocationReasonUserDeactivated, Now: d.u.Clock.Now(),
	})
}

type reactivation struct{ u *Users }

func (reactivation) decide(actor access.Actor, row db.User, _ int) error {
	return canReactivate(actor, row)
}

func (r reactivation) write(ctx context.Context, tx *postgres.Tx, row db.User) (db.User, error) {
	return tx.TransitionUserActive(ctx, db.TransitionUserActiveParams{
		CompanyID: row.CompanyID, ID: row.ID, WasActive: false, Now: r.u.Clock.Now(),
	})
}

func (reactivation) sessions(context.Context, *postgres.Tx, db.User) ([]db.Session, error) {
	return nil, nil
}

type roleChange struct {
	u    *Users
	role stored.Role
}

func (c roleChange) decide(actor access.Actor, row db.User, admins int) error {
	return canChangeRole(actor, row, c.role, admins)
}

func (c roleChange) write(ctx context.Context, tx *postgres.Tx, row db.User) (db.User, error) {
	return tx.TransitionUserRole(ctx, db.TransitionUserRoleParams{
		CompanyID: row.CompanyID, ID: row.ID, WasRole: row.Role, Role: c.role, Now: c.u.Clock.Now(),
	})
}

func (c roleChange) sessions(ctx context.Context, tx *postgres.Tx, row db.User) ([]db.Session, error) {
	return tx.AdvanceUserSessions(ctx, db.AdvanceUserSessionsParams{
		CompanyID: row.CompanyID, UserID: row.ID, Now: c.u.Clock.Now(),
	})
}
