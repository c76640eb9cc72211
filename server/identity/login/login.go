package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Login opens a session. Up to the comparison of the password, it does the same for every email address; after it, only
// callers that know the password can observe a difference.
func (a *Service) Login(
	ctx context.Context, call service.Call, request api.LoginRequestObject,
) (api.LoginResponseObject, error) {
	opened, outcome, err := a.login(ctx, call.Actor.Origin, request.Body)
	a.Metrics.Login(outcome)
	if err != nil {
		return nil, err
	}
	first := session.RefreshToken{CompanyID: opened.CompanyID, SessionID: opened.id, Generation: 1}
	pair, set, err := a.tokens(opened, first)
	if err != nil {
		return nil, err
	}
	return api.Login200JSONResponse{Body: pair, Headers: api.Login200ResponseHeaders{SetCookie: set}}, nil
}

// opened is an open session.
type opened struct {
	session.State
	id uuid.UUID
}

// login returns the session and the outcome for the metrics.
func (a *Service) login(
	ctx context.Context, origin access.Origin, body *api.LoginRequest,
) (opened, string, error) {
	email := strings.ToLower(text.Bare(body.Email))
	// During a flood of sign-ins, those that would be refused in the end cost neither a counter nor a query.
	if err := a.Hasher.Busy(password.OfEmail(email)); err != nil {
		return opened{}, failure(err), err
	}
	reservation, err := a.Throttle.Reserve(ctx, ratelimit.Account(email, body.Company), origin.IP)
	if err != nil {
		if fault.Is(err, fault.TooManyAttempts) {
			a.Metrics.Throttled(telemetry.LimitLogin)
		}
		return opened{}, failure(err), err
	}
	account, err := a.account(ctx, email, body.Company, ratelimit.Network(origin.IP))
	if err != nil {
		reservation.Cancel(ctx)
		return opened{}, failure(err), err
	}
	matches, err := a.compare(ctx, reservation, password.OfEmail(email), account.PasswordHash, body.Password)
	if err != nil {
		return opened{}, failure(err), err
	}
	if !matches {
		return opened{}, telemetry.LoginRefused, a.refuse(ctx, origin, account)
	}
	state, active, err := a.open(ctx, origin, account)
	if err != nil {
		reservation.Cancel(ctx)
		return opened{}, failure(err), err
	}
	if !active {
		return opened{}, telemetry.LoginInactive, fault.New(fault.InvalidCredentials)
	}
	reservation.Success(ctx)
	a.strengthen(ctx, account, body.Password)
	return state, telemetry.LoginSucceeded, nil
}

// account finds the account of an email address, in a live company or in the test company with the slug. It returns an
// account without a hash if there is none.
func (a *Service) account(
	ctx context.Context, email string, test *string, network string,
) (db.FindAccountRow, error) {
	account, err := a.Store.LookupFor(network).FindAccount(ctx, db.FindAccountParams{Email: email, TestSlug: test})
	if fault.Is(err, fault.ResourceNotFound) {
		return db.FindAccountRow{}, nil
	}
	if err != nil {
		return db.FindAccountRow{}, fmt.Errorf("look up account: %w", err)
	}
	return account, nil
}

// compare compares a password with a hash, or does the same work if there is no hash. It cancels the reservation if the
// password could not be compared. If the client leaves meanwhile, the attempt remains counted: otherwise clients could
// leave early to bypass the throttle and cause any amount of hashing.
func (a *Service) compare(
	ctx context.Context, r *ratelimit.Reservation, group, hash, plain string,
) (bool, error) {
	matches, err := a.Hasher.Matches(ctx, group, hash, plain)
	if err != nil && ctx.Err() == nil {
		r.Cancel(ctx)
	}
	return matches, err
}

// refuse records a wrong password, and returns the error that all refused logins get. Attempts on unknown accounts
// belong to no company, so they are only logged.
func (a *Service) refuse(ctx context.Context, origin access.Origin, account db.FindAccountRow) error {
	if account.UserID == uuid.Nil {
		a.Log.InfoContext(ctx, "login refused: unknown account")
		return fault.New(fault.InvalidCredentials)
	}
	err := a.Store.InTx(ctx, account.CompanyID, func(tx *postgres.Tx) error {
		return a.recordRefused(ctx, tx, owner(origin, account), "wrong_password")
	})
	if err != nil {
		return fmt.Errorf("record refused login of user %s: %w", account.UserID, err)
	}
	return fault.New(fault.InvalidCredentials)
}

