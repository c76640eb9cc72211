-- Visibility: which rows an actor sees, and the lists and searches that return them. Each rule is defined here; queries
-- select from these functions and do not repeat it.
--
-- An actor is a user or an API key, given by its id and its reach. The service derives the reach from the actor's role:
--   all    every row of the company
--   jobs   the rows of some jobs: those that a user is a member of, or those that an API key is limited to; and what
--          own reaches
--   own    the interviews whose panel the user is on, with their applications, candidates and scores; the user's own
--          row; the audit entries of the user's own acts
-- With any other reach, an actor sees nothing.
--
-- The functions named visible_ and _of_actor, led_jobs and blinds are inlined: PostgreSQL plans a query that uses them
-- as if their bodies were part of it. For that they are single SQL statements, STABLE, and run with the rights of their
-- caller, so row-level security applies as well. Rows are checked with EXISTS, because a query that looks for one row,
-- or walks the order of a list, needs few such checks.

-- Jobs whose rows an actor of reach jobs sees: a user is a member of them, an API key is limited to them.
CREATE FUNCTION jobs_of_actor(company uuid, actor uuid, reach text) RETURNS TABLE (job_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT m.job_id FROM job_members AS m WHERE m.company_id = company AND m.user_id = actor AND reach = 'jobs'
    UNION ALL
    SELECT allowed.id FROM api_keys AS k, unnest(k.job_ids) AS allowed (id) WHERE k.company_id = company AND k.id = actor AND reach = 'jobs'
$$;

-- Interviews whose panel an actor of reach own or jobs is on.
CREATE FUNCTION panels_of_actor(company uuid, actor uuid, reach text) RETURNS TABLE (interview_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.interview_id FROM interview_panelists AS p WHERE p.company_id = company AND p.user_id = actor AND reach IN ('own', 'jobs')
$$;

-- Jobs of which an actor sees everything: all applications, interviews and panels. An actor may see other jobs, but
-- only some rows of them.
CREATE FUNCTION led_jobs(company uuid, actor uuid, reach text) RETURNS SETOF jobs
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT j.* FROM jobs AS j
    WHERE j.company_id = company AND (
        reach = 'all' OR EXISTS (SELECT FROM jobs_of_actor(company, actor, reach) AS led WHERE led.job_id = j.id)
    )
$$;

-- Jobs. With a lower reach than all, an actor sees the jobs they are a member of and the jobs of interviews whose
-- panel they are on.
CREATE FUNCTION visible_jobs(company uuid, actor uuid, reach text) RETURNS SETOF jobs
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT j.* FROM jobs AS j
    WHERE j.company_id = company AND (
        reach = 'all'
        OR EXISTS (SELECT FROM jobs_of_actor(company, actor, reach) AS led WHERE led.job_id = j.id)
        OR reach IN ('own', 'jobs') AND EXISTS (
            SELECT FROM job_members AS m WHERE m.company_id = company AND m.job_id = j.id AND m.user_id = actor
        )
        OR j.id IN (
            SELECT i.job_id FROM panels_of_actor(company, actor, reach) AS p
            JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
        )
    )
$$;

CREATE FUNCTION visible_applications(company uuid, actor uuid, reach text) RETURNS SETOF applications
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT a.* FROM applications AS a
    WHERE a.company_id = company AND (
        reach = 'all'
        OR EXISTS (SELECT FROM jobs_of_actor(company, actor, reach) AS j WHERE j.job_id = a.job_id)
        OR EXISTS (
            SELECT FROM interviews AS i JOIN panels_of_actor(company, actor, reach) AS p ON p.interview_id = i.id
            WHERE i.company_id = company AND i.application_id = a.id
        )
    )
$$;

-- Candidates. With a lower reach than all, an actor sees the candidates of the applications that they see.
CREATE FUNCTION visible_candidates(company uuid, actor uuid, reach text) RETURNS SETOF candidates
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.* FROM candidates AS c
    WHERE c.company_id = company AND (
        reach = 'all' OR EXISTS (SELECT FROM visible_applications(company, actor, reach) AS a WHERE a.candidate_id = c.id)
    )
$$;

CREATE FUNCTION visible_interviews(company uuid, actor uuid, reach text) RETURNS SETOF interviews
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT i.* FROM interviews AS i
    WHERE i.company_id = company AND (
        reach = 'all'
        OR EXISTS (SELECT FROM jobs_of_actor(company, actor, reach) AS j WHERE j.job_id = i.job_id)
        OR EXISTS (SELECT FROM panels_of_actor(company, actor, reach) AS p WHERE p.interview_id = i.id)
    )
$$;

-- Versions of kits. With a lower reach than all, an actor sees no drafts: only the versions of interviews whose panel
-- they are on and, with reach jobs, those of the kits of their jobs and of the whole company.
CREATE FUNCTION visible_kit_versions(company uuid, actor uuid, reach text) RETURNS SETOF kit_versions
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT v.* FROM kit_versions AS v
    WHERE v.company_id = company AND (
        reach = 'all'
        OR v.status <> 'draft' AND (
            v.id IN (
                SELECT i.kit_version_id FROM panels_of_actor(company, actor, reach) AS p
                JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
            )
            OR reach = 'jobs' AND EXISTS (
                SELECT FROM kits AS k WHERE k.company_id = company AND k.id = v.kit_id AND (
                    k.job_id IS NULL OR EXISTS (SELECT FROM jobs_of_actor(company, actor, reach) AS j WHERE j.job_id = k.job_id)
                )
            )
        )
    )
$$;

-- Kits. With a lower reach than all, an actor sees the kits of the versions that they see.
CREATE FUNCTION visible_kits(company uuid, actor uuid, reach text) RETURNS SETOF kits
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT k.* FROM kits AS k
    WHERE k.company_id = company AND (
        reach = 'all' OR EXISTS (SELECT FROM visible_kit_versions(company, actor, reach) AS v WHERE v.kit_id = k.id)
    )
$$;

-- Rows that hide the scores of others of an interview from an actor, whatever their reach; none if nothing does. A
-- panelist who has not submitted a score is such a row for themselves and for the API keys of which they are a key
-- holder. An interview that is not completed hides the scores from every API key. An id of neither a user nor a key
-- sees no scores.
CREATE FUNCTION blinds(company uuid, actor uuid, interview uuid) RETURNS TABLE (interview_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.interview_id FROM interview_panelists AS p
    WHERE p.company_id = company AND p.interview_id = interview
        AND (p.user_id = actor OR EXISTS (
            SELECT FROM api_keys AS k WHERE k.company_id = company AND k.id = actor AND p.user_id = ANY (k.known_to)
        ))
        AND NOT EXISTS (
            SELECT FROM scores AS s
            WHERE s.company_id = company AND s.interview_id = interview AND s.rater_id = p.user_id AND s.status = 'submitted'
        )
    UNION ALL
    SELECT i.id FROM interviews AS i
    WHERE i.company_id = company AND i.id = interview AND (
        i.status <> 'completed' AND EXISTS (SELECT FROM api_keys AS k WHERE k.company_id = company AND k.id = actor)
        OR NOT EXISTS (SELECT FROM principals AS a WHERE a.company_id = company AND a.id = actor)
    )
$$;

-- Scores. Raters see their own. Scores of others are visible if their interview is visible and not blinded: submitted
-- scores and, with reach all, voided ones. Drafts are visible to their rater only.
CREATE FUNCTION visible_scores(company uuid, actor uuid, reach text) RETURNS SETOF scores
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.* FROM scores AS s
    WHERE s.company_id = company AND reach IN ('own', 'jobs', 'all') AND (
        s.rater_id = actor
        OR (s.status = 'submitted' OR s.status = 'voided' AND reach = 'all')
            AND (
                reach = 'all'
                OR EXISTS (SELECT FROM jobs_of_actor(company, actor, reach) AS j WHERE j.job_id = s.job_id)
                OR EXISTS (SELECT FROM panels_of_actor(company, actor, reach) AS p WHERE p.interview_id = s.interview_id)
            )
            AND NOT EXISTS (SELECT FROM blinds(company, actor, s.interview_id))
    )
$$;

-- Users. With a lower reach than all, an actor sees themselves.
CREATE FUNCTION visible_users(company uuid, actor uuid, reach text) RETURNS SETOF users
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT u.* FROM users AS u
    WHERE u.company_id = company AND (reach = 'all' OR reach IN ('own', 'jobs') AND u.id = actor)
$$;

-- Entries of the audit log. With a lower reach than all, an actor sees those of their own acts and those about some
-- types of resource. Without such types, the condition is on the actor alone: a comparison with an empty array would
-- keep PostgreSQL from reading the actor's entries in the order of the list.
CREATE FUNCTION visible_audit_logs(company uuid, actor uuid, reach text, types text[] DEFAULT '{}') RETURNS SETOF audit_logs
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT l.* FROM audit_logs AS l
    WHERE l.company_id = company AND (
        reach = 'all'
        OR reach IN ('own', 'jobs') AND CASE WHEN cardinality(types) > 0 THEN l.actor_id = actor OR l.resource_type = ANY (types)
            ELSE l.actor_id = actor END
    )
$$;

-- Whether a user with a role is an active admin. A company must keep at least one. It is a condition and not a function
-- that returns rows, so that a statement that locks users checks it again on rows that a concurrent transaction
-- changed.
CREATE FUNCTION is_active_admin(role user_role, is_active boolean) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN role = 'admin' AND is_active;

-- Lists.
--
-- A page can be found in two ways: by walking an index in the order of the list and checking each row, which is fast
-- where many rows match, or by looking up the rows that can match and sorting them, which is fast where there are few.
-- PostgreSQL cannot tell which is better: it assumes that the rows of an actor or of a job are spread evenly over time,
-- and would walk past every later row to find those of a job that ended long ago. So these functions count first, up to
-- a limit. They are written in PL/pgSQL because each of their statements is then planned with the values at hand:
-- unused filters and orders become constants and disappear. Rows that are looked up are sorted by their company first,
-- which is the same for all of them, because no index has that order: so PostgreSQL cannot walk one instead. Rows are
-- returned in the order of the list.
--
-- A lookup selects the rows that the visible_ function of its kind can accept, and that function then checks them. It
-- is a second statement of the same rule, because it reads the rows of known jobs, and the function checks one known
-- row: with the statement of the one, PostgreSQL plans the other badly. TestListsReturnVisibleRows compares the two.

-- The maximum number of rows of an actor or a job for which a list looks them up by id. With more rows, the first rows
-- of a walk contain enough that match.
CREATE FUNCTION list_lookup_limit() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 10000;

-- Applications that an actor sees. after_time and after_id are the position of the last row of the previous page, NULL
-- for the first page. The other parameters are filters; a filter that is NULL matches all.
CREATE FUNCTION list_applications(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_id uuid DEFAULT NULL,
    wanted_job uuid DEFAULT NULL, wanted_candidate uuid DEFAULT NULL, wanted_stages text[] DEFAULT NULL,
    wanted_statuses text[] DEFAULT NULL, updated_since timestamptz DEFAULT NULL
) RETURNS SETOF applications
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    jobs uuid[];
    ids uuid[];
BEGIN
    IF reach <> 'all' THEN
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j);
        ids := ARRAY(
            SELECT a.id FROM applications AS a WHERE a.company_id = company AND a.job_id = ANY (jobs)
            UNION ALL
            SELECT i.application_id FROM panels_of_actor(company, actor, reach) AS p
            JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
            LIMIT list_lookup_limit() + 1
        );
    END IF;
    IF cardinality(ids) > list_lookup_limit() THEN
        ids := NULL;
    END IF;
    RETURN QUERY
    SELECT a.* FROM visible_applications(company, actor, reach) AS a
    WHERE (ids IS NULL OR a.id = ANY (ids))
        AND (wanted_job IS NULL OR a.job_id = wanted_job)
        AND (wanted_candidate IS NULL OR a.candidate_id = wanted_candidate)
        AND (wanted_stages IS NULL OR a.stage = ANY (wanted_stages))
        AND (wanted_statuses IS NULL OR a.status = ANY (wanted_statuses))
        AND (updated_since IS NULL OR a.updated_at >= updated_since)
        AND (after_id IS NULL OR CASE sort
            WHEN 'created_at' THEN (a.created_at, a.id) > (after_time, after_id)
            WHEN '-created_at' THEN (a.created_at, a.id) < (after_time, after_id)
            WHEN 'updated_at' THEN (a.updated_at, a.id) > (after_time, after_id)
            WHEN '-updated_at' THEN (a.updated_at, a.id) < (after_time, after_id)
            WHEN 'stage_entered_at' THEN (a.stage_entered_at, a.id) > (after_time, after_id)
            WHEN '-stage_entered_at' THEN (a.stage_entered_at, a.id) < (after_time, after_id)
        END)
    ORDER BY
        CASE WHEN ids IS NOT NULL THEN a.company_id::text END,
        CASE WHEN sort = 'created_at' THEN a.created_at END,
        CASE WHEN sort = '-created_at' THEN a.created_at END DESC,
        CASE WHEN sort = 'updated_at' THEN a.updated_at END,
        CASE WHEN sort = '-updated_at' THEN a.updated_at END DESC,
        CASE WHEN sort = 'stage_entered_at' THEN a.stage_entered_at END,
        CASE WHEN sort = '-stage_entered_at' THEN a.stage_entered_at END DESC,
        CASE WHEN sort IN ('created_at', 'updated_at', 'stage_entered_at') THEN a.id END,
        CASE WHEN sort IN ('-created_at', '-updated_at', '-stage_entered_at') THEN a.id END DESC
    LIMIT max_rows;
END
$$;

-- Interviews that an actor sees. mine selects those whose panel the actor is on (true) or not on (false). An interview
-- without a time starts neither before nor after any time; starts_key sorts it last.
CREATE FUNCTION list_interviews(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_id uuid DEFAULT NULL,
    mine boolean DEFAULT NULL, wanted_panelist uuid DEFAULT NULL, wanted_job uuid DEFAULT NULL, wanted_candidate uuid DEFAULT NULL,
    wanted_application uuid DEFAULT NULL, wanted_statuses text[] DEFAULT NULL, wanted_kinds text[] DEFAULT NULL,
    starts_from timestamptz DEFAULT NULL, starts_before timestamptz DEFAULT NULL, updated_since timestamptz DEFAULT NULL
) RETURNS SETOF interviews
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    jobs uuid[];
    ids uuid[];
BEGIN
    IF wanted_job IS NOT NULL THEN
        -- Only one of the orders has an index by job.
        ids := ARRAY(SELECT i.id FROM interviews AS i WHERE i.company_id = company AND i.job_id = wanted_job LIMIT list_lookup_limit() + 1);
    ELSIF reach <> 'all' THEN
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j);
        ids := ARRAY(
            SELECT i.id FROM interviews AS i WHERE i.company_id = company AND i.job_id = ANY (jobs)
            UNION ALL
            SELECT p.interview_id FROM panels_of_actor(company, actor, reach) AS p
            LIMIT list_lookup_limit() + 1
        );
    END IF;
    IF cardinality(ids) > list_lookup_limit() THEN
        ids := NULL;
    END IF;
    RETURN QUERY
    SELECT i.* FROM visible_interviews(company, actor, reach) AS i
    WHERE (ids IS NULL OR i.id = ANY (ids))
        AND CASE mine
            WHEN true THEN i.id = ANY (ARRAY(
                SELECT p.interview_id FROM interview_panelists AS p WHERE p.company_id = company AND p.user_id = actor
            ))
            WHEN false THEN NOT EXISTS (
                SELECT FROM interview_panelists AS p WHERE p.company_id = company AND p.interview_id = i.id AND p.user_id = actor
            )
            ELSE true
        END
        AND (wanted_panelist IS NULL OR i.id = ANY (ARRAY(
            SELECT p.interview_id FROM interview_panelists AS p WHERE p.company_id = company AND p.user_id = wanted_panelist
        )))
        AND (wanted_job IS NULL OR i.job_id = wanted_job)
        AND (wanted_candidate IS NULL OR i.candidate_id = wanted_candidate)
        AND (wanted_application IS NULL OR i.application_id = wanted_application)
        AND (wanted_statuses IS NULL OR i.status = ANY (wanted_statuses))
        AND (wanted_kinds IS NULL OR i.kind = ANY (wanted_kinds))
        AND (starts_from IS NULL OR i.starts_key >= starts_from AND i.starts_at >= starts_from)
        AND (starts_before IS NULL OR i.starts_key < starts_before AND i.starts_at < starts_before)
        AND (updated_since IS NULL OR i.updated_at >= updated_since)
        AND (after_id IS NULL OR CASE sort
            WHEN 'starts_at' THEN (i.starts_key, i.id) > (after_time, after_id)
            WHEN '-starts_at' THEN (i.starts_key, i.id) < (after_time, after_id)
            WHEN 'created_at' THEN (i.created_at, i.id) > (after_time, after_id)
            WHEN '-created_at' THEN (i.created_at, i.id) < (after_time, after_id)
            WHEN 'updated_at' THEN (i.updated_at, i.id) > (after_time, after_id)
            WHEN '-updated_at' THEN (i.updated_at, i.id) < (after_time, after_id)
        END)
    ORDER BY
        CASE WHEN ids IS NOT NULL THEN i.company_id::text END,
        CASE WHEN sort = 'starts_at' THEN i.starts_key END,
        CASE WHEN sort = '-starts_at' THEN i.starts_key END DESC,
        CASE WHEN sort = 'created_at' THEN i.created_at END,
        CASE WHEN sort = '-created_at' THEN i.created_at END DESC,
        CASE WHEN sort = 'updated_at' THEN i.updated_at END,
        CASE WHEN sort = '-updated_at' THEN i.updated_at END DESC,
        CASE WHEN sort IN ('starts_at', 'created_at', 'updated_at') THEN i.id END,
        CASE WHEN sort IN ('-starts_at', '-created_at', '-updated_at') THEN i.id END DESC
    LIMIT max_rows;
END
$$;

-- Scores that an actor sees.
CREATE FUNCTION list_scores(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_id uuid DEFAULT NULL,
    wanted_interview uuid DEFAULT NULL, wanted_application uuid DEFAULT NULL, wanted_job uuid DEFAULT NULL,
    wanted_rater uuid DEFAULT NULL, wanted_status text DEFAULT NULL, updated_since timestamptz DEFAULT NULL
) RETURNS SETOF scores
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    jobs uuid[];
    ids uuid[];
    own_only boolean := wanted_status <> 'submitted' AND NOT (wanted_status = 'voided' AND reach = 'all');
BEGIN
    IF reach <> 'all' THEN
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j);
        ids := ARRAY(
            SELECT s.id FROM scores AS s WHERE s.company_id = company AND s.job_id = ANY (jobs)
            UNION ALL
            SELECT s.id FROM panels_of_actor(company, actor, reach) AS p
            JOIN scores AS s ON s.company_id = company AND s.interview_id = p.interview_id
            UNION ALL
            SELECT s.id FROM scores AS s WHERE s.company_id = company AND s.rater_id = actor
            LIMIT list_lookup_limit() + 1
        );
    END IF;
    IF cardinality(ids) > list_lookup_limit() THEN
        ids := NULL;
    END IF;
    RETURN QUERY
    SELECT s.* FROM visible_scores(company, actor, reach) AS s
    WHERE (ids IS NULL OR s.id = ANY (ids))
        AND (wanted_interview IS NULL OR s.interview_id = wanted_interview)
        AND (wanted_application IS NULL OR s.application_id = wanted_application)
        AND (wanted_job IS NULL OR s.job_id = wanted_job)
        AND (wanted_rater IS NULL OR s.rater_id = wanted_rater)
        AND (wanted_status IS NULL OR s.status = wanted_status)
        -- Implied by the status and by visible_scores. It is repeated so that an index finds the actor's own scores.
        AND (own_only IS NOT TRUE OR s.rater_id = actor)
        AND (updated_since IS NULL OR s.updated_at >= updated_since)
        AND (after_id IS NULL OR CASE sort
            WHEN 'created_at' THEN (s.created_at, s.id) > (after_time, after_id)
            WHEN '-created_at' THEN (s.created_at, s.id) < (after_time, after_id)
            WHEN 'updated_at' THEN (s.updated_at, s.id) > (after_time, after_id)
            WHEN '-updated_at' THEN (s.updated_at, s.id) < (after_time, after_id)
        END)
    ORDER BY
        CASE WHEN ids IS NOT NULL THEN s.company_id::text END,
        CASE WHEN sort = 'created_at' THEN s.created_at END,
        CASE WHEN sort = '-created_at' THEN s.created_at END DESC,
        CASE WHEN sort = 'updated_at' THEN s.updated_at END,
        CASE WHEN sort = '-updated_at' THEN s.updated_at END DESC,
        CASE WHEN sort IN ('created_at', 'updated_at') THEN s.id END,
        CASE WHEN sort IN ('-created_at', '-updated_at') THEN s.id END DESC
    LIMIT max_rows;
