-- Changes: the log that lets readers keep copies of resources. A change names a resource that a transaction has changed;
-- it has no content. Readers that follow the log read the named resources again, with their own rights. So the log needs
-- no history of contents, and a change that was recorded twice, or that did not matter, does no harm.
--
-- A change can also affect resources whose rows did not change: a job's title is part of its applications, and a new member of
-- a job sees all of its applications. One row records such a change, and change_targets returns the resources when a reader
-- reaches it, page by page. So no request writes more rows than it changes.
--
-- Kinds:
--   user, job, job_members, kit, candidate, application, interview, score
--                        the resource; for job_members, the members of the job; for kit, also its versions
--   user_name            what contains the user's name: the members of jobs, interviews, and the user's scores
--   admins               the admins of the company: the last one cannot be deactivated
--   job_title            what contains the job's title: its applications and interviews
--   job_access           everything of the job, for a reader who sees more or less of it now
--   candidate_name       what contains the candidate's name: applications and interviews
--   application_status   what depends on the status of the application: its candidate and its interviews
--   interview_access     everything about the interview, for a reader who sees more or less of it now
--   interview_kit        a kit that the interview no longer uses, for readers of the interview (parent_id)
--   interview_scores     the interview and its scores, which may be visible to more or fewer readers now
--   key_holder           the scores of interviews on whose panel the user is, for an API key that the user knows now
--   reset                the reader's copies as a whole: the role, the scopes or the company's data were replaced
--
-- Changes are read in the order of their transactions, and only those of transactions before which no other is still running.
-- So a reader never passes a change that commits later.

CREATE DOMAIN change_kind AS text CONSTRAINT change_kind_known CHECK (VALUE IN (
    'user', 'job', 'job_members', 'kit', 'candidate', 'application', 'interview', 'score', 'user_name', 'admins', 'job_title', 'job_access',
    'candidate_name', 'application_status', 'interview_access', 'interview_kit', 'interview_scores', 'key_holder', 'reset'
));

-- reader_id is the only reader that the change concerns, NULL for all readers.
CREATE TABLE changes (
    company_id     uuid        NOT NULL,
    transaction_id bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    id             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    kind           change_kind NOT NULL,
    resource_id    uuid        NOT NULL,
    parent_id      uuid,
    reader_id      uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT changes_pkey PRIMARY KEY (company_id, transaction_id, id),
    CONSTRAINT changes_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id)
);

CREATE INDEX changes_created_at_idx ON changes (created_at);

ALTER TABLE changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE changes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON changes TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
GRANT SELECT, INSERT ON changes TO interviewer_service;

-- The first transaction that may still be running: a change of an earlier one is complete.
CREATE FUNCTION first_running_transaction() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- Names the history of transactions. It changes when a backup is restored into another cluster and when a standby is promoted,
-- where the numbers of transactions may begin again.
CREATE FUNCTION transaction_history() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT s.system_identifier::text FROM pg_control_system() AS s)
        || '-' || (SELECT c.timeline_id::text FROM pg_control_checkpoint() AS c);

-- Record changes. Each function is called once per statement, with the rows as they were and as they are.

CREATE FUNCTION record_user_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION record_job_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- The role of a member does not change what the member sees.
CREATE FUNCTION record_member_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'job_members', r.job_id FROM changed_rows AS r;
    IF TG_OP <> 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id, reader_id)
        SELECT r.company_id, 'job_access', r.job_id, r.user_id FROM changed_rows AS r;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_candidate_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'candidate', n.id FROM new_rows AS n;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, 'candidate_name', n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE (o.first_name, o.last_name) IS DISTINCT FROM (n.first_name, n.last_name);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_application_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION record_kit_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'kit', n.id FROM new_rows AS n;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_kit_version_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT n.company_id, 'kit', n.kit_id FROM new_rows AS n;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_interview_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- A panelist without a score does not see the scores of others, and neither do the API keys that the panelist knows.
CREATE FUNCTION record_panelist_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'interview', r.interview_id FROM changed_rows AS r;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT r.company_id, 'interview_scores', r.interview_id FROM changed_rows AS r;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT r.company_id, 'interview_access', r.interview_id, r.user_id FROM changed_rows AS r;
    RETURN NULL;
END
$$;