// owner is the user of an account, as the actor of a login.
func owner(origin access.Origin, account db.FindAccountRow) access.Actor {
	return access.Actor{Kind: access.KindUser, CompanyID: account.CompanyID, ID: account.UserID, Origin: origin}
}

func (a *Service) recordRefused(ctx context.Context, tx *postgres.Tx, owner access.Actor, reason string) error {
	return a.Audit.Record(ctx, tx, owner, audit.Entry{
		Action: audit.Login, Resource: audit.User, ID: &owner.ID, Outcome: stored.AuditOutcomeFailure,
		Details: audit.Details{"reason": reason},
	})
}

// open opens a session, or records that the account is not active. This is the only check of the user's and the
// company's status during a login; it holds until the session is committed.
func (a *Service) open(
	ctx context.Context, origin access.Origin, account db.FindAccountRow,
) (session opened, active bool, err error) {
	now, id, actor := a.Clock.Now(), a.Clock.ID(), owner(origin, account)
	session.id, session.CompanyID, session.UserID = id, account.CompanyID, account.UserID
	session.Epoch, session.ExpiresAt = 1, now.Add(a.SessionLifetime)
	err = a.Store.InTx(ctx, account.CompanyID, func(tx *postgres.Tx) error {
		if err := service.Act(ctx, tx, actor); err != nil {
			return err
		}
		if err := tx.LockCompany(ctx, account.CompanyID); err != nil {
			return err
		}
		opened, err := tx.OpenSession(ctx, db.OpenSessionParams{
			CompanyID: account.CompanyID, ID: id, UserID: account.UserID, VerifiedHash: account.PasswordHash,
			IP: audit.Address(origin.IP), UserAgent: origin.UserAgent, Now: now, ExpiresAt: session.ExpiresAt,
		})
		if fault.Is(err, fault.ResourceNotFound) {
			return a.recordRefused(ctx, tx, actor, "inactive")
		}
		if err != nil {
			return err
		}
		session.Role, session.PasswordChangeRequired, active = opened.Role, opened.PasswordChangeRequired, true
		actor.SessionID = id
		return a.Audit.Record(ctx, tx, actor, audit.Entry{Action: audit.Login, Resource: audit.Session, ID: &id})
	})
	if err != nil {
		return opened{}, false, fmt.Errorf("open session of user %s: %w", account.UserID, err)
	}
	return session, active, nil
}

// strengthen replaces a password hash of low cost. The login does not depend on it: it is tried again at the next one.
func (a *Service) strengthen(ctx context.Context, account db.FindAccountRow, plain string) {
	if !a.Hasher.NeedsRehash(account.PasswordHash) {
		return
	}
	hash, err := a.Hasher.Hash(ctx, password.OfCompany(account.CompanyID), plain)
	if err == nil {
		err = a.Store.Of(account.CompanyID).StrengthenPasswordHash(ctx, db.StrengthenPasswordHashParams{
			CompanyID: account.CompanyID, UserID: account.UserID, VerifiedHash: account.PasswordHash, NewHash: hash,
		})
	}
	if err != nil {
		a.Log.WarnContext(ctx, "password hash of low cost was not replaced", slog.Any("error", err))
	}
}

// tokens returns the token pair of a session at a generation, and the cookie with the refresh token.
func (a *Service) tokens(o opened, refresh session.RefreshToken) (api.TokenPair, string, error) {
	access, expiresIn, err := a.Access.Issue(o.State, o.id)
	if err != nil {
		return api.TokenPair{}, "", err
	}
	token := a.Refresh.Derive(refresh)
	pair := api.TokenPair{
		AccessToken: access, RefreshToken: token, TokenType: api.TokenTypeBearer,
		ExpiresIn:              int32(expiresIn / time.Second), //nolint:gosec // at most an hour
		PasswordChangeRequired: o.PasswordChangeRequired,
	}
	return pair, a.cookie(token, o.ExpiresAt.Sub(a.Clock.Now())), nil
}

// failure is the outcome, for the metrics, of a login that ended in an error.
func failure(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return telemetry.LoginUnavailable
	}
	switch f.Code() {
	case fault.TooManyAttempts:
		return telemetry.LoginThrottled
	case fault.Overloaded:
		return telemetry.LoginOverloaded
	default:
		return telemetry.LoginUnavailable
	}
}
