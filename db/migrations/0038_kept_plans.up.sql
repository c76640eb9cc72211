-- migrate: no transaction
-- Lists whose plans PostgreSQL keeps. Until now, each call of a list planned its statement with the values at hand, which took longer
-- than to run it. Each list now has a statement for each order, without optional filters in the conditions that find its rows, and
-- checks the other filters row by row. Only if that does not fill a page within a bound, it goes on with a plan for the values.

-- A function in SQL that is not inlined is planned for each call; the plan of one in PL/pgSQL is kept.
CREATE OR REPLACE FUNCTION company_is_live(company uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM live_companies WHERE id = company AND company = current_company());
END
$$;
-- next
-- The time of a panelist's interview, by which the interviews of a person are found in the order of their time. Triggers fill it,
-- also for the previous release. Everything that changes an interview or its panel locks the interview first.
ALTER TABLE interview_panelists ADD COLUMN IF NOT EXISTS starts_key timestamptz;
-- next
CREATE OR REPLACE FUNCTION set_panelist_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.starts_key := (SELECT i.starts_key FROM interviews AS i WHERE i.company_id = NEW.company_id AND i.id = NEW.interview_id);
    RETURN NEW;
END
$$;
-- next
CREATE OR REPLACE FUNCTION move_panelist_times() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE interview_panelists AS p SET starts_key = NEW.starts_key WHERE p.company_id = NEW.company_id AND p.interview_id = NEW.id;
    RETURN NULL;
END
$$;
-- next
-- record_panelist_changes of migration 0025. An update of the time is recorded as a change of the interview already.
CREATE OR REPLACE FUNCTION record_panelist_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT DISTINCT r.company_id, 'interview', r.interview_id
        FROM changed_rows AS r JOIN old_rows AS o ON (o.company_id, o.interview_id, o.user_id) = (r.company_id, r.interview_id, r.user_id)
        WHERE r.starts_key IS NOT DISTINCT FROM o.starts_key;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'interview_scores', r.interview_id FROM changed_rows AS r;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT r.company_id, 'interview_access', r.interview_id, r.user_id FROM changed_rows AS r;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER interview_panelists_update_changes AFTER UPDATE ON interview_panelists
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
-- next
CREATE OR REPLACE TRIGGER interview_panelists_time BEFORE INSERT ON interview_panelists
    FOR EACH ROW EXECUTE FUNCTION set_panelist_time();
-- next
CREATE OR REPLACE TRIGGER interviews_panelist_times AFTER UPDATE OF starts_at ON interviews
    FOR EACH ROW WHEN (OLD.starts_key <> NEW.starts_key) EXECUTE FUNCTION move_panelist_times();
-- next
REVOKE EXECUTE ON FUNCTION set_panelist_time, move_panelist_times FROM PUBLIC;
-- next
-- The panelists that were there before the triggers. Row-level security selects the company, also for an owner who is not a superuser.
-- The lock of a batch keeps the times of its interviews as they are until it is committed.
DO $$
DECLARE
    company uuid;
    batch uuid[];
    last uuid;
BEGIN
    FOR company IN SELECT id FROM all_companies() LOOP
        last := '00000000-0000-0000-0000-000000000000';
        LOOP
            PERFORM set_config('app.company_id', company::text, true);
            batch := ARRAY(SELECT i.id FROM interviews AS i WHERE i.company_id = company AND i.id > last ORDER BY i.id LIMIT 500 FOR SHARE);
            EXIT WHEN cardinality(batch) = 0;
            UPDATE interview_panelists AS p SET starts_key = i.starts_key FROM interviews AS i
            WHERE i.company_id = company AND i.id = ANY (batch) AND p.company_id = company AND p.interview_id = i.id
                AND p.starts_key IS DISTINCT FROM i.starts_key;
            last := batch[cardinality(batch)];
            COMMIT;
        END LOOP;
        COMMIT;
    END LOOP;
END
$$;
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS interview_panelists_starts_idx ON interview_panelists (company_id, user_id, starts_key, interview_id);
-- next
-- The previous lists, under another name: they plan with the values, from whatever position they are given. Their definitions are in
-- the migrations 0008, 0030 and 0033. The settings undo those of the lists that call them.
DO $$
DECLARE
    list record;
