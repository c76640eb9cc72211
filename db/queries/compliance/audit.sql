-- name: InsertAuditLog :exec
-- Inserts the entry and queues it for sealing in one statement, so that no entry is missed.
WITH entry AS (
    INSERT INTO audit_logs (
        company_id, id, created_at, actor_type, actor_id, session_id, action, resource_type, resource_id,
        outcome, ip, user_agent, request_id, details
    ) VALUES (
        @company_id, @id, @created_at, @actor_type, @actor_id, @session_id, @action, @resource_type, @resource_id,
        @outcome, @ip, @user_agent, @request_id, @details
    )
    RETURNING company_id, id
)
INSERT INTO audit_pending (company_id, audit_log_id) SELECT company_id, id FROM entry;

-- name: ListAuditLogs :many
-- Planned with its values (plan_cache_mode = force_custom_plan), so that unused filters and orders disappear.
SELECT sqlc.embed(audit_logs), s.sequence, s.hash
FROM visible_audit_logs(@company_id, @actor_id, @reach, @visible_types::text[]) AS audit_logs
LEFT JOIN audit_seals AS s ON s.company_id = audit_logs.company_id AND s.audit_log_id = audit_logs.id
WHERE (sqlc.narg('wanted_actor')::uuid IS NULL OR actor_id = sqlc.narg('wanted_actor')::uuid)
    AND (sqlc.narg('actions')::text[] IS NULL OR action = ANY (sqlc.narg('actions')::text[]))
    AND (sqlc.narg('resource_type')::text IS NULL OR resource_type = sqlc.narg('resource_type')::text)
    AND (sqlc.narg('resource_id')::uuid IS NULL OR resource_id = sqlc.narg('resource_id')::uuid)
    AND (sqlc.narg('outcome')::text IS NULL OR outcome = sqlc.narg('outcome')::text)
    AND (sqlc.narg('created_from')::timestamptz IS NULL OR created_at >= sqlc.narg('created_from')::timestamptz)
    AND (sqlc.narg('created_before')::timestamptz IS NULL OR created_at < sqlc.narg('created_before')::timestamptz)
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE WHEN @ascending::boolean
        THEN (created_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        ELSE (created_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
    END)
ORDER BY
    CASE WHEN @ascending::boolean THEN created_at END,
    CASE WHEN @ascending::boolean THEN id END,
    CASE WHEN NOT @ascending::boolean THEN created_at END DESC,
    CASE WHEN NOT @ascending::boolean THEN id END DESC
LIMIT @max_rows;

-- name: GetAuditLog :one
SELECT sqlc.embed(audit_logs), s.sequence, s.hash
FROM visible_audit_logs(@company_id, @actor_id, @reach, @visible_types::text[]) AS audit_logs
LEFT JOIN audit_seals AS s ON s.company_id = audit_logs.company_id AND s.audit_log_id = audit_logs.id
WHERE audit_logs.id = @id::uuid;

-- name: ListCompaniesAwaitingSeal :many
-- All companies with entries to seal, and the oldest of these entries; the company with the oldest entry comes first.
SELECT company::uuid AS company_id, oldest::uuid AS oldest_id FROM companies_awaiting_seal();

-- name: CountAuditLogsAwaitingSeal :one
-- The entries to seal of all companies.
SELECT count_awaiting_seal()::bigint AS entries;

-- name: TryLockSealing :one
-- One sealer works on a company at a time; others skip the company.
SELECT pg_try_advisory_xact_lock(hashtextextended(CAST(@company_id AS text), 0)) AS locked;

-- name: GetLastSeal :one
SELECT sequence, hash FROM audit_seals WHERE company_id = @company_id ORDER BY sequence DESC LIMIT 1;

-- name: ListPendingAuditLogs :many
SELECT audit_logs.* FROM audit_pending AS p
JOIN audit_logs ON audit_logs.company_id = p.company_id AND audit_logs.id = p.audit_log_id
WHERE p.company_id = @company_id
ORDER BY p.audit_log_id
LIMIT @max_rows;

-- name: InsertSeals :exec
INSERT INTO audit_seals (company_id, sequence, audit_log_id, hash)
SELECT @company_id, unnest(@sequences::bigint[]), unnest(@audit_log_ids::uuid[]), unnest(@hashes::bytea[]);

-- name: DeletePendingAuditLogs :exec
DELETE FROM audit_pending WHERE company_id = @company_id AND audit_log_id = ANY (@audit_log_ids::uuid[]);

-- name: ListSeals :many
-- The seals from a sequence number on.
SELECT sequence, audit_log_id, hash FROM audit_seals
WHERE company_id = @company_id AND sequence >= @from_sequence
ORDER BY sequence
LIMIT @max_rows;

-- name: ListSealedAuditLogs :many
-- The sealed entries that still exist.
SELECT * FROM audit_logs WHERE company_id = @company_id AND id = ANY (@ids::uuid[]);

-- name: GetSealHash :one
SELECT hash FROM audit_seals WHERE company_id = @company_id AND sequence = @sequence;

-- name: ListUnsealedAuditLogs :many
-- Entries that are neither sealed nor queued for sealing; the service did not write them.
SELECT l.id FROM audit_logs AS l
WHERE l.company_id = @company_id
    AND NOT EXISTS (SELECT FROM audit_seals AS s WHERE s.company_id = l.company_id AND s.audit_log_id = l.id)
    AND NOT EXISTS (SELECT FROM audit_pending AS p WHERE p.company_id = l.company_id AND p.audit_log_id = l.id)
ORDER BY l.id
LIMIT @max_rows;

-- name: CountPendingAuditLogs :one
SELECT count(*) FROM audit_pending WHERE company_id = @company_id;
