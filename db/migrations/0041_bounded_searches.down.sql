-- migrate: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_tags_idx ON candidates USING gin (company_id, tags);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_terms_idx ON candidates
    USING gin (company_id, candidate_terms(first_name, last_name, email, tags) gin_trgm_ops, surname_term(last_name));
-- next
DO $do$
DECLARE
    searched CONSTANT text := $t$WHEN reach = 'all' AND num_nonnulls(pattern, wanted_tags) > 0 AND num_nonnulls(wanted_email, wanted_external_id) = 0 THEN
        RETURN QUERY SELECT * FROM search_candidates(company, actor, sort, max_rows, after_time, after_text, after_id, pattern, wanted_tags,
            wanted_status, wanted_source, updated_since);
        RETURN;
    $t$;
BEGIN
    EXECUTE replace(pg_get_functiondef('list_candidates'::regproc), searched, '');
END
$do$;
-- next
DROP FUNCTION IF EXISTS search_candidates;
-- next
DROP FUNCTION IF EXISTS find_candidates_in;
-- next
ALTER FUNCTION find_candidates(uuid, text[], text[], text, integer) RESET plan_cache_mode RESET enable_bitmapscan RESET enable_seqscan RESET work_mem;
-- next
DROP INDEX CONCURRENTLY IF EXISTS candidates_search_idx;
-- next
DROP FUNCTION IF EXISTS spans_of(timestamptz), span_of(bigint, integer), span_second(timestamptz), span_bits(integer);
-- next
REVOKE SELECT (created_at) ON candidates FROM interviewer_lookup;
-- next
CREATE OR REPLACE FUNCTION candidate_terms(first_name text, last_name text, email text, tags text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN public.search_terms(' ' || first_name || ' ' || last_name || ' ' || coalesce(email, '') || ' ' || array_to_string(tags, ' '));
END
$$;
