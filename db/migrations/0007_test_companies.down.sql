DROP FUNCTION company_is_live(uuid), find_account(text, text);
DROP VIEW accounts;
CREATE VIEW accounts AS
    SELECT e.email, u.company_id, u.id AS user_id, u.password_hash, (u.is_active AND c.is_active) AS is_active
    FROM login_emails AS e
    JOIN users AS u ON u.company_id = e.company_id AND u.id = e.user_id
    JOIN companies AS c ON c.id = e.company_id;
CREATE OR REPLACE VIEW company_directory AS
    SELECT id, name, slug, is_active, created_at FROM companies;
CREATE OR REPLACE VIEW live_api_keys AS
    SELECT k.hash, k.previous_hash, k.company_id, k.id, k.scopes, k.job_ids, k.known_to, k.expires_at, k.previous_expires_at, k.last_used_at,
        (c.test_of IS NOT NULL) AS is_test
    FROM api_keys AS k
    JOIN companies AS c ON c.id = k.company_id
    WHERE k.revoked_at IS NULL AND c.is_active;
DROP VIEW live_companies;
CREATE FUNCTION find_account(wanted text) RETURNS SETOF accounts
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM accounts WHERE email = wanted
$$;
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER VIEW accounts OWNER TO interviewer_lookup;
ALTER FUNCTION find_account(text) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION find_account(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_account(text) TO interviewer_service;

CREATE OR REPLACE FUNCTION keep_login_email() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO login_emails (email, company_id, user_id) VALUES (NEW.email, NEW.company_id, NEW.id)
    ON CONFLICT ON CONSTRAINT login_emails_user_key DO UPDATE SET email = excluded.email;
    RETURN NULL;
END
$$;
-- Of all users with the same email, one can still sign in: preferably a user of a live company.
ALTER TABLE login_emails NO FORCE ROW LEVEL SECURITY;
ALTER TABLE companies NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY;
DELETE FROM login_emails AS e USING login_emails AS other WHERE other.email = e.email AND other.realm < e.realm;
-- Test companies that are inactive because the company that opened them is inactive are closed, because otherwise
-- they would become active.
UPDATE companies AS c SET is_active = false FROM companies AS opener WHERE opener.id = c.test_of AND NOT opener.is_active;
UPDATE api_keys AS k SET revoked_at = now() FROM companies AS c
    WHERE c.id = k.company_id AND c.test_of IS NOT NULL AND NOT c.is_active AND k.revoked_at IS NULL;
ALTER TABLE login_emails FORCE ROW LEVEL SECURITY;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE login_emails DROP COLUMN realm, ADD CONSTRAINT login_emails_pkey PRIMARY KEY (email);
ALTER TABLE companies DROP COLUMN opened_as;
