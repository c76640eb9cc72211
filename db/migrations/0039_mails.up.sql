-- Mails that the service sends to users, and the language in which a user reads them.

-- A new column whose domain has a constraint would rewrite the table, so the constraint is added last and remains NOT VALID; it
-- checks every value that is written.
CREATE DOMAIN user_language AS text;
ALTER TABLE users ADD COLUMN language user_language NOT NULL DEFAULT 'en';
-- squawk-ignore ban-alter-domain-with-add-constraint
ALTER DOMAIN user_language ADD CONSTRAINT user_language_known CHECK (VALUE IN ('en', 'de', 'fr', 'es')) NOT VALID;

-- squawk-ignore ban-create-domain-with-constraint
CREATE DOMAIN mail_kind AS text CONSTRAINT mail_kind_known CHECK (VALUE IN ('password_reset', 'password_changed'));
-- waiting: not handed over to a server yet, or refused for now. sending: being handed over; of a process that has died, nobody
-- knows whether the server accepted it. kept: not sent, because no server is configured. canceled: its link ended before it was sent.
-- squawk-ignore ban-create-domain-with-constraint
CREATE DOMAIN mail_state AS text CONSTRAINT mail_state_known CHECK (VALUE IN (
    'waiting', 'sending', 'sent', 'kept', 'failed', 'unknown', 'canceled'
));

-- A mail is rendered when it is sent; its row has no text and no address. The secret of its link is derived from its id and not
-- stored. link_expires_at is NULL without a link, and after the link was used or has become invalid.
CREATE TABLE mails (
    company_id      uuid        NOT NULL,
    id              uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    kind            mail_kind   NOT NULL,
    state           mail_state  NOT NULL DEFAULT 'waiting',
    attempts        integer     NOT NULL DEFAULT 0,
    smtp_code       integer,
    link_expires_at timestamptz,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    CONSTRAINT mails_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT mails_user_fkey FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id) ON DELETE CASCADE
);
CREATE INDEX mails_user_idx ON mails (company_id, user_id);
CREATE INDEX mails_created_at_idx ON mails (created_at);
CREATE INDEX mails_waiting_idx ON mails (kind) WHERE state IN ('waiting', 'sending');
ALTER TABLE mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE mails FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mails TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
GRANT SELECT, INSERT, UPDATE ON mails TO interviewer_service;

-- The links of mails with which the password can be chosen end when the password or the address changes. A trigger, so that no
-- statement can forget it.
CREATE FUNCTION end_password_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mails SET link_expires_at = NULL
    WHERE company_id = NEW.company_id AND user_id = NEW.id AND kind = 'password_reset' AND link_expires_at IS NOT NULL;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION end_password_links FROM PUBLIC;
CREATE TRIGGER users_password_ends_links AFTER UPDATE OF password_changed_at ON users
    FOR EACH ROW EXECUTE FUNCTION end_password_links();
CREATE TRIGGER users_email_ends_links AFTER UPDATE OF email ON users
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION end_password_links();

-- These functions run without a tenant, for all companies.
CREATE POLICY lookup ON mails TO interviewer_lookup USING (true);
GRANT SELECT (ctid, kind, state, created_at), DELETE ON mails TO interviewer_lookup;
CREATE FUNCTION delete_old_mails(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM mails
        WHERE ctid = ANY (ARRAY(SELECT m.ctid FROM mails AS m WHERE m.created_at < least(before, clock_timestamp() - interval '1 day') ORDER BY m.created_at LIMIT at_most))
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
CREATE FUNCTION count_waiting_mails() RETURNS TABLE (kind text, mails bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.kind::text, count(*) FROM mails AS m WHERE m.state IN ('waiting', 'sending') GROUP BY m.kind
$$;
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION delete_old_mails(timestamptz, integer) OWNER TO interviewer_lookup;
ALTER FUNCTION count_waiting_mails() OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION delete_old_mails, count_waiting_mails FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delete_old_mails, count_waiting_mails TO interviewer_service;
