DROP TRIGGER api_key_holders_array ON api_key_holders;
DROP TRIGGER api_key_jobs_array ON api_key_jobs;
DROP FUNCTION keep_api_key_holder_array();
DROP FUNCTION keep_api_key_job_array();
DROP VIEW api_key_details;

CREATE OR REPLACE VIEW live_api_keys AS
    SELECT k.hash, k.previous_hash, k.company_id, k.id, k.scopes, k.job_ids, k.known_to, k.expires_at, k.previous_expires_at, k.last_used_at,
        (c.test_of IS NOT NULL) AS is_test
    FROM api_keys AS k
    JOIN live_companies AS c ON c.id = k.company_id
    WHERE k.revoked_at IS NULL;

CREATE OR REPLACE FUNCTION find_api_key(wanted bytea) RETURNS SETOF live_api_keys
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM live_api_keys WHERE hash = wanted OR previous_hash = wanted
$$;

CREATE OR REPLACE FUNCTION jobs_of_actor(company uuid, actor uuid, reach text) RETURNS TABLE (job_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT m.job_id FROM job_members AS m WHERE m.company_id = company AND m.user_id = actor AND reach = 'jobs'
    UNION ALL
    SELECT allowed.id FROM api_keys AS k, unnest(k.job_ids) AS allowed (id) WHERE k.company_id = company AND k.id = actor AND reach = 'jobs'
$$;

CREATE OR REPLACE FUNCTION blinds(company uuid, actor uuid, interview uuid) RETURNS TABLE (interview_id uuid)
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
        OR NOT EXISTS (
            SELECT FROM principals AS a WHERE a.company_id = company AND a.id = actor AND a.kind IN ('user', 'api_key')
        )
    )
$$;
