-- Kits, interviews with their panels, and scores.

CREATE DOMAIN kit_version_status AS text CONSTRAINT kit_version_status_known CHECK (VALUE IN ('draft', 'published', 'archived'));
CREATE DOMAIN interview_kind AS text CONSTRAINT interview_kind_known CHECK (VALUE IN ('phone', 'video', 'onsite', 'text', 'ai'));
CREATE DOMAIN interview_status AS text CONSTRAINT interview_status_known CHECK (VALUE IN (
    'draft', 'scheduled', 'in_progress', 'awaiting_scores', 'completed', 'no_show', 'cancelled'
));
CREATE DOMAIN interview_event AS text CONSTRAINT interview_event_known CHECK (VALUE IN (
    'create', 'schedule', 'reschedule', 'start', 'finish', 'mark_no_show', 'cancel', 'complete', 'reopen'
));
CREATE DOMAIN panel_response AS text CONSTRAINT panel_response_known
    CHECK (VALUE IN ('needs_action', 'accepted', 'declined', 'tentative'));
CREATE DOMAIN score_status AS text CONSTRAINT score_status_known CHECK (VALUE IN ('draft', 'submitted', 'voided'));
CREATE DOMAIN score_event AS text CONSTRAINT score_event_known CHECK (VALUE IN ('reopen', 'void'));
CREATE DOMAIN recommendation AS text CONSTRAINT recommendation_known
    CHECK (VALUE IN ('definitely_no', 'no', 'no_decision', 'yes', 'strong_yes'));

CREATE TABLE kits (
    company_id  uuid        NOT NULL,
    id          uuid        NOT NULL,
    name        text        NOT NULL,
    name_key    text        NOT NULL COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED,
    description text        NOT NULL DEFAULT '',
    job_id      uuid,
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT kits_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT kits_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT kits_job_fkey FOREIGN KEY (company_id, job_id) REFERENCES jobs (company_id, id),
    CONSTRAINT kits_name_length CHECK (length(name) BETWEEN 1 AND 200)
);

CREATE INDEX kits_created_at_idx ON kits (company_id, created_at, id);
CREATE INDEX kits_updated_at_idx ON kits (company_id, updated_at, id);
CREATE INDEX kits_name_idx ON kits (company_id, name_key, id);
CREATE INDEX kits_job_idx ON kits (company_id, job_id, created_at, id);

-- number is the number of the version in its kit, from 1. questions and criteria have the JSON format of the API.
CREATE TABLE kit_versions (
    company_id   uuid               NOT NULL,
    id           uuid               NOT NULL,
    kit_id       uuid               NOT NULL,
    number       integer            NOT NULL,
    status       kit_version_status NOT NULL DEFAULT 'draft',
    questions    jsonb              NOT NULL DEFAULT '[]',
    criteria     jsonb              NOT NULL DEFAULT '[]',
    content_hash text,
    published_at timestamptz,
    published_by uuid,
    archived_at  timestamptz,
    version      integer            NOT NULL DEFAULT 1,
    created_at   timestamptz        NOT NULL,
    updated_at   timestamptz        NOT NULL,
    CONSTRAINT kit_versions_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT kit_versions_kit_fkey FOREIGN KEY (company_id, kit_id) REFERENCES kits (company_id, id),
    CONSTRAINT kit_versions_publisher_fkey FOREIGN KEY (company_id, published_by) REFERENCES users (company_id, id),
    CONSTRAINT kit_versions_number_key UNIQUE (company_id, kit_id, number),
    CONSTRAINT kit_versions_number CHECK (number >= 1),
    CONSTRAINT kit_versions_content CHECK (jsonb_typeof(questions) = 'array' AND jsonb_typeof(criteria) = 'array'),
    CONSTRAINT kit_versions_published CHECK (
        (status = 'draft') = (content_hash IS NULL) AND (content_hash IS NULL) = (published_at IS NULL)
        AND (content_hash IS NULL) = (published_by IS NULL))
);

-- A kit has at most one draft and one published version. Interviews use the published one.
CREATE UNIQUE INDEX kit_versions_draft_key ON kit_versions (company_id, kit_id) WHERE status = 'draft';
CREATE UNIQUE INDEX kit_versions_current_key ON kit_versions (company_id, kit_id) WHERE status = 'published';

-- A published version never changes, because interviews were held and candidates were rated by it.
CREATE FUNCTION refuse_published_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' AND (
        NEW.status = 'draft' OR NEW.kit_id <> OLD.kit_id OR NEW.number <> OLD.number OR NEW.questions <> OLD.questions
        OR NEW.criteria <> OLD.criteria OR NEW.content_hash IS DISTINCT FROM OLD.content_hash
        OR NEW.published_at IS DISTINCT FROM OLD.published_at OR NEW.published_by IS DISTINCT FROM OLD.published_by
    ) THEN
        RAISE EXCEPTION 'kit version % is published: its content stays as it is', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER kit_versions_published_stays BEFORE UPDATE ON kit_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_published_change();

