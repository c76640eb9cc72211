-- name: FindAccount :one
-- The account of an email: of a test company if its slug is given, otherwise of a live company. Whether the account is
-- active is decided by OpenSession.
SELECT company_id, user_id, password_hash FROM find_account(@email, sqlc.narg('test_slug')::text);

-- name: LockCompany :exec
-- Orders a login and the deactivation of its company, which locks the company's row as well; the deactivation of a
-- company that opened test companies locks their rows. This is a statement of its own, so that the next one sees what
-- it has waited for.
SELECT id FROM companies WHERE id = @company_id FOR SHARE;

-- name: OpenSession :one
-- Opens a session, and returns the user's role and whether the user has to change their password. Finds no row if the user or the company is not active, or if the
-- password has been changed since it was verified. The transaction must have called LockCompany before.
WITH login AS (
    UPDATE users SET last_login_at = @now::timestamptz
    WHERE company_id = @company_id AND id = @user_id AND password_hash = @verified_hash
        AND is_active AND company_is_live(@company_id)
    RETURNING role, password_change_required
)
INSERT INTO sessions (
    company_id, id, user_id, ip, user_agent, created_at, updated_at, rotated_at, expires_at, password_change_required
)
SELECT @company_id, @id, @user_id, @ip, @user_agent, @now, @now, @now, @expires_at, password_change_required FROM login
RETURNING (SELECT role FROM login)::user_role AS role, password_change_required;

-- name: StrengthenPasswordHash :exec
-- Replaces the hash of a password by one of higher cost, unless the password has been changed.
UPDATE users SET password_hash = @new_hash
WHERE company_id = @company_id AND id = @user_id AND password_hash = @verified_hash;

-- name: GetSessionForRefresh :one
-- The row lock orders refresh, logout and deactivation: each of them updates the session's row.
SELECT s.user_id, s.epoch, s.generation, s.rotated_at, s.recent_rotations, s.expires_at, s.revoked_at, s.password_change_required, u.role,
    s.refreshes, s.refreshes_recorded_at, s.refusals, s.refusals_recorded_at,
    (u.is_active AND company_is_live(s.company_id))::boolean AS is_active
FROM sessions AS s
JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id
WHERE s.company_id = @company_id AND s.id = @id
FOR NO KEY UPDATE OF s;

-- name: RotateSession :exec
-- Fails with a division by zero if the session is not as GetSessionForRefresh has found it, which its lock prevents. It is
-- sent with COMMIT, which is then not executed.
WITH rotated AS (
UPDATE sessions
SET generation = generation + 1, rotated_at = @now, recent_rotations = @recent_rotations, updated_at = @now, ip = @ip, user_agent = @user_agent,
    refreshes = @refreshes, refreshes_recorded_at = @refreshes_recorded_at
WHERE company_id = @company_id AND id = @id AND generation = @generation AND revoked_at IS NULL
RETURNING id
)
SELECT 1 / count(*) AS rotated FROM rotated;

-- name: CountRefusal :exec
UPDATE sessions SET refusals = @refusals, refusals_recorded_at = @refusals_recorded_at
WHERE company_id = @company_id AND id = @id;

-- name: GetSessionState :one
SELECT s.user_id, u.role, s.epoch, s.expires_at, (s.revoked_at IS NOT NULL)::boolean AS revoked, s.password_change_required
FROM sessions AS s
JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id
WHERE s.company_id = @company_id AND s.id = @id;

-- name: ListSessionChanges :many
SELECT company_id, session_id, user_id, role, epoch, expires_at, revoked::boolean AS revoked, password_change_required FROM session_changes(@seconds);

-- name: ListSessions :many
-- The open sessions of one user, newest first.
SELECT * FROM sessions
WHERE company_id = @company_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
    AND (created_at, id) < (
        COALESCE(sqlc.narg('after_time')::timestamptz, 'infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY created_at DESC, id DESC
LIMIT @max_rows;

-- name: RevokeSession :one
UPDATE sessions
SET revoked_at = @now::timestamptz, revocation_reason = @reason::revocation_reason, epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND id = @id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
RETURNING *;

-- name: RevokeUserSessions :many
-- All open sessions of a user, except the one to keep, if any.
UPDATE sessions
SET revoked_at = @now::timestamptz, revocation_reason = @reason::revocation_reason, epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
    AND id <> COALESCE(sqlc.narg('keep_id')::uuid, '00000000-0000-0000-0000-000000000000')
RETURNING *;

-- name: RevokeCompanySessions :execrows
UPDATE sessions
SET revoked_at = @now::timestamptz, revocation_reason = 'company_deactivated', epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND revoked_at IS NULL;

-- name: PermitSession :many
-- Permits everything to a session whose user has changed their initial password, and invalidates its access tokens.
UPDATE sessions
SET password_change_required = false, epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND id = @id AND password_change_required
RETURNING *;

-- name: AdvanceUserSessions :many
-- Invalidates the access tokens of a user's sessions, but does not end the sessions: the next refresh returns a token
-- with the new role.
UPDATE sessions
SET epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
RETURNING *;

-- name: DeleteEndedSessions :one
-- Deletes sessions of all companies that were revoked or expired before a time, the oldest first.
SELECT delete_ended_sessions(@before::timestamptz, @at_most::integer)::bigint AS deleted;

-- name: RequireSession :exec
-- Fails with a division by zero if the session of a transaction's actor does not admit the actor's token. It is sent with
-- COMMIT, which is then not executed. If this transaction has changed the session, it was open, and its epoch is one
-- more than before.
SELECT 1 / count(*) AS admitted
FROM sessions
WHERE company_id = @company_id AND id = @id AND user_id = @user_id AND expires_at > @now::timestamptz
    AND CASE
        WHEN xmin = pg_current_xact_id()::xid THEN epoch - 1 = @epoch::integer
        ELSE epoch = @epoch::integer AND revoked_at IS NULL
    END;
