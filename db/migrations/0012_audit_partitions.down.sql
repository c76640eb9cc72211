-- Entries and seals that have expired are gone: earlier versions of the service report them as missing.
DROP FUNCTION drop_audit_months(timestamptz);
DROP FUNCTION companies_with_expired_seals();
DROP FUNCTION audit_period_expired(timestamptz, timestamptz);
DROP FUNCTION forget_audit_seals(uuid, integer);
DROP FUNCTION move_audit_base(uuid, uuid);
DROP FUNCTION erase_audit_logs(uuid, uuid);
DROP FUNCTION visible_audit_entries(uuid, uuid, text, text[]);
DROP FUNCTION create_audit_months(integer);
DROP FUNCTION create_audit_partition(text, text);
DROP FUNCTION audit_digest(bytea, jsonb);
DROP TABLE audit_bases;
REVOKE SELECT, DELETE ON audit_seals FROM interviewer_lookup;
DROP POLICY expiry ON audit_seals;
DROP POLICY lookup ON audit_seals;
DROP TRIGGER audit_seals_append_only ON audit_seals;
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION protect_audit_seals();

DO $$
DECLARE
    bound timestamptz := (SELECT max(ends) FROM audit_partitions());
    months text[] := ARRAY(SELECT partition FROM audit_partitions() WHERE partition <> 'audit_logs_before');
    month text;
    restored text;
BEGIN
    IF to_regclass('audit_logs_before') IS NULL THEN -- it has expired
        PERFORM create_audit_partition('audit_logs_before', format('FOR VALUES FROM (MINVALUE) TO (%L)', '-infinity'));
    END IF;
    DROP TRIGGER audit_logs_append_only ON audit_logs;
    ALTER TABLE audit_logs DETACH PARTITION audit_logs_before;
    ALTER TABLE audit_logs NO FORCE ROW LEVEL SECURITY;
    INSERT INTO audit_logs_before SELECT * FROM audit_logs;
    DROP TABLE audit_logs;
    ALTER TABLE audit_logs_before RENAME TO audit_logs;
    FOREACH restored IN ARRAY ARRAY['pkey', 'id_idx', 'actor_idx', 'action_idx', 'type_idx', 'resource_idx', 'outcome_idx'] LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', 'audit_logs_before_' || restored, 'audit_logs_' || restored);
    END LOOP;
    ALTER TABLE audit_logs RENAME CONSTRAINT audit_logs_pkey TO audit_logs_key;
    EXECUTE format('ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_before CHECK (created_at < %L)', bound);
    CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE INDEX audit_logs_created_at_idx ON audit_logs (company_id, created_at, id);
    ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_key, ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (company_id, id);
    CREATE UNIQUE INDEX audit_logs_key ON audit_logs (company_id, created_at, id);
    GRANT SELECT, INSERT ON audit_logs TO interviewer_service;
END
$$;
DROP FUNCTION audit_partitions();
DROP FUNCTION protect_audit_logs();
ALTER TABLE audit_pending ADD CONSTRAINT audit_pending_log_fkey FOREIGN KEY (company_id, audit_log_id) REFERENCES audit_logs (company_id, id);
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_log_fkey FOREIGN KEY (company_id, audit_log_id) REFERENCES audit_logs (company_id, id);

-- visible_audit_logs of migration 0008, which does not exist if its partition has expired.
CREATE OR REPLACE FUNCTION visible_audit_logs(company uuid, actor uuid, reach text, types text[] DEFAULT '{}') RETURNS SETOF audit_logs
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT l.* FROM audit_logs AS l
    WHERE l.company_id = company AND (
        reach = 'all'
        OR reach IN ('own', 'jobs') AND CASE WHEN cardinality(types) > 0 THEN l.actor_id = actor OR l.resource_type = ANY (types)
            ELSE l.actor_id = actor END
    )
$$;
REVOKE EXECUTE ON FUNCTION visible_audit_logs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION visible_audit_logs TO interviewer_service;
