package apikeys

import (
	"context"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// overlap is how long the previous secret stays valid after a rotation, unless the request says otherwise.
const overlap = 24 * time.Hour

// RotateAPIKey gives a key a new secret. Its response is the only one that contains it.
func (k *APIKeys) RotateAPIKey(
	ctx context.Context, request api.RotateAPIKeyRequestObject,
) (api.RotateAPIKeyResponseObject, error) {
	actor, until := access.Of(ctx), overlap
	if request.Body != nil && request.Body.OverlapSeconds != nil {
		until = time.Duration(*request.Body.OverlapSeconds) * time.Second
	}
	var saved db.APIKey
	var secret apikey.Secret
	err := k.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := k.lockedKey(ctx, tx, request.APIKeyID, request.Params.IfMatch, canChange)
		if err != nil {
			return err
		}
		company, err := tx.GetCompany(ctx, actor.CompanyID)
		if err != nil {
			return err
		}
		secret = apikey.New(apikey.ModeOf(company))
		now := k.Clock.Now()
		saved, err = tx.RotateAPIKey(ctx, db.RotateAPIKeyParams{
			CompanyID: actor.CompanyID, ID: row.ID, Version: row.Version, Hash: secret.Hash(), Prefix: secret.Prefix(),
			PreviousExpiresAt: now.Add(until), KnownTo: append(row.KnownTo, actor.ID), Now: now,
		})
		if err != nil {
			return postgres.Guarded(err)
		}
		return k.record(ctx, tx, audit.APIKeyRotated, row.ID, audit.Details{
			"prefix": audit.Change{From: row.Prefix, To: saved.Prefix}, "overlap_seconds": int64(until / time.Second),
		})
	})
	if err != nil {
		return nil, err
	}
	response := k.keyResponse(actor, saved)
	return api.RotateAPIKey200JSONResponse{
		Body:    api.APIKeyWithSecret{APIKey: response.Body, Secret: secret.Reveal()},
		Headers: api.RotateAPIKey200ResponseHeaders{ETag: response.Headers.ETag},
	}, nil
}

// RevokeAPIKey revokes a key permanently.
func (k *APIKeys) RevokeAPIKey(
	ctx context.Context, request api.RevokeAPIKeyRequestObject,
) (api.RevokeAPIKeyResponseObject, error) {
	actor := access.Of(ctx)
	var saved db.APIKey
	err := k.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := k.lockedKey(ctx, tx, request.APIKeyID, request.Params.IfMatch, canRevoke)
		if err != nil {
			return err
		}
		saved, err = tx.RevokeAPIKey(ctx, db.RevokeAPIKeyParams{
			CompanyID: actor.CompanyID, ID: row.ID, Version: row.Version, Now: k.Clock.Now(),
		})
		if err != nil {
			return postgres.Guarded(err)
		}
		return k.record(ctx, tx, audit.APIKeyRevoked, row.ID, audit.Details{"name": row.Name, "prefix": row.Prefix})
	})
	if err != nil {
		return nil, err
	}
	return api.RevokeAPIKey200JSONResponse{APIKeyJSONResponse: k.keyResponse(actor, saved)}, nil
}
