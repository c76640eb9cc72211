-- migrate: no transaction
CREATE OR REPLACE FUNCTION user_search_text(first_name text, last_name text, email text, department text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(first_name || ' ' || last_name || ' ' || email || ' ' || coalesce(department, ''));
-- next
CREATE OR REPLACE FUNCTION candidate_search_text(first_name text, last_name text, email text, tags text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(' ' || first_name || ' ' || last_name || ' ' || coalesce(email, '') || ' ' || array_to_string(tags, ' '));
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name_idx ON users (company_id, name_key, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_search_idx ON users
    USING gin (company_id, user_search_text(first_name, last_name, email, department) gin_trgm_ops);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_name_idx ON candidates (company_id, name_key, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_search_idx ON candidates
    USING gin (company_id, candidate_search_text(first_name, last_name, email, tags) gin_trgm_ops);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_title_idx ON jobs (company_id, title_key, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS kits_name_idx ON kits (company_id, name_key, id);
-- next
CREATE OR REPLACE FUNCTION search_users(company uuid, pattern text, at_most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM users
    WHERE company_id = company AND company_id = current_company()
        AND user_search_text(first_name, last_name, email, department) LIKE lower(pattern)
    LIMIT at_most
$$;
-- next
CREATE OR REPLACE FUNCTION search_candidates(company uuid, pattern text, wanted_tags text[], at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF company IS DISTINCT FROM current_company() THEN
        RETURN;
    END IF;
    IF wanted_tags IS NULL THEN
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND candidate_search_text(c.first_name, c.last_name, c.email, c.tags) LIKE lower(pattern)
            LIMIT at_most;
    ELSIF pattern IS NULL THEN
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND c.tags @> wanted_tags
            LIMIT at_most;
    ELSE
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND c.tags @> wanted_tags
                AND candidate_search_text(c.first_name, c.last_name, c.email, c.tags) LIKE lower(pattern)
            LIMIT at_most;
    END IF;
END
$$;
-- next
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
-- next
ALTER FUNCTION search_users(uuid, text, integer) OWNER TO interviewer_lookup;
-- next
ALTER FUNCTION search_candidates(uuid, text, text[], integer) OWNER TO interviewer_lookup;
-- next
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
-- next
REVOKE EXECUTE ON FUNCTION search_users(uuid, text, integer), search_candidates(uuid, text, text[], integer) FROM PUBLIC;
-- next
GRANT EXECUTE ON FUNCTION search_users(uuid, text, integer), search_candidates(uuid, text, text[], integer) TO interviewer_service;
