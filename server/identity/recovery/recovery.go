// Package recovery lets users choose a new password if they have forgotten theirs.
//
// A request for a link does the same whether or not there is an account: it counts the attempt, looks the account up,
// and enqueues a job whose arguments have the same form in every case. The job adds the mail. The link of the mail
// leads to a page of this package; an operation does the same for pages of others.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Options are the dependencies that only recovery needs.
type Options struct {
	Hasher *password.Hasher
	// Requests limits requests for links, and SignIns attempts to sign in.
	Requests, SignIns *ratelimit.Throttle
	Guard             *session.Guard
	Outbox            mail.Outbox
	Links             mail.Links
	Metrics           *telemetry.Metrics
	// Enqueue inserts the job that mails a link.
	Enqueue func(ctx context.Context, args MailLink) error
}

// Recovery implements the operations and the page for forgotten passwords.
type Recovery struct {
	service.Deps
	Options
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*Recovery, error) {
	if err := service.Check("recovery", deps, options); err != nil {
		return nil, err
	}
	return &Recovery{deps, options}, nil
}

// MailLink are the arguments of the job that mails a link. UserID is uuid.Nil for an email without an account.
type MailLink struct {
	CompanyID, UserID, MailID uuid.UUID
}

// Kind is the name of the job.
func (MailLink) Kind() string { return "mail_password_link" }

// RequestPasswordReset enqueues the job that mails a link. It runs the same statements for every email address.
func (r *Recovery) RequestPasswordReset(
	ctx context.Context, call service.Call, request api.RequestPasswordResetRequestObject,
) (api.RequestPasswordResetResponseObject, error) {
	email, test := strings.ToLower(text.Bare(request.Body.Email)), request.Body.Company
	ip := call.Actor.Origin.IP
	reservation, err := r.Requests.Reserve(ctx, ratelimit.Account(email, test), ip)
	if err != nil {
		return nil, r.limited(err)
	}
	account, err := r.Store.LookupFor(ratelimit.Network(ip)).FindAccount(ctx, db.FindAccountParams{
		Email: email, TestSlug: test,
	})
	if err == nil || fault.Is(err, fault.ResourceNotFound) {
		err = r.Enqueue(ctx, MailLink{account.CompanyID, account.UserID, r.Clock.ID()})
	}
	if err != nil {
		reservation.Cancel(ctx)
		return nil, fmt.Errorf("request a password reset: %w", err)
	}
	return api.RequestPasswordReset202JSONResponse{Status: api.PasswordResetStatusAccepted}, nil
}

// limited returns the error of a request that the throttle refuses. That of the throttle is about sign-ins.
func (r *Recovery) limited(err error) error {
	var refused *fault.Fault
	if !errors.As(err, &refused) || refused.Code() != fault.TooManyAttempts {
		return err
	}
	r.Metrics.Throttled(telemetry.LimitReset)
	return fault.New(fault.TooManyAttempts).After(refused.RetryAfter()).
		With("Too many links were requested for this account or from this address.")
}

