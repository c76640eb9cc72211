// Package apikeys implements the operations on a company's API keys: scopes, jobs, expiry, and secrets.
//
// A secret is shown once, in the response that creates it, and only its hash is stored. The users who were shown a
// secret of a key are stored with the key: rules about oneself apply to them when the key is used (access.Actor.Is). A
// change of a key takes effect for the next request.
package apikeys

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// maxKeys is how many keys of a company may be not revoked.
const maxKeys = 100

// APIKeys implements the operations of the tag keys.
type APIKeys struct {
	service.Deps
	Options
}

// Options are the dependencies that only apikeys needs.
type Options struct {
	// Contract says which scopes keys can have.
	Contract *gate.Contract
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*APIKeys, error) {
	if err := service.Check("apikeys", deps, options); err != nil {
		return nil, err
	}
	return &APIKeys{deps, options}, nil
}

// ListAPIKeys lists the company's API keys, newest first.
func (k *APIKeys) ListAPIKeys(
	ctx context.Context, request api.ListAPIKeysRequestObject,
) (api.ListAPIKeysResponseObject, error) {
	who, filters := access.Of(ctx), request.Params
	filters.Cursor, filters.Limit = nil, nil
	shown, err := page.Read(ctx, k.Cursors, page.List[db.APIKey, api.APIKey]{
		Scope:  page.Scope{Company: who.CompanyID, Operation: "ListAPIKeys", Query: filters},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.APIKey, error) {
			return k.Store.Planned(who.CompanyID).ListAPIKeys(ctx, db.ListAPIKeysParams{
				CompanyID: who.CompanyID, IsRevoked: filters.IsRevoked,
				AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.APIKey) page.Place { return page.At(row.CreatedAt, row.ID) },
		Show:  page.Each(func(row db.APIKey) api.APIKey { return k.convert(who, row) }),
	})
	if err != nil {
		return nil, err
	}
	return api.ListAPIKeys200JSONResponse{
		Body: api.APIKeyPage(shown.Body), Headers: api.ListAPIKeys200ResponseHeaders{Link: shown.Link},
	}, nil
}

// GetAPIKey returns one key.
func (k *APIKeys) GetAPIKey(
	ctx context.Context, request api.GetAPIKeyRequestObject,
) (api.GetAPIKeyResponseObject, error) {
	shown, err := k.show(ctx, request.APIKeyID)
	if err != nil {
		return nil, err
	}
	return api.GetAPIKey200JSONResponse{APIKeyJSONResponse: shown}, nil
}

// GetMyAPIKey returns the key that authenticates the request.
func (k *APIKeys) GetMyAPIKey(
	ctx context.Context, _ api.GetMyAPIKeyRequestObject,
) (api.GetMyAPIKeyResponseObject, error) {
	shown, err := k.show(ctx, access.Of(ctx).ID)
	if err != nil {
		return nil, err
	}
	return api.GetMyAPIKey200JSONResponse{APIKeyJSONResponse: shown}, nil
}

// CreateAPIKey creates a key. Its response is the only one that contains the secret.
func (k *APIKeys) CreateAPIKey(
	ctx context.Context, request api.CreateAPIKeyRequestObject,
) (api.CreateAPIKeyResponseObject, error) {
	who, wanted := access.Of(ctx), *request.Body
	now := k.Clock.Now()
	row := db.InsertAPIKeyParams{
		CompanyID: who.CompanyID, ID: k.Clock.ID(), Name: strings.TrimSpace(wanted.Name), Scopes: sorted(wanted.Scopes),
		JobIDs: wanted.JobIds, ExpiresAt: wanted.ExpiresAt, CreatedBy: &who.ID, KnownTo: []uuid.UUID{who.ID},
		Now: now,
	}
	var created db.APIKey
	var secret apikey.Secret
	err := k.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		// The lock on the company's row orders requests, so that two at the same time do not exceed maxKeys.
		company, err := tx.GetCompanyForUpdate(ctx, who.CompanyID)
		if err != nil {
			return err
		}
		given := grant{
			name: row.Name, scopes: wanted.Scopes, jobs: row.JobIDs, expiresAt: row.ExpiresAt, mode: apikey.ModeOf(company),
		}
		if err := k.check(given, nil, now); err != nil {
			return err
		}
		if count, err := tx.CountLiveAPIKeys(ctx, who.CompanyID); err != nil {
			return err
		} else if count >= maxKeys {
			return fault.New(fault.LimitReached).
				With("The company has %d API keys. Revoke a key that is not needed any more.", maxKeys)
		}
		if err := k.known(ctx, tx, who.CompanyID, row.JobIDs); err != nil {
			return err
		}
		secret = apikey.New(apikey.ModeOf(company))
		row.Prefix, row.Hash = secret.Prefix(), secret.Hash()
		if created, err = tx.InsertAPIKey(ctx, row); err != nil {
			return err
		}
		return k.record(ctx, tx, audit.APIKeyCreated, created.ID, audit.Diff(blank(), attributes(created)))
	})
	if err != nil {
		return nil, err
	}
	shown := k.present(who, created)
	return api.CreateAPIKey201JSONResponse{
		Body: api.APIKeyWithSecret{APIKey: shown.Body, Secret: secret.Reveal()},
		Headers: api.CreateAPIKey201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/api-keys/" + created.ID.String(),
		},
	}, nil
}

