package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// Login opens a session. Everything up to the comparison is the same for every email; what follows it differs only for
// those who know the password.
func (a *Service) Login(ctx context.Context, request api.LoginRequestObject) (api.LoginResponseObject, error) {
	email, test := strings.ToLower(string(request.Body.Email)), request.Body.Company
	reservation, err := a.Throttle.Reserve(ctx, attempted(email, test), access.RequestOf(ctx).IP)
	if err != nil {
		if fault.Is(err, fault.TooManyAttempts) {
			a.Metrics.Throttled(telemetry.LimitLogin)
		}
		a.Metrics.Login(loginOutcome(err))
		return nil, err
	}
	account, err := a.account(ctx, email, test)
	if err != nil {
		reservation.Cancel(ctx)
		a.Metrics.Login(loginOutcome(err))
		return nil, err
	}
	matches, err := a.compare(ctx, reservation, account.PasswordHash, request.Body.Password)
	if err != nil {
		a.Metrics.Login(loginOutcome(err))
		return nil, err
	}
	if !matches || !account.IsActive {
		return nil, a.refuseLogin(ctx, account, matches)
	}
	opened, err := a.open(ctx, account, request.Body.Password)
	if fault.Is(err, fault.ResourceNotFound) { // the account was changed since its password was read
		return nil, a.refuseLogin(ctx, account, matches)
	}
	if err != nil {
		reservation.Cancel(ctx)
		a.Metrics.Login(loginOutcome(err))
		return nil, err
	}
	reservation.Success(ctx)
	a.Metrics.Login(telemetry.LoginSucceeded)
	first := session.RefreshToken{CompanyID: opened.CompanyID, SessionID: opened.id, Generation: 1}
	pair, set, err := a.tokens(opened, first)
	if err != nil {
		return nil, err
	}
	return api.Login200JSONResponse{Body: pair, Headers: api.Login200ResponseHeaders{SetCookie: set}}, nil
}

// attempted names the account that somebody tries to get at, for the throttle: by its email and, where it is a test
// company's, the slug as well, so that nobody delays another company's people. An email has no space.
func attempted(email string, test *string) string {
	if test == nil {
		return email
	}
	return *test + " " + email
}

// account finds who signs in with an email, to a live company or to the test company of a slug; nobody is an account
// without a hash.
func (a *Service) account(ctx context.Context, email string, test *string) (db.FindAccountRow, error) {
	account, err := a.Store.Lookup().FindAccount(ctx, db.FindAccountParams{Email: email, TestSlug: test})
	if fault.Is(err, fault.ResourceNotFound) {
		return db.FindAccountRow{}, nil
	}
	return account, err
}

// compare compares a password with a hash, or with a dummy's where there is none. The reservation is given back where
// the gate had no place. Who leaves meanwhile has had the attempt: leaving early would otherwise be a way past the
// throttle to all the hashing one wants.
func (a *Service) compare(ctx context.Context, r *ratelimit.Reservation, hash, plain string) (bool, error) {
	matches, err := a.Hasher.Matches(ctx, hash, plain)
	if err != nil && ctx.Err() == nil {
		r.Cancel(ctx)
	}
	return matches, err
}

// refuseLogin keeps the failed attempt where it belongs to a company, and gives the one answer that all of them get.
func (a *Service) refuseLogin(ctx context.Context, account db.FindAccountRow, matched bool) error {
	reason, outcome := "wrong_password", telemetry.LoginRefused
	if matched {
		reason, outcome = "inactive", telemetry.LoginInactive
	}
	a.Metrics.Login(outcome)
	refused := fault.New(fault.InvalidCredentials)
	if account.UserID == uuid.Nil {
		a.Log.InfoContext(ctx, "sign-in refused: nobody has this email there")
		return refused
	}
	err := a.Store.InTx(ctx, account.CompanyID, func(tx *db.Queries) error {
		return a.Audit.Record(ctx, tx, account.CompanyID, audit.Entry{
			Action: audit.Login, Resource: audit.User, ID: &account.UserID, Outcome: api.AuditOutcomeFailure,
			Actor: &account.UserID, Details: audit.Details{"reason": reason},
		})
	})
	if err != nil {
		return err
	}
	return refused
}

// opened is a session that has begun.
type opened struct {
	session.State
	id uuid.UUID
}

// open writes the session, guarded by what was compared: an account that has lost its password, its activity or its
// company meanwhile is not found.
func (a *Service) open(ctx context.Context, account db.FindAccountRow, plain string) (opened, error) {
	var stronger *string
	if a.Hasher.NeedsRehash(account.PasswordHash) {
		hash, err := a.Hasher.Hash(ctx, plain)
		if err != nil {
			return opened{}, err
		}
		stronger = &hash
	}
	now, id, request := a.Clock.Now(), a.Clock.ID(), access.RequestOf(ctx)
	state := session.State{
		CompanyID: account.CompanyID, UserID: account.UserID, Epoch: 1, ExpiresAt: now.Add(a.SessionLifetime),
	}
	err := a.Store.InTx(ctx, account.CompanyID, func(tx *db.Queries) error {
		if _, err := tx.LockActiveCompany(ctx, account.CompanyID); err != nil {
			return err
		}
		role, err := tx.RecordLogin(ctx, db.RecordLoginParams{
			CompanyID: account.CompanyID, ID: account.UserID, VerifiedHash: account.PasswordHash, NewHash: stronger, Now: now,
		})
		if err != nil {
			return err
		}
		state.Role = role
		err = tx.InsertSession(ctx, db.InsertSessionParams{
			CompanyID: account.CompanyID, ID: id, UserID: account.UserID, IP: audit.Address(request.IP),
			UserAgent: request.UserAgent, Now: now, ExpiresAt: state.ExpiresAt,
		})
		if err != nil {
			return err
		}
		return a.Audit.Record(ctx, tx, account.CompanyID, audit.Entry{
			Action: audit.Login, Resource: audit.Session, ID: &id, Actor: &account.UserID, Session: &id,
		})
	})
	return opened{state, id}, err
}

// tokens gives the pair of a session at a generation, and the cookie that carries its second half.
func (a *Service) tokens(o opened, refresh session.RefreshToken) (api.TokenPair, string, error) {
	access, expiresIn, err := a.Access.Issue(o.State, o.id)
	if err != nil {
		return api.TokenPair{}, "", err
	}
	token := a.Refresh.Derive(refresh)
	pair := api.TokenPair{
		AccessToken: access, RefreshToken: token, TokenType: api.TokenTypeBearer,
		ExpiresIn: int32(expiresIn / time.Second), //nolint:gosec // an hour at most
	}
	return pair, cookie(token, o.ExpiresAt.Sub(a.Clock.Now())), nil
}

func loginOutcome(err error) string {
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
