REVOKE UPDATE (version) ON candidate_merge_items FROM interviewer_service;
ALTER TABLE candidate_merges DROP COLUMN actor_id;
CREATE OR REPLACE FUNCTION change_targets(
    company uuid, reach text, change_kind text, resource uuid, after_time timestamptz, after_id uuid, after_type text, after_target uuid,
    max_rows integer
) RETURNS TABLE (type text, id uuid, key_time timestamptz, key_id uuid, more boolean)
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    base_time CONSTANT timestamptz := '0001-01-01 00:00:00+00';
    base_id CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    from_time CONSTANT timestamptz := coalesce(after_time, base_time);
    from_id CONSTANT uuid := coalesce(after_id, base_id);
    applied uuid[];
    interviewed uuid[];
BEGIN
    -- With reach own, a member of a job sees the job only; with reach all, membership changes nothing.
    IF change_kind = 'job_title' OR change_kind = 'job_access' AND reach = 'jobs' THEN
        applied := ARRAY(
            SELECT a.id FROM applications AS a
            WHERE a.company_id = company AND a.job_id = resource AND (a.created_at, a.id) >= (from_time, from_id)
            ORDER BY a.created_at, a.id LIMIT max_rows
        );
    ELSIF change_kind IN ('user_name', 'key_holder') THEN
        interviewed := ARRAY(
            SELECT p.interview_id FROM interview_panelists AS p
            WHERE p.company_id = company AND p.user_id = resource AND p.interview_id >= from_id
            ORDER BY p.interview_id LIMIT max_rows
        );
    END IF;
    RETURN QUERY
    SELECT t.type, t.id, t.key_time, t.key_id, coalesce(cardinality(applied), cardinality(interviewed), 0) = max_rows FROM (
        SELECT named.type, named.id, base_time, base_id FROM (VALUES ('job', resource), ('job_members', resource)) AS named (type, id)
        WHERE change_kind = 'job_access'
        UNION ALL
        -- Only reach all sees drafts.
        SELECT part.type, k.id, base_time, base_id FROM kits AS k, (VALUES ('kit'), ('kit_versions')) AS part (type)
        WHERE change_kind = 'job_access' AND reach = 'jobs' AND k.company_id = company AND k.job_id = resource AND EXISTS (
            SELECT FROM kit_versions AS v WHERE v.company_id = company AND v.kit_id = k.id AND v.status <> 'draft'
        )
        UNION ALL
        SELECT part.type, CASE part.type WHEN 'application' THEN a.id ELSE a.candidate_id END, a.created_at, a.id
        FROM applications AS a, (VALUES ('application'), ('candidate')) AS part (type)
        WHERE a.company_id = company AND a.id = ANY (applied) AND (change_kind = 'job_access' OR part.type = 'application')
        UNION ALL
        SELECT part.type, i.id, a.created_at, a.id
        FROM applications AS a
        JOIN interviews AS i ON i.company_id = a.company_id AND i.application_id = a.id,
            (VALUES ('interview'), ('interview_scores')) AS part (type)
        WHERE a.company_id = company AND a.id = ANY (applied) AND (change_kind = 'job_access' OR part.type = 'interview')
        UNION ALL
        SELECT 'job_members', m.job_id, base_time, base_id FROM job_members AS m
        WHERE change_kind = 'user_name' AND m.company_id = company AND m.user_id = resource
        UNION ALL
        SELECT part.type, panel.id, base_time, panel.id
        FROM unnest(interviewed) AS panel (id), (VALUES ('interview'), ('interview_scores')) AS part (type)
        WHERE change_kind = 'user_name' OR part.type = 'interview_scores'
        UNION ALL
        SELECT 'user', u.id, base_time, base_id FROM users AS u
        WHERE change_kind = 'admins' AND u.company_id = company AND u.role = 'admin'
        UNION ALL
        SELECT 'application', a.id, base_time, base_id FROM applications AS a
        WHERE change_kind = 'candidate_name' AND a.company_id = company AND a.candidate_id = resource
        UNION ALL
        SELECT 'interview', i.id, base_time, base_id FROM interviews AS i
        WHERE change_kind = 'candidate_name' AND i.company_id = company AND i.candidate_id = resource
        UNION ALL
        SELECT 'candidate', a.candidate_id, base_time, base_id FROM applications AS a
        WHERE change_kind = 'application_status' AND a.company_id = company AND a.id = resource
        UNION ALL
        SELECT 'interview', i.id, base_time, base_id FROM interviews AS i
        WHERE change_kind = 'application_status' AND i.company_id = company AND i.application_id = resource
        UNION ALL
        SELECT part.type, part.id, base_time, base_id
        FROM interviews AS i
        JOIN kit_versions AS v ON v.company_id = i.company_id AND v.id = i.kit_version_id,
            LATERAL (VALUES
                ('interview', i.id), ('interview_scores', i.id), ('application', i.application_id), ('candidate', i.candidate_id),
                ('job', i.job_id), ('job_members', i.job_id), ('kit', v.kit_id), ('kit_versions', v.kit_id)
            ) AS part (type, id)
        WHERE change_kind = 'interview_access' AND i.company_id = company AND i.id = resource
    ) AS t (type, id, key_time, key_id)
    WHERE after_type IS NULL
        OR (t.key_time, t.key_id, t.type COLLATE "C", t.id) > (from_time, from_id, after_type COLLATE "C", after_target)
    ORDER BY t.key_time, t.key_id, t.type COLLATE "C", t.id;
END
$$;
DROP INDEX changes_former_candidate_idx;
