-- The jobs that an API key is limited to and the holders of a key become rows, which foreign keys check. So far they are the
-- arrays job_ids and known_to of api_keys.
--
-- The previous release reads and writes the arrays, and this one the rows. Triggers keep both equal: those below write the rows,
-- those of migration 0022 the arrays. The next release removes the arrays and these triggers.

-- A key that is limited to jobs has no access if all its jobs were deleted.
ALTER TABLE api_keys ADD COLUMN limited_to_jobs boolean NOT NULL DEFAULT false;
GRANT SELECT (limited_to_jobs) ON api_keys TO interviewer_lookup;

-- The array of such a key is empty. The next migration validates the constraint.
ALTER TABLE api_keys
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT api_keys_jobs_some,
    ADD CONSTRAINT api_keys_jobs_bounded CHECK (cardinality(job_ids) <= 100) NOT VALID;

-- position is the place of the job in the list of the request that set it, from 1.
CREATE TABLE api_key_jobs (
    company_id uuid    NOT NULL,
    api_key_id uuid    NOT NULL,
    job_id     uuid    NOT NULL,
    position   integer NOT NULL,
    CONSTRAINT api_key_jobs_pkey PRIMARY KEY (company_id, api_key_id, job_id),
    CONSTRAINT api_key_jobs_key_fkey FOREIGN KEY (company_id, api_key_id) REFERENCES api_keys (company_id, id),
    CONSTRAINT api_key_jobs_job_fkey FOREIGN KEY (company_id, job_id) REFERENCES jobs (company_id, id) ON DELETE CASCADE,
    CONSTRAINT api_key_jobs_position CHECK (position >= 1)
);
CREATE INDEX api_key_jobs_job_idx ON api_key_jobs (company_id, job_id);

-- The users who were shown a secret of a key: the key cannot read scores that one of them must not read yet.
CREATE TABLE api_key_holders (
    company_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    user_id    uuid NOT NULL,
    CONSTRAINT api_key_holders_pkey PRIMARY KEY (company_id, api_key_id, user_id),
    CONSTRAINT api_key_holders_key_fkey FOREIGN KEY (company_id, api_key_id) REFERENCES api_keys (company_id, id),
    CONSTRAINT api_key_holders_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id) ON DELETE CASCADE
);
CREATE INDEX api_key_holders_user_idx ON api_key_holders (company_id, user_id);

ALTER TABLE api_key_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key_holders ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_holders FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key_jobs TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON api_key_holders TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY lookup ON api_key_jobs FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY lookup ON api_key_holders FOR SELECT TO interviewer_lookup USING (true);
GRANT SELECT, INSERT, UPDATE (position), DELETE ON api_key_jobs TO interviewer_service;
GRANT SELECT, INSERT ON api_key_holders TO interviewer_service;
GRANT SELECT ON api_key_jobs, api_key_holders TO interviewer_lookup;

-- job_ids is NULL if and only if the key is not limited to jobs. Whichever of the two columns a statement changes sets the
-- other.
CREATE FUNCTION keep_api_key_limit() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.limited_to_jobs := NEW.limited_to_jobs OR NEW.job_ids IS NOT NULL;
        NEW.job_ids := CASE WHEN NEW.limited_to_jobs THEN coalesce(NEW.job_ids, '{}') END;
    ELSIF NEW.limited_to_jobs = OLD.limited_to_jobs THEN
        NEW.limited_to_jobs := NEW.job_ids IS NOT NULL;
    ELSE
        NEW.job_ids := CASE WHEN NEW.limited_to_jobs THEN ARRAY(
            SELECT j.job_id FROM api_key_jobs AS j WHERE j.company_id = NEW.company_id AND j.api_key_id = NEW.id ORDER BY j.position
        ) END;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER api_keys_limit BEFORE INSERT OR UPDATE OF job_ids, limited_to_jobs ON api_keys
    FOR EACH ROW EXECUTE FUNCTION keep_api_key_limit();

-- Writes the rows of arrays that the previous release has written. It leaves out jobs and users that were deleted. The previous
-- release only adds holders. A key that was just inserted has no rows but those of the statement that inserts it.
CREATE FUNCTION keep_api_key_rows() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM api_key_jobs AS j
        WHERE j.company_id = NEW.company_id AND j.api_key_id = NEW.id AND j.job_id <> ALL (coalesce(NEW.job_ids, '{}'));
    END IF;
    INSERT INTO api_key_jobs AS j (company_id, api_key_id, job_id, position)
    SELECT NEW.company_id, NEW.id, jobs.id, min(given.position)
    FROM unnest(NEW.job_ids) WITH ORDINALITY AS given (id, position)
    JOIN jobs ON jobs.company_id = NEW.company_id AND jobs.id = given.id
    GROUP BY jobs.id
    ON CONFLICT ON CONSTRAINT api_key_jobs_pkey DO UPDATE SET position = excluded.position WHERE j.position <> excluded.position;
    INSERT INTO api_key_holders (company_id, api_key_id, user_id)
    SELECT NEW.company_id, NEW.id, users.id FROM users WHERE users.company_id = NEW.company_id AND users.id = ANY (NEW.known_to)
    ON CONFLICT ON CONSTRAINT api_key_holders_pkey DO NOTHING;
    RETURN NULL;
END
$$;
-- Only for statements of the service: the triggers of migration 0022 write the arrays too.
CREATE TRIGGER api_keys_rows AFTER INSERT OR UPDATE OF job_ids, known_to ON api_keys
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION keep_api_key_rows();

REVOKE EXECUTE ON FUNCTION keep_api_key_limit, keep_api_key_rows FROM PUBLIC;
