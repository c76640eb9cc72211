package apikeys

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// present shows a key with its tag. Time changes what is shown without changing the row, so the tag covers that too.
func (k *APIKeys) present(who access.Actor, row db.APIKey) api.APIKeyJSONResponse {
	shown := k.convert(who, row)
	return api.APIKeyJSONResponse{
		Body: shown,
		Headers: api.APIKeyResponseHeaders{
			ETag: etag.Of(row.Version, shown.Status, shown.LastUsedAt, shown.PreviousExpiresAt, shown.AllowedActions),
		},
	}
}

// Show gives a key as the caller may see and handle it.
func (k *APIKeys) Show(ctx context.Context, row db.APIKey) api.APIKey {
	return k.convert(access.Of(ctx), row)
}

func (k *APIKeys) convert(who access.Actor, row db.APIKey) api.APIKey {
	now, mode := k.Clock.Now(), modeOfPrefix(row.Prefix)
	shown := api.APIKey{
		ID: row.ID, Name: row.Name, Mode: mode, Prefix: row.Prefix,
		Scopes: make([]api.APIKeyScope, len(row.Scopes)), JobIds: jobsOf(row.JobIDs),
		ActsAs: access.Key{Jobs: row.JobIDs, Test: mode == api.CompanyModeTest}.Role(), Status: statusOf(row, now),
		ExpiresAt: optional.Time(row.ExpiresAt), LastUsedAt: optional.Time(row.LastUsedAt),
		RotatedAt: optional.Time(row.RotatedAt), PreviousExpiresAt: nullable.NewNullNullable[time.Time](),
		RevokedAt: optional.Time(row.RevokedAt), CreatedBy: optional.Of(row.CreatedBy),
		AllowedActions: k.allowedActions(who, row), CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
	for i, scope := range row.Scopes {
		shown.Scopes[i] = api.APIKeyScope(scope)
	}
	if until := row.PreviousExpiresAt; until != nil && now.Before(*until) && row.RevokedAt == nil {
		shown.PreviousExpiresAt.Set(until.UTC())
	}
	return shown
}

func modeOf(company db.Company) api.CompanyMode {
	if company.TestOf != nil {
		return api.CompanyModeTest
	}
	return api.CompanyModeLive
}

// modeOfPrefix is what the beginning of a secret says of its company.
func modeOfPrefix(prefix string) api.CompanyMode { return apikey.Secret(prefix).Mode() }

func jobsOf(ids []uuid.UUID) nullable.Nullable[[]uuid.UUID] {
	if ids == nil {
		return nullable.NewNullNullable[[]uuid.UUID]()
	}
	return nullable.NewNullableWithValue(ids)
}

// attributes is what the audit compares of a key. The prefix tells its secret from others and nothing of what follows.
func attributes(row db.APIKey) map[string]any {
	return map[string]any{
		"name": row.Name, "prefix": row.Prefix, "scopes": row.Scopes, "job_ids": row.JobIDs,
		"expires_at": optional.Plain(row.ExpiresAt),
	}
}

// blank is what a key was before it was.
func blank() map[string]any {
	return map[string]any{"name": nil, "prefix": nil, "scopes": nil, "job_ids": nil, "expires_at": nil}
}
