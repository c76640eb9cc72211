-- Every act has an actor: a user, an API key, a candidate, an evaluator (a model that evaluates candidates) or the system,
-- which is the service itself and its operator. Each is a row of principals. The system of a company has the id of the
-- company.

ALTER TYPE audit_actor ADD VALUE IF NOT EXISTS 'candidate' AFTER 'api_key';
ALTER TYPE audit_actor ADD VALUE IF NOT EXISTS 'evaluator' AFTER 'candidate';

-- A constant default does not rewrite the table, as a domain with a constraint would. Constraints that are NOT VALID need no
-- scan; the rows comply.
ALTER TABLE principals ADD COLUMN kind text NOT NULL DEFAULT 'user';
-- A later release removes is_key.
ALTER TABLE principals ALTER COLUMN is_key SET DEFAULT false;

-- Forced row-level security also applies to the owner of the tables, which must see all rows here.
ALTER TABLE companies NO FORCE ROW LEVEL SECURITY;
ALTER TABLE principals NO FORCE ROW LEVEL SECURITY;
UPDATE principals SET kind = 'api_key' WHERE is_key;
INSERT INTO principals (company_id, id, kind) SELECT id, id, 'system' FROM companies
ON CONFLICT ON CONSTRAINT principals_pkey DO UPDATE SET kind = 'system';
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE principals FORCE ROW LEVEL SECURITY;

-- No version of the service inserts principals itself; the triggers below do, and name the kind.
-- squawk-ignore ban-drop-default
ALTER TABLE principals ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE principals
    ADD CONSTRAINT principals_kind_known CHECK (kind IN ('user', 'api_key', 'candidate', 'system', 'evaluator')) NOT VALID,
    ADD CONSTRAINT principals_system CHECK ((kind = 'system') = (id = company_id)) NOT VALID;

CREATE OR REPLACE FUNCTION keep_principal() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO principals (company_id, id, is_key, kind)
    VALUES (NEW.company_id, NEW.id, TG_TABLE_NAME = 'api_keys', CASE TG_TABLE_NAME WHEN 'api_keys' THEN 'api_key' ELSE 'user' END);
    RETURN NULL;
END
$$;

CREATE FUNCTION keep_system_principal() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO principals (company_id, id, kind) VALUES (NEW.id, NEW.id, 'system');
    RETURN NULL;
END
$$;
CREATE TRIGGER companies_principal_insert AFTER INSERT ON companies FOR EACH ROW EXECUTE FUNCTION keep_system_principal();

-- The type of an entry's actor agrees with its id. Entries of the system that earlier versions of the service wrote have
-- no id, and neither do their automatic events of interviews.
ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_actor_system
    CHECK ((actor_type = 'system') = (actor_id = company_id)) NOT VALID;

-- blinds of migration 0008, with one change: the scores are hidden from every actor that is neither a user nor an API key.
CREATE OR REPLACE FUNCTION blinds(company uuid, actor uuid, interview uuid) RETURNS TABLE (interview_id uuid)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.interview_id FROM interview_panelists AS p
    WHERE p.company_id = company AND p.interview_id = interview
        AND (p.user_id = actor OR EXISTS (
            SELECT FROM api_keys AS k WHERE k.company_id = company AND k.id = actor AND p.user_id = ANY (k.known_to)
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
