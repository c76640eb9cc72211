-- name: InsertAuditLog :exec
-- Inserts the entry and queues it for sealing in one statement, so that no entry is missed. digest_head is the
-- input of the digest before the details.
WITH entry AS (
    INSERT INTO audit_logs (
        company_id, id, created_at, actor_type, actor_id, session_id, action, resource_type, resource_id,
        outcome, ip, user_agent, request_id, details, salt, digest
    ) VALUES (
        @company_id, @id, @created_at, @actor_type, @actor_id, @session_id, @action, @resource_type, @resource_id,
        @outcome, @ip, @user_agent, @request_id, @details, @salt, audit_digest(@digest_head::bytea, @details)
    )
    RETURNING company_id, id, created_at
)
INSERT INTO audit_pending (company_id, audit_log_id, entry_created_at) SELECT company_id, id, created_at FROM entry;

-- name: ListAuditLogs :many
-- Planned with its values (plan_cache_mode = force_custom_plan), so that unused filters and orders disappear.
SELECT sqlc.embed(audit_logs), s.sequence, s.hash
FROM visible_audit_entries(@company_id, @actor_id, @reach, @visible_types::text[]) AS audit_logs
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
FROM visible_audit_entries(@company_id, @actor_id, @reach, @visible_types::text[]) AS audit_logs
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
SELECT audit_log_id, entry_created_at FROM audit_pending
WHERE company_id = @company_id
ORDER BY audit_log_id
LIMIT @max_rows;

-- name: InsertSeals :exec
INSERT INTO audit_seals (company_id, sequence, audit_log_id, hash, format, entry_created_at)
SELECT @company_id, unnest(@sequences::bigint[]), unnest(@audit_log_ids::uuid[]), unnest(@hashes::bytea[]),
    unnest(@formats::smallint[]), unnest(@entry_created_ats::timestamptz[]);

-- name: DeletePendingAuditLogs :exec
DELETE FROM audit_pending WHERE company_id = @company_id AND audit_log_id = ANY (@audit_log_ids::uuid[]);

-- name: ListSeals :many
-- The seals from a sequence number on.
SELECT sequence, audit_log_id, hash, format, entry_created_at FROM audit_seals
WHERE company_id = @company_id AND sequence >= @from_sequence
ORDER BY sequence
LIMIT @max_rows;

-- name: ListAuditLogsByID :many
-- Those of the entries that exist and were created within a period, which limits the partitions that are read.
SELECT * FROM audit_logs
WHERE company_id = @company_id AND id = ANY (@ids::uuid[])
    AND created_at >= @created_from AND created_at <= @created_until;

-- name: ListSealedAuditLogs :many
-- Entries with their seals, and the hashes before these.
SELECT sqlc.embed(audit_logs), s.sequence, s.hash, s.format, p.hash AS previous
FROM audit_logs
LEFT JOIN audit_seals AS s ON s.company_id = audit_logs.company_id AND s.audit_log_id = audit_logs.id
LEFT JOIN audit_seals AS p ON p.company_id = s.company_id AND p.sequence = s.sequence - 1
WHERE audit_logs.company_id = @company_id AND audit_logs.id = ANY (@ids::uuid[]);

-- name: ListUnerasedAuditLogs :many
-- Those of some sealed entries that exist and that an entry about an erasure has not erased, although it lists them.
SELECT audit_logs.id, s.sequence FROM audit_logs
LEFT JOIN audit_seals AS s ON s.company_id = audit_logs.company_id AND s.audit_log_id = audit_logs.id
WHERE audit_logs.company_id = @company_id AND audit_logs.id = ANY (@ids::uuid[]) AND audit_logs.erased_by IS DISTINCT FROM @entry_id
ORDER BY s.sequence;

-- name: GetSealHash :one
SELECT hash FROM audit_seals WHERE company_id = @company_id AND sequence = @sequence;

-- name: ListUnsealedAuditLogs :many
-- Entries that are neither sealed nor queued for sealing, nor in a period that has expired; the service did not write them.
SELECT l.id FROM audit_logs AS l
WHERE l.company_id = @company_id AND l.created_at >= @expired_before
    AND NOT EXISTS (
        SELECT FROM audit_seals AS s WHERE s.company_id = l.company_id AND s.audit_log_id = l.id
            AND (s.entry_created_at IS NULL OR s.entry_created_at = l.created_at)
    )
    AND NOT EXISTS (SELECT FROM audit_pending AS p WHERE p.company_id = l.company_id AND p.audit_log_id = l.id)
ORDER BY l.id
LIMIT @max_rows;

-- name: CountPendingAuditLogs :one
SELECT count(*) FROM audit_pending WHERE company_id = @company_id;

-- name: IsAuditLogPending :one
SELECT EXISTS (SELECT FROM audit_pending WHERE company_id = @company_id AND audit_log_id = @id)::boolean AS pending;

-- name: ListErasableAuditLogs :many
-- Sealed entries about a resource, and entries of the acts of an actor, whose payload was not erased; oldest first.
SELECT sqlc.embed(audit_logs), s.sequence, s.hash, s.format
FROM audit_logs
JOIN audit_seals AS s ON s.company_id = audit_logs.company_id AND s.audit_log_id = audit_logs.id
WHERE audit_logs.company_id = @company_id AND audit_logs.erased_by IS NULL
    AND audit_logs.action NOT IN ('audit.erased', 'audit.expired')
    AND (audit_logs.resource_id = sqlc.narg('resource_id')::uuid OR audit_logs.actor_id = sqlc.narg('subject_actor')::uuid)
ORDER BY audit_logs.created_at, audit_logs.id
LIMIT @max_rows;

-- name: CountErasableAuditLogs :one
SELECT count(*) FROM audit_logs
WHERE audit_logs.company_id = @company_id AND audit_logs.erased_by IS NULL
    AND audit_logs.action NOT IN ('audit.erased', 'audit.expired')
    AND (audit_logs.resource_id = sqlc.narg('resource_id')::uuid OR audit_logs.actor_id = sqlc.narg('subject_actor')::uuid);

-- name: EraseAuditLogs :one
-- Erases the payloads of the entries that an entry about an erasure lists.
SELECT erase_audit_logs(@company_id::uuid, @entry_id::uuid)::bigint AS erased;

-- name: GetAuditBase :one
SELECT * FROM audit_bases WHERE company_id = @company_id;

-- name: GetLastExpiry :one
-- The last entry about an expiry.
SELECT * FROM audit_logs WHERE company_id = @company_id AND action = 'audit.expired' ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: ListSealTimes :many
-- The seals from a sequence number on, with the times of their entries. The time is NULL if the entry is missing.
SELECT s.sequence, s.hash, l.created_at FROM audit_seals AS s
LEFT JOIN audit_logs AS l ON l.company_id = s.company_id AND l.id = s.audit_log_id
WHERE s.company_id = @company_id AND s.sequence >= @from_sequence
ORDER BY s.sequence
LIMIT @max_rows;

-- name: MoveAuditBase :exec
SELECT move_audit_base(@company_id::uuid, @entry_id::uuid);

-- name: ListCompaniesWithExpiredSeals :many
SELECT companies_with_expired_seals()::uuid AS company_id;

-- name: ForgetAuditSeals :one
SELECT forget_audit_seals(@company_id::uuid, @max_rows::integer)::bigint AS forgotten;

-- name: CreateAuditMonths :one
SELECT create_audit_months(@months::integer)::integer AS created;

-- name: DropAuditMonths :one
SELECT drop_audit_months(@before::timestamptz)::integer AS dropped;