END
$$;

-- Panelists of the jobs of which an actor sees everything, by name.
CREATE FUNCTION list_interviewers(
    company uuid, actor uuid, reach text, max_rows integer, after_name text DEFAULT NULL, after_id uuid DEFAULT NULL,
    wanted_job uuid DEFAULT NULL
) RETURNS SETOF users
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY
    SELECT u.* FROM users AS u
    WHERE u.company_id = company
        AND (after_id IS NULL OR (u.name_key, u.id) > (after_name, after_id))
        AND EXISTS (
            SELECT FROM interview_panelists AS p
            JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
            JOIN led_jobs(company, actor, reach) AS led ON led.id = i.job_id
            WHERE p.company_id = company AND p.user_id = u.id
                AND (wanted_job IS NULL OR i.job_id = wanted_job)
        )
    ORDER BY u.name_key, u.id
    LIMIT max_rows;
END
$$;

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
CREATE FUNCTION search_steps(filtered boolean) RETURNS TABLE (step text, bound integer)
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

-- Whether the trigram index can find a LIKE pattern, which needs three consecutive letters or digits. For any other
-- pattern, the index would read the whole company.
CREATE FUNCTION has_trigram(pattern text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pattern ~ '[[:alnum:]]{3}';

-- Candidates that an actor sees, that match a LIKE pattern and have all of some tags; a pattern or tags that are NULL
-- match all. See search_steps.
CREATE FUNCTION list_candidates(
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

-- Users that an actor sees, whose names, email or department contain a text, given as a LIKE pattern. See
-- search_steps; the actor sees either all users or one, so nothing is looked up.
CREATE FUNCTION list_users(
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

REVOKE EXECUTE ON FUNCTION jobs_of_actor, panels_of_actor, led_jobs, visible_jobs, visible_applications, visible_candidates,
    visible_interviews, visible_kit_versions, visible_kits, blinds, visible_scores, visible_users, visible_audit_logs, is_active_admin,
    list_lookup_limit, list_applications, list_interviews, list_scores, list_interviewers, search_steps, has_trigram, list_candidates, list_users
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs_of_actor, panels_of_actor, led_jobs, visible_jobs, visible_applications, visible_candidates,
    visible_interviews, visible_kit_versions, visible_kits, blinds, visible_scores, visible_users, visible_audit_logs, is_active_admin,
    list_lookup_limit, list_applications, list_interviews, list_scores, list_interviewers, search_steps, has_trigram, list_candidates, list_users
    TO interviewer_service;
