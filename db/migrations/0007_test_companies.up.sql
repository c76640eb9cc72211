-- Makes test companies independent of each other and of live companies: each has its own namespace of sign-in emails,
-- stores its initial name, and is live while it is open and the company that opened it is active.

-- The initial name, which a reset restores. It never changes. It is NULL for live companies, and for test companies
-- that an earlier version of the service opened.
ALTER TABLE companies ADD COLUMN opened_as text,
    ADD CONSTRAINT companies_opened_as_test CHECK (opened_as IS NULL OR test_of IS NOT NULL);

-- An email belongs to one user of a realm. All live companies are one realm, whose id is the nil UUID, because a
-- sign-in has an email and no company. Each test company is a realm of its own, which its users name when they sign
-- in.
ALTER TABLE login_emails ADD COLUMN realm uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';

-- Forced row-level security also applies to the owner of the tables, which must see all rows here.
ALTER TABLE companies NO FORCE ROW LEVEL SECURITY;
ALTER TABLE login_emails NO FORCE ROW LEVEL SECURITY;
UPDATE companies SET opened_as = name WHERE test_of IS NOT NULL;
UPDATE login_emails AS e SET realm = e.company_id FROM companies AS c WHERE c.id = e.company_id AND c.test_of IS NOT NULL;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE login_emails FORCE ROW LEVEL SECURITY;

ALTER TABLE login_emails ALTER COLUMN realm DROP DEFAULT,
    DROP CONSTRAINT login_emails_pkey,
    ADD CONSTRAINT login_emails_pkey PRIMARY KEY (realm, email);

-- Users who lost their email to another user in the down migration can sign in again.
ALTER TABLE companies NO FORCE ROW LEVEL SECURITY;
ALTER TABLE login_emails NO FORCE ROW LEVEL SECURITY;
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
INSERT INTO login_emails (realm, email, company_id, user_id)
SELECT c.id, u.email, u.company_id, u.id FROM users AS u JOIN companies AS c ON c.id = u.company_id WHERE c.test_of IS NOT NULL
ON CONFLICT DO NOTHING;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE login_emails FORCE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;

CREATE OR REPLACE FUNCTION keep_login_email() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO login_emails (realm, email, company_id, user_id)
    SELECT CASE WHEN c.test_of IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE c.id END, NEW.email, c.id, NEW.id
    FROM companies AS c WHERE c.id = NEW.company_id
    ON CONFLICT ON CONSTRAINT login_emails_user_key DO UPDATE SET email = excluded.email;
    RETURN NULL;
END
$$;

-- The companies that users and keys can enter. This view is the only definition of a live company.
CREATE VIEW live_companies AS
    SELECT c.id, c.test_of
    FROM companies AS c
    LEFT JOIN companies AS opener ON opener.id = c.test_of
    WHERE c.is_active AND opener.is_active IS NOT FALSE;

CREATE OR REPLACE VIEW accounts AS
    SELECT e.email, u.company_id, u.id AS user_id, u.password_hash, (u.is_active AND c.id IS NOT NULL) AS is_active, e.realm
    FROM login_emails AS e
    JOIN users AS u ON u.company_id = e.company_id AND u.id = e.user_id
    LEFT JOIN live_companies AS c ON c.id = e.company_id;

CREATE OR REPLACE VIEW company_directory AS
    SELECT c.id, c.name, c.slug, (live.id IS NOT NULL)::boolean AS is_active, c.created_at
    FROM companies AS c
    LEFT JOIN live_companies AS live ON live.id = c.id;

CREATE OR REPLACE VIEW live_api_keys AS
    SELECT k.hash, k.previous_hash, k.company_id, k.id, k.scopes, k.job_ids, k.known_to, k.expires_at, k.previous_expires_at, k.last_used_at,
        (c.test_of IS NOT NULL) AS is_test
    FROM api_keys AS k
    JOIN live_companies AS c ON c.id = k.company_id
    WHERE k.revoked_at IS NULL;

-- The account with an email: in a live company or, if a slug is given, in the test company with the slug. Other slugs
-- match no account. Earlier versions of the service pass the email only.
DROP FUNCTION find_account(text);
CREATE FUNCTION find_account(wanted text, test_slug text DEFAULT NULL) RETURNS SETOF accounts
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM accounts
    WHERE email = wanted AND realm = CASE WHEN test_slug IS NULL THEN '00000000-0000-0000-0000-000000000000'
        ELSE (SELECT id FROM companies WHERE slug = test_slug AND test_of IS NOT NULL) END
$$;

-- Whether the company of the tenant is live. For a test company, this depends on a row that its own users cannot see.
CREATE FUNCTION company_is_live(company uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM live_companies WHERE id = company AND company = current_company())
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER VIEW live_companies OWNER TO interviewer_lookup;
ALTER FUNCTION find_account(text, text) OWNER TO interviewer_lookup;
ALTER FUNCTION company_is_live(uuid) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION find_account(text, text), company_is_live(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_account(text, text), company_is_live(uuid) TO interviewer_service;
