-- migrate: no transaction
-- The indexes of searches and of the alphabetical order, and the lists that use them. The previous release calls the same
-- functions: it finds the same, and its cursors of an order by name are valid, because they contain the names in lower
-- case.
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_terms_idx ON candidates
    USING gin (company_id, candidate_terms(first_name, last_name, email, tags) gin_trgm_ops, surname_term(last_name));
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_alphabetical_idx ON candidates
    (company_id, last_name COLLATE alphabetical, first_name COLLATE alphabetical, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_terms_idx ON users
    USING gin (company_id, user_terms(first_name, last_name, email, department) gin_trgm_ops);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_alphabetical_idx ON users
    (company_id, last_name COLLATE alphabetical, first_name COLLATE alphabetical, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_alphabetical_idx ON jobs (company_id, title COLLATE alphabetical, id);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS kits_alphabetical_idx ON kits (company_id, name COLLATE alphabetical, id);
-- next
-- Statistics of the expressions, by which the planner estimates how many rows match. Nothing waits behind this statement,
-- so it may wait for an automatic vacuum.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', '60s', true);
    ANALYZE candidates, users;
END
$$;
-- next
-- The steps in which list_candidates and list_users find a page. Visibility, the searched words and the tags can each be
-- checked per row, or found by an index. Which way is faster is not known in advance, so each is tried with a small
-- bound before any is tried with a large one:
--   look up   the candidates that the actor sees, if they have at most that many applications
--   surname   for the order of names, if one word is searched: that many candidates whose last names begin with the word.
--             They are adjacent in the order.
--   probe     that many rows in the order of the list, if no last name begins with the word: it may be a frequent one, such
--             as a tag
--   others    those of the step surname, and all other candidates that the index of searches finds, if the others are at most that many
--   walk      that many rows in the order of the list, and check each; without a bound, until the page is full
--   search    the indexes of searches and of tags, if they find at most that many rows
--
-- The bounds:
--   least     100 rows fill a page if most candidates match.
--   small     A walk past 2,000 rows fills a page if one in forty matches; looking up 2,000 takes as long.
--   medium    Looking up 10,000 others is faster than the large walk.
--   large     If a walk past 40,000 rows does not fill the page, few rows match near the start of the order. A walk
--             with a filter is longer than its bound, because rows that the filter excludes are not counted; so a list
--             with a filter looks up as many from the start.
--   search    Many rows may match elsewhere in the order. Reading up to 100,000 of them is then faster than walking to
--             them.
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
-- next
-- Candidates that an actor sees, that match all words of a searched text and have all of some tags; a pattern or tags that
-- are NULL match all. See search_patterns and search_steps. The table is never read as a whole, which the planner would do
-- because it assumes that the rows that match are spread evenly. The position of the last row of the previous page is given by
-- after_id and, depending on the order, after_time or the last and the first name, separated by U+0001.
CREATE OR REPLACE FUNCTION list_candidates(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_text text DEFAULT NULL,
    after_id uuid DEFAULT NULL, pattern text DEFAULT NULL, wanted_tags text[] DEFAULT NULL, wanted_status text DEFAULT NULL,
    wanted_source text DEFAULT NULL, wanted_email text DEFAULT NULL, wanted_external_id text DEFAULT NULL,
    updated_since timestamptz DEFAULT NULL
) RETURNS SETOF candidates
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
DECLARE
    patterns CONSTANT text[] := search_patterns(pattern, true);
    after_last CONSTANT text := split_part(after_text, E'\x01', 1);
    after_first CONSTANT text := split_part(after_text, E'\x01', 2);
    searched CONSTANT boolean := pattern IS NOT NULL OR wanted_tags IS NOT NULL;
    filtered CONSTANT boolean := num_nonnulls(wanted_status, wanted_source, wanted_email, wanted_external_id, updated_since) > 0;
    surname text; -- the searched word, if it can be the beginning of a surname_term and the order is that of names
    block uuid[]; -- the candidates whose last names begin with it
    jobs uuid[];
    reached bigint; -- how many applications the actor sees, up to the largest bound of a lookup and one more
    found integer := 0; -- how many candidates match at least, as far as the indexes of searches and of tags have shown
    step text;
    bound integer;
    ids uuid[];
    page uuid[];
BEGIN
    IF pattern IS NOT NULL AND patterns IS NULL THEN
        RETURN;
    END IF;
    IF sort IN ('name', '-name') AND cardinality(patterns) = 1 THEN
        surname := substring(patterns[1] COLLATE "C" FROM '^% ?([a-z]{2,})%$');
    END IF;
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
        CASE step
        WHEN 'look up' THEN
            CONTINUE WHEN reach = 'all' OR reached > bound;
            ids := ARRAY(
                SELECT a.candidate_id FROM applications AS a WHERE a.company_id = company AND a.job_id = ANY (jobs)
                UNION
                SELECT i.candidate_id FROM panels_of_actor(company, actor, reach) AS p
                JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
            );
        WHEN 'surname' THEN
            CONTINUE WHEN surname IS NULL;
        WHEN 'probe' THEN
            CONTINUE WHEN block IS DISTINCT FROM '{}';
        WHEN 'others' THEN
            CONTINUE WHEN block IS NULL;
            ids := ARRAY(SELECT find_candidates(company, patterns, wanted_tags, surname, bound + 1));
            found := cardinality(ids);
            CONTINUE WHEN found > bound;
            ids := ids || block;
        WHEN 'search' THEN
            CONTINUE WHEN NOT searched OR found > bound;
            ids := ARRAY(SELECT find_candidates(company, patterns, wanted_tags, NULL, bound + 1));
            found := cardinality(ids);
            CONTINUE WHEN found > bound;
        ELSE NULL;
        END CASE;
        page := ARRAY(
            SELECT walked.id FROM (
                SELECT c.id, c.first_name, c.last_name, c.email, c.tags FROM candidates AS c
                WHERE c.company_id = company
                    AND (ids IS NULL OR c.id = ANY (ids))
                    AND (step <> 'surname'
                        OR c.last_name COLLATE alphabetical >= surname AND c.last_name COLLATE alphabetical < surname || E'\uFFFF')
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
                        WHEN 'name' THEN (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) > (after_last, after_first, after_id)
                        WHEN '-name' THEN (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) < (after_last, after_first, after_id)
                    END)
                ORDER BY
                    CASE WHEN ids IS NOT NULL THEN c.company_id::text END,
                    CASE WHEN sort = 'created_at' THEN c.created_at END,
                    CASE WHEN sort = '-created_at' THEN c.created_at END DESC,
                    CASE WHEN sort = 'updated_at' THEN c.updated_at END,
                    CASE WHEN sort = '-updated_at' THEN c.updated_at END DESC,
                    CASE WHEN sort = 'name' THEN c.last_name COLLATE alphabetical END,
                    CASE WHEN sort = 'name' THEN c.first_name COLLATE alphabetical END,
                    CASE WHEN sort = '-name' THEN c.last_name COLLATE alphabetical END DESC,
                    CASE WHEN sort = '-name' THEN c.first_name COLLATE alphabetical END DESC,
                    CASE WHEN sort IN ('created_at', 'updated_at', 'name') THEN c.id END,
                    CASE WHEN sort IN ('-created_at', '-updated_at', '-name') THEN c.id END DESC
                LIMIT CASE WHEN ids IS NULL THEN bound END
            ) AS walked
            WHERE (reach = 'all' OR walked.id IN (SELECT v.id FROM visible_candidates(company, actor, reach) AS v WHERE v.id = walked.id))
                AND (wanted_tags IS NULL OR walked.tags @> wanted_tags)
                AND (pattern IS NULL OR candidate_terms(walked.first_name, walked.last_name, walked.email, walked.tags) LIKE ALL (patterns))
            LIMIT max_rows
        );
        IF step = 'surname' THEN
            -- A page that is not full is complete only if the bound did not end the walk.
            IF cardinality(page) = max_rows OR bound >= (SELECT count(*) FROM (
                SELECT FROM candidates AS c
                WHERE c.company_id = company
                    AND c.last_name COLLATE alphabetical >= surname AND c.last_name COLLATE alphabetical < surname || E'\uFFFF'
                    AND (after_id IS NULL OR CASE sort
                        WHEN 'name' THEN (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) > (after_last, after_first, after_id)
                        ELSE (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) < (after_last, after_first, after_id)
                    END)
                LIMIT bound + 1
            ) AS c) THEN
                block := page;
            END IF;
            CONTINUE;
        END IF;
        EXIT WHEN cardinality(page) = max_rows OR ids IS NOT NULL OR reach = 'all' AND NOT searched;
    END LOOP;
    RETURN QUERY
    SELECT c.* FROM unnest(page) WITH ORDINALITY AS shown (id, place)
    JOIN candidates AS c ON c.company_id = company AND c.id = shown.id
    ORDER BY shown.place;
END
$$;
-- next
-- Users that an actor sees, whose names, email or department contain all words of a searched text. See list_candidates; the
-- actor sees either all users or one, so nothing is looked up, and a company has too few users to search them by last name.
CREATE OR REPLACE FUNCTION list_users(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_text text DEFAULT NULL,
    after_id uuid DEFAULT NULL, pattern text DEFAULT NULL, wanted_roles text[] DEFAULT NULL, wanted_active boolean DEFAULT NULL,
    wanted_department text DEFAULT NULL, updated_since timestamptz DEFAULT NULL
) RETURNS SETOF users
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    patterns CONSTANT text[] := search_patterns(pattern, false);
    after_last CONSTANT text := split_part(after_text, E'\x01', 1);
    after_first CONSTANT text := split_part(after_text, E'\x01', 2);
    searched CONSTANT boolean := reach = 'all' AND has_trigram(patterns[1]);
    step text;
    bound integer;
    ids uuid[];
    page uuid[];
BEGIN
    FOR step, bound IN SELECT s.step, s.bound FROM search_steps(false) AS s WHERE s.step IN ('walk', 'search') LOOP
        ids := NULL;
        IF step = 'search' THEN
            CONTINUE WHEN searched IS NOT TRUE;
            ids := ARRAY(SELECT find_users(company, patterns, bound + 1));
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
                        WHEN 'name' THEN (u.last_name COLLATE alphabetical, u.first_name COLLATE alphabetical, u.id) > (after_last, after_first, after_id)
                        WHEN '-name' THEN (u.last_name COLLATE alphabetical, u.first_name COLLATE alphabetical, u.id) < (after_last, after_first, after_id)
                        WHEN 'email' THEN u.email > after_text
                        WHEN '-email' THEN u.email < after_text
                    END)
                ORDER BY
                    CASE WHEN ids IS NOT NULL THEN u.company_id::text END,
                    CASE WHEN sort = 'created_at' THEN u.created_at END,
                    CASE WHEN sort = '-created_at' THEN u.created_at END DESC,
                    CASE WHEN sort = 'updated_at' THEN u.updated_at END,
                    CASE WHEN sort = '-updated_at' THEN u.updated_at END DESC,
                    CASE WHEN sort = 'name' THEN u.last_name COLLATE alphabetical END,
                    CASE WHEN sort = 'name' THEN u.first_name COLLATE alphabetical END,
                    CASE WHEN sort = '-name' THEN u.last_name COLLATE alphabetical END DESC,
                    CASE WHEN sort = '-name' THEN u.first_name COLLATE alphabetical END DESC,
                    CASE WHEN sort = 'email' THEN u.email END,
                    CASE WHEN sort = '-email' THEN u.email END DESC,
                    CASE WHEN sort IN ('created_at', 'updated_at', 'name') THEN u.id END,
                    CASE WHEN sort IN ('-created_at', '-updated_at', '-name') THEN u.id END DESC
                LIMIT CASE WHEN ids IS NULL THEN bound END
            ) AS walked
            WHERE pattern IS NULL OR user_terms(walked.first_name, walked.last_name, walked.email, walked.department) LIKE ALL (patterns)
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
