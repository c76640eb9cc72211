package apikeys

import (
	"context"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// overlap is how long the previous secret stays valid after a rotation, unless the request says otherwise.
const overlap = 24 * time.Hour

// RotateAPIKey gives a key a new secret. Its response is the only one that contains it.
func (k *APIKeys) RotateAPIKey(
	ctx context.Context, call service.Call, request api.RotateAPIKeyRequestObject,
) (api.RotateAPIKeyResponseObject, error) {
	actor, until := call.Actor, overlap
	if request.Body != nil && request.Body.OverlapSeconds != nil {
		until = time.Duration(*request.Body.OverlapSeconds) * time.Second
	}
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.RotateAPIKeyResponseObject, error) {
		var saved db.APIKeyDetails
		var secret apikey.Secret
		row, err := k.lockedKey(ctx, tx, actor, request.APIKeyID, request.Params.IfMatch, canChange)
		if err != nil {
			return nil, err
		}
		company, err := tx.GetCompany(ctx, actor.CompanyID)
		if err != nil {
			return nil, err
		}
		secret = apikey.New(apikey.ModeOf(company))
		now := k.Clock.Now()
		saved, err = tx.RotateAPIKey(ctx, db.RotateAPIKeyParams{
			CompanyID: actor.CompanyID, ID: row.ID, Version: row.Version, Hash: secret.Hash(), Prefix: secret.Prefix(),
			PreviousExpiresAt: now.Add(until), HolderID: actor.ID, Now: now,
		})
		if err != nil {
			return nil, postgres.Guarded(err)
		}
		err = k.record(ctx, tx, actor, audit.APIKeyRotated, row.ID, audit.Details{
			"prefix": audit.Change{From: row.Prefix, To: saved.Prefix}, "overlap_seconds": int64(until / time.Second),
		})
		if err != nil {
			return nil, err
		}
		response := k.keyResponse(actor, saved)
		return api.RotateAPIKey200JSONResponse{
			Body:    api.APIKeyWithSecret{APIKey: response.Body, Secret: secret.Reveal()},
			Headers: api.RotateAPIKey200ResponseHeaders{ETag: response.Headers.ETag},
		}, nil
	})
}

// RevokeAPIKey revokes a key permanently.
func (k *APIKeys) RevokeAPIKey(
	ctx context.Context, call service.Call, request api.RevokeAPIKeyRequestObject,
) (api.RevokeAPIKeyResponseObject, error) {
	actor := call.Actor
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.RevokeAPIKeyResponseObject, error) {
		var saved db.APIKeyDetails
		row, err := k.lockedKey(ctx, tx, actor, request.APIKeyID, request.Params.IfMatch, canRevoke)
		if err != nil {
			return nil, err
		}
		saved, err = tx.RevokeAPIKey(ctx, db.RevokeAPIKeyParams{
			CompanyID: actor.CompanyID, ID: row.ID, Version: row.Version, Now: k.Clock.Now(),
		})
		if err != nil {
			return nil, postgres.Guarded(err)
		}
		err = k.record(ctx, tx, actor, audit.APIKeyRevoked, row.ID, audit.Details{"name": row.Name, "prefix": row.Prefix})
		if err != nil {
			return nil, err
		}
		return api.RevokeAPIKey200JSONResponse{APIKeyJSONResponse: k.keyResponse(actor, saved)}, nil
	})
}
