REVOKE ALL ON schema_migrations FROM interviewer_service;
DROP FUNCTION refuse_change();
DROP FUNCTION current_company();
DROP EXTENSION IF EXISTS btree_gin;
DROP EXTENSION IF EXISTS pg_trgm;

-- Roles belong to the cluster. They are kept if another database uses them.
DO $$
DECLARE
    unwanted text;
BEGIN
    FOREACH unwanted IN ARRAY ARRAY['interviewer_service', 'interviewer_lookup'] LOOP
        EXECUTE format('DROP OWNED BY %I', unwanted);
        BEGIN
            EXECUTE format('DROP ROLE %I', unwanted);
        EXCEPTION
            WHEN dependent_objects_still_exist OR object_in_use THEN NULL;
        END;
    END LOOP;
END
$$;
