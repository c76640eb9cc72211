-- name: FindAccount :one
-- Of a test company's person, where its slug is given; else of a live company's.
SELECT company_id, user_id, password_hash, is_active::boolean AS is_active FROM find_account(@email, sqlc.narg('test_slug')::text);

-- name: LockActiveCompany :one
-- Held until the session is written, so that a company cannot be deactivated between. Of what opened a test company the next statement is told.
SELECT id, name, slug FROM companies WHERE id = @company_id AND is_active FOR SHARE;

-- name: RecordLogin :one
-- Guarded by what was verified: a password, role or activity changed meanwhile finds no row. Whoever deactivates the company that has opened a
-- test company locks the test company first, so this statement sees it done, or they see the session.
UPDATE users
SET last_login_at = @now::timestamptz, password_hash = COALESCE(sqlc.narg('new_hash'), password_hash)
WHERE company_id = @company_id AND id = @id AND is_active AND company_is_live(@company_id) AND password_hash = @verified_hash
RETURNING role;

-- name: InsertSession :exec
INSERT INTO sessions (company_id, id, user_id, ip, user_agent, created_at, updated_at, rotated_at, expires_at)
VALUES (@company_id, @id, @user_id, @ip, @user_agent, @now, @now, @now, @expires_at);

-- name: GetSessionForRefresh :one
-- The row lock orders refreshes, logout and deactivation: each of them updates the session's row.
SELECT s.user_id, s.epoch, s.generation, s.rotated_at, s.expires_at, s.revoked_at, u.role,
    (u.is_active AND company_is_live(s.company_id))::boolean AS is_active
FROM sessions AS s
JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id
WHERE s.company_id = @company_id AND s.id = @id
FOR NO KEY UPDATE OF s;

-- name: RotateSession :execrows
UPDATE sessions
SET generation = generation + 1, rotated_at = @now, updated_at = @now, ip = @ip, user_agent = @user_agent
WHERE company_id = @company_id AND id = @id AND generation = @generation AND revoked_at IS NULL;

-- name: GetSessionState :one
SELECT s.user_id, u.role, s.epoch, s.expires_at, (s.revoked_at IS NOT NULL)::boolean AS revoked
FROM sessions AS s
JOIN users AS u ON u.company_id = s.company_id AND u.id = s.user_id
WHERE s.company_id = @company_id AND s.id = @id;

-- name: ListSessionChanges :many
SELECT company_id, session_id, user_id, role, epoch, expires_at, revoked::boolean AS revoked FROM session_changes(@seconds);

-- name: ListSessions :many
-- The live sessions of one user, newest first.
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
SET revoked_at = @now::timestamptz, end_reason = @reason::session_end, epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND id = @id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
RETURNING *;

-- name: RevokeUserSessions :many
-- All sessions of a user but the one to keep, if any.
UPDATE sessions
SET revoked_at = @now::timestamptz, end_reason = @reason::session_end, epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
    AND id <> COALESCE(sqlc.narg('keep_id')::uuid, '00000000-0000-0000-0000-000000000000')
RETURNING *;

-- name: RevokeCompanySessions :execrows
UPDATE sessions
SET revoked_at = @now::timestamptz, end_reason = 'company_deactivated', epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND revoked_at IS NULL;

-- name: AdvanceUserSessions :many
-- Ends the access tokens of a user's sessions and leaves the sessions alive: the next refresh carries the new role.
UPDATE sessions
SET epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
RETURNING *;
