-- The ground every table stands on: two roles that own no table, and the tenant of a transaction.
--
-- interviewer_service is what the service becomes on every connection: it owns nothing and row-level security binds it.
-- interviewer_lookup owns the few SECURITY DEFINER functions that answer before a tenant is known; it can read exactly
-- the columns they need. Neither can log in; the migrating role becomes a member of both.

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

-- The tenant that the service has set for this transaction; NULL, and therefore no rows at all, where it has set none.
CREATE FUNCTION current_company() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.company_id', true), '')::uuid;

-- What is recorded once stays: not even the owner of a table that uses this changes its rows.
CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

-- The service compares the schema's version with the one it was built for.
GRANT SELECT ON schema_migrations TO interviewer_service;
