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

-- find_api_key of migration 0006, whose plan PostgreSQL keeps now: it would plan a function in SQL again for every request.
CREATE OR REPLACE FUNCTION find_api_key(wanted bytea) RETURNS SETOF live_api_keys
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT * FROM live_api_keys WHERE hash = wanted OR previous_hash = wanted;
END
$$;

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

-- Writes the array of rows that changed, also if a job or a user was deleted.
CREATE FUNCTION keep_api_key_job_array() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    changed CONSTANT api_key_jobs := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    jobs CONSTANT uuid[] := ARRAY(
        SELECT j.job_id FROM api_key_jobs AS j
        WHERE j.company_id = changed.company_id AND j.api_key_id = changed.api_key_id ORDER BY j.position
    );
BEGIN
    UPDATE api_keys AS k SET job_ids = jobs
    WHERE k.company_id = changed.company_id AND k.id = changed.api_key_id AND k.limited_to_jobs AND k.job_ids IS DISTINCT FROM jobs;
    RETURN NULL;
END
$$;
CREATE TRIGGER api_key_jobs_array AFTER INSERT OR UPDATE OR DELETE ON api_key_jobs
    FOR EACH ROW EXECUTE FUNCTION keep_api_key_job_array();

CREATE FUNCTION keep_api_key_holder_array() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    changed CONSTANT api_key_holders := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    holders CONSTANT uuid[] := ARRAY(
        SELECT h.user_id FROM api_key_holders AS h
        WHERE h.company_id = changed.company_id AND h.api_key_id = changed.api_key_id ORDER BY h.user_id
    );
BEGIN
    UPDATE api_keys AS k SET known_to = holders
    WHERE k.company_id = changed.company_id AND k.id = changed.api_key_id AND k.known_to IS DISTINCT FROM holders;
    RETURN NULL;
END
$$;
CREATE TRIGGER api_key_holders_array AFTER INSERT OR DELETE ON api_key_holders
    FOR EACH ROW EXECUTE FUNCTION keep_api_key_holder_array();

REVOKE EXECUTE ON FUNCTION keep_api_key_job_array, keep_api_key_holder_array FROM PUBLIC;
