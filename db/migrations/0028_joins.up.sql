-- migrate: no transaction
-- Jobs have an id in another system, like candidates. Applications show the external_id and the email of their candidate, so a
-- change of these is a change of the applications.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS external_id text COLLATE "C";
-- next
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS jobs_external_id_key ON jobs (company_id, external_id);
-- next
ALTER TABLE jobs
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS jobs_external_id_length,
    ADD CONSTRAINT jobs_external_id_length CHECK (length(external_id) <= 200) NOT VALID;
-- next
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_external_id_length;
-- next
-- The kind candidate_name is for what contains the candidate's name, external_id or email: applications and interviews.
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
