-- From here on, authentication, visibility and blindness read the rows of API keys, also for the previous release, and not the
-- arrays.

-- Keys as their operations show them: job_ids is NULL if the key is not limited to jobs. Updates change api_keys. The view has the
-- rights of its user, so row-level security applies.
CREATE VIEW api_key_details WITH (security_invoker = true) AS
    SELECT k.company_id, k.id, k.name, k.prefix, k.hash, k.previous_hash, k.previous_expires_at, k.scopes, k.limited_to_jobs,
        (CASE WHEN k.limited_to_jobs THEN ARRAY(
            SELECT j.job_id FROM api_key_jobs AS j WHERE j.company_id = k.company_id AND j.api_key_id = k.id ORDER BY j.position
        ) END)::uuid[] AS job_ids,
        k.expires_at, k.last_used_at, k.rotated_at, k.revoked_at, k.created_by, k.version, k.created_at, k.updated_at
    FROM api_keys AS k;
GRANT SELECT, UPDATE ON api_key_details TO interviewer_service;

CREATE OR REPLACE VIEW live_api_keys AS
    SELECT k.hash, k.previous_hash, k.company_id, k.id, k.scopes,
        (CASE WHEN k.limited_to_jobs THEN ARRAY(
            SELECT j.job_id FROM api_key_jobs AS j WHERE j.company_id = k.company_id AND j.api_key_id = k.id ORDER BY j.position
        ) END)::uuid[] AS job_ids,
        ARRAY(SELECT h.user_id FROM api_key_holders AS h WHERE h.company_id = k.company_id AND h.api_key_id = k.id)::uuid[] AS known_to,
        k.expires_at, k.previous_expires_at, k.last_used_at, (c.test_of IS NOT NULL) AS is_test
    FROM api_keys AS k
    JOIN live_companies AS c ON c.id = k.company_id
    WHERE k.revoked_at IS NULL;

-- jobs_of_actor of migration 0008, and blinds of migration 0009, with rows instead of arrays.
CREATE OR REPLACE FUNCTION jobs_of_actor(company uuid, actor uuid, reach text) RETURNS TABLE (job_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT m.job_id FROM job_members AS m WHERE m.company_id = company AND m.user_id = actor AND reach = 'jobs'
    UNION ALL
    SELECT j.job_id FROM api_key_jobs AS j WHERE j.company_id = company AND j.api_key_id = actor AND reach = 'jobs'
$$;

CREATE OR REPLACE FUNCTION blinds(company uuid, actor uuid, interview uuid) RETURNS TABLE (interview_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.interview_id FROM interview_panelists AS p
    WHERE p.company_id = company AND p.interview_id = interview
        AND (p.user_id = actor OR EXISTS (
            SELECT FROM api_key_holders AS h WHERE h.company_id = company AND h.api_key_id = actor AND h.user_id = p.user_id
        ))
        AND NOT EXISTS (
            SELECT FROM scores AS s
            WHERE s.company_id = company AND s.interview_id = interview AND s.rater_id = p.user_id AND s.status = 'submitted'
        )
    UNION ALL
    SELECT i.id FROM interviews AS i
    WHERE i.company_id = company AND i.id = interview AND (
        i.status <> 'completed' AND EXISTS (SELECT FROM api_keys AS k WHERE k.company_id = company AND k.id = actor)
        OR NOT EXISTS (
            SELECT FROM principals AS a WHERE a.company_id = company AND a.id = actor AND a.kind IN ('user', 'api_key')
        )
    )
$$;
