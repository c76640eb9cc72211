DROP TRIGGER sessions_end_reason ON sessions;
DROP FUNCTION keep_end_reason();
ALTER TABLE sessions DROP COLUMN revocation_reason;
DROP DOMAIN revocation_reason;
