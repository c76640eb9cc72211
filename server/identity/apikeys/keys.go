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

// maxKeys is the maximum number of keys of a company that are not revoked.
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
	ctx context.Context, call service.Call, request api.ListAPIKeysRequestObject,
) (api.ListAPIKeysResponseObject, error) {
	actor, filters := call.Actor, request.Params
	filters.Cursor, filters.Limit = nil, nil
	response, err := page.Read(ctx, k.Cursors, page.List[db.APIKeyDetails, api.APIKey]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListAPIKeys", Query: filters},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.APIKeyDetails, error) {
			return k.Store.Planned(actor.CompanyID).ListAPIKeys(ctx, db.ListAPIKeysParams{
				CompanyID: actor.CompanyID, IsRevoked: filters.IsRevoked,
				AfterTime: w.AfterTime, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.APIKeyDetails) page.Place { return page.At(row.CreatedAt, row.ID) },
		Show:  page.Each(func(row db.APIKeyDetails) api.APIKey { return k.convert(actor, row) }),
	})
	if err != nil {
		return nil, err
	}
	return api.ListAPIKeys200JSONResponse{
		Body: api.APIKeyPage(response.Body), Headers: api.ListAPIKeys200ResponseHeaders{Link: response.Link},
	}, nil
}

// GetAPIKey returns one key.
func (k *APIKeys) GetAPIKey(
	ctx context.Context, call service.Call, request api.GetAPIKeyRequestObject,
) (api.GetAPIKeyResponseObject, error) {
	response, err := k.show(ctx, call.Actor, request.APIKeyID)
	if err != nil {
		return nil, err
	}
	return api.GetAPIKey200JSONResponse{APIKeyJSONResponse: response}, nil
}

// GetMyAPIKey returns the key that authenticates the request.
func (k *APIKeys) GetMyAPIKey(
	ctx context.Context, call service.Call, _ api.GetMyAPIKeyRequestObject,
) (api.GetMyAPIKeyResponseObject, error) {
	response, err := k.show(ctx, call.Actor, call.Actor.ID)
	if err != nil {
		return nil, err
	}
	return api.GetMyAPIKey200JSONResponse{APIKeyJSONResponse: response}, nil
}

// CreateAPIKey creates a key. Its response is the only one that contains the secret.
func (k *APIKeys) CreateAPIKey(
	ctx context.Context, call service.Call, request api.CreateAPIKeyRequestObject,
) (api.CreateAPIKeyResponseObject, error) {
	actor, body := call.Actor, *request.Body
	now := k.Clock.Now()
	row := db.InsertAPIKeyParams{
		CompanyID: actor.CompanyID, ID: k.Clock.ID(), Name: strings.TrimSpace(body.Name), Scopes: sorted(body.Scopes),
		JobIDs: body.JobIds, ExpiresAt: body.ExpiresAt, CreatedBy: &actor.ID, Now: now,
	}
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.CreateAPIKeyResponseObject, error) {
		// The lock on the company's row orders requests, so that two at the same time do not exceed maxKeys.
		company, err := tx.GetCompanyForUpdate(ctx, actor.CompanyID)
		if err != nil {
			return nil, err
		}
		if err := checkCovers(actor, row.JobIDs, apikey.ModeOf(company)); err != nil {
			return nil, err
		}
		given := grant{
			name: row.Name, scopes: body.Scopes, jobs: row.JobIDs, expiresAt: row.ExpiresAt, mode: apikey.ModeOf(company),
		}
		if err := k.check(given, nil, now); err != nil {
			return nil, err
		}
		if count, err := tx.CountLiveAPIKeys(ctx, actor.CompanyID); err != nil {
			return nil, err
		} else if count >= maxKeys {
			return nil, fault.New(fault.LimitReached).
				With("The company has %d API keys. Revoke a key that is no longer needed.", maxKeys)
		}
		if err := k.checkJobs(ctx, tx, actor.CompanyID, row.JobIDs); err != nil {
			return nil, err
		}
		secret := apikey.New(apikey.ModeOf(company))
		row.Prefix, row.Hash = secret.Prefix(), secret.Hash()
		if err := tx.InsertAPIKey(ctx, row); err != nil {
			return nil, err
		}
		created, err := tx.GetAPIKey(ctx, db.GetAPIKeyParams{CompanyID: row.CompanyID, ID: row.ID})
		if err != nil {
			return nil, err
		}
		err = k.record(ctx, tx, actor, audit.APIKeyCreated, created.ID, audit.Diff(emptyAttributes(), attributes(created)))
		if err != nil {
			return nil, err
		}
		response := k.keyResponse(actor, created)
		return api.CreateAPIKey201JSONResponse{
			Body: api.APIKeyWithSecret{APIKey: response.Body, Secret: secret.Reveal()},
			Headers: api.CreateAPIKey201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/api-keys/" + created.ID.String(),
			},
		}, nil
	})
}

