-- Companies, their users, and sessions.

-- Columns that lists filter by have domains instead of enums: comparisons of enums are not leakproof, so under
-- row-level security they could use neither an index nor statistics.
CREATE DOMAIN user_role AS text CONSTRAINT user_role_known CHECK (VALUE IN ('employee', 'team_lead', 'hr', 'admin'));

CREATE TYPE session_end AS ENUM (
    'logout', 'revoked', 'revoked_by_admin', 'password_changed', 'user_deactivated', 'company_deactivated', 'token_reuse'
);

CREATE TABLE companies (
    id                    uuid        NOT NULL,
    name                  text        NOT NULL,
    slug                  text        NOT NULL,
    timezone              text        NOT NULL DEFAULT 'UTC',
    allowed_email_domains text[]      NOT NULL DEFAULT '{}',
    is_active             boolean     NOT NULL DEFAULT true,
    version               integer     NOT NULL DEFAULT 1,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT companies_pkey PRIMARY KEY (id),
    CONSTRAINT companies_slug_key UNIQUE (slug),
    CONSTRAINT companies_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 63),
    CONSTRAINT companies_name_length CHECK (length(name) BETWEEN 1 AND 200)
);

CREATE TABLE users (
    company_id          uuid        NOT NULL,
    id                  uuid        NOT NULL,
    email               text        NOT NULL COLLATE "C",
    password_hash       text        NOT NULL,
    first_name          text        NOT NULL,
    last_name           text        NOT NULL,
    name_key            text        NOT NULL COLLATE "C" GENERATED ALWAYS AS (lower(last_name) || E'\x01' || lower(first_name)) STORED,
    role                user_role   NOT NULL DEFAULT 'employee',
    department          text,
    is_active           boolean     NOT NULL DEFAULT true,
    last_login_at       timestamptz,
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    version             integer     NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT users_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT users_email_key UNIQUE (company_id, email),
    CONSTRAINT users_email_form CHECK (email = lower(email) AND length(email) <= 254)
);

-- The text that a search matches, which the trigram index below contains.
CREATE FUNCTION user_search_text(first_name text, last_name text, email text, department text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(first_name || ' ' || last_name || ' ' || email || ' ' || coalesce(department, ''));

CREATE INDEX users_created_at_idx ON users (company_id, created_at, id);
CREATE INDEX users_updated_at_idx ON users (company_id, updated_at, id);
CREATE INDEX users_name_idx ON users (company_id, name_key, id);
CREATE INDEX users_role_idx ON users (company_id, role, created_at, id) WHERE role <> 'employee';
CREATE INDEX users_department_idx ON users (company_id, department, created_at, id);
CREATE INDEX users_inactive_idx ON users (company_id, created_at, id) WHERE NOT is_active;
CREATE INDEX users_search_idx ON users
    USING gin (company_id, user_search_text(first_name, last_name, email, department) gin_trgm_ops);
CREATE INDEX users_active_admin_idx ON users (company_id, id) WHERE role = 'admin' AND is_active;

-- A sign-in has an email and no company, so an email belongs to one user of the installation. This table enforces
-- that, because the unique keys of tenant tables begin with the company.
CREATE TABLE login_emails (
    email      text NOT NULL COLLATE "C",
    company_id uuid NOT NULL,
    user_id    uuid NOT NULL,
    CONSTRAINT login_emails_pkey PRIMARY KEY (email),
    CONSTRAINT login_emails_user_key UNIQUE (company_id, user_id),
    CONSTRAINT login_emails_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id) ON DELETE CASCADE
);

-- One row per sign-in. Refresh tokens are not stored: a token contains session and generation with a MAC. Only the
-- current generation is accepted, and the previous one for a short time. epoch is incremented by every event that
-- invalidates issued access tokens; changed_at is the time of the last such event, by the clock of the database.
CREATE TABLE sessions (
    company_id   uuid        NOT NULL,
    id           uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    epoch        integer     NOT NULL DEFAULT 1,
    generation   integer     NOT NULL DEFAULT 1,
    ip           inet,
    user_agent   text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    rotated_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    end_reason   session_end,
    changed_at   timestamptz,
    CONSTRAINT sessions_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
    CONSTRAINT sessions_end CHECK ((revoked_at IS NULL) = (end_reason IS NULL)),
    CONSTRAINT sessions_counters CHECK (epoch >= 1 AND generation >= 1)
);

CREATE INDEX sessions_user_idx ON sessions (company_id, user_id, created_at, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_changed_at_idx ON sessions (changed_at) WHERE changed_at IS NOT NULL;

ALTER TABLE companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE login_emails ENABLE ROW LEVEL SECURITY;
ALTER TABLE login_emails FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON companies TO interviewer_service
    USING (id = (SELECT current_company())) WITH CHECK (id = (SELECT current_company()));
CREATE POLICY tenant ON users TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
CREATE POLICY tenant ON sessions TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));

