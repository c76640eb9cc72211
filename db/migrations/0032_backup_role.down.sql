-- The role remains: other databases of the cluster may use it.
CREATE OR REPLACE FUNCTION create_audit_partition(partition text, bounds text) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I PARTITION OF audit_logs %s', partition, bounds);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format('CREATE POLICY tenant ON %I TO interviewer_service
        USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()))', partition);
    EXECUTE format('CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
END
$$;

DROP PROCEDURE grant_backup();

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT p.polrelid::regclass AS name FROM pg_policy AS p WHERE p.polname = 'backup' LOOP
        EXECUTE format('DROP POLICY backup ON %s', one.name);
    END LOOP;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA public, river FROM interviewer_backup;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, river FROM interviewer_backup;
REVOKE USAGE ON SCHEMA public, river FROM interviewer_backup;
