-- The reason of the end of a session becomes a domain, as all other columns with a fixed set of values: comparisons of enums
-- are not leakproof. A change of the type of end_reason would rewrite the table under a lock, so revocation_reason is a new
-- column. The previous release writes end_reason and this one revocation_reason; the trigger sets the other. The next release
-- removes end_reason, its type and the trigger.

-- A new column whose domain has a constraint would rewrite the table, and a constraint that is validated would read it under a
-- lock. So the constraint is added last and remains NOT VALID; it checks every value that is written.
CREATE DOMAIN revocation_reason AS text;
ALTER TABLE sessions ADD COLUMN revocation_reason revocation_reason;
-- squawk-ignore ban-alter-domain-with-add-constraint
ALTER DOMAIN revocation_reason ADD CONSTRAINT revocation_reason_known CHECK (VALUE IN (
    'logout', 'revoked', 'revoked_by_admin', 'password_changed', 'user_deactivated', 'company_deactivated', 'token_reuse'
)) NOT VALID;
-- The next migration validates the constraint.
ALTER TABLE sessions
    ADD CONSTRAINT sessions_revocation CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)) NOT VALID;

-- A session ends once.
CREATE FUNCTION keep_end_reason() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.revocation_reason := coalesce(NEW.revocation_reason, NEW.end_reason::text);
    NEW.end_reason := NEW.revocation_reason::text::session_end;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION keep_end_reason FROM PUBLIC;
-- It runs for every update of a session that has ended, because the constraint checks the rows from before too.
CREATE TRIGGER sessions_end_reason BEFORE INSERT OR UPDATE ON sessions
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION keep_end_reason();
