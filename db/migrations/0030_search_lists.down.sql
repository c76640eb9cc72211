-- migrate: no transaction
-- The steps in which list_candidates and list_users find a page. Visibility, the pattern and the tags can each be
-- checked per row, or found by an index. Which way is faster is not known in advance, so each is tried with a small
-- bound before any is tried with a large one:
--   look up   the candidates that the actor sees, if they have at most that many applications
--   walk      that many rows in the order of the list, and check each; without a bound, until the page is full
--   search    the trigram and tag indexes, if they find at most that many rows
--
-- The bounds:
--   small     A walk past 2,000 rows fills a page if one in forty matches; looking up 2,000 takes as long.
--   large     If a walk past 40,000 rows does not fill the page, few rows match near the start of the order. A walk
--             with a filter is longer than its bound, because rows that the filter excludes are not counted; so a list
--             with a filter looks up as many from the start.
--   search    Many rows may match elsewhere in the order: for example, people with the same name are adjacent in the
--             order of names. Reading up to 100,000 of them is then faster than walking to them.
CREATE OR REPLACE FUNCTION search_steps(filtered boolean) RETURNS TABLE (step text, bound integer)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT s.step, s.bound
    FROM (VALUES (2000, 40000, 100000)) AS b (small_bound, large_bound, search_bound),
        LATERAL (VALUES
            (1, 'look up', CASE WHEN filtered THEN large_bound ELSE small_bound END),
            (2, 'walk', small_bound), (3, 'search', small_bound),
            (4, 'look up', large_bound), (5, 'walk', large_bound), (6, 'search', search_bound),
            (7, 'walk', NULL)
        ) AS s (place, step, bound)
    ORDER BY s.place
$$;
-- next
-- Candidates that an actor sees, that match a LIKE pattern and have all of some tags; a pattern or tags that are NULL
-- match all. See search_steps.
CREATE OR REPLACE FUNCTION list_candidates(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_text text DEFAULT NULL,
    after_id uuid DEFAULT NULL, pattern text DEFAULT NULL, wanted_tags text[] DEFAULT NULL, wanted_status text DEFAULT NULL,
    wanted_source text DEFAULT NULL, wanted_email text DEFAULT NULL, wanted_external_id text DEFAULT NULL,
    updated_since timestamptz DEFAULT NULL
) RETURNS SETOF candidates
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    searched CONSTANT boolean := pattern IS NOT NULL OR wanted_tags IS NOT NULL;
    filtered CONSTANT boolean := num_nonnulls(wanted_status, wanted_source, wanted_email, wanted_external_id, updated_since) > 0;
    jobs uuid[];
    reached bigint; -- how many applications the actor sees, up to the largest bound of a lookup and one more
    step text;
    bound integer;
    ids uuid[];
    page uuid[];
BEGIN
    IF reach <> 'all' THEN
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j);
        reached := count(*) FROM (
            SELECT FROM applications AS a WHERE a.company_id = company AND a.job_id = ANY (jobs)
            UNION ALL
            SELECT FROM panels_of_actor(company, actor, reach)
            LIMIT (SELECT max(s.bound) + 1 FROM search_steps(filtered) AS s WHERE s.step = 'look up')
        ) AS a;
    END IF;
    FOR step, bound IN SELECT s.step, s.bound FROM search_steps(filtered) AS s LOOP
        ids := NULL;
        IF step = 'look up' THEN
            CONTINUE WHEN reach = 'all' OR reached > bound;
            ids := ARRAY(
                SELECT a.candidate_id FROM applications AS a WHERE a.company_id = company AND a.job_id = ANY (jobs)
                UNION
                SELECT i.candidate_id FROM panels_of_actor(company, actor, reach) AS p
                JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
            );
        ELSIF step = 'search' THEN
            CONTINUE WHEN NOT searched;
            ids := ARRAY(SELECT search_candidates(company, pattern, wanted_tags, bound + 1));
            CONTINUE WHEN cardinality(ids) > bound;
        END IF;
        page := ARRAY(
            SELECT walked.id FROM (
                SELECT c.id, c.first_name, c.last_name, c.email, c.tags FROM candidates AS c
                WHERE c.company_id = company
                    AND (ids IS NULL OR c.id = ANY (ids))
                    AND (wanted_status IS NULL OR c.status = wanted_status)
                    AND (wanted_source IS NULL OR c.source = wanted_source)
                    AND (wanted_email IS NULL OR c.email = wanted_email)
                    AND (wanted_external_id IS NULL OR c.external_id = wanted_external_id)
                    AND (updated_since IS NULL OR c.updated_at >= updated_since)
                    AND (after_id IS NULL OR CASE sort
                        WHEN 'created_at' THEN (c.created_at, c.id) > (after_time, after_id)
                        WHEN '-created_at' THEN (c.created_at, c.id) < (after_time, after_id)
                        WHEN 'updated_at' THEN (c.updated_at, c.id) > (after_time, after_id)
                        WHEN '-updated_at' THEN (c.updated_at, c.id) < (after_time, after_id)
                        WHEN 'name' THEN (c.name_key, c.id) > (after_text, after_id)
                        WHEN '-name' THEN (c.name_key, c.id) < (after_text, after_id)
                    END)
                ORDER BY
                    CASE WHEN ids IS NOT NULL THEN c.company_id::text END,
                    CASE WHEN sort = 'created_at' THEN c.created_at END,
                    CASE WHEN sort = '-created_at' THEN c.created_at END DESC,
                    CASE WHEN sort = 'updated_at' THEN c.updated_at END,
                    CASE WHEN sort = '-updated_at' THEN c.updated_at END DESC,
                    CASE WHEN sort = 'name' THEN c.name_key END,
                    CASE WHEN sort = '-name' THEN c.name_key END DESC,
                    CASE WHEN sort IN ('created_at', 'updated_at', 'name') THEN c.id END,
                    CASE WHEN sort IN ('-created_at', '-updated_at', '-name') THEN c.id END DESC
                LIMIT CASE WHEN ids IS NULL THEN bound END
            ) AS walked
            WHERE (reach = 'all' OR walked.id IN (SELECT v.id FROM visible_candidates(company, actor, reach) AS v WHERE v.id = walked.id))
                AND (wanted_tags IS NULL OR walked.tags @> wanted_tags)
                AND (pattern IS NULL OR candidate_search_text(walked.first_name, walked.last_name, walked.email, walked.tags) LIKE lower(pattern))
            LIMIT max_rows
        );
        EXIT WHEN cardinality(page) = max_rows OR ids IS NOT NULL OR reach = 'all' AND NOT searched;
    END LOOP;
    RETURN QUERY
    SELECT c.* FROM unnest(page) WITH ORDINALITY AS found (id, place)
    JOIN candidates AS c ON c.company_id = company AND c.id = found.id
    ORDER BY found.place;
