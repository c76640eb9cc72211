-- migrate: no transaction
-- Limits of the lengths of texts, in characters: those of the API, which every version of the service has checked, and generous
-- ones for texts that the API does not limit. A constraint that exists is replaced, because the migration can be repeated.
-- The length of the longest element of a list; NULL if it has none.
CREATE OR REPLACE FUNCTION longest(texts text[]) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT max(length(element)) FROM unnest(texts) AS element);
-- next
ALTER TABLE companies
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS companies_texts,
    ADD CONSTRAINT companies_texts CHECK (
    longest(allowed_email_domains) <= 253 AND length(timezone) <= 64 AND length(opened_as) <= 200
) NOT VALID;
-- next
ALTER TABLE users
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS users_texts,
    ADD CONSTRAINT users_texts CHECK (
    length(password_hash) <= 500 AND length(first_name) <= 100 AND length(last_name) <= 100 AND length(department) <= 100
) NOT VALID;
-- next
ALTER TABLE login_emails
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS login_emails_texts,
    ADD CONSTRAINT login_emails_texts CHECK (
    length(email) <= 254
) NOT VALID;
-- next
ALTER TABLE sessions
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS sessions_texts,
    ADD CONSTRAINT sessions_texts CHECK (
    length(user_agent) <= 512
) NOT VALID;
-- next
ALTER TABLE api_keys
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS api_keys_texts,
    ADD CONSTRAINT api_keys_texts CHECK (
    length(prefix) <= 17 AND longest(scopes) <= 64
) NOT VALID;
-- next
ALTER TABLE jobs
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS jobs_texts,
    ADD CONSTRAINT jobs_texts CHECK (
    length(department) <= 100 AND length(location) <= 200 AND length(description) <= 20000
) NOT VALID;
-- next
ALTER TABLE candidates
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS candidates_texts,
    ADD CONSTRAINT candidates_texts CHECK (
    length(first_name) <= 100 AND length(last_name) <= 100 AND length(phone) <= 50 AND length(location) <= 200 AND longest(links) <= 500 AND longest(tags) <= 50
    AND length(source) <= 100 AND length(external_id) <= 200
) NOT VALID;
-- next
ALTER TABLE applications
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS applications_texts,
    ADD CONSTRAINT applications_texts CHECK (
    length(source) <= 100
) NOT VALID;
-- next
ALTER TABLE application_moves
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS application_moves_texts,
    ADD CONSTRAINT application_moves_texts CHECK (
    length(reason) <= 1000
) NOT VALID;
-- next
ALTER TABLE kits
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS kits_texts,
    ADD CONSTRAINT kits_texts CHECK (
    length(description) <= 5000
) NOT VALID;
-- next
ALTER TABLE kit_versions
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS kit_versions_texts,
    ADD CONSTRAINT kit_versions_texts CHECK (
    length(content_hash) <= 64
) NOT VALID;
-- next
ALTER TABLE interviews
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS interviews_texts,
    ADD CONSTRAINT interviews_texts CHECK (
    length(title) <= 200 AND length(timezone) <= 64 AND length(location) <= 500 AND length(meeting_url) <= 1000 AND length(instructions) <= 5000
    AND length(status_reason) <= 1000
) NOT VALID;
-- next
ALTER TABLE interview_panelists
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS interview_panelists_texts,
    ADD CONSTRAINT interview_panelists_texts CHECK (
    length(comment) <= 1000
) NOT VALID;
-- next
ALTER TABLE interview_events
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS interview_events_texts,
    ADD CONSTRAINT interview_events_texts CHECK (
    length(from_timezone) <= 64 AND length(to_timezone) <= 64 AND length(reason) <= 1000
) NOT VALID;
-- next
ALTER TABLE scores
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS scores_texts,
    ADD CONSTRAINT scores_texts CHECK (
    length(comment) <= 10000 AND length(status_reason) <= 1000
) NOT VALID;
-- next
ALTER TABLE score_revisions
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS score_revisions_texts,
    ADD CONSTRAINT score_revisions_texts CHECK (
    length(comment) <= 10000 AND length(reason) <= 1000
) NOT VALID;
-- next
-- Entries that exist are not checked: they cannot be changed, so none of them may stop an update.
ALTER TABLE audit_logs
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS audit_logs_texts,
    ADD CONSTRAINT audit_logs_texts CHECK (
    length(action) <= 64 AND length(resource_type) <= 64 AND length(user_agent) <= 512 AND length(request_id) <= 128
) NOT VALID;
-- next
ALTER TABLE companies VALIDATE CONSTRAINT companies_texts;
-- next
ALTER TABLE users VALIDATE CONSTRAINT users_texts;
-- next
ALTER TABLE login_emails VALIDATE CONSTRAINT login_emails_texts;
-- next
ALTER TABLE sessions VALIDATE CONSTRAINT sessions_texts;
-- next
ALTER TABLE api_keys VALIDATE CONSTRAINT api_keys_texts;
-- next
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_texts;
-- next
ALTER TABLE candidates VALIDATE CONSTRAINT candidates_texts;
-- next
ALTER TABLE applications VALIDATE CONSTRAINT applications_texts;
-- next
ALTER TABLE application_moves VALIDATE CONSTRAINT application_moves_texts;
-- next
ALTER TABLE kits VALIDATE CONSTRAINT kits_texts;
-- next
ALTER TABLE kit_versions VALIDATE CONSTRAINT kit_versions_texts;
-- next
ALTER TABLE interviews VALIDATE CONSTRAINT interviews_texts;
-- next
ALTER TABLE interview_panelists VALIDATE CONSTRAINT interview_panelists_texts;
-- next
ALTER TABLE interview_events VALIDATE CONSTRAINT interview_events_texts;
-- next
ALTER TABLE scores VALIDATE CONSTRAINT scores_texts;
-- next
ALTER TABLE score_revisions VALIDATE CONSTRAINT score_revisions_texts;
