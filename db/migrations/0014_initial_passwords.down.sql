-- The function returns rows of the view, which cannot lose a column by being replaced.
DROP FUNCTION session_changes(integer);
DROP VIEW changed_sessions;
CREATE VIEW changed_sessions AS
    SELECT s.company_id, s.id AS session_id, s.user_id, u.role, s.epoch, s.expires_at, (s.revoked_at IS NOT NULL) AS revoked,
        s.changed_at
    FROM sessions AS s
    JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id;
CREATE FUNCTION session_changes(seconds integer) RETURNS SETOF changed_sessions
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM changed_sessions WHERE changed_at > clock_timestamp() - make_interval(secs => seconds)
$$;
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER VIEW changed_sessions OWNER TO interviewer_lookup;
ALTER FUNCTION session_changes(integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION session_changes(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_changes(integer) TO interviewer_service;

ALTER TABLE sessions DROP COLUMN password_change_required;
ALTER TABLE users DROP COLUMN password_change_required;
