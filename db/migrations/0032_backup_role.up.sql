-- migrate: no transaction
-- A role that can read every row of every company and change nothing, for backups. pg_dump refuses tables with row-level
-- security unless a policy shows it their rows; the policies of this role do. Nobody can log in as the role: "interviewer
-- backup" connects as the owner of the tables or another member, and switches to it.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interviewer_backup') THEN
        BEGIN
            CREATE ROLE interviewer_backup NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the cluster was faster
        END;
    END IF;
    -- From PostgreSQL 16 on, the creator of a role does not have its rights.
    IF NOT pg_has_role(current_user, 'interviewer_backup', 'USAGE') THEN
        GRANT interviewer_backup TO CURRENT_USER;
    END IF;
END
$$;
-- next
-- Gives interviewer_backup what it lacks: the rows of every table and sequence of ours and of River. It is called by the role that
-- migrates, after all migrations, so that no migration can forget a table. Each policy is committed on its own, because its
-- table is locked until then.
CREATE OR REPLACE PROCEDURE grant_backup()
    LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    GRANT USAGE ON SCHEMA public, river TO interviewer_backup;
    COMMIT;
    FOR one IN SELECT c.oid::regclass AS name, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
            c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'backup') AS hidden
        FROM pg_catalog.pg_class AS c
        WHERE c.relkind IN ('r', 'p', 'S') AND c.relnamespace IN ('public'::regnamespace, 'river'::regnamespace)
            AND pg_has_role(c.relowner, 'USAGE')
    LOOP
        EXECUTE format('GRANT SELECT ON %s %s TO interviewer_backup', one.kind, one.name);
        IF one.hidden THEN
            EXECUTE format('CREATE POLICY backup ON %s FOR SELECT TO interviewer_backup USING (true)', one.name);
        END IF;
        COMMIT;
    END LOOP;
END
$$;
REVOKE EXECUTE ON PROCEDURE grant_backup() FROM PUBLIC;
-- next
-- Creates a partition with what a partition does not inherit. Only the owner can execute it.
CREATE OR REPLACE FUNCTION create_audit_partition(partition text, bounds text) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I PARTITION OF audit_logs %s', partition, bounds);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format('CREATE POLICY tenant ON %I TO interviewer_service
        USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()))', partition);
    EXECUTE format('CREATE POLICY backup ON %I FOR SELECT TO interviewer_backup USING (true)', partition);
    EXECUTE format('GRANT SELECT ON %I TO interviewer_backup', partition);
    EXECUTE format('CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
END
$$;
