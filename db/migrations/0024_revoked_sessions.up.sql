-- migrate: no transaction
-- Sets the reason of the sessions that ended before the trigger existed; the trigger does it. Row-level security selects the
-- company, also for an owner who is not a superuser.
DO $$
DECLARE
    company uuid;
    batch uuid[];
    last uuid;
BEGIN
    FOR company IN SELECT id FROM all_companies() LOOP
        last := '00000000-0000-0000-0000-000000000000';
        LOOP
            PERFORM set_config('app.company_id', company::text, true);
            batch := ARRAY(SELECT s.id FROM sessions AS s WHERE s.company_id = company AND s.id > last ORDER BY s.id LIMIT 500);
            EXIT WHEN cardinality(batch) = 0;
            UPDATE sessions SET end_reason = end_reason
            WHERE company_id = company AND id = ANY (batch) AND revoked_at IS NOT NULL AND revocation_reason IS NULL;
            last := batch[cardinality(batch)];
            COMMIT;
        END LOOP;
        COMMIT;
    END LOOP;
END
$$;
-- next
-- A repetition has no effect.
-- squawk-ignore prefer-robust-stmts
ALTER TABLE sessions VALIDATE CONSTRAINT sessions_revocation;
