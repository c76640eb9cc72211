-- Jobs and their members, candidates, and applications.

CREATE DOMAIN job_status AS text CONSTRAINT job_status_known CHECK (VALUE IN ('draft', 'open', 'on_hold', 'closed'));
CREATE DOMAIN job_role AS text CONSTRAINT job_role_known CHECK (VALUE IN ('hiring_manager', 'recruiter', 'interviewer'));
CREATE DOMAIN candidate_status AS text CONSTRAINT candidate_status_known CHECK (VALUE IN ('active', 'archived'));
CREATE DOMAIN application_stage AS text CONSTRAINT application_stage_known
    CHECK (VALUE IN ('applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'));
CREATE DOMAIN application_status AS text CONSTRAINT application_status_known
    CHECK (VALUE IN ('active', 'on_hold', 'hired', 'rejected', 'withdrawn'));
CREATE DOMAIN rejection_reason AS text CONSTRAINT rejection_reason_known CHECK (VALUE IN (
    'not_qualified', 'lacks_experience', 'failed_assessment', 'stronger_candidate', 'compensation', 'location',
    'work_authorization', 'availability', 'position_filled', 'position_cancelled', 'duplicate', 'other'
));
CREATE DOMAIN application_event AS text CONSTRAINT application_event_known
    CHECK (VALUE IN ('apply', 'advance', 'skip', 'return', 'hold', 'resume', 'reject', 'withdraw', 'reactivate'));

CREATE TABLE jobs (
    company_id  uuid        NOT NULL,
    id          uuid        NOT NULL,
    title       text        NOT NULL,
    title_key   text        NOT NULL COLLATE "C" GENERATED ALWAYS AS (lower(title)) STORED,
    department  text,
    location    text,
    description text        NOT NULL DEFAULT '',
    status      job_status  NOT NULL DEFAULT 'draft',
    opened_at   timestamptz,
    closed_at   timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT jobs_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT jobs_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT jobs_title_length CHECK (length(title) BETWEEN 1 AND 200)
);

CREATE INDEX jobs_created_at_idx ON jobs (company_id, created_at, id);
CREATE INDEX jobs_updated_at_idx ON jobs (company_id, updated_at, id);
CREATE INDEX jobs_title_idx ON jobs (company_id, title_key, id);
CREATE INDEX jobs_status_idx ON jobs (company_id, status, created_at, id);
CREATE INDEX jobs_department_idx ON jobs (company_id, department, created_at, id);

CREATE TABLE job_members (
    company_id uuid        NOT NULL,
    job_id     uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    role       job_role    NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT job_members_pkey PRIMARY KEY (company_id, job_id, user_id),
    CONSTRAINT job_members_job_fkey FOREIGN KEY (company_id, job_id) REFERENCES jobs (company_id, id),
    CONSTRAINT job_members_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
);

CREATE INDEX job_members_user_idx ON job_members (company_id, user_id, job_id);

CREATE TABLE candidates (
    company_id  uuid             NOT NULL,
    id          uuid             NOT NULL,
    first_name  text             NOT NULL,
    last_name   text             NOT NULL,
    name_key    text             NOT NULL COLLATE "C" GENERATED ALWAYS AS (lower(last_name) || E'\x01' || lower(first_name)) STORED,
    email       text             COLLATE "C",
    phone       text,
    location    text,
    links       text[]           NOT NULL DEFAULT '{}',
    tags        text[]           NOT NULL DEFAULT '{}',
    source      text,
    external_id text             COLLATE "C",
    status      candidate_status NOT NULL DEFAULT 'active',
    version     integer          NOT NULL DEFAULT 1,
    created_at  timestamptz      NOT NULL,
    updated_at  timestamptz      NOT NULL,
    CONSTRAINT candidates_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT candidates_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT candidates_external_id_key UNIQUE (company_id, external_id),
    CONSTRAINT candidates_email_form CHECK (email = lower(email) AND length(email) <= 254),
    CONSTRAINT candidates_lists_bounded CHECK (cardinality(links) <= 20 AND cardinality(tags) <= 50)
);

