-- Changes: a log for readers that keep copies of resources. A change names a resource that a transaction has changed;
-- it has no content. Readers that follow the log read the named resources again, with their own rights. So the log needs
-- no history of contents, and a change that was recorded twice, or that did not matter, does no harm.
--
-- A change can also affect resources whose rows did not change: a job's title is part of its applications, and a new member of
-- a job sees all of its applications. One row records such a change, and change_targets returns the resources when a reader
-- reaches it, page by page. So no request writes more rows than it changes.
--
-- Kinds:
--   user, job, job_members, kit, candidate, application, interview
--                        the resource; for job_members, the members of the job; for kit, also its versions
--   interview_scores     the scores of the interview, and the interview, which shows who has submitted one
--   own_score            the interview and its scores, for the rater of a draft
--   user_name            what contains the user's name: the members of jobs, interviews and their scores
--   admins               the admins of the company: the last one cannot be deactivated
--   job_title            what contains the job's title: its applications and interviews
--   job_access           everything of the job, for a reader who sees more or less of it now
--   candidate_name       what contains the candidate's name: applications and interviews
--   application_status   what depends on the status of the application: its candidate and its interviews
--   interview_access     everything about the interview, for a reader who sees more or less of it now
--   interview_kit        a kit that the interview no longer uses, for readers of the interview (parent_id)
--   key_holder           the scores of interviews on whose panel the user is, for an API key that the user knows now
--   reset                the reader's copies as a whole: the role, the scopes or the company's data were replaced
--
-- Changes are read in the order of their transactions, and only those of transactions before which no other is still running.
-- So a reader never passes a change that commits later.

CREATE DOMAIN change_kind AS text CONSTRAINT change_kind_known CHECK (VALUE IN (
    'user', 'job', 'job_members', 'kit', 'candidate', 'application', 'interview', 'interview_scores', 'own_score', 'user_name', 'admins',
    'job_title', 'job_access', 'candidate_name', 'application_status', 'interview_access', 'interview_kit', 'key_holder', 'reset'
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
    SELECT n.company_id, kind.name, n.user_id, n.api_key_id FROM new_rows AS n, (VALUES ('key_holder'), ('user')) AS kind (name);
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

-- Read changes.

-- The resources that a change affects for a reader. Changes of jobs and of names of users affect many: those of max_rows
-- applications or interviews are returned, and more says that there may be others. They are ordered by these, which key_time and
-- key_id identify, and then by type and id; the last row of a result is the position after which the next one begins. A position
-- is not a number of rows, so rows that come and go meanwhile neither skip nor hide others.
CREATE FUNCTION change_targets(
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
    WHEN 'interview', 'interview_scores' THEN
        RETURN QUERY SELECT v.id FROM visible_interviews(company, actor, reach) AS v WHERE v.id = ANY (ids);
    END CASE;
END
$$;

-- Deletes changes that were recorded before a time, at most so many, the oldest first. It keeps those of the last day whatever the
-- time, because it deletes the changes of all companies.
CREATE POLICY lookup ON changes TO interviewer_lookup USING (true);
GRANT SELECT (ctid, created_at), DELETE ON changes TO interviewer_lookup;
CREATE FUNCTION delete_old_changes(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM changes
        WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM changes AS c WHERE c.created_at < least(before, clock_timestamp() - interval '1 day') ORDER BY c.created_at LIMIT at_most))
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
    record_reset, change_targets, which_visible, delete_old_changes
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION first_running_transaction, transaction_history, change_targets, which_visible, delete_old_changes
    TO interviewer_service;
