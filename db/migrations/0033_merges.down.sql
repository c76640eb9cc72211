DROP FUNCTION find_duplicates(uuid, uuid, text, integer, text, text, uuid, uuid), walk_people(uuid, bigint, boolean, integer),
    surviving_candidate(uuid, uuid), defer_application_keys();
CREATE OR REPLACE FUNCTION visible_candidates(company uuid, actor uuid, reach text) RETURNS SETOF candidates
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.* FROM candidates AS c
    WHERE c.company_id = company AND (
        reach = 'all' OR EXISTS (SELECT FROM visible_applications(company, actor, reach) AS a WHERE a.candidate_id = c.id)
    )
$$;
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
CREATE OR REPLACE FUNCTION record_candidate_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'candidate', n.id FROM new_rows AS n;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, 'candidate_name', n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE (o.first_name, o.last_name, o.external_id, o.email) IS DISTINCT FROM (n.first_name, n.last_name, n.external_id, n.email);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION record_application_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'application', n.id FROM new_rows AS n;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'candidate', n.candidate_id FROM new_rows AS n;
    ELSE
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, 'application_status', n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE o.status <> n.status;
    END IF;
    RETURN NULL;
END
$$;
DELETE FROM changes WHERE kind IN ('candidate_merged', 'application_candidate');
ALTER DOMAIN change_kind DROP CONSTRAINT change_kind_known;
ALTER DOMAIN change_kind ADD CONSTRAINT change_kind_known CHECK (VALUE IN (
    'user', 'job', 'job_members', 'kit', 'candidate', 'application', 'interview', 'interview_scores', 'own_score', 'user_name', 'admins',
    'job_title', 'job_access', 'candidate_name', 'application_status', 'interview_access', 'interview_kit', 'key_holder', 'reset'
));
DROP TRIGGER application_moves_no_delete ON application_moves;
CREATE OR REPLACE TRIGGER application_moves_append_only BEFORE UPDATE OR DELETE ON application_moves
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();
REVOKE UPDATE (candidate_id) ON application_moves FROM interviewer_service;
ALTER TABLE application_moves ALTER CONSTRAINT application_moves_application_fkey NOT DEFERRABLE;
ALTER TABLE interviews ALTER CONSTRAINT interviews_application_fkey NOT DEFERRABLE;
DROP TABLE candidate_merge_items, candidate_merges, candidate_distinctions;
DROP INDEX candidates_person_idx;
DROP FUNCTION person_key(text, text, text);
REVOKE SELECT (phone) ON candidates FROM interviewer_lookup;
ALTER TABLE candidates DROP COLUMN merged_into;