END
$$;
-- next
-- Users that an actor sees, whose names, email or department contain a text, given as a LIKE pattern. See
-- search_steps; the actor sees either all users or one, so nothing is looked up.
CREATE OR REPLACE FUNCTION list_users(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_text text DEFAULT NULL,
    after_id uuid DEFAULT NULL, pattern text DEFAULT NULL, wanted_roles text[] DEFAULT NULL, wanted_active boolean DEFAULT NULL,
    wanted_department text DEFAULT NULL, updated_since timestamptz DEFAULT NULL
) RETURNS SETOF users
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    searched CONSTANT boolean := reach = 'all' AND has_trigram(pattern);
    step text;
    bound integer;
    ids uuid[];
    page uuid[];
BEGIN
    FOR step, bound IN SELECT s.step, s.bound FROM search_steps(false) AS s WHERE s.step <> 'look up' LOOP
        ids := NULL;
        IF step = 'search' THEN
            CONTINUE WHEN searched IS NOT TRUE;
            ids := ARRAY(SELECT search_users(company, pattern, bound + 1));
            CONTINUE WHEN cardinality(ids) > bound;
        END IF;
        page := ARRAY(
            SELECT walked.id FROM (
                SELECT u.id, u.first_name, u.last_name, u.email, u.department FROM visible_users(company, actor, reach) AS u
                WHERE (ids IS NULL OR u.id = ANY (ids))
                    AND (wanted_roles IS NULL OR u.role = ANY (wanted_roles))
                    AND (wanted_active IS NULL OR u.is_active = wanted_active)
                    AND (wanted_department IS NULL OR u.department = wanted_department)
                    AND (updated_since IS NULL OR u.updated_at >= updated_since)
                    AND (after_id IS NULL OR CASE sort
                        WHEN 'created_at' THEN (u.created_at, u.id) > (after_time, after_id)
                        WHEN '-created_at' THEN (u.created_at, u.id) < (after_time, after_id)
                        WHEN 'updated_at' THEN (u.updated_at, u.id) > (after_time, after_id)
                        WHEN '-updated_at' THEN (u.updated_at, u.id) < (after_time, after_id)
                        WHEN 'name' THEN (u.name_key, u.id) > (after_text, after_id)
                        WHEN '-name' THEN (u.name_key, u.id) < (after_text, after_id)
                        WHEN 'email' THEN u.email > after_text
                        WHEN '-email' THEN u.email < after_text
                    END)
                ORDER BY
                    CASE WHEN ids IS NOT NULL THEN u.company_id::text END,
                    CASE WHEN sort = 'created_at' THEN u.created_at END,
                    CASE WHEN sort = '-created_at' THEN u.created_at END DESC,
                    CASE WHEN sort = 'updated_at' THEN u.updated_at END,
                    CASE WHEN sort = '-updated_at' THEN u.updated_at END DESC,
                    CASE WHEN sort = 'name' THEN u.name_key END,
                    CASE WHEN sort = '-name' THEN u.name_key END DESC,
                    CASE WHEN sort = 'email' THEN u.email END,
                    CASE WHEN sort = '-email' THEN u.email END DESC,
                    CASE WHEN sort IN ('created_at', 'updated_at', 'name') THEN u.id END,
                    CASE WHEN sort IN ('-created_at', '-updated_at', '-name') THEN u.id END DESC
                LIMIT CASE WHEN ids IS NULL THEN bound END
            ) AS walked
            WHERE pattern IS NULL OR user_search_text(walked.first_name, walked.last_name, walked.email, walked.department) LIKE lower(pattern)
            LIMIT max_rows
        );
        EXIT WHEN cardinality(page) = max_rows OR ids IS NOT NULL OR reach IS DISTINCT FROM 'all' OR pattern IS NULL;
    END LOOP;
    RETURN QUERY
    SELECT u.* FROM unnest(page) WITH ORDINALITY AS found (id, place)
    JOIN users AS u ON u.company_id = company AND u.id = found.id
    ORDER BY found.place;
END
$$;
-- next
DROP INDEX CONCURRENTLY IF EXISTS kits_alphabetical_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS jobs_alphabetical_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS users_alphabetical_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS users_terms_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS candidates_alphabetical_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS candidates_terms_idx;