// UpdateAPIKey changes name, scopes, jobs and expiry. A patch without changes leaves the key and its version as they
// are.
func (k *APIKeys) UpdateAPIKey(
	ctx context.Context, call service.Call, request api.UpdateAPIKeyRequestObject,
) (api.UpdateAPIKeyResponseObject, error) {
	return service.Commit(ctx, k.Store, call, func(tx *postgres.Tx) (api.UpdateAPIKeyResponseObject, error) {
		row, err := k.lockedKey(ctx, tx, call.Actor, request.APIKeyID, request.Params.IfMatch, canChange)
		if err != nil {
			return nil, err
		}
		saved, err := k.save(ctx, tx, call.Actor, row, *request.Body)
		return api.UpdateAPIKey200JSONResponse{APIKeyJSONResponse: k.keyResponse(call.Actor, saved)}, err
	})
}

// save writes the changes of a patch, or nothing if there are none.
func (k *APIKeys) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.APIKeyDetails, patch api.UpdateAPIKeyRequest,
) (db.APIKeyDetails, error) {
	change := applyPatch(row, patch)
	if err := checkCovers(actor, change.JobIDs, modeOfPrefix(row.Prefix)); err != nil {
		return row, err
	}
	if !hasChanges(row, change) {
		return row, nil
	}
	change.Now = k.Clock.Now()
	if err := k.check(granted(row, patch, change), row.ExpiresAt, change.Now); err != nil {
		return row, err
	}
	if patch.JobIds.IsSpecified() {
		if err := k.checkJobs(ctx, tx, actor.CompanyID, change.JobIDs); err != nil {
			return row, err
		}
		jobs := db.SetAPIKeyJobsParams{CompanyID: row.CompanyID, APIKeyID: row.ID, JobIDs: change.JobIDs}
		if err := tx.SetAPIKeyJobs(ctx, jobs); err != nil {
			return row, err
		}
	}
	saved, err := tx.UpdateAPIKey(ctx, change)
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, k.record(ctx, tx, actor, audit.APIKeyUpdated, row.ID, audit.Diff(attributes(row), attributes(saved)))
}

// show reads one key and converts it for the actor.
func (k *APIKeys) show(ctx context.Context, actor access.Actor, id uuid.UUID) (api.APIKeyJSONResponse, error) {
	row, err := k.Store.Of(actor.CompanyID).GetAPIKey(ctx, db.GetAPIKeyParams{CompanyID: actor.CompanyID, ID: id})
	if err != nil {
		return api.APIKeyJSONResponse{}, err
	}
	return k.keyResponse(actor, row), nil
}

// lockedKey locks a key for a change, and fails if the rule does not permit the change or if the key has another
// version than the client expects.
func (k *APIKeys) lockedKey(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, rule func(access.Actor,
		db.APIKeyDetails) error,
) (db.APIKeyDetails, error) {
	if _, err := tx.LockAPIKey(ctx, db.LockAPIKeyParams{CompanyID: actor.CompanyID, ID: id}); err != nil {
		return db.APIKeyDetails{}, err
	}
	row, err := tx.GetAPIKey(ctx, db.GetAPIKeyParams{CompanyID: actor.CompanyID, ID: id})
	if err != nil {
		return row, err
	}
	return row, etag.If(match).Before(row.Version, rule(actor, row))
}

// checkJobs fails with RuleViolated if the company does not have all of the jobs, which are in the order of the
// request. Those that it has cannot be deleted before the end of the transaction.
func (k *APIKeys) checkJobs(ctx context.Context, tx *postgres.Tx, company uuid.UUID, jobs []uuid.UUID) error {
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
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return k.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.APIKey, ID: &id, Details: details,
	})
}