-- A draft is visible to its rater only, who can then create no other score of the interview.
CREATE FUNCTION record_score_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, reader_id)
        SELECT n.company_id, CASE WHEN n.status = 'draft' THEN 'score' ELSE 'interview_scores' END,
            CASE WHEN n.status = 'draft' THEN n.id ELSE n.interview_id END, CASE WHEN n.status = 'draft' THEN n.rater_id END
        FROM new_rows AS n;
        INSERT INTO changes (company_id, kind, resource_id, reader_id)
        SELECT n.company_id, 'interview', n.interview_id, n.rater_id FROM new_rows AS n WHERE n.status = 'draft';
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT n.company_id, CASE WHEN draft.only THEN 'score' ELSE 'interview_scores' END,
        CASE WHEN draft.only THEN n.id ELSE n.interview_id END, CASE WHEN draft.only THEN n.rater_id END
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id,
        LATERAL (SELECT o.status = 'draft' AND n.status = 'draft' AS only) AS draft;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_api_key_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT n.company_id, 'reset', n.id, n.id FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
    WHERE o.scopes <> n.scopes OR o.limited_to_jobs <> n.limited_to_jobs;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_api_key_job_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT r.company_id, 'job_access', r.job_id, r.api_key_id FROM changed_rows AS r;
    RETURN NULL;
END
$$;

CREATE FUNCTION record_api_key_holder_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT n.company_id, 'key_holder', n.user_id, n.api_key_id FROM new_rows AS n;
    RETURN NULL;
END
$$;

-- Rows that readers copy are deleted only by the reset of a test company, all at once.
CREATE FUNCTION record_reset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT DISTINCT o.company_id, 'reset', o.company_id FROM old_rows AS o;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_insert_changes AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_user_changes();
CREATE TRIGGER users_update_changes AFTER UPDATE ON users REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_user_changes();
CREATE TRIGGER jobs_insert_changes AFTER INSERT ON jobs REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_job_changes();
CREATE TRIGGER jobs_update_changes AFTER UPDATE ON jobs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_job_changes();
CREATE TRIGGER job_members_insert_changes AFTER INSERT ON job_members REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_member_changes();
CREATE TRIGGER job_members_update_changes AFTER UPDATE ON job_members REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_member_changes();
CREATE TRIGGER job_members_delete_changes AFTER DELETE ON job_members REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_member_changes();
CREATE TRIGGER candidates_insert_changes AFTER INSERT ON candidates REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_candidate_changes();
CREATE TRIGGER candidates_update_changes AFTER UPDATE ON candidates REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_candidate_changes();
CREATE TRIGGER applications_insert_changes AFTER INSERT ON applications REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_application_changes();
CREATE TRIGGER applications_update_changes AFTER UPDATE ON applications REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_application_changes();
CREATE TRIGGER kits_insert_changes AFTER INSERT ON kits REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_changes();
CREATE TRIGGER kits_update_changes AFTER UPDATE ON kits REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_changes();
CREATE TRIGGER kit_versions_insert_changes AFTER INSERT ON kit_versions REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_version_changes();
CREATE TRIGGER kit_versions_update_changes AFTER UPDATE ON kit_versions REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_version_changes();
CREATE TRIGGER interviews_insert_changes AFTER INSERT ON interviews REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_interview_changes();
CREATE TRIGGER interviews_update_changes AFTER UPDATE ON interviews REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_interview_changes();
CREATE TRIGGER interview_panelists_insert_changes AFTER INSERT ON interview_panelists REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
CREATE TRIGGER interview_panelists_update_changes AFTER UPDATE ON interview_panelists REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
CREATE TRIGGER interview_panelists_delete_changes AFTER DELETE ON interview_panelists REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
CREATE TRIGGER scores_insert_changes AFTER INSERT ON scores REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_score_changes();
CREATE TRIGGER scores_update_changes AFTER UPDATE ON scores REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_score_changes();
CREATE TRIGGER api_keys_update_changes AFTER UPDATE ON api_keys REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_changes();

CREATE TRIGGER api_key_jobs_insert_changes AFTER INSERT ON api_key_jobs REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_job_changes();
CREATE TRIGGER api_key_jobs_delete_changes AFTER DELETE ON api_key_jobs REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_job_changes();
CREATE TRIGGER api_key_holders_insert_changes AFTER INSERT ON api_key_holders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_holder_changes();
CREATE TRIGGER users_delete_changes AFTER DELETE ON users REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
CREATE TRIGGER jobs_delete_changes AFTER DELETE ON jobs REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
CREATE TRIGGER candidates_delete_changes AFTER DELETE ON candidates REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
CREATE TRIGGER kits_delete_changes AFTER DELETE ON kits REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();