GRANT SELECT, INSERT, UPDATE ON companies, users, sessions TO interviewer_service;

CREATE POLICY lookup ON companies FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY lookup ON users FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY lookup ON sessions FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY directory ON login_emails TO interviewer_lookup USING (true) WITH CHECK (true);

GRANT SELECT (id, name, slug, is_active, created_at) ON companies TO interviewer_lookup;
GRANT SELECT (company_id, id, email, password_hash, first_name, last_name, role, department, is_active) ON users TO interviewer_lookup;
GRANT SELECT (company_id, id, user_id, epoch, expires_at, revoked_at, changed_at) ON sessions TO interviewer_lookup;
GRANT SELECT, INSERT, UPDATE, DELETE ON login_emails TO interviewer_lookup;

CREATE FUNCTION keep_login_email() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO login_emails (email, company_id, user_id) VALUES (NEW.email, NEW.company_id, NEW.id)
    ON CONFLICT ON CONSTRAINT login_emails_user_key DO UPDATE SET email = excluded.email;
    RETURN NULL;
END
$$;

-- Lookups before the tenant is known: views that only interviewer_lookup can read, and functions that return one row
-- of each to the service.

-- Inactive users and companies are included: whether they can sign in is decided after the password was compared, so
-- that the response takes the same time.
CREATE VIEW accounts AS
    SELECT e.email, u.company_id, u.id AS user_id, u.password_hash, (u.is_active AND c.is_active) AS is_active
    FROM login_emails AS e
    JOIN users AS u ON u.company_id = e.company_id AND u.id = e.user_id
    JOIN companies AS c ON c.id = e.company_id;

CREATE VIEW changed_sessions AS
    SELECT s.company_id, s.id AS session_id, s.user_id, u.role, s.epoch, s.expires_at, (s.revoked_at IS NOT NULL) AS revoked,
        s.changed_at
    FROM sessions AS s
    JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id;

CREATE VIEW company_directory AS
    SELECT id, name, slug, is_active, created_at FROM companies;

-- The account with an email.
CREATE FUNCTION find_account(wanted text) RETURNS SETOF accounts
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM accounts WHERE email = wanted
$$;

-- Sessions whose access tokens were invalidated within the last so many seconds. Replicas poll it.
CREATE FUNCTION session_changes(seconds integer) RETURNS SETOF changed_sessions
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM changed_sessions WHERE changed_at > clock_timestamp() - make_interval(secs => seconds)
$$;

-- The company with a slug.
CREATE FUNCTION find_company(wanted text) RETURNS SETOF company_directory
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM company_directory WHERE slug = wanted
$$;

-- All companies of the installation, for commands of the operator.
CREATE FUNCTION all_companies() RETURNS SETOF company_directory
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM company_directory ORDER BY slug
$$;

-- Users of a company whose name, email or department contains a pattern of at least three characters. It is a
-- SECURITY DEFINER function because LIKE is not leakproof: under row-level security it could not use the trigram
-- index.
CREATE FUNCTION search_users(company uuid, pattern text, at_most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM users
    WHERE company_id = company AND company_id = current_company()
        AND user_search_text(first_name, last_name, email, department) LIKE lower(pattern)
    LIMIT at_most
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER VIEW accounts OWNER TO interviewer_lookup;
ALTER VIEW changed_sessions OWNER TO interviewer_lookup;
ALTER VIEW company_directory OWNER TO interviewer_lookup;
ALTER FUNCTION keep_login_email() OWNER TO interviewer_lookup;
ALTER FUNCTION find_account(text) OWNER TO interviewer_lookup;
ALTER FUNCTION session_changes(integer) OWNER TO interviewer_lookup;
ALTER FUNCTION search_users(uuid, text, integer) OWNER TO interviewer_lookup;
ALTER FUNCTION find_company(text) OWNER TO interviewer_lookup;
ALTER FUNCTION all_companies() OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;

REVOKE EXECUTE ON FUNCTION
    keep_login_email(), find_account(text), session_changes(integer), search_users(uuid, text, integer), find_company(text), all_companies()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    find_account(text), session_changes(integer), search_users(uuid, text, integer), find_company(text), all_companies()
    TO interviewer_service;

CREATE TRIGGER users_login_email_insert AFTER INSERT ON users
    FOR EACH ROW EXECUTE FUNCTION keep_login_email();
CREATE TRIGGER users_login_email_update AFTER UPDATE OF email ON users
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION keep_login_email();
