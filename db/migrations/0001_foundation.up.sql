-- Two roles that own no tables, and the tenant of a transaction.
--
-- interviewer_service is the role of every connection of the service. It owns nothing, and row-level security applies
-- to it. interviewer_lookup owns the few SECURITY DEFINER functions that are called before the tenant is known. It
-- can read only the columns that these need. Neither role can log in. The role that migrates becomes a member of
-- both.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['interviewer_service', 'interviewer_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the cluster was faster
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') OR NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The tenant of this transaction. It is NULL if the service has not set one; then no rows are visible.
CREATE FUNCTION current_company() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.company_id', true), '')::uuid;

-- Rejects changes to the rows of a table, even by its owner.
CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

-- The service compares the version of the schema with the one that it was built for.
GRANT SELECT ON schema_migrations TO interviewer_service;