BEGIN
    FOR list IN
        SELECT p.oid, p.proname, 'planned_' || substr(p.proname, 6) AS renamed FROM pg_proc AS p
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname IN ('list_applications', 'list_interviews', 'list_scores', 'list_candidates')
    LOOP
        IF to_regproc('public.' || list.renamed) IS NULL THEN
            EXECUTE replace(pg_get_functiondef(list.oid), 'public.' || list.proname || '(', 'public.' || list.renamed || '(');
        END IF;
        EXECUTE replace('ALTER FUNCTION planned SET enable_sort = on SET enable_bitmapscan = on SET enable_hashjoin = on '
            'SET enable_mergejoin = on', 'planned', list.renamed);
        IF list.proname <> 'list_candidates' THEN -- which never reads the whole table
            EXECUTE replace('ALTER FUNCTION planned SET enable_seqscan = on', 'planned', list.renamed);
        END IF;
        EXECUTE replace('REVOKE EXECUTE ON FUNCTION planned FROM PUBLIC', 'planned', list.renamed);
        EXECUTE replace('GRANT EXECUTE ON FUNCTION planned TO interviewer_service', 'planned', list.renamed);
    END LOOP;
END
$$;
-- next
-- Its statements have no plan that is good for all positions.
ALTER FUNCTION find_duplicates(uuid, uuid, text, integer, text, text, uuid, uuid) SET plan_cache_mode = force_custom_plan;
-- next
-- search_steps of migration 0030, with a short walk in the place of the small one: to walk past 2,000 rows of which few match takes longer
-- than to ask the index of searches.
CREATE OR REPLACE FUNCTION search_steps(filtered boolean) RETURNS TABLE (step text, bound integer)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT s.step, s.bound
    FROM (VALUES (100, 400, 2000, 10000, 40000, 100000)) AS b (least_bound, short_bound, small_bound, medium_bound, large_bound, search_bound),
        LATERAL (VALUES
            (1, 'look up', CASE WHEN filtered THEN large_bound ELSE small_bound END),
            (2, 'surname', small_bound), (3, 'probe', least_bound), (4, 'others', small_bound),
            (5, 'walk', short_bound), (6, 'search', small_bound),
            (7, 'others', medium_bound), (8, 'look up', large_bound), (9, 'walk', large_bound), (10, 'search', search_bound),
            (11, 'walk', NULL)
        ) AS s (place, step, bound)
    ORDER BY s.place
