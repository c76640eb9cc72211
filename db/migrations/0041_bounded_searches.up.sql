-- migrate: no transaction
-- Searches whose cost follows the page. The index of searches also knows when candidates were created, so a search in the order of time
-- asks it for a part of the time, and for a larger or a smaller part next, depending on how much it found. Other searches of actors who
-- see all candidates walk the order of the list as long as that finds enough. The index of tags becomes a part of the same index.

-- The text that a search for candidates matches, as before. Most texts are ASCII; only the parts that are not are folded.
CREATE OR REPLACE FUNCTION candidate_terms(first_name text, last_name text, email text, tags text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    letters text := ' ' || first_name || ' ' || last_name;
    others CONSTANT text := ' ' || coalesce(email, '') || ' ' || array_to_string(tags, ' ');
BEGIN
    IF octet_length(others) <> length(others) THEN
        RETURN public.search_terms(letters || others);
    END IF;
    letters := CASE WHEN octet_length(letters) = length(letters) THEN lower(letters COLLATE "C") ELSE public.folded(letters) END || lower(others COLLATE "C");
    IF letters COLLATE "C" ~ '[!-\-/:-?[-^`{-~¡-¿\u2000-\u206f]' THEN -- see search_terms
        RETURN letters || ' ' || regexp_replace(
            translate(letters, '-''', ' ') COLLATE "C", '[!-\-/:-?[-^`{-~¡-¿\u2000-\u206f]', ' ', 'g'
        );
    END IF;
    RETURN letters;
END
$$;
-- next
-- The size of the spans of time of a level, as a power of two of seconds: about 2 minutes, an hour, 1.5 days, 49 days, 4 years.
CREATE OR REPLACE FUNCTION span_bits(level integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 7 + 5 * level;
-- next
-- A time in seconds, within the times that have spans.
CREATE OR REPLACE FUNCTION span_second(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN floor(extract(epoch FROM least(greatest(at, '0001-01-01 00:00:00+00'), '9999-12-31 00:00:00+00')))::bigint;
-- next
-- The span of a level that a second is in. The last three bits are the level.
CREATE OR REPLACE FUNCTION span_of(second bigint, level integer) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((second >> span_bits(level)) << 3) | level;
-- next
-- The spans that a time is in, one for each level.
CREATE OR REPLACE FUNCTION spans_of(at timestamptz) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    second CONSTANT bigint := public.span_second(at);
BEGIN
    RETURN ARRAY[(second >> 7) << 3, (second >> 12) << 3 | 1, (second >> 17) << 3 | 2, (second >> 22) << 3 | 3, (second >> 27) << 3 | 4];
END
$$;
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_search_idx ON candidates
    USING gin (company_id, candidate_terms(first_name, last_name, email, tags) gin_trgm_ops, surname_term(last_name), tags, spans_of(created_at));
-- next
-- Candidates of a company that were created in a span of time and match all patterns or, without patterns, have all of some tags; at most so
-- many. See find_candidates, which it completes. Its plans are kept.
CREATE OR REPLACE FUNCTION find_candidates_in(company uuid, patterns text[], wanted_tags text[], span bigint, at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_indexscan = off SET enable_bitmapscan = on AS $$
BEGIN
    CASE
    WHEN patterns IS NULL THEN
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND company = (SELECT current_company()) AND spans_of(c.created_at) @> ARRAY[span]
                AND c.tags @> wanted_tags
            LIMIT at_most;
    WHEN cardinality(patterns) = 1 THEN
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND company = (SELECT current_company()) AND spans_of(c.created_at) @> ARRAY[span]
                AND candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE patterns[1]
            LIMIT at_most;
    ELSE
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND company = (SELECT current_company()) AND spans_of(c.created_at) @> ARRAY[span]
                AND candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE patterns[1]
                AND candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE patterns[2]
                AND candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE ALL (patterns[3:])
            LIMIT at_most;
    END CASE;
END
$$;
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION find_candidates_in(uuid, text[], text[], bigint, integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION find_candidates_in, span_bits, span_second, span_of, spans_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_candidates_in, span_bits, span_second, span_of, spans_of TO interviewer_service;
GRANT EXECUTE ON FUNCTION spans_of, span_second TO interviewer_lookup;
GRANT SELECT (created_at) ON candidates TO interviewer_lookup;
-- next
-- This block writes search_candidates: a search by an actor who sees all candidates. The other parameters are those of list_candidates.
-- It finds a page in steps. A step that finds a part of the page also moves the position on. Its plans are kept, but those of
-- find_candidates.
--   walk     rows in the order of the list, as many as its bound: first two fifths of list_walk_limit(), which fills a page of 50 if one
--            candidate in eight matches
--   spans    in the orders of created_at: spans of time, from the position on, of which the index of searches finds the candidates
--            that match. A span with more than span_limit of them is divided. After one with few, the next span is of the next level.
--   further  in the other orders: three times the rows that are expected to fill the page, judging by the walks until then
--   search   the index of searches, if it finds at most as many rows as its bound. If one word is searched in the order of names, the
--            last names that begin with it are adjacent; these are walked, and the index finds only others. It is left out at first if
--            one candidate in a hundred matches in a span, because the index reads all that match, whatever the bound is.
DO $do$
DECLARE
    walk CONSTANT text := $t$
            WHEN {sort} THEN
                RETURN QUERY SELECT r.* FROM (
                    SELECT s.* FROM visible_candidates(company, actor, 'all') AS s
                    WHERE {after}{range}
                    ORDER BY {order} LIMIT bound
                ) AS r
                WHERE {filters}
                    AND (pattern IS NULL OR candidate_terms(r.first_name, r.last_name, r.email, r.tags) LIKE ALL (patterns))
                LIMIT max_rows - found;
                GET DIAGNOSTICS added = ROW_COUNT;
                IF found + added < max_rows THEN
                    SELECT s.created_at, s.updated_at, s.last_name, s.first_name, s.id INTO last_created, last_updated, last_last, last_first, last_id
                    FROM visible_candidates(company, actor, 'all') AS s
                    WHERE {after}{range}
                    ORDER BY {order} OFFSET bound - 1 LIMIT 1;
                END IF;$t$;
    span CONSTANT text := $t$
                    RETURN QUERY SELECT r.* FROM unnest(ids) AS k (id)
                    CROSS JOIN LATERAL (SELECT v.* FROM visible_candidates(company, actor, 'all') AS v WHERE v.id = k.id LIMIT 1) AS r
                    WHERE (r.created_at, r.id) {op} (from_time, from_id) AND {filters}
                    ORDER BY r.created_at {dir}, r.id {dir} LIMIT max_rows - found;
                    GET DIAGNOSTICS added = ROW_COUNT;$t$;
    -- One more than the rows that are walked: more of them are not read as a whole.
    block CONSTANT text := $t$
                    SELECT array_agg(r.id) FILTER (WHERE r.matches), count(*) INTO ids, added FROM (
                        SELECT r.id, {filters} AND candidate_terms(r.first_name, r.last_name, r.email, r.tags) LIKE ALL (patterns) AS matches
                        FROM visible_candidates(company, actor, 'all') AS r
                        WHERE (r.last_name COLLATE alphabetical, r.first_name COLLATE alphabetical, r.id) {op} (block_last, block_first, block_id)
                            AND r.last_name COLLATE alphabetical {end}
                        ORDER BY r.last_name COLLATE alphabetical {dir}, r.first_name COLLATE alphabetical {dir}, r.id {dir} LIMIT block_limit + 1
                    ) AS r;$t$;
    filters CONSTANT text := $t$(wanted_status IS NULL OR r.status = wanted_status)
                    AND (wanted_source IS NULL OR r.source = wanted_source)
                    AND (updated_since IS NULL OR r.updated_at >= updated_since)
                    AND (wanted_tags IS NULL OR r.tags @> wanted_tags)$t$;
    branches text := '';
    branch record;
BEGIN
    FOR branch IN
        SELECT k.key, d.* FROM unnest(ARRAY['created_at', 'updated_at', 'name']) AS k (key), (VALUES ('', 'ASC', '>'), ('-', 'DESC', '<')) AS d (prefix, dir, op)
        ORDER BY k.key, d.dir
    LOOP
        branches := branches || replace(replace(replace(replace(walk,
            '{sort}', quote_literal(branch.prefix || branch.key)),
            '{range}', CASE branch.key WHEN 'updated_at' THEN ' AND s.updated_at >= coalesce(updated_since, ''-infinity'')' ELSE '' END),
            '{after}', CASE branch.key
                WHEN 'name' THEN replace('(s.last_name COLLATE alphabetical, s.first_name COLLATE alphabetical, s.id) op (from_last, from_first, from_id)', 'op', branch.op)
                ELSE format('(s.%I, s.id) %s (from_time, from_id)', branch.key, branch.op) END),
            '{order}', CASE branch.key
                WHEN 'name' THEN replace('s.last_name COLLATE alphabetical dir, s.first_name COLLATE alphabetical dir, s.id dir', 'dir', branch.dir)
                ELSE format('s.%I %s, s.id %s', branch.key, branch.dir, branch.dir) END);
    END LOOP;
    EXECUTE replace(replace(replace(replace(replace(replace($t$
CREATE OR REPLACE FUNCTION search_candidates(
    company uuid, actor uuid, sort text, max_rows integer, after_time timestamptz, after_text text, after_id uuid, pattern text,
    wanted_tags text[], wanted_status text, wanted_source text, updated_since timestamptz
) RETURNS SETOF candidates
    LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_generic_plan SET enable_sort = off SET enable_bitmapscan = off
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    patterns CONSTANT text[] := search_patterns(pattern, true);
    backwards CONSTANT boolean := starts_with(sort, '-');
    by_time CONSTANT boolean := sort IN ('created_at', '-created_at');
    surname CONSTANT text := CASE WHEN sort IN ('name', '-name') AND cardinality(patterns) = 1
        THEN substring(patterns[1] COLLATE "C" FROM '^% ?([a-z]{2,})%$') END;
    surname_end CONSTANT text := surname || E'\uFFFF';
    smallest CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    span_limit CONSTANT integer := greatest(least(list_walk_limit() / 3, 300), 1);
    from_time timestamptz := coalesce(after_time, CASE WHEN backwards THEN 'infinity'::timestamptz ELSE '-infinity' END);
    -- A last name has at most 100 characters.
    from_last text := CASE WHEN after_id IS NULL AND backwards THEN repeat(E'\uFFFF', 101) ELSE split_part(after_text, E'\x01', 1) END;
    from_first text := split_part(after_text, E'\x01', 2);
    from_id uuid := coalesce(after_id, CASE WHEN backwards THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid ELSE smallest END);
    step text;
    bound integer;
    walked integer := 0;
    found integer := 0;
    added integer;
    last_created timestamptz;
    last_updated timestamptz;
    last_last text;
    last_first text;
    last_id uuid;
    block_last text;
    block_first text;
    block_id uuid;
    block_limit integer; -- how many last names that begin with the word are read; all of them match the word
    level integer;
    second bigint; -- where the next span is
    last_second bigint; -- that of the last candidate in the order
    ids uuid[];
    others uuid[];
    examined integer := 0;
    frequent integer;
    is_frequent boolean; -- whether the index would find too many
BEGIN
    IF pattern IS NOT NULL AND patterns IS NULL THEN
        RETURN;
    END IF;
    from_last := coalesce(from_last, '');
    from_first := coalesce(from_first, '');
    FOR step, bound IN SELECT * FROM (VALUES ('walk', greatest(list_walk_limit() * 2 / 5, 1)), (CASE WHEN by_time THEN 'spans' ELSE 'further' END, 0),
        ('search', 2000), ('walk', list_walk_limit() * 10), ('further', 0),
        ('walk', list_walk_limit() * 40), ('further', 0), ('search', 100000), ('walk', 2147483647)) AS s
    LOOP
        IF step = 'further' THEN
            CONTINUE WHEN by_time OR found < 2;
            bound := least(3::bigint * walked * (max_rows - found) / found, list_walk_limit() * 30);
        END IF;
        CASE step
        WHEN 'walk', 'further' THEN
            last_id := NULL;
            CASE sort{walks}
            END CASE;
            found := found + added;
            walked := least(walked::bigint + bound, 1000000000);
            IF found = max_rows OR last_id IS NULL THEN
                RETURN;
            END IF;
            from_time := CASE WHEN by_time THEN last_created ELSE last_updated END;
            from_last := last_last;
            from_first := last_first;
            from_id := last_id;
        WHEN 'spans' THEN
            last_second := span_second(CASE WHEN backwards
                THEN (SELECT s.created_at FROM candidates AS s WHERE s.company_id = company ORDER BY s.created_at, s.id LIMIT 1)
                ELSE (SELECT s.created_at FROM candidates AS s WHERE s.company_id = company ORDER BY s.created_at DESC, s.id DESC LIMIT 1) END);
            second := span_second(from_time);
            -- The first span is as long as the next rows, of which some hundred may match.
            last_created := CASE WHEN backwards
                THEN (SELECT s.created_at FROM candidates AS s WHERE s.company_id = company AND (s.created_at, s.id) < (from_time, from_id)
                    ORDER BY s.created_at DESC, s.id DESC OFFSET list_walk_limit() * 2 LIMIT 1)
                ELSE (SELECT s.created_at FROM candidates AS s WHERE s.company_id = company AND (s.created_at, s.id) > (from_time, from_id)
                    ORDER BY s.created_at, s.id OFFSET list_walk_limit() * 2 LIMIT 1) END;
            level := 0;
            WHILE level < 4 AND (last_created IS NULL OR abs(span_second(last_created) - second) >= 1::bigint << span_bits(level + 1)) LOOP
                level := level + 1;
            END LOOP;
            WHILE examined <= span_limit * 20 LOOP
                ids := ARRAY(SELECT find_candidates_in(company, patterns, wanted_tags, span_of(second, level), span_limit + 1));
                examined := examined + cardinality(ids);
                IF cardinality(ids) > span_limit THEN
                    EXIT WHEN level = 0;
                    level := level - 1;
                    CONTINUE;
                END IF;
                IF backwards THEN{spans_backwards}
                    second := ((second >> span_bits(level)) << span_bits(level)) - 1;
                    from_time := to_timestamp(second + 1);
                ELSE{spans_forwards}
                    second := ((second >> span_bits(level)) + 1) << span_bits(level);
                    from_time := to_timestamp(second);
                END IF;
                from_id := smallest;
                found := found + added;
                IF found = max_rows OR backwards AND second < last_second OR NOT backwards AND second > last_second THEN
                    RETURN;
                END IF;
                IF cardinality(ids) * 32 <= span_limit THEN
                    level := least(level + 1, 4);
                END IF;
            END LOOP;
        WHEN 'search' THEN
            IF is_frequent IS NULL AND NOT by_time THEN
                -- The span before the one of the last candidates, at least as long as those take.
                SELECT s.created_at INTO last_created FROM candidates AS s WHERE s.company_id = company
                ORDER BY s.created_at DESC, s.id DESC LIMIT 1;
                second := span_second(last_created);
                SELECT s.created_at INTO last_created FROM candidates AS s WHERE s.company_id = company
                ORDER BY s.created_at DESC, s.id DESC OFFSET list_walk_limit() * 10 LIMIT 1;
                last_second := span_second(last_created);
                level := 0;
                WHILE level < 4 AND second - last_second > 1::bigint << span_bits(level) LOOP
                    level := level + 1;
                END LOOP;
                -- One in a hundred of the candidates that the span is expected to have.
                frequent := least(list_walk_limit()::bigint * 10 * (1::bigint << span_bits(level)) / greatest(second - last_second, 1) / 100, 1000);
                is_frequent := last_created IS NOT NULL AND cardinality(ARRAY(SELECT find_candidates_in(company, patterns, wanted_tags,
                    span_of(second - (1::bigint << span_bits(level)), level), greatest(frequent, 1)))) >= greatest(frequent, 1);
            END IF;
            CONTINUE WHEN is_frequent AND bound = 2000;
            bound := CASE WHEN is_frequent THEN 10000 ELSE bound END;
            ids := NULL;
            IF surname IS NOT NULL THEN
                -- The position, or the edge of the last names that begin with the word, if the position is before it.
                IF backwards THEN
                    block_last := CASE WHEN from_last COLLATE alphabetical < surname_end THEN from_last ELSE surname_end END;
                ELSE
                    block_last := CASE WHEN from_last COLLATE alphabetical >= surname THEN from_last ELSE surname END;
                END IF;
                block_first := CASE WHEN block_last = from_last THEN from_first ELSE '' END;
                block_limit := CASE num_nonnulls(wanted_tags, wanted_status, wanted_source, updated_since) WHEN 0 THEN 2 * (max_rows - found) ELSE list_walk_limit() END;
                block_id := CASE WHEN block_last = from_last THEN from_id ELSE smallest END;
                IF backwards THEN{block_backwards}
                ELSE{block_forwards}
                END IF;
                IF added <= block_limit OR cardinality(ids) >= max_rows - found THEN
                    others := ARRAY(SELECT find_candidates(company, patterns, wanted_tags, surname, bound + 1));
                    CONTINUE WHEN cardinality(others) > bound;
                    ids := others || ids;
                ELSE
                    ids := NULL;
                END IF;
            END IF;
            IF ids IS NULL THEN
                ids := ARRAY(SELECT find_candidates(company, patterns, wanted_tags, NULL, bound + 1));
                CONTINUE WHEN cardinality(ids) > bound;
            END IF;
            RETURN QUERY SELECT r.* FROM (SELECT DISTINCT u.id FROM unnest(ids) AS u (id)) AS k
            CROSS JOIN LATERAL (SELECT v.* FROM visible_candidates(company, actor, 'all') AS v WHERE v.id = k.id LIMIT 1) AS r
            WHERE {filters} AND CASE sort
                    WHEN 'created_at' THEN (r.created_at, r.id) > (from_time, from_id)
                    WHEN '-created_at' THEN (r.created_at, r.id) < (from_time, from_id)
                    WHEN 'updated_at' THEN (r.updated_at, r.id) > (from_time, from_id)
                    WHEN '-updated_at' THEN (r.updated_at, r.id) < (from_time, from_id)
                    WHEN 'name' THEN (r.last_name COLLATE alphabetical, r.first_name COLLATE alphabetical, r.id) > (from_last, from_first, from_id)
                    WHEN '-name' THEN (r.last_name COLLATE alphabetical, r.first_name COLLATE alphabetical, r.id) < (from_last, from_first, from_id)
                END
            ORDER BY
                CASE WHEN sort = 'created_at' THEN r.created_at END,
                CASE WHEN sort = '-created_at' THEN r.created_at END DESC,
                CASE WHEN sort = 'updated_at' THEN r.updated_at END,
                CASE WHEN sort = '-updated_at' THEN r.updated_at END DESC,
                CASE WHEN sort = 'name' THEN r.last_name COLLATE alphabetical END,
                CASE WHEN sort = 'name' THEN r.first_name COLLATE alphabetical END,
                CASE WHEN sort = '-name' THEN r.last_name COLLATE alphabetical END DESC,
                CASE WHEN sort = '-name' THEN r.first_name COLLATE alphabetical END DESC,
                CASE WHEN NOT backwards THEN r.id END, r.id DESC
            LIMIT max_rows - found;
            RETURN;
        END CASE;
    END LOOP;
END
$$$t$, '{walks}', branches),
        '{spans_backwards}', replace(replace(span, '{op}', '<'), '{dir}', 'DESC')),
        '{spans_forwards}', replace(replace(span, '{op}', '>'), '{dir}', 'ASC')),
        '{block_backwards}', replace(replace(replace(block, '{op}', '<'), '{dir}', 'DESC'), '{end}', '>= surname')),
        '{block_forwards}', replace(replace(replace(block, '{op}', '>'), '{dir}', 'ASC'), '{end}', '< surname_end')),
        '{filters}', filters);
    REVOKE EXECUTE ON FUNCTION search_candidates FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION search_candidates TO interviewer_service;
END
$do$;
-- next
-- find_candidates is planned with its values in every caller. With less memory, the positions of more than some ten thousand rows are
-- kept as pages, of which each row is checked.
ALTER FUNCTION find_candidates(uuid, text[], text[], text, integer) SET plan_cache_mode = force_custom_plan SET enable_bitmapscan = on
    SET enable_seqscan = off SET work_mem = '64MB';
-- next
-- list_candidates of migration 0038, which leaves searches to search_candidates.
DO $do$
DECLARE
    before CONSTANT text := $t$WHEN reach IS DISTINCT FROM 'all' OR pattern IS NOT NULL OR wanted_tags IS NOT NULL THEN$t$;
    searched CONSTANT text := $t$WHEN reach = 'all' AND num_nonnulls(pattern, wanted_tags) > 0 AND num_nonnulls(wanted_email, wanted_external_id) = 0 THEN
        RETURN QUERY SELECT * FROM search_candidates(company, actor, sort, max_rows, after_time, after_text, after_id, pattern, wanted_tags,
            wanted_status, wanted_source, updated_since);
        RETURN;
    $t$;
    definition CONSTANT text := pg_get_functiondef('list_candidates'::regproc);
BEGIN
    IF strpos(definition, 'search_candidates') = 0 THEN
        IF strpos(definition, before) = 0 THEN
            RAISE EXCEPTION 'list_candidates is not that of migration 0038';
        END IF;
        EXECUTE replace(definition, before, searched || before);
    END IF;
END
$do$;
-- next
DROP INDEX CONCURRENTLY IF EXISTS candidates_terms_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS candidates_tags_idx;
-- next
-- Statistics of the new expressions.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', '60s', true);
    ANALYZE candidates;
END
$$;
