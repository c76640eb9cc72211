-- name: FindAPIKey :one
SELECT company_id, id, scopes, job_ids, known_to, expires_at, previous_expires_at, last_used_at, is_test::boolean AS is_test,
    (hash = @hash::bytea)::boolean AS is_present
FROM find_api_key(@hash::bytea);

-- name: ConfirmAPIKey :one
-- The API key that is a transaction's actor, as FindAPIKey finds it. It is read last in the transaction, after all waits
-- for locks.
SELECT scopes, job_ids, known_to, expires_at, previous_expires_at, (hash = @hash::bytea)::boolean AS is_present
FROM api_keys
WHERE company_id = @company_id AND id = @id AND (hash = @hash::bytea OR previous_hash = @hash::bytea) AND revoked_at IS NULL
    AND company_is_live(company_id);

-- name: TouchAPIKey :exec
-- Updates last_used_at at most once per interval, so that not every request writes.
UPDATE api_keys SET last_used_at = @now::timestamptz
WHERE company_id = @company_id AND id = @id AND (last_used_at IS NULL OR last_used_at < @before::timestamptz);

-- name: ListAPIKeys :many
-- Newest first.
SELECT * FROM api_keys
WHERE company_id = @company_id
    AND (sqlc.narg('is_revoked')::boolean IS NULL OR (revoked_at IS NOT NULL) = sqlc.narg('is_revoked')::boolean)
    AND (created_at, id) < (
        COALESCE(sqlc.narg('after_time')::timestamptz, 'infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY created_at DESC, id DESC
LIMIT @max_rows;

-- name: CountLiveAPIKeys :one
SELECT count(*) FROM api_keys WHERE company_id = @company_id AND revoked_at IS NULL;

-- name: GetAPIKey :one
SELECT * FROM api_keys WHERE company_id = @company_id AND id = @id;

-- name: GetAPIKeyForUpdate :one
SELECT * FROM api_keys WHERE company_id = @company_id AND id = @id FOR NO KEY UPDATE;

-- name: InsertAPIKey :one
INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, job_ids, expires_at, created_by, known_to, created_at, updated_at)
VALUES (@company_id, @id, @name, @prefix, @hash, @scopes, sqlc.narg('job_ids'), sqlc.narg('expires_at'), sqlc.narg('created_by'),
    @known_to, @now, @now)
RETURNING *;

-- name: UpdateAPIKey :one
UPDATE api_keys
SET name = @name, expires_at = sqlc.narg('expires_at'), scopes = @scopes, job_ids = sqlc.narg('job_ids'), version = version + 1,
    updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version AND revoked_at IS NULL
RETURNING *;

-- name: RotateAPIKey :one
-- The present secret stays valid until previous_expires_at; the one before it becomes invalid now.
UPDATE api_keys
SET hash = @hash, prefix = @prefix, previous_hash = hash, previous_expires_at = @previous_expires_at::timestamptz,
    rotated_at = @now::timestamptz, known_to = @known_to, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version AND revoked_at IS NULL
RETURNING *;

-- name: RevokeAPIKey :one
UPDATE api_keys SET revoked_at = @now::timestamptz, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version AND revoked_at IS NULL
RETURNING *;

-- name: RevokeAPIKeys :execrows
UPDATE api_keys SET revoked_at = @now::timestamptz, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND revoked_at IS NULL;

-- name: RevokeLaterAPIKeys :execrows
-- Revokes all keys of a test company, except the one that it was opened with and the one that makes the request.
UPDATE api_keys SET revoked_at = @now::timestamptz, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND created_by IS NOT NULL AND id <> @caller_id AND revoked_at IS NULL;

-- name: ListKnownJobs :many
-- Those of some jobs that exist in the company.
SELECT id FROM jobs WHERE company_id = @company_id AND id = ANY (@ids::uuid[]);
