-- migrate: no transaction
-- Panelists that were removed from an interview, with what their calendar needs to cancel the event: a calendar program keeps an
-- event that a file no longer contains. It has nothing about the interview that the user may no longer know.
-- sequence is above those of the files that the panelist has seen, and below those after being added again.
CREATE TABLE IF NOT EXISTS panel_removals (
    company_id   uuid        NOT NULL,
    interview_id uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    timezone     text        NOT NULL,
    sequence     integer     NOT NULL,
    removed_at   timestamptz NOT NULL,
    CONSTRAINT panel_removals_pkey PRIMARY KEY (company_id, user_id, interview_id),
    CONSTRAINT panel_removals_interview_fkey FOREIGN KEY (company_id, interview_id) REFERENCES interviews (company_id, id) ON DELETE CASCADE,
    CONSTRAINT panel_removals_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id) ON DELETE CASCADE,
    CONSTRAINT panel_removals_timezone_length CHECK (length(timezone) <= 64)
);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS panel_removals_interview_idx ON panel_removals (company_id, interview_id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS panel_removals_removed_at_idx ON panel_removals (removed_at);
-- next
-- These statements have the same result when they are repeated.
ALTER TABLE panel_removals
    -- squawk-ignore prefer-robust-stmts
    ENABLE ROW LEVEL SECURITY;
ALTER TABLE panel_removals
    -- squawk-ignore prefer-robust-stmts
    FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenant ON panel_removals;
CREATE POLICY tenant ON panel_removals TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
DROP POLICY IF EXISTS lookup ON panel_removals;
CREATE POLICY lookup ON panel_removals TO interviewer_lookup USING (true);
GRANT SELECT, INSERT, UPDATE ON panel_removals TO interviewer_service;
GRANT SELECT (ctid, removed_at), DELETE ON panel_removals TO interviewer_lookup;
-- next
-- It runs before the version of the interview increases.
CREATE OR REPLACE FUNCTION record_panel_removals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO panel_removals (company_id, interview_id, user_id, starts_at, ends_at, timezone, sequence, removed_at)
    SELECT o.company_id, o.interview_id, o.user_id, i.starts_at, i.ends_at, i.timezone, i.version + i.responses, now()
    FROM old_rows AS o
    JOIN interviews AS i ON i.company_id = o.company_id AND i.id = o.interview_id
    WHERE i.starts_at IS NOT NULL
    ON CONFLICT ON CONSTRAINT panel_removals_pkey DO UPDATE
        SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, timezone = excluded.timezone, sequence = excluded.sequence,
            removed_at = excluded.removed_at;
    RETURN NULL;
END
$$;
-- next
-- Deletes removals from before a time, at most so many, the oldest first. It keeps those of the last day whatever the time, because it
-- deletes those of all companies.
CREATE OR REPLACE FUNCTION delete_old_panel_removals(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM panel_removals
        WHERE ctid = ANY (ARRAY(
            SELECT r.ctid FROM panel_removals AS r
            WHERE r.removed_at < least(before, clock_timestamp() - interval '1 day') ORDER BY r.removed_at LIMIT at_most
        ))
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
-- next
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION delete_old_panel_removals(timestamptz, integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
-- next
REVOKE EXECUTE ON FUNCTION record_panel_removals, delete_old_panel_removals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delete_old_panel_removals TO interviewer_service;
-- next
CREATE OR REPLACE TRIGGER interview_panelists_removals AFTER DELETE ON interview_panelists REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panel_removals();
