-- The audit log, and the hash chain that reveals later changes.

CREATE TYPE audit_actor AS ENUM ('user', 'system');
CREATE DOMAIN audit_outcome AS text CONSTRAINT audit_outcome_known CHECK (VALUE IN ('success', 'failure', 'denied'));

CREATE TABLE audit_logs (
    company_id    uuid          NOT NULL,
    id            uuid          NOT NULL,
    created_at    timestamptz   NOT NULL,
    actor_type    audit_actor   NOT NULL,
    actor_id      uuid,
    session_id    uuid,
    action        text          NOT NULL,
    resource_type text          NOT NULL,
    resource_id   uuid,
    outcome       audit_outcome NOT NULL,
    ip            inet,
    user_agent    text          NOT NULL DEFAULT '',
    request_id    text          NOT NULL DEFAULT '',
    details       jsonb         NOT NULL DEFAULT '{}',
    CONSTRAINT audit_logs_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT audit_logs_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT audit_logs_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id),
    CONSTRAINT audit_logs_details_object CHECK (jsonb_typeof(details) = 'object'),
    -- Values that the service cannot read back cannot be verified.
    CONSTRAINT audit_logs_created_at_finite CHECK (isfinite(created_at)),
    CONSTRAINT audit_logs_ip_host CHECK (masklen(ip) = CASE family(ip) WHEN 4 THEN 32 ELSE 128 END)
);

CREATE INDEX audit_logs_created_at_idx ON audit_logs (company_id, created_at, id);
CREATE INDEX audit_logs_actor_idx ON audit_logs (company_id, actor_id, created_at, id);
CREATE INDEX audit_logs_action_idx ON audit_logs (company_id, action, created_at, id);
CREATE INDEX audit_logs_type_idx ON audit_logs (company_id, resource_type, created_at, id);
CREATE INDEX audit_logs_resource_idx ON audit_logs (company_id, resource_id, created_at, id);
CREATE INDEX audit_logs_outcome_idx ON audit_logs (company_id, outcome, created_at, id) WHERE outcome <> 'success';

-- Entries that are not sealed yet. The statement that writes an entry also writes this row, so no entry is missed.
CREATE TABLE audit_pending (
    company_id   uuid NOT NULL,
    audit_log_id uuid NOT NULL,
    CONSTRAINT audit_pending_pkey PRIMARY KEY (company_id, audit_log_id),
    CONSTRAINT audit_pending_log_fkey FOREIGN KEY (company_id, audit_log_id) REFERENCES audit_logs (company_id, id)
);

-- The chain. Within a company, sequence has no gaps, and each hash covers the entry and the previous hash.
CREATE TABLE audit_seals (
    company_id   uuid   NOT NULL,
    sequence     bigint NOT NULL,
    audit_log_id uuid   NOT NULL,
    hash         bytea  NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (company_id, sequence),
    CONSTRAINT audit_seals_log_key UNIQUE (company_id, audit_log_id),
    CONSTRAINT audit_seals_log_fkey FOREIGN KEY (company_id, audit_log_id) REFERENCES audit_logs (company_id, id),
    CONSTRAINT audit_seals_sequence CHECK (sequence >= 1),
    CONSTRAINT audit_seals_hash CHECK (length(hash) = 32)
);

ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_pending FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON audit_logs TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON audit_pending TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON audit_seals TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));

GRANT SELECT, INSERT ON audit_logs, audit_seals TO interviewer_service;
GRANT SELECT, INSERT, DELETE ON audit_pending TO interviewer_service;

CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE POLICY lookup ON audit_pending FOR SELECT TO interviewer_lookup USING (true);
GRANT SELECT (company_id) ON audit_pending TO interviewer_lookup;

-- Companies with entries to seal; a bounded number per call.
CREATE FUNCTION companies_to_seal() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT company_id FROM audit_pending LIMIT 100
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION companies_to_seal() OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION companies_to_seal() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION companies_to_seal() TO interviewer_service;
