-- name: GetIdempotencyRecord :one
SELECT sealed FROM idempotency_records
WHERE company_id = @company_id AND principal_id = @principal_id AND key_hash = @key_hash AND expires_at > @now;

-- name: HoldIdempotencyKey :many
-- No row: the key is held now, and new. NULL: another transaction holds it. Anything else: the record of the request that was faster.
SELECT hold_idempotency_key(@company_id, @principal_id, @key_hash::bytea, @now::timestamptz)::bytea AS sealed;

-- name: InsertIdempotencyRecord :exec
-- A record whose time is over may not have been deleted yet.
INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
VALUES (@company_id, @principal_id, @key_hash, @sealed, @now, @expires_at)
ON CONFLICT ON CONSTRAINT idempotency_records_pkey
    DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, expires_at = excluded.expires_at;

-- name: ForgetIdempotencyRecords :one
SELECT forget_idempotency_records(@before::timestamptz, @at_most::integer)::bigint AS forgotten;