$$;
-- next
-- How many rows a list reads in its order, or from the jobs of an actor, before it plans with the values. Planning takes as long.
CREATE OR REPLACE FUNCTION list_walk_limit() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1000;
REVOKE EXECUTE ON FUNCTION list_walk_limit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION list_walk_limit TO interviewer_service;
-- next
-- This block writes the lists: a branch for each order, from templates. In a template, {key} is the column of the order, {dir} its
-- direction and {op} the comparison with the position of the previous page. {range} and {equal} are filters that limit the part of an
-- index that is read. A walk by a filter compares its column with the position as well, because the planner could otherwise choose the
-- index of the order alone. There are four kinds of branches:
--   look up   rows of one candidate, application or interview, of which there are few
--   walk      rows in the order of the list, from an index, for an actor who sees all of them
--   mine      the same for the interviews of the actor's panels
--   merge     rows in the order of the list from each of several sources: jobs, panels and raters. It reads a batch from each, returns
--             rows as far as the batches reach, and goes on with larger batches. {sources} are the sources of the list. A source
--             without an index in the order of the list is read completely; its rows have the place 0.
-- Every row is checked by the visible_ function of its kind, unless it is of a kind of which the actor sees all rows of the company.
-- The settings of a list make each of its statements use indexes and nested
-- loops: a plan that is kept must be good for the largest company, and the planner knows only the average one.
DO $do$
DECLARE
    lookup CONSTANT text := $t$
    WHEN {when} THEN
        RETURN QUERY SELECT v.* FROM visible_{table}(company, actor, reach) AS v
        CROSS JOIN LATERAL (SELECT v.*) AS r
        WHERE {equal} AND {filters} AND CASE sort{positions} END
        ORDER BY{orders}
        LIMIT max_rows;
        RETURN;$t$;
    walk CONSTANT text := $t$
    WHEN sort = {sort}{when} THEN
        RETURN QUERY SELECT r.* FROM (
            SELECT s.* FROM {table} AS s
            WHERE s.company_id = company AND ({column}s.{key}, s.id) {op} ({value}after_time, after_id){range}{equal}
            ORDER BY s.{key} {dir}, s.id {dir} LIMIT list_walk_limit()
        ) AS r
        WHERE {filters}{check} LIMIT max_rows;
        GET DIAGNOSTICS found = ROW_COUNT;
        IF found = max_rows THEN
            RETURN;
        END IF;
        SELECT s.{key}, s.id INTO last_time, last_id FROM {table} AS s
        WHERE s.company_id = company AND ({column}s.{key}, s.id) {op} ({value}after_time, after_id){range}{equal}
        ORDER BY s.{key} {dir}, s.id {dir} OFFSET list_walk_limit() - 1 LIMIT 1;$t$;
    -- The actor sees the interviews whose panel they are on, with any reach.
    mine CONSTANT text := $t$
    WHEN sort = {sort}{when} THEN
        IF reach IN ('own', 'jobs', 'all') THEN
            RETURN QUERY SELECT r.* FROM (
                SELECT s.interview_id AS id FROM interview_panelists AS s
                WHERE s.company_id = company AND s.user_id = actor AND (s.{key}, s.interview_id) {op} (after_time, after_id){range}
                ORDER BY s.{key} {dir}, s.interview_id {dir} LIMIT list_walk_limit()
            ) AS k
            CROSS JOIN LATERAL (SELECT i.* FROM {table} AS i WHERE i.company_id = company AND i.id = k.id LIMIT 1) AS r
            WHERE {filters} LIMIT max_rows;
            GET DIAGNOSTICS found = ROW_COUNT;
            IF found = max_rows THEN
                RETURN;
            END IF;
            SELECT s.{key}, s.interview_id INTO last_time, last_id FROM interview_panelists AS s
            WHERE s.company_id = company AND s.user_id = actor AND (s.{key}, s.interview_id) {op} (after_time, after_id){range}
            ORDER BY s.{key} {dir}, s.interview_id {dir} OFFSET list_walk_limit() - 1 LIMIT 1;
        END IF;$t$;
    merge CONSTANT text := $t$
    WHEN sort = {sort}{when} THEN
        LOOP
            SELECT array_agg(k.id ORDER BY k.at {dir}, k.id {dir}), count(*),
                (array_agg(k.at ORDER BY k.at {dir}, k.id {dir}) FILTER (WHERE k.place = batch))[1],
                (array_agg(k.id ORDER BY k.at {dir}, k.id {dir}) FILTER (WHERE k.place = batch))[1]
            INTO ids, added, last_time, last_id
            FROM (
                SELECT u.at, u.id, max(u.place) AS place FROM ({sources}
                ) AS u (at, id, place)
                GROUP BY u.at, u.id
            ) AS k;
            walked := walked + added;
            RETURN QUERY SELECT r.* FROM unnest(CASE WHEN last_id IS NULL THEN ids ELSE ids[:array_position(ids, last_id)] END) AS k (id)
            CROSS JOIN LATERAL (SELECT v.* FROM visible_{table}(company, actor, reach) AS v WHERE v.id = k.id LIMIT 1) AS r
            WHERE {filters} LIMIT max_rows - found;
            GET DIAGNOSTICS added = ROW_COUNT;
            found := found + added;
            IF found = max_rows OR last_id IS NULL THEN
                RETURN;
            END IF;
            EXIT WHEN walked >= list_walk_limit();
            after_time := last_time;
            after_id := last_id;
            batch := batch * 4;
        END LOOP;$t$;
    -- A source of a merge. {owner} is the column by which its rows are found.
    ordered CONSTANT text := $t$
                    SELECT m.at, m.id, m.place FROM unnest({owners}) AS o (id) CROSS JOIN LATERAL (
                        SELECT s.{key} AS at, s.{id} AS id, row_number() OVER (ORDER BY s.{key} {dir}, s.{id} {dir}) AS place
                        FROM {from} AS s
                        WHERE s.company_id = company AND s.{owner} = o.id AND (s.{key}, s.{id}) {op} (after_time, after_id){range}
                        ORDER BY s.{key} {dir}, s.{id} {dir} LIMIT batch
                    ) AS m$t$;
    complete CONSTANT text := $t$
                    SELECT s.{key}, s.id, 0 FROM unnest(few) AS f (id)
                    JOIN {table} AS s ON s.company_id = company AND s.id = f.id
                    WHERE (s.{key}, s.id) {op} (after_time, after_id){range}$t$;
    jobs CONSTANT text := replace(replace(replace(replace(ordered, '{owners}', 'jobs'), '{owner}', 'job_id'), '{from}', '{table}'), '{id}', 'id');
    raters CONSTANT text := replace(replace(replace(replace(ordered, '{owners}', 'raters'), '{owner}', 'rater_id'), '{from}', '{table}'), '{id}', 'id');
    panels CONSTANT text := replace(replace(replace(replace(ordered, '{owners}', 'panelists'), '{owner}', 'user_id'), '{from}', 'interview_panelists'), '{id}', 'interview_id');
    every CONSTANT text := $t$
                    UNION ALL$t$;
    settings CONSTANT text := 'LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_generic_plan SET enable_sort = off '
        'SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off';
    declared CONSTANT text := $t$
    ids uuid[];
    few uuid[] := '{}'; -- rows of a source that has no index in the order of the list
    batch integer;
    walked integer := 0;
    found integer := 0;
    added integer;
    last_time timestamptz; -- the position after which rows are to be found by planned_{table}
    last_id uuid;
