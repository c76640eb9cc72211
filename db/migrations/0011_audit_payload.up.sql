-- migrate: no transaction
-- Prepares the audit log for its partitions, which the next migration creates: new columns, the keys of the partitioned table,
-- and a check that contains the bound of the first partition.
-- The payload of an entry (ip, user_agent, request_id and details) can be erased. digest is SHA-256 over a random salt and the
-- payload; the hash chain covers digest instead of the payload. salt is erased together with the payload, so that nobody can
-- find a payload by trying values. Entries of earlier versions of the service have neither. erased_by is the entry that records
-- the erasure.
ALTER TABLE audit_logs
    ADD COLUMN IF NOT EXISTS salt bytea,
    ADD COLUMN IF NOT EXISTS digest bytea,
    ADD COLUMN IF NOT EXISTS erased_by uuid;
-- next
-- entry_created_at is the time of the entry, which selects its partition. It is NULL in rows of earlier versions of the service,
-- whose queries join audit_seals and name created_at without a table: the column must have another name.
ALTER TABLE audit_pending ADD COLUMN IF NOT EXISTS entry_created_at timestamptz;
-- next
-- format is the form of the input of hash; there are few. Earlier versions of the service write 1.
ALTER TABLE audit_seals
    -- squawk-ignore prefer-bigint-over-smallint
    ADD COLUMN IF NOT EXISTS format smallint NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS entry_created_at timestamptz;
-- next
-- A repetition of this migration replaces the constraint.
-- squawk-ignore ban-drop-constraint
ALTER TABLE audit_seals DROP CONSTRAINT IF EXISTS audit_seals_format,
    ADD CONSTRAINT audit_seals_format CHECK (format IN (1, 2)) NOT VALID;
-- next
ALTER TABLE audit_seals VALIDATE CONSTRAINT audit_seals_format;
-- next
-- The same for these.
ALTER TABLE audit_logs
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS audit_logs_digest,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS audit_logs_erased,
    ADD CONSTRAINT audit_logs_digest CHECK (length(salt) = 32 AND length(digest) = 32 AND (salt IS NULL OR digest IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT audit_logs_erased CHECK (
        erased_by IS NULL OR ip IS NULL AND user_agent = '' AND request_id = '' AND details = '{}' AND salt IS NULL
    ) NOT VALID;
-- next
-- The first partition ends at least one month from now, so that the check refuses no insert if this migration is interrupted and
-- repeated later. Entries with a later time, from a wrong clock, move the bound.
-- The last entry of each company is read from the index, because the table is locked meanwhile.
DO $$
DECLARE
    latest timestamptz;
BEGIN
    PERFORM set_config('timezone', 'UTC', true);
    ALTER TABLE audit_logs NO FORCE ROW LEVEL SECURITY;
    WITH RECURSIVE last_of AS (
        (SELECT company_id, created_at FROM audit_logs ORDER BY company_id DESC, created_at DESC LIMIT 1)
        UNION ALL
        SELECT l.company_id, l.created_at FROM last_of, LATERAL (
            SELECT company_id, created_at FROM audit_logs WHERE company_id < last_of.company_id
            ORDER BY company_id DESC, created_at DESC LIMIT 1
        ) AS l
    )
    SELECT max(created_at) INTO latest FROM last_of;
    EXECUTE format('ALTER TABLE audit_logs DROP CONSTRAINT IF EXISTS audit_logs_before, ADD CONSTRAINT audit_logs_before CHECK (created_at < %L) NOT VALID',
        date_trunc('month', greatest(now() + interval '1 month', latest)) + interval '1 month');
    ALTER TABLE audit_logs FORCE ROW LEVEL SECURITY;
END
$$;
-- next
-- A check that is not valid cannot become a check of a partitioned table.
DO $$
DECLARE
    unchecked text;
BEGIN
    FOR unchecked IN SELECT conname FROM pg_constraint WHERE conrelid = 'audit_logs'::regclass AND contype = 'c' AND NOT convalidated LOOP
        EXECUTE format('ALTER TABLE audit_logs VALIDATE CONSTRAINT %I', unchecked);
    END LOOP;
END
$$;
-- next
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS audit_logs_key ON audit_logs (company_id, created_at, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_logs_id_idx ON audit_logs (company_id, id);
-- next
-- Refreshes of the tokens of a session that no audit entry has counted, and the time of the last entry about refreshes. The same for
-- refused tokens of a session that has ended.
ALTER TABLE sessions
    ADD COLUMN IF NOT EXISTS refreshes integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS refreshes_recorded_at timestamptz,
    ADD COLUMN IF NOT EXISTS refusals integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS refusals_recorded_at timestamptz;
