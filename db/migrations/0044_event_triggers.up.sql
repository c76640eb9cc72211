-- migrate: no transaction
-- The triggers of changes record the events of migration 0043.
CREATE OR REPLACE FUNCTION record_user_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, event, fields)
        SELECT n.company_id, kind.name, n.id, kind.event, kind.fields
        FROM new_rows AS n, (VALUES ('user', 'user.created', NULL), ('admins', NULL, ARRAY['allowed_actions'])) AS kind (name, event, fields)
        WHERE kind.name = 'user' OR n.role = 'admin';
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, reader_id, event, fields)
    SELECT n.company_id, kind.name, n.id, CASE WHEN kind.name = 'reset' THEN n.id END,
        CASE WHEN kind.name = 'user' THEN
            CASE
                WHEN o.is_active AND NOT n.is_active THEN 'user.deactivated'
                WHEN n.is_active AND NOT o.is_active THEN 'user.reactivated'
                WHEN o.role <> n.role THEN 'user.role_changed'
                WHEN changed.fields = ARRAY['last_login_at'] THEN 'user.signed_in'
                ELSE 'user.updated'
            END
        END,
        CASE WHEN kind.name = 'user' THEN changed.fields ELSE kind.fields END
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id,
        (VALUES ('user', NULL), ('user_name', NULL), ('admins', ARRAY['allowed_actions']), ('reset', NULL)) AS kind (name, fields),
        LATERAL (SELECT array_remove(ARRAY[
            CASE WHEN o.email <> n.email THEN 'email' END,
            CASE WHEN o.first_name <> n.first_name THEN 'first_name' END,
            CASE WHEN o.last_name <> n.last_name THEN 'last_name' END,
            CASE WHEN o.role <> n.role THEN 'role' END,
            CASE WHEN o.department IS DISTINCT FROM n.department THEN 'department' END,
            CASE WHEN o.language <> n.language THEN 'language' END,
            CASE WHEN o.is_active <> n.is_active THEN 'is_active' END,
            CASE WHEN o.last_login_at IS DISTINCT FROM n.last_login_at THEN 'last_login_at' END
        ], NULL) AS fields) AS changed
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
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, event) SELECT n.company_id, 'job', n.id, 'job.created' FROM new_rows AS n;
        INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'job_members', n.id FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, event, fields)
    SELECT n.company_id, 'job', n.id,
        CASE
            WHEN o.status = n.status OR n.status = 'draft' THEN 'job.updated'
            WHEN n.status = 'open' THEN 'job.opened'
            WHEN n.status = 'on_hold' THEN 'job.held'
            ELSE 'job.closed'
        END,
        array_remove(ARRAY[
            CASE WHEN o.title <> n.title THEN 'title' END,
            CASE WHEN o.department IS DISTINCT FROM n.department THEN 'department' END,
            CASE WHEN o.location IS DISTINCT FROM n.location THEN 'location' END,
            CASE WHEN o.description <> n.description THEN 'description' END,
            CASE WHEN o.external_id IS DISTINCT FROM n.external_id THEN 'external_id' END,
            CASE WHEN o.status <> n.status THEN 'status' END,
            CASE WHEN o.opened_at IS DISTINCT FROM n.opened_at THEN 'opened_at' END,
            CASE WHEN o.closed_at IS DISTINCT FROM n.closed_at THEN 'closed_at' END
        ], NULL)
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id;
    INSERT INTO changes (company_id, kind, resource_id, fields)
    SELECT n.company_id, 'job_title', n.id, ARRAY['job'] FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
    WHERE o.title <> n.title;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_member_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id, part_id, event, fields)
    SELECT r.company_id, 'job_members', r.job_id, r.user_id,
        CASE TG_OP WHEN 'INSERT' THEN 'job_member.added' WHEN 'UPDATE' THEN 'job_member.updated' ELSE 'job_member.removed' END,
        CASE TG_OP WHEN 'UPDATE' THEN ARRAY['role'] END
    FROM changed_rows AS r;
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
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, event)
        SELECT n.company_id, 'candidate', n.id, 'candidate.created' FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, event, fields)
    SELECT n.company_id, kind.name, n.id,
        CASE kind.name
            WHEN 'candidate' THEN
                CASE
                    WHEN o.merged_into IS NOT NULL AND n.merged_into IS NULL THEN 'candidate.unmerged'
                    WHEN o.status = n.status THEN 'candidate.updated'
                    WHEN n.status = 'archived' THEN 'candidate.archived'
                    ELSE 'candidate.restored'
                END
            WHEN 'candidate_merged' THEN 'candidate.merged'
        END,
        CASE kind.name WHEN 'candidate' THEN changed.fields WHEN 'candidate_name' THEN ARRAY['candidate'] END
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id,
        (VALUES ('candidate'), ('candidate_name'), ('candidate_merged')) AS kind (name),
        LATERAL (SELECT array_remove(ARRAY[
            CASE WHEN o.first_name <> n.first_name THEN 'first_name' END,
            CASE WHEN o.last_name <> n.last_name THEN 'last_name' END,
            CASE WHEN o.email IS DISTINCT FROM n.email THEN 'email' END,
            CASE WHEN o.phone IS DISTINCT FROM n.phone THEN 'phone' END,
            CASE WHEN o.location IS DISTINCT FROM n.location THEN 'location' END,
            CASE WHEN o.links <> n.links THEN 'links' END,
            CASE WHEN o.tags <> n.tags THEN 'tags' END,
            CASE WHEN o.source IS DISTINCT FROM n.source THEN 'source' END,
            CASE WHEN o.external_id IS DISTINCT FROM n.external_id THEN 'external_id' END,
            CASE WHEN o.status <> n.status THEN 'status' END
        ], NULL) AS fields) AS changed
    WHERE CASE kind.name
        WHEN 'candidate' THEN true
        WHEN 'candidate_name' THEN
            (o.first_name, o.last_name, o.external_id, o.email) IS DISTINCT FROM (n.first_name, n.last_name, n.external_id, n.email)
        ELSE o.merged_into IS NULL AND n.merged_into IS NOT NULL
    END;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_application_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, event)
        SELECT n.company_id, 'application', n.id, 'application.created' FROM new_rows AS n;
        INSERT INTO changes (company_id, kind, resource_id, fields)
        SELECT n.company_id, 'candidate', n.candidate_id, ARRAY['allowed_actions'] FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, event, fields)
    SELECT n.company_id, 'application', n.id,
        CASE
            WHEN o.status <> n.status THEN
                CASE n.status
                    WHEN 'active' THEN CASE o.status WHEN 'on_hold' THEN 'application.resumed' ELSE 'application.reactivated' END
                    WHEN 'on_hold' THEN 'application.held'
                    ELSE 'application.' || n.status -- hired, rejected, withdrawn
                END
            WHEN o.stage <> n.stage THEN 'application.moved'
            ELSE 'application.updated'
        END,
        array_remove(ARRAY[
            CASE WHEN o.candidate_id <> n.candidate_id THEN 'candidate' END,
            CASE WHEN o.stage <> n.stage THEN 'stage' END,
            CASE WHEN o.status <> n.status THEN 'status' END,
            CASE WHEN o.rejection_reason IS DISTINCT FROM n.rejection_reason THEN 'rejection_reason' END,
            CASE WHEN o.source IS DISTINCT FROM n.source THEN 'source' END,
            CASE WHEN o.stage_entered_at <> n.stage_entered_at THEN 'stage_entered_at' END
        ], NULL)
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id;
    INSERT INTO changes (company_id, kind, resource_id, fields)
    SELECT n.company_id, 'application_status', n.id, ARRAY['allowed_actions'] FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
    WHERE o.status <> n.status;
    INSERT INTO changes (company_id, kind, resource_id, parent_id)
    SELECT n.company_id, 'application_candidate', o.candidate_id, n.id FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
    WHERE o.candidate_id <> n.candidate_id;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_kit_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, event) SELECT n.company_id, 'kit', n.id, 'kit.created' FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, event, fields)
    SELECT n.company_id, 'kit', n.id, 'kit.updated', array_remove(ARRAY[
        CASE WHEN o.name <> n.name THEN 'name' END,
        CASE WHEN o.description <> n.description THEN 'description' END,
        CASE WHEN o.job_id IS DISTINCT FROM n.job_id THEN 'job_id' END
    ], NULL)
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER kits_update_changes AFTER UPDATE ON kits REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_changes();
-- next
CREATE OR REPLACE FUNCTION record_kit_version_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, part_id, event)
        SELECT n.company_id, 'kit', n.kit_id, n.id, 'kit_version.created' FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, part_id, event, fields)
    SELECT n.company_id, 'kit', n.kit_id, n.id,
        'kit_version.' || CASE WHEN o.status = n.status THEN 'updated' ELSE n.status END, -- published, archived
        array_remove(ARRAY[
            CASE WHEN o.status <> n.status THEN 'status' END,
            CASE WHEN o.questions <> n.questions THEN 'questions' END,
            CASE WHEN o.criteria <> n.criteria THEN 'criteria' END,
            CASE WHEN o.content_hash IS DISTINCT FROM n.content_hash THEN 'content_hash' END,
            CASE WHEN o.published_at IS DISTINCT FROM n.published_at THEN 'published_at' END,
            CASE WHEN o.published_by IS DISTINCT FROM n.published_by THEN 'published_by' END,
            CASE WHEN o.archived_at IS DISTINCT FROM n.archived_at THEN 'archived_at' END
        ], NULL)
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER kit_versions_update_changes AFTER UPDATE ON kit_versions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_version_changes();
-- next
CREATE OR REPLACE FUNCTION record_interview_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, event)
        SELECT n.company_id, 'interview', n.id, kind.event
        FROM new_rows AS n, (VALUES ('interview.created'), ('interview.scheduled')) AS kind (event)
        WHERE kind.event = 'interview.created' OR n.status = 'scheduled';
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, event, fields)
    SELECT n.company_id, CASE WHEN o.status = n.status THEN 'interview' ELSE 'interview_scores' END, n.id,
        CASE
            WHEN o.status = n.status AND o.starts_at IS NOT NULL AND (o.starts_at, o.ends_at) IS DISTINCT FROM (n.starts_at, n.ends_at)
                OR o.status NOT IN ('draft', 'scheduled') AND n.status = 'scheduled' THEN 'interview.rescheduled'
            WHEN o.status = n.status OR n.status = 'draft' THEN 'interview.updated'
            WHEN o.status = 'completed' THEN 'interview.reopened'
            WHEN n.status = 'in_progress' THEN 'interview.started'
            WHEN n.status = 'awaiting_scores' THEN 'interview.finished'
            WHEN n.status = 'no_show' THEN 'interview.missed'
            ELSE 'interview.' || n.status -- scheduled, completed, cancelled
        END,
        array_remove(ARRAY[
            CASE WHEN o.candidate_id <> n.candidate_id THEN 'candidate' END,
            CASE WHEN o.kit_version_id <> n.kit_version_id THEN 'kit_version_id' END,
            CASE WHEN o.title <> n.title THEN 'title' END,
            CASE WHEN o.kind <> n.kind THEN 'kind' END,
            CASE WHEN o.status <> n.status THEN 'status' END,
            CASE WHEN o.starts_at IS DISTINCT FROM n.starts_at THEN 'starts_at' END,
            CASE WHEN o.ends_at IS DISTINCT FROM n.ends_at THEN 'ends_at' END,
            CASE WHEN o.timezone IS DISTINCT FROM n.timezone THEN 'timezone' END,
            CASE WHEN o.location IS DISTINCT FROM n.location THEN 'location' END,
            CASE WHEN o.meeting_url IS DISTINCT FROM n.meeting_url THEN 'meeting_url' END,
            CASE WHEN o.instructions IS DISTINCT FROM n.instructions THEN 'instructions' END,
            CASE WHEN o.reschedules <> n.reschedules THEN 'reschedules' END,
            CASE WHEN o.started_at IS DISTINCT FROM n.started_at THEN 'started_at' END,
            CASE WHEN o.finished_at IS DISTINCT FROM n.finished_at THEN 'finished_at' END,
            CASE WHEN o.completed_at IS DISTINCT FROM n.completed_at THEN 'completed_at' END,
            CASE WHEN o.status_reason IS DISTINCT FROM n.status_reason THEN 'status_reason' END
        ], NULL)
    FROM new_rows AS n
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
-- A panel that a statement creates is one change.
CREATE OR REPLACE FUNCTION record_panelist_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id, part_id, event, fields)
        SELECT r.company_id, 'interview', r.interview_id, r.user_id,
            CASE WHEN o.responded_at IS DISTINCT FROM r.responded_at AND r.responded_at IS NOT NULL THEN 'interview.panelist_responded'
                ELSE 'interview.panelist_updated' END,
            ARRAY['panel']
        FROM changed_rows AS r JOIN old_rows AS o ON (o.company_id, o.interview_id, o.user_id) = (r.company_id, r.interview_id, r.user_id)
        WHERE r.starts_key IS NOT DISTINCT FROM o.starts_key;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, part_id, event, fields)
    SELECT r.company_id, 'interview_scores', r.interview_id, CASE WHEN count(*) = 1 THEN (array_agg(r.user_id))[1] END,
        CASE TG_OP WHEN 'INSERT' THEN 'interview.panelist_added' ELSE 'interview.panelist_removed' END, ARRAY['panel']
    FROM changed_rows AS r GROUP BY r.company_id, r.interview_id;
    INSERT INTO changes (company_id, kind, resource_id, reader_id)
    SELECT r.company_id, 'interview_access', r.interview_id, r.user_id FROM changed_rows AS r;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_score_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id, reader_id, part_id, event)
        SELECT n.company_id, CASE n.status WHEN 'draft' THEN 'own_score' ELSE 'interview_scores' END, n.interview_id,
            CASE n.status WHEN 'draft' THEN n.rater_id END, n.id, 'score.created'
        FROM new_rows AS n;
        RETURN NULL;
    END IF;
    INSERT INTO changes (company_id, kind, resource_id, reader_id, part_id, event, fields)
    SELECT n.company_id, CASE WHEN draft.only THEN 'own_score' ELSE 'interview_scores' END, n.interview_id,
        CASE WHEN draft.only THEN n.rater_id END, n.id,
        'score.' || CASE
            WHEN o.status = n.status THEN 'updated'
            WHEN n.status = 'draft' THEN 'reopened'
            ELSE n.status -- submitted, voided
        END,
        array_remove(ARRAY[
            CASE WHEN o.status <> n.status THEN 'status' END,
            CASE WHEN o.revision <> n.revision THEN 'revision' END,
            CASE WHEN o.ratings <> n.ratings THEN 'ratings' END,
            CASE WHEN o.recommendation IS DISTINCT FROM n.recommendation THEN 'recommendation' END,
            CASE WHEN o.comment IS DISTINCT FROM n.comment THEN 'comment' END,
            CASE WHEN o.weighted_score IS DISTINCT FROM n.weighted_score THEN 'weighted_score' END,
            CASE WHEN o.coverage <> n.coverage THEN 'coverage' END,
            CASE WHEN o.submitted_at IS DISTINCT FROM n.submitted_at THEN 'submitted_at' END,
            CASE WHEN o.status_reason IS DISTINCT FROM n.status_reason THEN 'status_reason' END
        ], NULL)
    FROM new_rows AS n
    JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id,
        LATERAL (SELECT o.status = 'draft' AND n.status = 'draft' AS only) AS draft;
    RETURN NULL;