-- The foreign key ensures that job and candidate are those of the application. starts_key sorts interviews without a
-- time last.
CREATE TABLE interviews (
    company_id     uuid             NOT NULL,
    id             uuid             NOT NULL,
    application_id uuid             NOT NULL,
    job_id         uuid             NOT NULL,
    candidate_id   uuid             NOT NULL,
    kit_version_id uuid             NOT NULL,
    title          text             NOT NULL,
    kind           interview_kind   NOT NULL,
    status         interview_status NOT NULL DEFAULT 'draft',
    starts_at      timestamptz,
    ends_at        timestamptz,
    starts_key     timestamptz      NOT NULL GENERATED ALWAYS AS (coalesce(starts_at, TIMESTAMPTZ '9999-12-31 00:00:00+00')) STORED,
    timezone       text,
    location       text,
    meeting_url    text,
    instructions   text,
    reschedules    integer          NOT NULL DEFAULT 0,
    started_at     timestamptz,
    finished_at    timestamptz,
    completed_at   timestamptz,
    status_reason  text,
    created_by     uuid             NOT NULL,
    version        integer          NOT NULL DEFAULT 1,
    created_at     timestamptz      NOT NULL,
    updated_at     timestamptz      NOT NULL,
    CONSTRAINT interviews_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT interviews_application_fkey FOREIGN KEY (company_id, application_id, job_id, candidate_id)
        REFERENCES applications (company_id, id, job_id, candidate_id),
    CONSTRAINT interviews_kit_version_fkey FOREIGN KEY (company_id, kit_version_id) REFERENCES kit_versions (company_id, id),
    CONSTRAINT interviews_creator_fkey FOREIGN KEY (company_id, created_by) REFERENCES users (company_id, id),
    -- The key of the columns that scores repeat.
    CONSTRAINT interviews_identity_key UNIQUE (company_id, id, application_id, job_id),
    CONSTRAINT interviews_time CHECK (
        (starts_at IS NULL) = (ends_at IS NULL) AND (starts_at IS NULL) = (timezone IS NULL)
        AND ends_at > starts_at AND ends_at - starts_at <= INTERVAL '24 hours'),
    CONSTRAINT interviews_scheduled CHECK (status IN ('draft', 'cancelled') OR starts_at IS NOT NULL),
    CONSTRAINT interviews_reschedules CHECK (reschedules >= 0)
);

CREATE INDEX interviews_starts_idx ON interviews (company_id, starts_key, id);
CREATE INDEX interviews_created_at_idx ON interviews (company_id, created_at, id);
CREATE INDEX interviews_updated_at_idx ON interviews (company_id, updated_at, id);
CREATE INDEX interviews_status_idx ON interviews (company_id, status, starts_key, id);
CREATE INDEX interviews_kind_idx ON interviews (company_id, kind, starts_key, id);
CREATE INDEX interviews_application_idx ON interviews (company_id, application_id, starts_key, id);
CREATE INDEX interviews_job_idx ON interviews (company_id, job_id, starts_key, id);
CREATE INDEX interviews_candidate_idx ON interviews (company_id, candidate_id, starts_key, id);
CREATE INDEX interviews_kit_version_idx ON interviews (company_id, kit_version_id, id);

CREATE TABLE interview_panelists (
    company_id     uuid           NOT NULL,
    interview_id   uuid           NOT NULL,
    user_id        uuid           NOT NULL,
    response       panel_response NOT NULL DEFAULT 'needs_action',
    comment        text,
    responded_at   timestamptz,
    score_required boolean        NOT NULL DEFAULT true,
    created_at     timestamptz    NOT NULL,
    updated_at     timestamptz    NOT NULL,
    CONSTRAINT interview_panelists_pkey PRIMARY KEY (company_id, interview_id, user_id),
    CONSTRAINT interview_panelists_interview_fkey FOREIGN KEY (company_id, interview_id) REFERENCES interviews (company_id, id),
    CONSTRAINT interview_panelists_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
);

CREATE INDEX interview_panelists_user_idx ON interview_panelists (company_id, user_id, interview_id);

-- The history of an interview: every change of status or time with actor and reason.
CREATE TABLE interview_events (
    company_id     uuid             NOT NULL,
    id             uuid             NOT NULL,
    interview_id   uuid             NOT NULL,
    event          interview_event  NOT NULL,
    from_status    interview_status,
    to_status      interview_status NOT NULL,
    from_starts_at timestamptz,
    from_ends_at   timestamptz,
    from_timezone  text,
    to_starts_at   timestamptz,
    to_ends_at     timestamptz,
    to_timezone    text,
    reason         text,
    actor_id       uuid,
    created_at     timestamptz      NOT NULL,
    CONSTRAINT interview_events_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT interview_events_interview_fkey FOREIGN KEY (company_id, interview_id) REFERENCES interviews (company_id, id),
    CONSTRAINT interview_events_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id)
);

CREATE INDEX interview_events_interview_idx ON interview_events (company_id, interview_id, created_at, id);