-- Read changes.

-- The applications of a job from a position, in the order of their creation: a page of what a change of the job affects.
CREATE FUNCTION job_applications_page(company uuid, job uuid, after_time timestamptz, after_id uuid, max_rows integer)
    RETURNS TABLE (id uuid, candidate_id uuid, created_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT a.id, a.candidate_id, a.created_at FROM applications AS a
    WHERE a.company_id = company AND a.job_id = job
        AND (a.created_at, a.id) > (coalesce(after_time, '-infinity'), coalesce(after_id, '00000000-0000-0000-0000-000000000000'))
    ORDER BY a.created_at, a.id
    LIMIT max_rows
$$;

-- The resources that a change affects, in a fixed order. Changes of jobs and of names of users affect many; they are returned
-- in pages of max_rows applications or interviews, whose position is the last (next_time, next_id) of a page. A page whose
-- next_id is NULL is the last one.
CREATE FUNCTION change_targets(
    company uuid, reader uuid, change_kind text, resource uuid, after_time timestamptz, after_id uuid, max_rows integer
) RETURNS TABLE (type text, id uuid, next_time timestamptz, next_id uuid)
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    page uuid[];
    last_time timestamptz;
    last_id uuid;
BEGIN
    CASE change_kind
    WHEN 'job_access', 'job_title' THEN
        SELECT array_agg(p.id) INTO page FROM job_applications_page(company, resource, after_time, after_id, max_rows) AS p;
        IF cardinality(page) = max_rows THEN
            SELECT a.created_at, a.id INTO last_time, last_id FROM applications AS a
            WHERE a.company_id = company AND a.id = ANY (page) ORDER BY a.created_at DESC, a.id DESC LIMIT 1;
        END IF;
        RETURN QUERY
        SELECT t.type, t.id, last_time, last_id FROM (
            SELECT first.place, first.type, first.id FROM (
                VALUES (1, 'job', resource), (2, 'job_members', resource)
            ) AS first (place, type, id)
            UNION ALL
            SELECT 3, 'kit', k.id FROM kits AS k WHERE k.company_id = company AND k.job_id = resource
            UNION ALL
            SELECT 4, 'kit_versions', k.id FROM kits AS k WHERE k.company_id = company AND k.job_id = resource
            UNION ALL
            SELECT 5, 'candidate', a.candidate_id FROM applications AS a WHERE a.company_id = company AND a.id = ANY (page)
            UNION ALL
            SELECT 8, 'score', s.id FROM scores AS s
            WHERE s.company_id = company AND s.application_id = ANY (page) AND (s.status <> 'draft' OR s.revision > 1 OR s.rater_id = reader)
        ) AS t (place, type, id)
        WHERE change_kind = 'job_access' AND (t.place > 4 OR after_id IS NULL)
        UNION ALL
        SELECT 'application', affected.id, last_time, last_id FROM unnest(page) AS affected (id)
        UNION ALL
        SELECT 'interview', i.id, last_time, last_id FROM interviews AS i WHERE i.company_id = company AND i.application_id = ANY (page)
        ORDER BY 1, 2;
    WHEN 'user_name', 'key_holder' THEN
        SELECT array_agg(p.interview_id) INTO page FROM (
            SELECT p.interview_id FROM interview_panelists AS p
            WHERE p.company_id = company AND p.user_id = resource
                AND p.interview_id > coalesce(after_id, '00000000-0000-0000-0000-000000000000')
            ORDER BY p.interview_id LIMIT max_rows
        ) AS p;
        IF cardinality(page) = max_rows THEN
            last_id := page[max_rows];
        END IF;
        RETURN QUERY
        SELECT 'job_members', m.job_id, last_time, last_id FROM job_members AS m
        WHERE m.company_id = company AND m.user_id = resource AND after_id IS NULL AND change_kind = 'user_name'
        UNION ALL
        SELECT 'interview', affected.id, last_time, last_id FROM unnest(page) AS affected (id) WHERE change_kind = 'user_name'
        UNION ALL
        SELECT 'score', s.id, last_time, last_id FROM scores AS s
        WHERE s.company_id = company AND s.interview_id = ANY (page)
            AND CASE change_kind WHEN 'user_name' THEN s.rater_id = resource ELSE s.status <> 'draft' OR s.revision > 1 END
        ORDER BY 1, 2;
    WHEN 'admins' THEN
        RETURN QUERY
        SELECT 'user', u.id, last_time, last_id FROM users AS u
        WHERE u.company_id = company AND u.role = 'admin' ORDER BY 2;
    WHEN 'candidate_name' THEN
        RETURN QUERY
        SELECT 'application', a.id, last_time, last_id FROM applications AS a WHERE a.company_id = company AND a.candidate_id = resource
        UNION ALL
        SELECT 'interview', i.id, last_time, last_id FROM interviews AS i WHERE i.company_id = company AND i.candidate_id = resource
        ORDER BY 1, 2;
    WHEN 'application_status' THEN
        RETURN QUERY
        SELECT 'candidate', a.candidate_id, last_time, last_id FROM applications AS a WHERE a.company_id = company AND a.id = resource
        UNION ALL
        SELECT 'interview', i.id, last_time, last_id FROM interviews AS i WHERE i.company_id = company AND i.application_id = resource
        ORDER BY 1, 2;
    WHEN 'interview_access' THEN
        RETURN QUERY
        SELECT t.type, t.id, last_time, last_id FROM interviews AS i
        JOIN kit_versions AS v ON v.company_id = i.company_id AND v.id = i.kit_version_id,
            LATERAL (VALUES
                ('interview', i.id), ('application', i.application_id), ('candidate', i.candidate_id), ('job', i.job_id),
                ('job_members', i.job_id), ('kit', v.kit_id), ('kit_versions', v.kit_id)
            ) AS t (type, id)
        WHERE i.company_id = company AND i.id = resource
        UNION ALL
        SELECT 'score', s.id, last_time, last_id FROM scores AS s
        WHERE s.company_id = company AND s.interview_id = resource AND (s.status <> 'draft' OR s.revision > 1 OR s.rater_id = reader)
        ORDER BY 1, 2;
    WHEN 'interview_scores' THEN
        RETURN QUERY
        SELECT 'interview', resource, last_time, last_id
        UNION ALL
        SELECT 'score', s.id, last_time, last_id FROM scores AS s
        WHERE s.company_id = company AND s.interview_id = resource AND (s.status <> 'draft' OR s.revision > 1 OR s.rater_id = reader)
        ORDER BY 1, 2;
    WHEN 'kit', 'interview_kit' THEN
        RETURN QUERY VALUES ('kit', resource, last_time, last_id), ('kit_versions', resource, last_time, last_id);
    ELSE
        RETURN QUERY VALUES (change_kind, resource, last_time, last_id);
    END CASE;
END
$$;

-- Those of some resources of a type that an actor sees.
CREATE FUNCTION which_visible(company uuid, actor uuid, reach text, type text, ids uuid[]) RETURNS SETOF uuid
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
    WHEN 'interview' THEN
        RETURN QUERY SELECT v.id FROM visible_interviews(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'score' THEN
        RETURN QUERY SELECT v.id FROM visible_scores(company, actor, reach) AS v WHERE v.id = ANY (ids);
    END CASE;
END
$$;

-- Deletes changes that were recorded before a time, at most so many, the oldest first.
CREATE POLICY lookup ON changes TO interviewer_lookup USING (true);
GRANT SELECT (ctid, created_at), DELETE ON changes TO interviewer_lookup;
CREATE FUNCTION delete_old_changes(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM changes
        WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM changes AS c WHERE c.created_at < before ORDER BY c.created_at LIMIT at_most))
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION delete_old_changes(timestamptz, integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;

REVOKE EXECUTE ON FUNCTION first_running_transaction, transaction_history, record_user_changes, record_job_changes, record_member_changes,
    record_candidate_changes, record_application_changes, record_kit_changes, record_kit_version_changes, record_interview_changes,
    record_panelist_changes, record_score_changes, record_api_key_changes, record_api_key_job_changes, record_api_key_holder_changes,
    record_reset, job_applications_page, change_targets, which_visible, delete_old_changes
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION first_running_transaction, transaction_history, job_applications_page, change_targets, which_visible, delete_old_changes
    TO interviewer_service;