BEGIN
    IF after_id IS NULL THEN
        after_time := CASE WHEN starts_with(sort, '-') THEN 'infinity' ELSE '-infinity' END;
        after_id := CASE WHEN starts_with(sort, '-') THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE '00000000-0000-0000-0000-000000000000' END;
    END IF;$t$;
    ended CONSTANT text := $t$
    batch := least({batch}, greatest(list_walk_limit() / 2, 1));
    CASE
    WHEN cardinality(few) > list_lookup_limit() THEN
        last_time := after_time;
        last_id := after_id;{branches}
    ELSE
        last_time := after_time;
        last_id := after_id;
    END CASE;
    IF last_id IS NOT NULL THEN
        RETURN QUERY SELECT * FROM planned_{table}(company, actor, reach, sort, max_rows - found, last_time, last_id, {arguments});
    END IF;
END
$t$;
    list record;
    branch record;
    branches text;
BEGIN
    FOR list IN SELECT * FROM (VALUES (
        'applications', ARRAY['created_at', 'updated_at', 'stage_entered_at'],
        $t$wanted_job uuid DEFAULT NULL, wanted_candidate uuid DEFAULT NULL, wanted_stages text[] DEFAULT NULL,
    wanted_statuses text[] DEFAULT NULL, updated_since timestamptz DEFAULT NULL$t$,
        'wanted_job, wanted_candidate, wanted_stages, wanted_statuses, updated_since',
        $t$(wanted_job IS NULL OR r.job_id = wanted_job)
            AND (wanted_stages IS NULL OR r.stage = ANY (wanted_stages))
            AND (wanted_statuses IS NULL OR r.status = ANY (wanted_statuses))
            AND (updated_since IS NULL OR r.updated_at >= updated_since)$t$,
        $t$
    since CONSTANT timestamptz := coalesce(updated_since, '-infinity');
    by_source CONSTANT boolean := reach IS DISTINCT FROM 'all' OR wanted_job IS NOT NULL;
    jobs uuid[] := '{}'; -- jobs of which the actor sees all applications$t$,
        $t$
    IF wanted_candidate IS NOT NULL THEN
        NULL;
    ELSIF reach = 'all' THEN
        jobs := array_remove(ARRAY[wanted_job], NULL);
    ELSE
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j WHERE wanted_job IS NULL OR j.job_id = wanted_job);
        IF wanted_job IS NULL OR cardinality(jobs) = 0 THEN
            few := ARRAY(
                SELECT DISTINCT i.application_id FROM panels_of_actor(company, actor, reach) AS p
                JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
                WHERE i.job_id <> ALL (jobs) AND (wanted_job IS NULL OR i.job_id = wanted_job)
                LIMIT list_lookup_limit() + 1
            );
        END IF;
    END IF;$t$,
        '2 + 2 * max_rows / greatest(cardinality(jobs), 1)'
    ), (
        'interviews', ARRAY['starts_key', 'created_at', 'updated_at'],
        $t$mine boolean DEFAULT NULL, wanted_panelist uuid DEFAULT NULL, wanted_job uuid DEFAULT NULL, wanted_candidate uuid DEFAULT NULL,
    wanted_application uuid DEFAULT NULL, wanted_statuses text[] DEFAULT NULL, wanted_kinds text[] DEFAULT NULL,
    starts_from timestamptz DEFAULT NULL, starts_before timestamptz DEFAULT NULL, updated_since timestamptz DEFAULT NULL$t$,
        'mine, wanted_panelist, wanted_job, wanted_candidate, wanted_application, wanted_statuses, wanted_kinds, starts_from, starts_before, updated_since',
        $t$(mine IS NULL OR mine = EXISTS (
                SELECT FROM interview_panelists AS p WHERE p.company_id = company AND p.interview_id = r.id AND p.user_id = actor
            ))
            AND (wanted_panelist IS NULL OR EXISTS (
                SELECT FROM interview_panelists AS p WHERE p.company_id = company AND p.interview_id = r.id AND p.user_id = wanted_panelist
            ))
            AND (wanted_job IS NULL OR r.job_id = wanted_job)
            AND (wanted_candidate IS NULL OR r.candidate_id = wanted_candidate)
            AND (wanted_application IS NULL OR r.application_id = wanted_application)
            AND (wanted_statuses IS NULL OR r.status = ANY (wanted_statuses))
            AND (wanted_kinds IS NULL OR r.kind = ANY (wanted_kinds))
            AND (starts_from IS NULL OR r.starts_at >= starts_from)
            AND (starts_before IS NULL OR r.starts_at < starts_before)
            AND (updated_since IS NULL OR r.updated_at >= updated_since)$t$,
        $t$
    since CONSTANT timestamptz := coalesce(updated_since, '-infinity');
    earliest CONSTANT timestamptz := coalesce(starts_from, '-infinity');
    latest CONSTANT timestamptz := coalesce(starts_before, 'infinity');
    by_source CONSTANT boolean := reach IS DISTINCT FROM 'all' OR wanted_job IS NOT NULL OR mine OR wanted_panelist IS NOT NULL;
    jobs uuid[] := '{}'; -- jobs of which the actor sees all interviews
    panelists uuid[] := '{}'; -- users whose panels are read$t$,
        $t$
    IF wanted_application IS NOT NULL OR wanted_candidate IS NOT NULL OR by_source IS NOT TRUE THEN
        NULL;
    ELSIF mine OR wanted_panelist IS NOT NULL THEN
        panelists := ARRAY[CASE WHEN mine THEN actor ELSE wanted_panelist END];
    ELSIF reach = 'all' THEN
        jobs := ARRAY[wanted_job];
    ELSE
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j WHERE wanted_job IS NULL OR j.job_id = wanted_job);
        IF wanted_job IS NULL OR cardinality(jobs) = 0 THEN
            panelists := ARRAY[actor];
        END IF;
    END IF;
    IF cardinality(jobs) = 0 AND cardinality(panelists) > 0 AND sort NOT IN ('starts_at', '-starts_at') THEN
        few := ARRAY(
            SELECT p.interview_id FROM interview_panelists AS p WHERE p.company_id = company AND p.user_id = panelists[1]
            LIMIT list_lookup_limit() + 1
        );
    END IF;$t$,
        '2 + 2 * max_rows / greatest(cardinality(jobs) + cardinality(panelists), 1)'
    ), (
        'scores', ARRAY['created_at', 'updated_at'],
        $t$wanted_interview uuid DEFAULT NULL, wanted_application uuid DEFAULT NULL, wanted_job uuid DEFAULT NULL,
    wanted_rater uuid DEFAULT NULL, wanted_status text DEFAULT NULL, updated_since timestamptz DEFAULT NULL$t$,
        'wanted_interview, wanted_application, wanted_job, wanted_rater, wanted_status, updated_since',
        $t$(wanted_interview IS NULL OR r.interview_id = wanted_interview)
            AND (wanted_application IS NULL OR r.application_id = wanted_application)
            AND (wanted_job IS NULL OR r.job_id = wanted_job)
            AND (wanted_rater IS NULL OR r.rater_id = wanted_rater)
            AND (wanted_status IS NULL OR r.status = wanted_status)
            AND (updated_since IS NULL OR r.updated_at >= updated_since)$t$,
        $t$
    since CONSTANT timestamptz := coalesce(updated_since, '-infinity');
    -- Implied by the status and by visible_scores.
    own_only CONSTANT boolean := coalesce(wanted_status <> 'submitted' AND NOT (wanted_status = 'voided' AND reach = 'all'), false);
    by_source CONSTANT boolean := reach IS DISTINCT FROM 'all' OR own_only OR wanted_job IS NOT NULL OR wanted_rater IS NOT NULL;
    jobs uuid[] := '{}'; -- jobs of which the actor sees all scores, as far as they may
    raters uuid[] := '{}';$t$,
        $t$
    IF wanted_interview IS NOT NULL OR wanted_application IS NOT NULL THEN
        NULL;
    ELSIF own_only OR wanted_rater IS NOT NULL THEN
        raters := ARRAY[CASE WHEN own_only THEN actor ELSE wanted_rater END];
    ELSIF reach = 'all' THEN
        jobs := array_remove(ARRAY[wanted_job], NULL);
    ELSE
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j WHERE wanted_job IS NULL OR j.job_id = wanted_job);
        IF wanted_job IS NULL OR cardinality(jobs) = 0 THEN
            raters := ARRAY[actor];
            few := ARRAY(
                SELECT s.id FROM panels_of_actor(company, actor, reach) AS p
                JOIN scores AS s ON s.company_id = company AND s.interview_id = p.interview_id
                WHERE s.job_id <> ALL (jobs) AND s.rater_id <> actor AND (wanted_job IS NULL OR s.job_id = wanted_job)
                LIMIT list_lookup_limit() + 1
            );
        END IF;
    END IF;$t$,
        -- The newest scores of a job are drafts, which others do not see.
        '10 + 10 * max_rows / greatest(cardinality(jobs) + cardinality(raters), 1)'
    )) AS l (name, keys, parameters, arguments, filters, variables, sources, batch) LOOP
        branches := '';
        FOR branch IN
            SELECT k.key, d.dir, CASE d.dir WHEN 'DESC' THEN '-' ELSE '' END || CASE k.key WHEN 'starts_key' THEN 'starts_at' ELSE k.key END AS sort,
                CASE d.dir WHEN 'DESC' THEN '<' ELSE '>' END AS op, b.*
            FROM unnest(list.keys) AS k (key), unnest(ARRAY['ASC', 'DESC']) AS d (dir), (VALUES
                (1, 'applications', NULL, lookup, '', 'wanted_candidate IS NOT NULL', 'r.candidate_id = wanted_candidate', '', ''),
                (1, 'interviews', NULL, lookup, '', 'wanted_application IS NOT NULL', 'r.application_id = wanted_application', '', ''),
                (2, 'interviews', NULL, lookup, '', 'wanted_candidate IS NOT NULL', 'r.candidate_id = wanted_candidate', '', ''),
                (1, 'scores', NULL, lookup, '', 'wanted_interview IS NOT NULL', 'r.interview_id = wanted_interview', '', ''),
                (2, 'scores', NULL, lookup, '', 'wanted_application IS NOT NULL', 'r.application_id = wanted_application', '', ''),
                (3, 'applications', NULL, merge, jobs || every || complete, ' AND by_source', '', '', ''),
                (2, 'interviews', 'starts_key', mine, '', ' AND mine', '', '', ''),
                (3, 'interviews', 'starts_key', merge, jobs || every || panels, ' AND by_source', '', '', ''),
                (4, 'interviews', NULL, merge, complete, ' AND by_source AND cardinality(jobs) = 0', '', '', ''),
                (3, 'scores', 'created_at', merge, jobs || every || raters || every || complete, ' AND by_source', '', '', ''),
                (5, 'applications', 'created_at', walk, '', ' AND by_source IS NOT TRUE AND cardinality(wanted_statuses) = 1', '', 'status', 'wanted_statuses[1]'),
                (5, 'interviews', 'starts_key', walk, '', ' AND by_source IS NOT TRUE AND cardinality(wanted_statuses) = 1', '', 'status', 'wanted_statuses[1]'),
                (6, 'interviews', 'starts_key', walk, '', ' AND by_source IS NOT TRUE AND cardinality(wanted_kinds) = 1', '', 'kind', 'wanted_kinds[1]'),
                (5, 'scores', 'created_at', walk, '', ' AND by_source IS NOT TRUE AND wanted_status IS NOT NULL', '', 'status', 'wanted_status'),
                (7, NULL, NULL, walk, '', ' AND by_source IS NOT TRUE', '', '', '')
            ) AS b (place, name, single, template, sources, condition, equal, column_name, value)
            WHERE coalesce(b.name, list.name) = list.name AND coalesce(b.single, k.key) = k.key
                AND (b.template <> lookup OR k.key = list.keys[1] AND d.dir = 'ASC')
                AND NOT (b.name = 'interviews' AND b.place = 4 AND k.key = 'starts_key')
            ORDER BY b.template <> lookup, k.key, d.dir, b.place
        LOOP
            branches := branches || replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(branch.template,
                '{sources}', branch.sources), '{when}', branch.condition),
                '{equal}', branch.equal || CASE WHEN branch.column_name = '' THEN '' ELSE format(' AND s.%I = %s', branch.column_name, branch.value) END),
                '{column}', CASE WHEN branch.column_name = '' THEN '' ELSE format('s.%I, ', branch.column_name) END),
                '{value}', CASE WHEN branch.value = '' THEN '' ELSE branch.value || ', ' END),
                '{positions}', (SELECT string_agg(format(E'\n            WHEN %L THEN (r.%I, r.id) %s (after_time, after_id)',
                        o.prefix || CASE k WHEN 'starts_key' THEN 'starts_at' ELSE k END, k, o.op), '' ORDER BY k, o.op)
                    FROM unnest(list.keys) AS k, (VALUES ('', '>'), ('-', '<')) AS o (prefix, op))),
                '{orders}', (SELECT string_agg(format(E'\n            CASE WHEN sort = %L THEN r.%I END%s,',
                        o.prefix || CASE k WHEN 'starts_key' THEN 'starts_at' ELSE k END, k, o.dir), '' ORDER BY k, o.dir)
                    FROM unnest(list.keys) AS k, (VALUES ('', ''), ('-', ' DESC')) AS o (prefix, dir))
                    || E'\n            CASE WHEN NOT starts_with(sort, ''-'') THEN r.id END, r.id DESC'),
                '{check}', CASE list.name WHEN 'scores' THEN
                    E'\n            AND EXISTS (SELECT FROM visible_scores(company, actor, reach) AS v WHERE v.id = r.id)' ELSE '' END),
                '{range}', CASE branch.key WHEN 'updated_at' THEN ' AND s.updated_at >= since'
                    WHEN 'starts_key' THEN ' AND s.starts_key >= earliest AND s.starts_key < latest' ELSE '' END),
                '{sort}', quote_literal(branch.sort)), '{key}', branch.key), '{dir}', branch.dir), '{op}', branch.op);
        END LOOP;
        EXECUTE replace(replace(replace(format(
            E'CREATE OR REPLACE FUNCTION list_%1$s(\n'
            '    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_id uuid DEFAULT NULL,\n'
            '    %2$s\n) RETURNS SETOF %1$s %3$s AS $$\nDECLARE%4$s%5$s%6$s%7$s$$',
            list.name, list.parameters, settings, list.variables, declared, list.sources,
            replace(replace(replace(ended, '{branches}', branches), '{batch}', list.batch), '{arguments}', list.arguments)),
            '{filters}', list.filters), '{table}', list.name), E'\t', '');
    END LOOP;