-- One current score per interview and rater. The foreign key ensures that the rater is on the panel. revision is
-- incremented when HR reopens the score.
CREATE TABLE scores (
    company_id     uuid             NOT NULL,
    id             uuid             NOT NULL,
    interview_id   uuid             NOT NULL,
    application_id uuid             NOT NULL,
    job_id         uuid             NOT NULL,
    rater_id       uuid             NOT NULL,
    status         score_status     NOT NULL DEFAULT 'draft',
    ratings        jsonb            NOT NULL DEFAULT '[]',
    recommendation recommendation,
    comment        text,
    weighted_score double precision,
    coverage       double precision NOT NULL DEFAULT 0,
    revision       integer          NOT NULL DEFAULT 1,
    submitted_at   timestamptz,
    status_reason  text,
    version        integer          NOT NULL DEFAULT 1,
    created_at     timestamptz      NOT NULL,
    updated_at     timestamptz      NOT NULL,
    CONSTRAINT scores_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT scores_interview_fkey FOREIGN KEY (company_id, interview_id, application_id, job_id)
        REFERENCES interviews (company_id, id, application_id, job_id),
    CONSTRAINT scores_panelist_fkey FOREIGN KEY (company_id, interview_id, rater_id)
        REFERENCES interview_panelists (company_id, interview_id, user_id),
    CONSTRAINT scores_ratings_list CHECK (jsonb_typeof(ratings) = 'array'),
    CONSTRAINT scores_figures CHECK (weighted_score BETWEEN 1 AND 5 AND coverage BETWEEN 0 AND 1),
    CONSTRAINT scores_submitted CHECK (status <> 'submitted' OR (submitted_at IS NOT NULL AND recommendation IS NOT NULL)),
    CONSTRAINT scores_revision CHECK (revision >= 1)
);

CREATE UNIQUE INDEX scores_live_key ON scores (company_id, interview_id, rater_id) WHERE status <> 'voided';
CREATE INDEX scores_interview_idx ON scores (company_id, interview_id, created_at, id);
CREATE INDEX scores_application_idx ON scores (company_id, application_id, created_at, id);
CREATE INDEX scores_job_idx ON scores (company_id, job_id, created_at, id);
CREATE INDEX scores_rater_idx ON scores (company_id, rater_id, created_at, id);
CREATE INDEX scores_status_idx ON scores (company_id, status, created_at, id);
CREATE INDEX scores_created_at_idx ON scores (company_id, created_at, id);
CREATE INDEX scores_updated_at_idx ON scores (company_id, updated_at, id);

-- Submitted scores as they were before HR reopened or voided them.
CREATE TABLE score_revisions (
    company_id     uuid             NOT NULL,
    id             uuid             NOT NULL,
    score_id       uuid             NOT NULL,
    revision       integer          NOT NULL,
    event          score_event      NOT NULL,
    ratings        jsonb            NOT NULL,
    recommendation recommendation,
    comment        text,
    weighted_score double precision,
    coverage       double precision NOT NULL,
    submitted_at   timestamptz,
    reason         text             NOT NULL,
    actor_id       uuid             NOT NULL,
    created_at     timestamptz      NOT NULL,
    CONSTRAINT score_revisions_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT score_revisions_score_fkey FOREIGN KEY (company_id, score_id) REFERENCES scores (company_id, id),
    CONSTRAINT score_revisions_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id)
);

CREATE INDEX score_revisions_score_idx ON score_revisions (company_id, score_id, created_at, id);

ALTER TABLE kits ENABLE ROW LEVEL SECURITY;
ALTER TABLE kits FORCE ROW LEVEL SECURITY;
ALTER TABLE kit_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE kit_versions FORCE ROW LEVEL SECURITY;
ALTER TABLE interviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE interviews FORCE ROW LEVEL SECURITY;
ALTER TABLE interview_panelists ENABLE ROW LEVEL SECURITY;
ALTER TABLE interview_panelists FORCE ROW LEVEL SECURITY;
ALTER TABLE interview_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE interview_events FORCE ROW LEVEL SECURITY;
ALTER TABLE scores ENABLE ROW LEVEL SECURITY;
ALTER TABLE scores FORCE ROW LEVEL SECURITY;
ALTER TABLE score_revisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE score_revisions FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON kits TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON kit_versions TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON interviews TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON interview_panelists TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON interview_events TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON scores TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON score_revisions TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));

GRANT SELECT, INSERT, UPDATE ON kits, kit_versions, interviews, scores TO interviewer_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON interview_panelists TO interviewer_service;
GRANT SELECT, INSERT ON interview_events, score_revisions TO interviewer_service;

CREATE TRIGGER interview_events_append_only BEFORE UPDATE OR DELETE ON interview_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER interview_events_no_truncate BEFORE TRUNCATE ON interview_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER score_revisions_append_only BEFORE UPDATE OR DELETE ON score_revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER score_revisions_no_truncate BEFORE TRUNCATE ON score_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
