-- The values candidate and evaluator of audit_actor remain: PostgreSQL cannot remove a value from an enum. Principals of all
-- kinds remain, because history refers to them.
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
        OR NOT EXISTS (SELECT FROM principals AS a WHERE a.company_id = company AND a.id = actor)
    )
$$;

ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_actor_system;

DROP TRIGGER companies_principal_insert ON companies;
DROP FUNCTION keep_system_principal();
CREATE OR REPLACE FUNCTION keep_principal() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO principals (company_id, id, is_key) VALUES (NEW.company_id, NEW.id, TG_TABLE_NAME = 'api_keys');
    RETURN NULL;
END
$$;

ALTER TABLE principals DROP CONSTRAINT principals_kind_known, DROP CONSTRAINT principals_system, DROP COLUMN kind,
    ALTER COLUMN is_key DROP DEFAULT;