// MailLinkJob returns the work of the job: it adds the mail with a link, if the account exists and is active. It adds
// one mail however often it runs.
func MailLinkJob(
	store *postgres.Store, recorder *audit.Recorder, outbox mail.Outbox,
) func(context.Context, MailLink) error {
	return func(ctx context.Context, args MailLink) error {
		if args.UserID == uuid.Nil {
			return nil
		}
		return store.InTx(ctx, args.CompanyID, func(tx *postgres.Tx) error {
			_, err := tx.LockRecoverableUser(ctx, db.LockRecoverableUserParams{CompanyID: args.CompanyID, ID: args.UserID})
			if fault.Is(err, fault.ResourceNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			added, err := outbox.Add(ctx, tx, args.CompanyID, args.MailID, args.UserID, stored.MailKindPasswordReset)
			if err != nil || !added {
				return err
			}
			return recorder.Record(ctx, tx, access.System(args.CompanyID), audit.Entry{
				Action: audit.ResetRequested, Resource: audit.User, ID: &args.UserID,
			})
		})
	}
}

// CompletePasswordReset chooses a new password with the token of a link.
func (r *Recovery) CompletePasswordReset(
	ctx context.Context, call service.Call, request api.CompletePasswordResetRequestObject,
) (api.CompletePasswordResetResponseObject, error) {
	link, err := r.find(ctx, request.Body.Token)
	if err != nil {
		return nil, err
	}
	return r.choose(ctx, call.Actor.Origin, link, request.Body.NewPassword)
}

// link is a link that was valid when it was read.
type link struct {
	company, id uuid.UUID
	user        db.FindPasswordLinkRow
}

// find returns the link of a token. It fails with InvalidResetToken if the link is unknown or no longer valid, or if
// the user is not active.
func (r *Recovery) find(ctx context.Context, token string) (link, error) {
	company, id, err := r.Links.Read(stored.MailKindPasswordReset, token)
	if err != nil {
		return link{}, invalid(err)
	}
	user, err := r.Store.Of(company).FindPasswordLink(ctx, db.FindPasswordLinkParams{
		CompanyID: company, ID: id, Now: r.Clock.Now(),
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return link{}, invalid(err)
	}
	return link{company, id, user}, err
}

func invalid(cause error) error {
	return fault.New(fault.InvalidResetToken).Because(cause).
		Field("/token", "invalid", "must be the token of the latest link, which is valid for 30 minutes and one use")
}

// choose sets the password of a link's user, ends all their sessions and uses the link up. Of concurrent calls with one
// link, one succeeds; the others fail with InvalidResetToken.
func (r *Recovery) choose(
	ctx context.Context, origin access.Origin, l link, plain string,
) (api.CompletePasswordResetResponseObject, error) {
	user := l.user.User
	if err := password.Check("/new_password", plain, password.Personal{
		Email: user.Email, FirstName: user.FirstName, LastName: user.LastName,
		CompanyName: l.user.CompanyName, CompanySlug: l.user.CompanySlug,
	}); err != nil {
		return nil, err
	}
	hash, err := r.Hasher.Hash(ctx, password.OfCompany(l.company), plain)
	if err != nil {
		return nil, err
	}
	actor := access.Actor{Kind: access.KindUser, CompanyID: l.company, ID: user.ID, Origin: origin}
	var role stored.Role
	var ended []db.Session
	response, err := service.Commit(ctx, r.Store, service.Call{Actor: actor}, func(
		tx *postgres.Tx,
	) (_ api.CompletePasswordResetResponseObject, err error) {
		role, ended, err = r.replace(ctx, tx, actor, l.id, hash)
		return api.CompletePasswordReset204Response{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("choose a new password for user %s: %w", user.ID, err)
	}
	r.Guard.Publish(ctx, role, ended...)
	var test *string
	if l.user.CompanyTestOf != nil {
		test = &l.user.CompanySlug
	}
	if err := r.SignIns.Clear(ctx, ratelimit.Account(user.Email, test)); err != nil {
		r.Log.WarnContext(ctx, "the failed sign-ins of a user were not forgotten after a password reset",
			slog.String("user_id", user.ID.String()), slog.Any("error", err))
	}
	return response, nil
}

// replace replaces the password of the actor and returns the sessions that have ended. It locks the user first, as
// every change of a password does.
func (r *Recovery) replace(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, hash string,
) (role stored.Role, ended []db.Session, err error) {
	now := r.Clock.Now()
	_, err = tx.LockRecoverableUser(ctx, db.LockRecoverableUserParams{CompanyID: actor.CompanyID, ID: actor.ID})
	if fault.Is(err, fault.ResourceNotFound) {
		return "", nil, invalid(err)
	}
	if err != nil {
		return "", nil, err
	}
	used, err := tx.UsePasswordLink(ctx, db.UsePasswordLinkParams{CompanyID: actor.CompanyID, ID: id, Now: now})
	switch {
	case err != nil:
		return "", nil, err
	case used == 0:
		return "", nil, invalid(nil)
	}
	role, err = tx.RecoverUserPassword(ctx, db.RecoverUserPasswordParams{
		CompanyID: actor.CompanyID, ID: actor.ID, PasswordHash: hash, Now: now,
	})
	if err != nil {
		return "", nil, err
	}
	ended, err = tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
		CompanyID: actor.CompanyID, UserID: actor.ID, Reason: stored.RevocationReasonPasswordChanged, Now: now,
	})
	if err != nil {
		return "", nil, err
	}
	if err := r.Outbox.PasswordChanged(ctx, tx, actor.CompanyID, actor.ID); err != nil {
		return "", nil, err
	}
	return role, ended, r.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: audit.PasswordReset, Resource: audit.User, ID: &actor.ID,
		Details: audit.Details{"sessions_ended": len(ended)},
	})
}
