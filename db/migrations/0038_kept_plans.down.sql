-- migrate: no transaction
DO $$
DECLARE
    list record;
BEGIN
    FOR list IN
        SELECT p.proname, 'list_' || substr(p.proname, 9) AS renamed FROM pg_proc AS p
        WHERE p.pronamespace = 'public'::regnamespace
            AND p.proname IN ('planned_applications', 'planned_interviews', 'planned_scores', 'planned_candidates')
    LOOP
        EXECUTE replace('DROP FUNCTION listed', 'listed', list.renamed);
        EXECUTE replace('ALTER FUNCTION planned RESET enable_sort RESET enable_bitmapscan RESET enable_hashjoin RESET enable_mergejoin',
            'planned', list.proname);
        IF list.renamed <> 'list_candidates' THEN
            EXECUTE replace('ALTER FUNCTION planned RESET enable_seqscan', 'planned', list.proname);
        END IF;
        EXECUTE format('ALTER FUNCTION %I RENAME TO %I', list.proname, list.renamed);
    END LOOP;
END
$$;
-- next
ALTER FUNCTION find_duplicates(uuid, uuid, text, integer, text, text, uuid, uuid) RESET plan_cache_mode;
-- next
DROP FUNCTION IF EXISTS list_walk_limit();
-- next
DROP INDEX CONCURRENTLY IF EXISTS interview_panelists_starts_idx;
-- next
DROP TRIGGER IF EXISTS interviews_panelist_times ON interviews;
-- next
DROP TRIGGER IF EXISTS interview_panelists_time ON interview_panelists;
-- next
DROP FUNCTION IF EXISTS set_panelist_time(), move_panelist_times();
-- next
CREATE OR REPLACE FUNCTION record_panelist_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'interview', r.interview_id FROM changed_rows AS r;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'interview_scores', r.interview_id FROM changed_rows AS r;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT r.company_id, 'interview_access', r.interview_id, r.user_id FROM changed_rows AS r;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER interview_panelists_update_changes AFTER UPDATE ON interview_panelists REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
-- next
ALTER TABLE interview_panelists DROP COLUMN IF EXISTS starts_key;
-- next
CREATE OR REPLACE FUNCTION company_is_live(company uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM live_companies WHERE id = company AND company = current_company())
$$;
-- next
CREATE OR REPLACE FUNCTION search_steps(filtered boolean) RETURNS TABLE (step text, bound integer)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT s.step, s.bound
    FROM (VALUES (100, 2000, 10000, 40000, 100000)) AS b (least_bound, small_bound, medium_bound, large_bound, search_bound),
        LATERAL (VALUES
            (1, 'look up', CASE WHEN filtered THEN large_bound ELSE small_bound END),
            (2, 'surname', small_bound), (3, 'probe', least_bound), (4, 'others', small_bound),
            (5, 'walk', small_bound), (6, 'search', small_bound),
            (7, 'others', medium_bound), (8, 'look up', large_bound), (9, 'walk', large_bound), (10, 'search', search_bound),
            (11, 'walk', NULL)
        ) AS s (place, step, bound)
    ORDER BY s.place
$$;