END
$do$;
-- next
-- The list of candidates, in the same way. Actors who do not see all candidates, searches and tags have no statement of their own: see
-- search_steps.
DO $do$
DECLARE
    filters CONSTANT text := $t$(wanted_status IS NULL OR r.status = wanted_status)
            AND (wanted_source IS NULL OR r.source = wanted_source)
            AND (wanted_email IS NULL OR r.email = wanted_email)
            AND (wanted_external_id IS NULL OR r.external_id = wanted_external_id)
            AND (updated_since IS NULL OR r.updated_at >= updated_since)$t$;
    walk CONSTANT text := $t$
    WHEN sort = {sort}{when} THEN
        RETURN QUERY SELECT r.* FROM (
            SELECT s.* FROM visible_candidates(company, actor, 'all') AS s
            WHERE {after}{range}{equal}
            ORDER BY {order} LIMIT list_walk_limit()
        ) AS r
        WHERE {filters} LIMIT max_rows;
        GET DIAGNOSTICS found = ROW_COUNT;
        IF found = max_rows THEN
            RETURN;
        END IF;
        SELECT s.created_at, s.updated_at, s.last_name || E'\x01' || s.first_name, s.id INTO last_created, last_updated, after_text, after_id
        FROM visible_candidates(company, actor, 'all') AS s
        WHERE {after}{range}{equal}
        ORDER BY {order} OFFSET list_walk_limit() - 1 LIMIT 1;
        IF after_id IS NULL THEN
            RETURN;
        END IF;
        after_time := CASE WHEN sort IN ('created_at', '-created_at') THEN last_created ELSE last_updated END;$t$;
    lookup CONSTANT text := $t$
    WHEN {when} THEN
        RETURN QUERY SELECT r.* FROM visible_candidates(company, actor, 'all') AS r
        WHERE {equal} AND {filters} AND (after_id IS NULL OR CASE sort
            WHEN 'created_at' THEN (r.created_at, r.id) > (from_time, from_id)
            WHEN '-created_at' THEN (r.created_at, r.id) < (from_time, from_id)
            WHEN 'updated_at' THEN (r.updated_at, r.id) > (from_time, from_id)
            WHEN '-updated_at' THEN (r.updated_at, r.id) < (from_time, from_id)
            WHEN 'name' THEN (r.last_name COLLATE alphabetical, r.first_name COLLATE alphabetical, r.id) > (from_last, from_first, from_id)
            WHEN '-name' THEN (r.last_name COLLATE alphabetical, r.first_name COLLATE alphabetical, r.id) < (from_last, from_first, from_id)
        END)
        ORDER BY
            CASE WHEN sort = 'created_at' THEN r.created_at END,
            CASE WHEN sort = '-created_at' THEN r.created_at END DESC,
            CASE WHEN sort = 'updated_at' THEN r.updated_at END,
            CASE WHEN sort = '-updated_at' THEN r.updated_at END DESC,
            CASE WHEN sort = 'name' THEN r.last_name COLLATE alphabetical END,
            CASE WHEN sort = 'name' THEN r.first_name COLLATE alphabetical END,
            CASE WHEN sort = '-name' THEN r.last_name COLLATE alphabetical END DESC,
            CASE WHEN sort = '-name' THEN r.first_name COLLATE alphabetical END DESC,
            CASE WHEN NOT starts_with(sort, '-') THEN r.id END, r.id DESC
        LIMIT max_rows;
        RETURN;$t$;
    branches text;
    branch record;
