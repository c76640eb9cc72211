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