-- The text that a search matches. It begins with a space, and spaces separate its words, so that a text that is too
-- short for trigrams can be matched at the start of words. It is immutable although array_to_string is only stable:
-- for text, array_to_string always returns the same.
CREATE FUNCTION candidate_search_text(first_name text, last_name text, email text, tags text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(' ' || first_name || ' ' || last_name || ' ' || coalesce(email, '') || ' ' || array_to_string(tags, ' '));

CREATE INDEX candidates_created_at_idx ON candidates (company_id, created_at, id);
CREATE INDEX candidates_updated_at_idx ON candidates (company_id, updated_at, id);
CREATE INDEX candidates_name_idx ON candidates (company_id, name_key, id);
CREATE INDEX candidates_email_idx ON candidates (company_id, email, id);
CREATE INDEX candidates_source_idx ON candidates (company_id, source, created_at, id);
CREATE INDEX candidates_archived_idx ON candidates (company_id, created_at, id) WHERE status = 'archived';
CREATE INDEX candidates_search_idx ON candidates
    USING gin (company_id, candidate_search_text(first_name, last_name, email, tags) gin_trgm_ops);
CREATE INDEX candidates_tags_idx ON candidates USING gin (company_id, tags);

CREATE TABLE applications (
    company_id       uuid               NOT NULL,
    id               uuid               NOT NULL,
    candidate_id     uuid               NOT NULL,
    job_id           uuid               NOT NULL,
    stage            application_stage  NOT NULL DEFAULT 'applied',
    furthest_stage   application_stage  NOT NULL DEFAULT 'applied',
    status           application_status NOT NULL DEFAULT 'active',
    rejection_reason rejection_reason,
    source           text,
    stage_entered_at timestamptz        NOT NULL,
    version          integer            NOT NULL DEFAULT 1,
    created_at       timestamptz        NOT NULL,
    updated_at       timestamptz        NOT NULL,
    CONSTRAINT applications_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT applications_candidate_fkey FOREIGN KEY (company_id, candidate_id) REFERENCES candidates (company_id, id),
    CONSTRAINT applications_job_fkey FOREIGN KEY (company_id, job_id) REFERENCES jobs (company_id, id),
    -- The key of the columns that interviews repeat, so that they cannot differ.
    CONSTRAINT applications_identity_key UNIQUE (company_id, id, job_id, candidate_id),
    CONSTRAINT applications_rejection CHECK ((status = 'rejected') = (rejection_reason IS NOT NULL)),
    CONSTRAINT applications_hired CHECK ((status = 'hired') = (stage = 'hired'))
);

-- A candidate can have only one open application to a job.
CREATE UNIQUE INDEX applications_active_pair_key ON applications (company_id, candidate_id, job_id)
    WHERE status IN ('active', 'on_hold');
CREATE INDEX applications_created_at_idx ON applications (company_id, created_at, id);
CREATE INDEX applications_updated_at_idx ON applications (company_id, updated_at, id);
CREATE INDEX applications_stage_entered_idx ON applications (company_id, stage_entered_at, id);
CREATE INDEX applications_job_idx ON applications (company_id, job_id, created_at, id);
CREATE INDEX applications_job_updated_idx ON applications (company_id, job_id, updated_at, id);
CREATE INDEX applications_job_stage_entered_idx ON applications (company_id, job_id, stage_entered_at, id);
CREATE INDEX applications_candidate_idx ON applications (company_id, candidate_id, created_at, id);
CREATE INDEX applications_state_idx ON applications (company_id, stage, status, created_at, id);
CREATE INDEX applications_status_idx ON applications (company_id, status, created_at, id);
-- The statistics of a pipeline are counted from this index only.
CREATE INDEX applications_pipeline_idx ON applications (company_id, job_id, furthest_stage, stage, status);

-- The history of an application: every change of stage or status with actor, time and reason. seconds is how long the
-- application was in the stage that it left.
CREATE TABLE application_moves (
    company_id       uuid               NOT NULL,
    id               uuid               NOT NULL,
    application_id   uuid               NOT NULL,
    job_id           uuid               NOT NULL,
    candidate_id     uuid               NOT NULL,
    event            application_event  NOT NULL,
    from_stage       application_stage,
    to_stage         application_stage  NOT NULL,
    from_status      application_status,
    to_status        application_status NOT NULL,
    rejection_reason rejection_reason,
    reason           text,
    seconds          bigint,
    actor_id         uuid               NOT NULL,
    created_at       timestamptz        NOT NULL,
    CONSTRAINT application_moves_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT application_moves_application_fkey FOREIGN KEY (company_id, application_id, job_id, candidate_id)
        REFERENCES applications (company_id, id, job_id, candidate_id),
    CONSTRAINT application_moves_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id),
    CONSTRAINT application_moves_seconds CHECK (seconds >= 0)
);

CREATE INDEX application_moves_application_idx ON application_moves (company_id, application_id, created_at, id);
CREATE INDEX application_moves_stay_idx ON application_moves (company_id, job_id, from_stage, seconds) WHERE seconds IS NOT NULL;

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE job_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_members FORCE ROW LEVEL SECURITY;
ALTER TABLE candidates ENABLE ROW LEVEL SECURITY;
ALTER TABLE candidates FORCE ROW LEVEL SECURITY;
ALTER TABLE applications ENABLE ROW LEVEL SECURITY;
ALTER TABLE applications FORCE ROW LEVEL SECURITY;
ALTER TABLE application_moves ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_moves FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON jobs TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON job_members TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON candidates TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON applications TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON application_moves TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));

GRANT SELECT, INSERT, UPDATE ON jobs, candidates, applications TO interviewer_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_members TO interviewer_service;
GRANT SELECT, INSERT ON application_moves TO interviewer_service;

CREATE TRIGGER application_moves_append_only BEFORE UPDATE OR DELETE ON application_moves
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER application_moves_no_truncate BEFORE TRUNCATE ON application_moves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Neither LIKE nor the containment of arrays is leakproof, so under row-level security neither could use its index.
-- This function runs without it and checks the tenant itself, like search_users. A pattern or tags that are NULL
-- match all.
CREATE POLICY lookup ON candidates FOR SELECT TO interviewer_lookup USING (true);
GRANT SELECT (company_id, id, first_name, last_name, email, tags) ON candidates TO interviewer_lookup;

CREATE FUNCTION search_candidates(company uuid, pattern text, wanted_tags text[], at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF company IS DISTINCT FROM current_company() THEN
        RETURN;
    END IF;
    IF wanted_tags IS NULL THEN
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND candidate_search_text(c.first_name, c.last_name, c.email, c.tags) LIKE lower(pattern)
            LIMIT at_most;
    ELSIF pattern IS NULL THEN
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND c.tags @> wanted_tags
            LIMIT at_most;
    ELSE
        RETURN QUERY SELECT c.id FROM candidates AS c
            WHERE c.company_id = company AND c.tags @> wanted_tags
                AND candidate_search_text(c.first_name, c.last_name, c.email, c.tags) LIKE lower(pattern)
            LIMIT at_most;
    END IF;
END
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION search_candidates(uuid, text, text[], integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION search_candidates(uuid, text, text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_candidates(uuid, text, text[], integer) TO interviewer_service;
