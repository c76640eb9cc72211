-- The times of a session's latest rotations, oldest first. A refresh token that was used within the last 30 seconds returns the
-- current one, also if others were used after it: browser tabs that share a cookie send the tokens that they know. The last time
-- is rotated_at, unless the previous release has rotated since.
ALTER TABLE sessions ADD COLUMN recent_rotations timestamptz[] NOT NULL DEFAULT '{}';
