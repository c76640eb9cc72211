package apikeys

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// keyResponse converts a key and computes its tag. The tag covers the members that change with time while the
// row does not.
func (k *APIKeys) keyResponse(actor access.Actor, row db.APIKeyDetails) api.APIKeyJSONResponse {
	response := k.convert(actor, row)
	return api.APIKeyJSONResponse{
		Body: response,
		Headers: api.APIKeyResponseHeaders{
			ETag: etag.Of(
				row.Version, response.Status, response.LastUsedAt, response.PreviousExpiresAt, response.AllowedActions,
			),
		},
	}
}

// Show converts a key for an actor.
func (k *APIKeys) Show(actor access.Actor, row db.APIKeyDetails) api.APIKey {
	return k.convert(actor, row)
}

func (k *APIKeys) convert(actor access.Actor, row db.APIKeyDetails) api.APIKey {
	now, mode := k.Clock.Now(), modeOfPrefix(row.Prefix)
	response := api.APIKey{
		ID: row.ID, Name: row.Name, Mode: mode, Prefix: row.Prefix,
		Scopes: make([]api.APIKeyScope, len(row.Scopes)), JobIds: jobsOf(row.JobIDs),
		ActsAs: api.Role(access.Key{Jobs: row.JobIDs, Test: mode == api.CompanyModeTest}.Role()), Status: statusOf(row, now),
		ExpiresAt: optional.Time(row.ExpiresAt), LastUsedAt: optional.Time(row.LastUsedAt),
		RotatedAt: optional.Time(row.RotatedAt), PreviousExpiresAt: nullable.NewNullNullable[time.Time](),
		RevokedAt: optional.Time(row.RevokedAt), CreatedBy: optional.Of(row.CreatedBy),
		AllowedActions: k.allowedActions(actor, row), CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
	for i, scope := range row.Scopes {
		response.Scopes[i] = api.APIKeyScope(scope)
	}
	if until := row.PreviousExpiresAt; until != nil && now.Before(*until) && row.RevokedAt == nil {
		response.PreviousExpiresAt.Set(until.UTC())
	}
	return response
}

// modeOfPrefix is the mode that the prefix of a secret names.
func modeOfPrefix(prefix string) api.CompanyMode { return apikey.Secret(prefix).Mode() }

// jobsOf converts the jobs of a key; null if it is not limited to jobs.
func jobsOf(ids []uuid.UUID) nullable.Nullable[[]uuid.UUID] {
	if ids == nil {
		return nullable.NewNullNullable[[]uuid.UUID]()
	}
	return nullable.NewNullableWithValue(ids)
}

// attributes are the values of a key whose changes the audit log records. The prefix identifies the secret without
// revealing it.
func attributes(row db.APIKeyDetails) map[string]any {
	return map[string]any{
		"name": row.Name, "prefix": row.Prefix, "scopes": row.Scopes, "job_ids": row.JobIDs,
		"expires_at": optional.Plain(row.ExpiresAt),
	}
}

// emptyAttributes are the attributes of a key that does not exist yet.
func emptyAttributes() map[string]any {
	return map[string]any{"name": nil, "prefix": nil, "scopes": nil, "job_ids": nil, "expires_at": nil}
}
