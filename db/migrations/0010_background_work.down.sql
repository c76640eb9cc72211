DROP FUNCTION delete_ended_sessions(timestamptz, integer), delete_expired_idempotency_records(timestamptz, integer),
    count_awaiting_seal(), companies_awaiting_seal(), grant_job_tables();
REVOKE SELECT (ctid), DELETE ON sessions FROM interviewer_lookup;
REVOKE SELECT (ctid) ON idempotency_records FROM interviewer_lookup;
DROP POLICY retention ON sessions;
DROP INDEX sessions_revoked_at_idx, sessions_expires_at_idx;
REVOKE SELECT (audit_log_id) ON audit_pending FROM interviewer_lookup;
DROP SCHEMA river CASCADE;
