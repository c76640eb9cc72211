-- name: GetIdempotencyRecord :one
SELECT sealed FROM idempotency_records
WHERE company_id = @company_id AND principal_id = @principal_id AND key_hash = @key_hash AND expires_at > @now;

-- name: RequireIdempotencyKey :exec
-- Locks a key until the transaction ends. It fails with a division by zero if another transaction holds the lock, or if there is
-- the record of an earlier request with the key. hold_idempotency_key then returns a row.
SELECT 1 / (1 - count(*)) AS held
FROM hold_idempotency_key(@company_id, @principal_id, @key_hash::bytea, @now::timestamptz);

-- name: InsertIdempotencyRecord :exec
-- Replaces a record that has expired and is not deleted yet.
INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
VALUES (@company_id, @principal_id, @key_hash, @sealed, @now, @expires_at)
ON CONFLICT ON CONSTRAINT idempotency_records_pkey
    DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, expires_at = excluded.expires_at;

-- name: DeleteExpiredIdempotencyRecords :one
-- Deletes the records of all companies that expired first.
SELECT delete_expired_idempotency_records(@before::timestamptz, @at_most::integer)::bigint AS deleted;
