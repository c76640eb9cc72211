-- migrate: no transaction
-- Background work: the schema of the jobs, the companies whose audit entries are due for sealing, and the deletion of
-- expired rows. The statements of the first step run in one transaction.

-- River's own migrations create the tables of this schema after this migration; see server/platform/schema.
CREATE SCHEMA IF NOT EXISTS river;
GRANT USAGE ON SCHEMA river TO interviewer_service;

-- Grants what River needs as interviewer_service: it inserts, fetches, updates and deletes jobs, elects a leader and
-- registers queues. It is called by the role that migrates, after River's migrations.
CREATE OR REPLACE FUNCTION grant_job_tables() RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    GRANT SELECT, INSERT, UPDATE, DELETE ON river.river_job, river.river_leader, river.river_queue TO interviewer_service;
    GRANT USAGE ON SEQUENCE river.river_job_id_seq TO interviewer_service;
    GRANT SELECT ON river.river_migration TO interviewer_service;
END
$$;
REVOKE EXECUTE ON FUNCTION grant_job_tables() FROM PUBLIC;

GRANT SELECT (audit_log_id) ON audit_pending TO interviewer_lookup;

-- The companies with entries to seal, each with the oldest of them; the company with the oldest entry comes first. Ids of
-- entries are ordered by time. One index lookup for each company finds them, however many entries wait. All companies
-- are returned: with a limit, some could wait as long as the others have entries.
CREATE OR REPLACE FUNCTION companies_awaiting_seal() RETURNS TABLE (company uuid, oldest uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH RECURSIVE waiting AS (
        (SELECT p.company_id, p.audit_log_id FROM audit_pending AS p ORDER BY p.company_id, p.audit_log_id LIMIT 1)
        UNION ALL
        SELECT following.company_id, following.audit_log_id FROM waiting, LATERAL (
            SELECT p.company_id, p.audit_log_id FROM audit_pending AS p
            WHERE p.company_id > waiting.company_id ORDER BY p.company_id, p.audit_log_id LIMIT 1
        ) AS following
    )
    SELECT company_id, audit_log_id FROM waiting ORDER BY audit_log_id, company_id
$$;

-- The number of entries to seal, for the metrics.
CREATE OR REPLACE FUNCTION count_awaiting_seal() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(company_id) FROM audit_pending
$$;

-- Deletes the records that expired first, at most so many. A record that a request replaces at the same time is kept:
-- the condition is checked again after the wait for that request. Rows are found by their position: for a join with a
-- list of unknown length, PostgreSQL would read the whole table.
GRANT SELECT (ctid) ON idempotency_records TO interviewer_lookup;
CREATE OR REPLACE FUNCTION delete_expired_idempotency_records(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM idempotency_records
        WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_records
            WHERE expires_at < least(before, clock_timestamp()) ORDER BY expires_at LIMIT at_most
        )) AND expires_at < least(before, clock_timestamp())
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- Sessions are deleted some time after their end: they were revoked, or they expired.
DROP POLICY IF EXISTS retention ON sessions;
CREATE POLICY retention ON sessions FOR DELETE TO interviewer_lookup
    USING (least(expires_at, revoked_at) < clock_timestamp());
GRANT SELECT (ctid), DELETE ON sessions TO interviewer_lookup;

-- Deletes sessions that ended before a time, at most so many, the oldest first.
CREATE OR REPLACE FUNCTION delete_ended_sessions(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM sessions
        WHERE ctid = ANY (ARRAY(
            SELECT ended.ctid FROM (
                (SELECT s.ctid, s.expires_at AS since FROM sessions AS s WHERE s.expires_at < before ORDER BY s.expires_at LIMIT at_most)
                UNION ALL
                (SELECT s.ctid, s.revoked_at FROM sessions AS s WHERE s.revoked_at < before ORDER BY s.revoked_at LIMIT at_most)
            ) AS ended GROUP BY ended.ctid ORDER BY min(ended.since) LIMIT at_most
        ))
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION companies_awaiting_seal() OWNER TO interviewer_lookup;
ALTER FUNCTION count_awaiting_seal() OWNER TO interviewer_lookup;
ALTER FUNCTION delete_expired_idempotency_records(timestamptz, integer) OWNER TO interviewer_lookup;
ALTER FUNCTION delete_ended_sessions(timestamptz, integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION companies_awaiting_seal(), count_awaiting_seal(),
    delete_expired_idempotency_records(timestamptz, integer), delete_ended_sessions(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION companies_awaiting_seal(), count_awaiting_seal(),
    delete_expired_idempotency_records(timestamptz, integer), delete_ended_sessions(timestamptz, integer) TO interviewer_service;
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_expires_at_idx ON sessions (expires_at);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_revoked_at_idx ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
