package login

import (
	"context"
	"fmt"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ChangePassword replaces the actor's password and ends their other sessions. If the password had to be changed, the
// actor's session is no longer restricted, which needs a new access token. The current password could be guessed
// here as well as by logging in, so both are counted by the same throttle.
func (a *Service) ChangePassword(
	ctx context.Context, call service.Call, request api.ChangePasswordRequestObject,
) (api.ChangePasswordResponseObject, error) {
	actor := call.Actor
	me, err := a.Store.Of(actor.CompanyID).GetMe(ctx, db.GetMeParams{CompanyID: actor.CompanyID, ID: actor.ID})
	if err != nil {
		return nil, fmt.Errorf("read user %s: %w", actor.ID, err)
	}
	if err := password.Check("/new_password", request.Body.NewPassword, personal(me)); err != nil {
		return nil, err
	}
	if err := a.confirm(ctx, actor, me, request.Body.CurrentPassword); err != nil {
		return nil, err
	}
	if request.Body.NewPassword == request.Body.CurrentPassword {
		return nil, fault.New(fault.PasswordRefused).
			Field("/new_password", "unchanged", "must differ from the current password")
	}
	hash, err := a.Hasher.Hash(ctx, password.OfCompany(actor.CompanyID), request.Body.NewPassword)
	if err != nil {
		return nil, err
	}
	var role stored.Role
	var changed []db.Session
	response, err := service.Commit(ctx, a.Store, call, func(
		tx *postgres.Tx,
	) (_ api.ChangePasswordResponseObject, err error) {
		role, changed, err = a.changePassword(ctx, tx, actor, me.User.PasswordHash, hash)
		return api.ChangePassword204Response{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("change password of user %s: %w", actor.ID, err)
	}
	a.Guard.Publish(ctx, role, changed...)
	return response, nil
}

// changePassword replaces the actor's password hash and ends the actor's other sessions. It returns the actor's role,
// and the sessions whose access tokens are no longer valid.
func (a *Service) changePassword(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, verified, hash string,
) (role stored.Role, changed []db.Session, err error) {
	now := a.Clock.Now()
	role, err = tx.UpdateUserPassword(ctx, db.UpdateUserPasswordParams{
		CompanyID: actor.CompanyID, ID: actor.ID, PasswordHash: hash, VerifiedHash: verified, Now: now,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return "", nil, fault.New(fault.ConcurrentRequest).Because(err)
	}
	if err != nil {
		return "", nil, err
	}
	ended, err := tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
		CompanyID: actor.CompanyID, UserID: actor.ID, KeepID: &actor.SessionID,
		Reason: stored.RevocationReasonPasswordChanged, Now: now,
	})
	if err != nil {
		return "", nil, err
	}
	permitted, err := tx.PermitSession(ctx, db.PermitSessionParams{
		CompanyID: actor.CompanyID, ID: actor.SessionID, Now: now,
	})
	if err != nil {
		return "", nil, err
	}
	if err := a.Outbox.PasswordChanged(ctx, tx, actor.CompanyID, actor.ID); err != nil {
		return "", nil, err
	}
	return role, append(permitted, ended...), a.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.PasswordChanged, Resource: audit.User, ID: &actor.ID,
		Details: audit.Details{"sessions_ended": len(ended)},
	})
}

// confirm compares the current password, and records a wrong one.
func (a *Service) confirm(ctx context.Context, actor access.Actor, me db.GetMeRow, current string) error {
	user, test := me.User, (*string)(nil)
	if me.CompanyTestOf != nil {
		test = &me.CompanySlug
	}
	reservation, err := a.Throttle.Reserve(ctx, ratelimit.Account(user.Email, test), actor.Origin.IP)
	if err != nil {
		return err
	}
	matches, err := a.compare(ctx, reservation, password.OfCompany(user.CompanyID), user.PasswordHash, current)
	if err != nil {
		return err
	}
	if matches {
		reservation.Success(ctx)
		return nil
	}
	err = a.Store.InTx(ctx, user.CompanyID, func(tx *postgres.Tx) error {
		return a.Audit.Record(ctx, tx, actor, audit.Entry{
			Action: audit.PasswordChanged, Resource: audit.User, ID: &user.ID, Outcome: stored.AuditOutcomeFailure,
			Details: audit.Details{"reason": "wrong_password"},
		})
	})
	if err != nil {
		return fmt.Errorf("record wrong password of user %s: %w", user.ID, err)
	}
	return fault.New(fault.WrongPassword).Field("/current_password", "wrong", "is not the current password")
}

func personal(me db.GetMeRow) password.Personal {
	return password.Personal{
		Email: me.User.Email, FirstName: me.User.FirstName, LastName: me.User.LastName,
		CompanyName: me.CompanyName, CompanySlug: me.CompanySlug,
	}
}
