-- API keys, idempotency records, and test companies.

ALTER TYPE audit_actor ADD VALUE IF NOT EXISTS 'api_key';

-- Actors are users and API keys. Columns that record an actor refer to this table.
CREATE TABLE principals (
    company_id uuid NOT NULL,
    id         uuid NOT NULL,
    is_key     boolean NOT NULL,
    CONSTRAINT principals_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT principals_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id)
);

-- A test company belongs to the company whose admin opened it. Everything in it can be deleted.
ALTER TABLE companies ADD COLUMN test_of uuid,
    ADD CONSTRAINT companies_test_of_fkey FOREIGN KEY (test_of) REFERENCES companies (id),
    ADD CONSTRAINT companies_test_of_itself CHECK (test_of <> id);
CREATE INDEX companies_test_of_idx ON companies (test_of, created_at, id);

-- known_to lists the users who were shown a secret of a key: the key cannot read scores that one of them must not
-- read yet. Only the SHA-256 of a secret is stored; that is sufficient because secrets are random. The secret before
-- the last rotation is valid until its overlap ends.
CREATE TABLE api_keys (
    company_id          uuid        NOT NULL,
    id                  uuid        NOT NULL,
    name                text        NOT NULL,
    prefix              text        NOT NULL,
    hash                bytea       NOT NULL,
    previous_hash       bytea,
    previous_expires_at timestamptz,
    scopes              text[]      NOT NULL,
    job_ids             uuid[],
    expires_at          timestamptz,
    last_used_at        timestamptz,
    rotated_at          timestamptz,
    revoked_at          timestamptz,
    created_by          uuid,
    known_to            uuid[]      NOT NULL DEFAULT '{}',
    version             integer     NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT api_keys_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT api_keys_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT api_keys_creator_fkey FOREIGN KEY (company_id, created_by) REFERENCES principals (company_id, id),
    CONSTRAINT api_keys_hash_length CHECK (length(hash) = 32 AND length(previous_hash) = 32),
    CONSTRAINT api_keys_overlap CHECK ((previous_hash IS NULL) = (previous_expires_at IS NULL)),
    CONSTRAINT api_keys_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_scopes_some CHECK (cardinality(scopes) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_jobs_some CHECK (cardinality(job_ids) BETWEEN 1 AND 100)
);

CREATE INDEX api_keys_created_at_idx ON api_keys (company_id, created_at, id);
CREATE INDEX api_keys_hash_idx ON api_keys (hash);
CREATE INDEX api_keys_previous_hash_idx ON api_keys (previous_hash) WHERE previous_hash IS NOT NULL;

-- Responses to requests with an Idempotency-Key. A record is written by the transaction of the request. The response
-- and the fingerprint of the request are encrypted with a key that is derived from the client's Idempotency-Key.
CREATE TABLE idempotency_records (
    company_id   uuid        NOT NULL,
    principal_id uuid        NOT NULL,
    key_hash     bytea       NOT NULL,
    sealed       bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_records_pkey PRIMARY KEY (company_id, principal_id, key_hash),
    CONSTRAINT idempotency_records_principal_fkey FOREIGN KEY (company_id, principal_id) REFERENCES principals (company_id, id),
    CONSTRAINT idempotency_records_hash_length CHECK (length(key_hash) = 32)
);

CREATE INDEX idempotency_records_expires_at_idx ON idempotency_records (expires_at);

-- Locks a key of an actor until the end of the transaction, and returns the existing record. Returns NULL if another
-- transaction holds the lock. It is one function because each of its statements sees what was committed before the
-- lock was taken.
CREATE FUNCTION hold_idempotency_key(company uuid, principal uuid, hash bytea, at_time timestamptz) RETURNS SETOF bytea
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(concat('idempotency ', company, ' ', principal, ' ', encode(hash, 'hex')), 0)) THEN
        RETURN NEXT NULL;
        RETURN;
    END IF;
    RETURN QUERY SELECT r.sealed FROM idempotency_records AS r
        WHERE r.company_id = company AND r.principal_id = principal AND r.key_hash = hash AND r.expires_at > at_time;
END
$$;

INSERT INTO principals (company_id, id, is_key) SELECT company_id, id, false FROM users;

ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_actor_fkey,
    ADD CONSTRAINT audit_logs_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES principals (company_id, id);
ALTER TABLE application_moves DROP CONSTRAINT application_moves_actor_fkey,
    ADD CONSTRAINT application_moves_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES principals (company_id, id);
ALTER TABLE kit_versions DROP CONSTRAINT kit_versions_publisher_fkey,
    ADD CONSTRAINT kit_versions_publisher_fkey FOREIGN KEY (company_id, published_by) REFERENCES principals (company_id, id);
ALTER TABLE interviews DROP CONSTRAINT interviews_creator_fkey,
    ADD CONSTRAINT interviews_creator_fkey FOREIGN KEY (company_id, created_by) REFERENCES principals (company_id, id);
ALTER TABLE interview_events DROP CONSTRAINT interview_events_actor_fkey,
    ADD CONSTRAINT interview_events_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES principals (company_id, id);