END
$$;
-- next
-- which_visible of migration 0025, with scores and versions of kits, which an event names only to readers who see them. Only reach
-- all sees drafts of kits.
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
    WHEN 'kit_version' THEN
        RETURN QUERY SELECT s.id FROM kit_versions AS s
        WHERE s.company_id = company AND s.id = ANY (ids) AND (reach = 'all' OR s.status <> 'draft');
    WHEN 'candidate' THEN
        RETURN QUERY SELECT v.id FROM visible_candidates(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'application' THEN
        RETURN QUERY SELECT v.id FROM visible_applications(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'interview', 'interview_scores' THEN
        RETURN QUERY SELECT v.id FROM visible_interviews(company, actor, reach) AS v WHERE v.id = ANY (ids);
    WHEN 'score' THEN
        RETURN QUERY SELECT v.id FROM visible_scores(company, actor, reach) AS v WHERE v.id = ANY (ids);
    END CASE;
END
$$;
-- next
-- The scope changes:read, which no release has had, is now events:read. Row-level security selects the company, also for an owner
-- who is not a superuser.
DO $$
DECLARE
    company uuid;
BEGIN
    FOR company IN SELECT id FROM all_companies() LOOP
        PERFORM set_config('app.company_id', company::text, true);
        UPDATE api_keys SET scopes = array_replace(scopes, 'changes:read', 'events:read')
        WHERE company_id = company AND 'changes:read' = ANY (scopes);
        COMMIT;
    END LOOP;
END
$$;
