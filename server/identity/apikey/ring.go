package apikey

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// touchEvery is the precision of last_used_at. A higher precision would cost a write for every request.
const touchEvery = time.Minute

// Ring finds the API key that a secret belongs to. It queries PostgreSQL for every request and caches nothing: a
// revocation, change or rotation takes effect for the next request at every replica.
type Ring struct {
	Store *postgres.Store
	Clock clock.Source
	Log   *slog.Logger
}

// Check returns the API key that a bearer token is the secret of. It fails with InvalidToken if there is no such key or
// it is not valid, and with another fault if that could not be found out. The network is that of the client; see
// postgres.Store.LookupFor.
func (r *Ring) Check(ctx context.Context, token, network string) (*access.Actor, error) {
	secret, err := Parse(token)
	if err != nil {
		return nil, fault.New(fault.InvalidToken).Because(err)
	}
	row, err := r.Store.LookupFor(network).FindAPIKey(ctx, secret.Hash())
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, fault.New(fault.InvalidToken).Because(err)
	}
	if err != nil {
		return nil, err
	}
	now := r.Clock.Now()
	if err := admit(row, secret, now); err != nil {
		return nil, err
	}
	if row.LastUsedAt == nil || now.Sub(*row.LastUsedAt) >= touchEvery {
		r.touch(ctx, row.CompanyID, row.ID, now)
	}
	return actorOf(row), nil
}

// Confirm returns the API key that Check returned for a token, as it is now. It is the last statement of a transaction,
// and fails as Check does.
func (r *Ring) Confirm(
	ctx context.Context, tx *postgres.Tx, token string, checked access.Actor,
) (*access.Actor, error) {
	secret, err := Parse(token)
	if err != nil {
		return nil, fault.New(fault.InvalidToken).Because(err)
	}
	found, err := tx.ConfirmAPIKey(ctx, db.ConfirmAPIKeyParams{
		CompanyID: checked.CompanyID, ID: checked.ID, Hash: secret.Hash(),
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return nil, fault.New(fault.InvalidToken).Because(err)
	}
	if err != nil {
		return nil, err
	}
	row := db.FindAPIKeyRow{
		CompanyID: checked.CompanyID, ID: checked.ID, IsTest: checked.Key.Test, Scopes: found.Scopes, JobIDs: found.JobIDs,
		Holders: found.Holders, ExpiresAt: found.ExpiresAt, PreviousExpiresAt: found.PreviousExpiresAt,
		IsPresent: found.IsPresent,
	}
	if err := admit(row, secret, r.Clock.Now()); err != nil {
		return nil, err
	}
	return actorOf(row), nil
}

func actorOf(row db.FindAPIKeyRow) *access.Actor {
	key := &access.Key{Scopes: row.Scopes, Jobs: row.JobIDs, Test: row.IsTest, Holders: row.Holders}
	return &access.Actor{
		Kind: access.KindAPIKey, CompanyID: row.CompanyID, ID: row.ID, Role: key.Role(), Key: key,
	}
}

// admit decides whether a secret is valid and belongs to a company of its mode.
func admit(row db.FindAPIKeyRow, secret Secret, now time.Time) error {
	refused := func(reason string) error {
		return fault.New(fault.InvalidToken).Because(Refusal(reason))
	}
	switch {
	case row.ExpiresAt != nil && !now.Before(*row.ExpiresAt):
		return refused("the key has expired")
	case !row.IsPresent && (row.PreviousExpiresAt == nil || !now.Before(*row.PreviousExpiresAt)):
		return refused("the secret was replaced by a rotation")
	case row.IsTest != (secret.Mode() == api.CompanyModeTest):
		return refused("the secret has another mode than the company")
	}
	return nil
}

// Refusal is the reason for which a key was refused, for the log.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// touch records when a key was used. If that fails, the request continues.
func (r *Ring) touch(ctx context.Context, company, id uuid.UUID, now time.Time) {
	err := r.Store.Of(company).TouchAPIKey(ctx, db.TouchAPIKeyParams{
		CompanyID: company, ID: id, Now: now, Before: now.Add(-touchEvery),
	})
	if err != nil {
		r.Log.WarnContext(ctx, "could not record the use of an API key", slog.Any("error", err))
	}
}
