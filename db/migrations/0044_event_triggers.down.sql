-- migrate: no transaction
CREATE OR REPLACE FUNCTION record_user_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, kind.name, n.id FROM new_rows AS n, (VALUES ('user'), ('admins')) AS kind (name)
        WHERE kind.name = 'user' OR n.role = 'admin';
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT n.company_id, kind.name, n.id, CASE WHEN kind.name = 'reset' THEN n.id END
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id,
        (VALUES ('user'), ('user_name'), ('admins'), ('reset')) AS kind (name)
    WHERE CASE kind.name
        WHEN 'user' THEN true
        WHEN 'user_name' THEN (o.first_name, o.last_name) IS DISTINCT FROM (n.first_name, n.last_name)
        WHEN 'admins' THEN is_active_admin(o.role, o.is_active) <> is_active_admin(n.role, n.is_active)
        ELSE o.role <> n.role
    END;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_job_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'job', n.id FROM new_rows AS n;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'job_members', n.id FROM new_rows AS n;
    ELSE
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, 'job_title', n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE o.title <> n.title;
    END IF;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_member_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'job_members', r.job_id FROM changed_rows AS r;
    IF TG_OP <> 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id, reader_id)
        SELECT r.company_id, 'job_access', r.job_id, r.user_id FROM changed_rows AS r;
    END IF;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_candidate_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'candidate', n.id FROM new_rows AS n;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, kind.name, n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id, (VALUES ('candidate_name'), ('candidate_merged')) AS kind (name)
        WHERE CASE kind.name
            WHEN 'candidate_name' THEN
                (o.first_name, o.last_name, o.external_id, o.email) IS DISTINCT FROM (n.first_name, n.last_name, n.external_id, n.email)
            ELSE o.merged_into IS NULL AND n.merged_into IS NOT NULL
        END;
    END IF;
    RETURN NULL;
END
$$;
-- next
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
        INSERT INTO changes (company_id, kind, resource_id, parent_id)
        SELECT n.company_id, 'application_candidate', o.candidate_id, n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE o.candidate_id <> n.candidate_id;
    END IF;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_kit_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'kit', n.id FROM new_rows AS n;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER kits_update_changes AFTER UPDATE ON kits REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_changes();
-- next
CREATE OR REPLACE FUNCTION record_kit_version_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT n.company_id, 'kit', n.kit_id FROM new_rows AS n;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER kit_versions_update_changes AFTER UPDATE ON kit_versions REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_version_changes();
-- next
CREATE OR REPLACE FUNCTION record_interview_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'interview', n.id FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id)
    SELECT n.company_id, CASE WHEN o.status = n.status THEN 'interview' ELSE 'interview_scores' END, n.id FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id;
    INSERT INTO changes (company_id, kind, resource_id, parent_id)
    SELECT n.company_id, 'interview_kit', v.kit_id, n.id FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
    JOIN kit_versions AS v ON v.company_id = n.company_id AND v.id IN (o.kit_version_id, n.kit_version_id)
    WHERE o.kit_version_id <> n.kit_version_id;
    RETURN NULL;
END
$$;
-- next
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
-- next
CREATE OR REPLACE FUNCTION record_score_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, reader_id)
        SELECT n.company_id, CASE n.status WHEN 'draft' THEN 'own_score' ELSE 'interview_scores' END, n.interview_id,
            CASE n.status WHEN 'draft' THEN n.rater_id END
        FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT n.company_id, CASE WHEN draft.only THEN 'own_score' ELSE 'interview_scores' END, n.interview_id,
        CASE WHEN draft.only THEN n.rater_id END
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id,
        LATERAL (SELECT o.status = 'draft' AND n.status = 'draft' AS only) AS draft;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION which_visible(company uuid, actor uuid, reach text, type text, ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    CASE type
    WHEN 'user' THEN
        RETURN QUERY SELECT v.id FROM visible_users(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'job', 'job_members' THEN
        RETURN QUERY SELECT v.id FROM visible_jobs(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'kit', 'kit_versions' THEN
        RETURN QUERY SELECT v.id FROM visible_kits(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'candidate' THEN
        RETURN QUERY SELECT v.id FROM visible_candidates(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'application' THEN
        RETURN QUERY SELECT v.id FROM visible_applications(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'interview', 'interview_scores' THEN
        RETURN QUERY SELECT v.id FROM visible_interviews(company, actor, reach) AS v WHERE v.id = ANY (ids);
    END CASE;
END
$$;
-- next
DO $$
DECLARE
    company uuid;
BEGIN
    FOR company IN SELECT id FROM all_companies() LOOP
        PERFORM set_config('app.company_id', company::text, true);
        UPDATE api_keys SET scopes = array_replace(scopes, 'events:read', 'changes:read')
        WHERE company_id = company AND 'events:read' = ANY (scopes);
        COMMIT;
    END LOOP;
END
$$;