BEGIN
    branches := replace(replace(replace(lookup, '{when}', 'wanted_external_id IS NOT NULL'), '{equal}', 'r.external_id = wanted_external_id'), '{filters}', filters)
        || replace(replace(replace(lookup, '{when}', 'wanted_email IS NOT NULL'), '{equal}', 'r.email = wanted_email'), '{filters}', filters);
    FOR branch IN
        SELECT k.key, d.*, b.* FROM unnest(ARRAY['created_at', 'updated_at', 'name']) AS k (key),
            (VALUES ('', 'ASC', '>'), ('-', 'DESC', '<')) AS d (prefix, dir, op),
            (VALUES
                (1, 'created_at', ' AND wanted_source IS NOT NULL', ' AND s.source = wanted_source'),
                (2, 'created_at', ' AND wanted_status = ''archived''', ' AND s.status = ''archived'''),
                (3, 'name', ' AND after_id IS NULL', ''),
                (4, NULL, '', '')
            ) AS b (place, single, condition, equal)
        WHERE coalesce(b.single, k.key) = k.key
        ORDER BY k.key, d.dir, b.place
    LOOP
        branches := branches || replace(replace(replace(replace(replace(replace(replace(walk, '{filters}', filters),
            '{when}', branch.condition), '{equal}', branch.equal), '{sort}', quote_literal(branch.prefix || branch.key)),
            '{range}', CASE branch.key WHEN 'updated_at' THEN ' AND s.updated_at >= coalesce(updated_since, ''-infinity'')' ELSE '' END),
            '{after}', CASE WHEN branch.place = 3 THEN 'true' WHEN branch.key = 'name' THEN replace(
                '(s.last_name COLLATE alphabetical, s.first_name COLLATE alphabetical, s.id) op (from_last, from_first, from_id)', 'op', branch.op)
                WHEN branch.place = 1 THEN format('(s.source, s.%I, s.id) %s (wanted_source, from_time, from_id)', branch.key, branch.op)
                ELSE format('(s.%I, s.id) %s (from_time, from_id)', branch.key, branch.op) END),
            '{order}', CASE branch.key WHEN 'name' THEN replace(
                's.last_name COLLATE alphabetical dir, s.first_name COLLATE alphabetical dir, s.id dir', 'dir', branch.dir)
                ELSE format('s.%I %s, s.id %s', branch.key, branch.dir, branch.dir) END);
    END LOOP;
    EXECUTE replace($t$
CREATE OR REPLACE FUNCTION list_candidates(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_text text DEFAULT NULL,
    after_id uuid DEFAULT NULL, pattern text DEFAULT NULL, wanted_tags text[] DEFAULT NULL, wanted_status text DEFAULT NULL,
    wanted_source text DEFAULT NULL, wanted_email text DEFAULT NULL, wanted_external_id text DEFAULT NULL,
    updated_since timestamptz DEFAULT NULL
) RETURNS SETOF candidates
    LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_generic_plan SET enable_sort = off SET enable_bitmapscan = off
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    from_time CONSTANT timestamptz := coalesce(after_time, CASE WHEN starts_with(sort, '-') THEN 'infinity'::timestamptz ELSE '-infinity' END);
    from_last CONSTANT text := split_part(after_text, E'\x01', 1);
    from_first CONSTANT text := split_part(after_text, E'\x01', 2);
    from_id CONSTANT uuid := coalesce(after_id, CASE WHEN starts_with(sort, '-')
        THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid ELSE '00000000-0000-0000-0000-000000000000'::uuid END);
    found integer := 0;
    last_created timestamptz;
    last_updated timestamptz;
BEGIN
    CASE
    WHEN reach IS DISTINCT FROM 'all' OR pattern IS NOT NULL OR wanted_tags IS NOT NULL THEN
        NULL;{branches}
    ELSE
        NULL;
    END CASE;
    RETURN QUERY SELECT * FROM planned_candidates(company, actor, reach, sort, max_rows - found, after_time, after_text, after_id, pattern,
        wanted_tags, wanted_status, wanted_source, wanted_email, wanted_external_id, updated_since);
END
$$$t$, '{branches}', branches);
END
$do$;
