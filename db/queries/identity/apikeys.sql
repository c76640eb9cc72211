-- name: FindAPIKey :one
SELECT company_id, id, scopes, job_ids, known_to AS holders, expires_at, previous_expires_at, last_used_at, is_test::boolean AS is_test,
    (hash = @hash::bytea)::boolean AS is_present
FROM find_api_key(@hash::bytea);

-- name: ConfirmAPIKey :one
-- The API key that is a transaction's actor, as FindAPIKey finds it. It is read last in the transaction, after all waits
-- for locks.
SELECT scopes, job_ids, expires_at, previous_expires_at, (hash = @hash::bytea)::boolean AS is_present,
    ARRAY(
        SELECT h.user_id FROM api_key_holders AS h WHERE h.company_id = @company_id AND h.api_key_id = @id
    )::uuid[] AS holders
FROM api_key_details
WHERE company_id = @company_id AND id = @id AND (hash = @hash::bytea OR previous_hash = @hash::bytea) AND revoked_at IS NULL
    AND company_is_live(company_id);

-- name: TouchAPIKey :exec
-- Updates last_used_at at most once per interval, so that not every request writes.
UPDATE api_keys SET last_used_at = @now::timestamptz
WHERE company_id = @company_id AND id = @id AND (last_used_at IS NULL OR last_used_at < @before::timestamptz);

-- name: ListAPIKeys :many
-- Newest first.
SELECT * FROM api_key_details
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
SELECT * FROM api_key_details WHERE company_id = @company_id AND id = @id;

-- name: LockAPIKey :one
-- Locks a key until the end of the transaction. Its jobs are read by a later statement: a statement that waited for the lock
-- would return those from before the wait.
SELECT id FROM api_keys WHERE company_id = @company_id AND id = @id FOR NO KEY UPDATE;

-- name: InsertAPIKey :exec
-- Jobs that are NULL do not limit the key. The user who creates a key is a holder, because the response shows the secret.
WITH key AS (
    INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, limited_to_jobs, expires_at, created_by, created_at, updated_at)
    VALUES (@company_id, @id, @name, @prefix, @hash, @scopes, sqlc.narg('job_ids')::uuid[] IS NOT NULL, sqlc.narg('expires_at'),
        sqlc.narg('created_by'), @now, @now)
    RETURNING company_id, id, created_by
), jobs AS (
    INSERT INTO api_key_jobs (company_id, api_key_id, job_id, position)
    SELECT key.company_id, key.id, given.id, given.position
    FROM key, unnest(sqlc.narg('job_ids')::uuid[]) WITH ORDINALITY AS given (id, position)
)
INSERT INTO api_key_holders (company_id, api_key_id, user_id)
SELECT key.company_id, key.id, key.created_by FROM key WHERE key.created_by IS NOT NULL;

-- name: SetAPIKeyJobs :exec
-- Replaces the jobs that a key is limited to; jobs that are NULL remove all. UpdateAPIKey sets whether it is limited.
WITH removed AS (
    DELETE FROM api_key_jobs AS j
    WHERE j.company_id = @company_id AND j.api_key_id = @api_key_id AND j.job_id <> ALL (COALESCE(sqlc.narg('job_ids')::uuid[], '{}'))
)
INSERT INTO api_key_jobs AS j (company_id, api_key_id, job_id, position)
SELECT @company_id, @api_key_id, given.id, given.position FROM unnest(sqlc.narg('job_ids')::uuid[]) WITH ORDINALITY AS given (id, position)
ON CONFLICT ON CONSTRAINT api_key_jobs_pkey DO UPDATE SET position = excluded.position WHERE j.position <> excluded.position;

-- name: UpdateAPIKey :one
-- The jobs only say whether the key is limited to jobs; SetAPIKeyJobs, called before, writes them.
UPDATE api_key_details
SET name = @name, expires_at = sqlc.narg('expires_at'), scopes = @scopes, limited_to_jobs = sqlc.narg('job_ids')::uuid[] IS NOT NULL,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version AND revoked_at IS NULL
RETURNING *;

-- name: RotateAPIKey :one
-- The present secret stays valid until previous_expires_at; the one before it becomes invalid now. The user who gets the new
-- one becomes a holder.
WITH holder AS (
    INSERT INTO api_key_holders (company_id, api_key_id, user_id) VALUES (@company_id, @id, @holder_id)
    ON CONFLICT ON CONSTRAINT api_key_holders_pkey DO NOTHING
)
UPDATE api_key_details AS k
SET hash = @hash, prefix = @prefix, previous_hash = hash, previous_expires_at = @previous_expires_at::timestamptz,
    rotated_at = @now::timestamptz, version = version + 1, updated_at = @now
WHERE k.company_id = @company_id AND k.id = @id AND k.version = @version AND k.revoked_at IS NULL
RETURNING k.*;

-- name: RevokeAPIKey :one
UPDATE api_key_details SET revoked_at = @now::timestamptz, version = version + 1, updated_at = @now
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
-- Those of some jobs that exist in the company. They exist until the end of the transaction.
SELECT id FROM jobs WHERE company_id = @company_id AND id = ANY (@ids::uuid[]) FOR KEY SHARE;
