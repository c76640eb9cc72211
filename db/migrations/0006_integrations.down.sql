-- The value api_key of audit_actor remains: PostgreSQL cannot remove a value from an enum.
DROP FUNCTION forget_idempotency_records(timestamptz, integer), find_api_key(bytea);
DROP VIEW live_api_keys;
REVOKE SELECT (test_of) ON companies FROM interviewer_lookup;
REVOKE UPDATE (name, timezone, allowed_email_domains, is_active, version, updated_at) ON companies FROM interviewer_service;
GRANT UPDATE ON companies TO interviewer_service;
DROP TRIGGER application_moves_append_only ON application_moves;
DROP TRIGGER interview_events_append_only ON interview_events;
DROP TRIGGER score_revisions_append_only ON score_revisions;
CREATE TRIGGER application_moves_append_only BEFORE UPDATE OR DELETE ON application_moves
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER interview_events_append_only BEFORE UPDATE OR DELETE ON interview_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER score_revisions_append_only BEFORE UPDATE OR DELETE ON score_revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION refuse_history_change();
DO $$
DECLARE
    emptied text;
BEGIN
    FOREACH emptied IN ARRAY ARRAY[
        'score_revisions', 'scores', 'interview_events', 'interviews', 'kit_versions', 'kits', 'application_moves', 'applications',
        'candidates', 'jobs', 'sessions', 'users'
    ] LOOP
        EXECUTE format('REVOKE DELETE ON %I FROM interviewer_service', emptied);
        EXECUTE format('DROP POLICY reset ON %I', emptied);
    END LOOP;
END
$$;
DROP FUNCTION in_test_company();
DROP POLICY test_companies ON companies;
-- Rows whose actor is an API key cannot refer to users again. An installation without keys is restored completely.
ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_actor_fkey,
    ADD CONSTRAINT audit_logs_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id);
ALTER TABLE application_moves DROP CONSTRAINT application_moves_actor_fkey,
    ADD CONSTRAINT application_moves_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id);
ALTER TABLE kit_versions DROP CONSTRAINT kit_versions_publisher_fkey,
    ADD CONSTRAINT kit_versions_publisher_fkey FOREIGN KEY (company_id, published_by) REFERENCES users (company_id, id);
ALTER TABLE interviews DROP CONSTRAINT interviews_creator_fkey,
    ADD CONSTRAINT interviews_creator_fkey FOREIGN KEY (company_id, created_by) REFERENCES users (company_id, id);
ALTER TABLE interview_events DROP CONSTRAINT interview_events_actor_fkey,
    ADD CONSTRAINT interview_events_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id);
ALTER TABLE score_revisions DROP CONSTRAINT score_revisions_actor_fkey,
    ADD CONSTRAINT score_revisions_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES users (company_id, id);
DROP FUNCTION hold_idempotency_key(uuid, uuid, bytea, timestamptz);
DROP TABLE idempotency_records, api_keys;
DROP TRIGGER users_principal_insert ON users;
DROP FUNCTION keep_principal();
ALTER TABLE companies DROP COLUMN test_of;
DROP TABLE principals;