ALTER TABLE score_revisions DROP CONSTRAINT score_revisions_actor_fkey,
    ADD CONSTRAINT score_revisions_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES principals (company_id, id);

CREATE FUNCTION keep_principal() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO principals (company_id, id, is_key) VALUES (NEW.company_id, NEW.id, TG_TABLE_NAME = 'api_keys');
    RETURN NULL;
END
$$;
CREATE TRIGGER users_principal_insert AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION keep_principal();
CREATE TRIGGER api_keys_principal_insert AFTER INSERT ON api_keys FOR EACH ROW EXECUTE FUNCTION keep_principal();

ALTER TABLE principals ENABLE ROW LEVEL SECURITY;
ALTER TABLE principals FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_records FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON principals TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON api_keys TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON idempotency_records TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
-- A company sees the test companies that it has opened, and of their contents only the actors.
CREATE POLICY test_companies ON companies FOR SELECT TO interviewer_service USING (test_of = (SELECT current_company()));

GRANT SELECT, INSERT ON principals TO interviewer_service;
GRANT SELECT, INSERT, UPDATE ON api_keys TO interviewer_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_records TO interviewer_service;

-- Whether a company is a test company is decided when it is opened and cannot be changed.
REVOKE UPDATE ON companies FROM interviewer_service;
GRANT UPDATE (name, timezone, allowed_email_domains, is_active, version, updated_at) ON companies TO interviewer_service;

-- Deletion. In a test company, the service may delete what a reset removes; in other companies, nothing more than
-- before. Restrictive policies apply in addition to the policy of the tenant.
CREATE FUNCTION in_test_company() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM companies WHERE id = (SELECT current_company()) AND test_of IS NOT NULL);

DO $$
DECLARE
    emptied text;
BEGIN
    FOREACH emptied IN ARRAY ARRAY[
        'score_revisions', 'scores', 'interview_events', 'interviews', 'kit_versions', 'kits', 'application_moves', 'applications',
        'candidates', 'jobs', 'sessions', 'users'
    ] LOOP
        EXECUTE format('CREATE POLICY reset ON %I AS RESTRICTIVE FOR DELETE TO interviewer_service USING ((SELECT in_test_company()))', emptied);
        EXECUTE format('GRANT DELETE ON %I TO interviewer_service', emptied);
    END LOOP;
END
$$;

-- The history of hiring is deleted by the reset of a test company only. The audit log is never deleted.
CREATE FUNCTION refuse_history_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND in_test_company() THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
DROP TRIGGER application_moves_append_only ON application_moves;
DROP TRIGGER interview_events_append_only ON interview_events;
DROP TRIGGER score_revisions_append_only ON score_revisions;
CREATE TRIGGER application_moves_append_only BEFORE UPDATE OR DELETE ON application_moves
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();
CREATE TRIGGER interview_events_append_only BEFORE UPDATE OR DELETE ON interview_events
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();
CREATE TRIGGER score_revisions_append_only BEFORE UPDATE OR DELETE ON score_revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();

-- Lookups before the tenant is known.
CREATE POLICY lookup ON api_keys FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY lookup ON idempotency_records TO interviewer_lookup USING (true) WITH CHECK (false);
GRANT SELECT (company_id, id, hash, previous_hash, previous_expires_at, scopes, job_ids, known_to, expires_at, last_used_at, revoked_at)
    ON api_keys TO interviewer_lookup;
GRANT SELECT (company_id, principal_id, key_hash, expires_at), DELETE ON idempotency_records TO interviewer_lookup;
GRANT SELECT (test_of) ON companies TO interviewer_lookup;

CREATE VIEW live_api_keys AS
    SELECT k.hash, k.previous_hash, k.company_id, k.id, k.scopes, k.job_ids, k.known_to, k.expires_at, k.previous_expires_at, k.last_used_at,
        (c.test_of IS NOT NULL) AS is_test
    FROM api_keys AS k
    JOIN companies AS c ON c.id = k.company_id
    WHERE k.revoked_at IS NULL AND c.is_active;

-- The key with a secret, unless it was revoked. The caller checks whether it has expired.
CREATE FUNCTION find_api_key(wanted bytea) RETURNS SETOF live_api_keys
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM live_api_keys WHERE hash = wanted OR previous_hash = wanted
$$;

-- Deletes expired records; a bounded number per call.
CREATE FUNCTION forget_idempotency_records(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM idempotency_records AS r USING (
            SELECT company_id, principal_id, key_hash FROM idempotency_records WHERE expires_at < least(before, clock_timestamp()) LIMIT at_most
        ) AS old
        WHERE r.company_id = old.company_id AND r.principal_id = old.principal_id AND r.key_hash = old.key_hash
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER VIEW live_api_keys OWNER TO interviewer_lookup;
ALTER FUNCTION find_api_key(bytea) OWNER TO interviewer_lookup;
ALTER FUNCTION forget_idempotency_records(timestamptz, integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION find_api_key(bytea), forget_idempotency_records(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(bytea), forget_idempotency_records(timestamptz, integer) TO interviewer_service;
