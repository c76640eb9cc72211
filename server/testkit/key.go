package testkit

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
)

// Key is an API key and its secret.
type Key struct {
	ID     uuid.UUID
	Secret apikey.Secret
}

// Key creates an API key of a live company. Without jobs it is not limited to jobs.
func (i *Installation) Key(company Company, scopes []string, jobs ...uuid.UUID) Key {
	i.t.Helper()
	key := Key{ID: newID(), Secret: apikey.New(api.CompanyModeLive)}
	i.Exec(`WITH key AS (
			INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, limited_to_jobs, created_at, updated_at)
			VALUES ($1, $2, 'Sync', $3, $4, $5, $6::uuid[] IS NOT NULL, now(), now())
		)
		INSERT INTO api_key_jobs (company_id, api_key_id, job_id, position)
		SELECT $1, $2, job, position FROM unnest($6::uuid[]) WITH ORDINALITY AS given (job, position)`,
		company.ID, key.ID, key.Secret.Prefix(), key.Secret.Hash(), scopes, jobs)
	return key
}

// Bearer returns a client that sends an access token or the secret of an API key.
func (r *Replica) Bearer(t testing.TB, token string) *Client {
	t.Helper()
	c := r.Anonymous(t)
	c.Token = token
	return c
}
