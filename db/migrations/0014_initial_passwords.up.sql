-- A password that somebody else has chosen must be replaced by its owner. Until then, a session that was opened with it
-- permits nothing else.
ALTER TABLE users ADD COLUMN password_change_required boolean NOT NULL DEFAULT false;
ALTER TABLE sessions ADD COLUMN password_change_required boolean NOT NULL DEFAULT false;
GRANT SELECT (password_change_required) ON sessions TO interviewer_lookup;

CREATE OR REPLACE VIEW changed_sessions AS
    SELECT s.company_id, s.id AS session_id, s.user_id, u.role, s.epoch, s.expires_at, (s.revoked_at IS NOT NULL) AS revoked,
        s.changed_at, s.password_change_required
    FROM sessions AS s
    JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id;