// UpdateAPIKey changes name, scopes, jobs and expiry. A patch without changes leaves the key and its version as they
// are.
func (k *APIKeys) UpdateAPIKey(
	ctx context.Context, request api.UpdateAPIKeyRequestObject,
) (api.UpdateAPIKeyResponseObject, error) {
	patch := request.Body
	who := access.Of(ctx)
	var saved db.APIKey
	err := k.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		row, err := k.held(ctx, tx, request.APIKeyID, request.Params.IfMatch)
		if err != nil {
			return err
		}
		change := edit(row, *patch)
		if saved = row; !changes(row, change) {
			return nil
		}
		change.Now = k.Clock.Now()
		if err := k.check(granted(row, *patch, change), row.ExpiresAt, change.Now); err != nil {
			return err
		}
		// Jobs that the key has already are not checked: a reset may have deleted one of them.
		if patch.JobIds.IsSpecified() {
			if err := k.known(ctx, tx, who.CompanyID, change.JobIDs); err != nil {
				return err
			}
		}
		if saved, err = tx.UpdateAPIKey(ctx, change); err != nil {
			return postgres.Guarded(err)
		}
		return k.record(ctx, tx, audit.APIKeyUpdated, row.ID, audit.Diff(attributes(row), attributes(saved)))
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateAPIKey200JSONResponse{APIKeyJSONResponse: k.present(who, saved)}, nil
}

// show reads one key and converts it for the actor.
func (k *APIKeys) show(ctx context.Context, id uuid.UUID) (api.APIKeyJSONResponse, error) {
	who := access.Of(ctx)
	row, err := k.Store.Of(who.CompanyID).GetAPIKey(ctx, db.GetAPIKeyParams{CompanyID: who.CompanyID, ID: id})
	if err != nil {
		return api.APIKeyJSONResponse{}, err
	}
	return k.present(who, row), nil
}

// held locks a key for a change, and fails if it has another version than the client expects or was revoked.
func (k *APIKeys) held(ctx context.Context, tx *db.Queries, id uuid.UUID, match *string) (db.APIKey, error) {
	row, err := tx.GetAPIKeyForUpdate(ctx, db.GetAPIKeyForUpdateParams{
		CompanyID: access.Of(ctx).CompanyID, ID: id,
	})
	if err != nil {
		return row, err
	}
	if err := etag.Check(match, row.Version); err != nil {
		return row, err
	}
	return row, mayChange(row)
}

// known fails with RuleViolated if the company does not have all of the jobs, which are in the order of the request.
func (k *APIKeys) known(ctx context.Context, tx *db.Queries, company uuid.UUID, jobs []uuid.UUID) error {
	if jobs == nil {
		return nil
	}
	known, err := tx.ListKnownJobs(ctx, db.ListKnownJobsParams{CompanyID: company, Ids: jobs})
	if err != nil {
		return err
	}
	f := fault.New(fault.RuleViolated)
	for i, id := range jobs {
		if !slices.Contains(known, id) {
			f.Field(fmt.Sprintf("/job_ids/%d", i), "unknown", "is not a job of the company")
		}
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

func (k *APIKeys) record(
	ctx context.Context, tx *db.Queries, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return k.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.APIKey, ID: &id, Details: details,
	})
}
