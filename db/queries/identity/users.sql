-- name: GetMe :one
SELECT sqlc.embed(users), companies.name AS company_name, companies.slug AS company_slug, companies.timezone AS company_timezone,
    companies.test_of AS company_test_of
FROM users
JOIN companies ON companies.id = users.company_id
WHERE users.company_id = @company_id AND users.id = @id;

-- name: GetUser :one
SELECT * FROM users WHERE company_id = @company_id AND id = @id;

-- name: GetVisibleUser :one
-- A user that the actor sees.
SELECT * FROM visible_users(@company_id, @actor_id, @reach) AS users WHERE users.id = @id::uuid;

-- name: FindUser :one
-- The id of the user with an email address, if the actor sees it.
SELECT id FROM visible_users(@company_id, @actor_id, @reach) AS users WHERE users.email = @email::text;

-- name: GetUserForUpdate :one
SELECT * FROM users WHERE company_id = @company_id AND id = @id FOR NO KEY UPDATE;

-- name: ListUsers :many
SELECT users.* FROM list_users(
    @company_id, @actor_id, @reach, @sort, @max_rows, sqlc.narg('after_time'), sqlc.narg('after_text'), sqlc.narg('after_id'),
    sqlc.narg('pattern'), sqlc.narg('roles')::text[], sqlc.narg('is_active'), sqlc.narg('department'), sqlc.narg('updated_since')
) AS users;

-- name: ListUsersByID :many
SELECT users.* FROM visible_users(@company_id, @actor_id, @reach) AS users WHERE users.id = ANY (@ids::uuid[]) ORDER BY users.id;

-- name: InsertUser :one
INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, role, department, language, password_changed_at,
    password_change_required, created_at, updated_at)
VALUES (@company_id, @id, @email, @password_hash, @first_name, @last_name, @role, @department, @language, @now, @password_change_required, @now, @now)
RETURNING *;

-- name: UpdateUser :one
UPDATE users
SET email = @email, first_name = @first_name, last_name = @last_name, department = @department, language = @language,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version
RETURNING *;

-- name: TransitionUserActive :one
UPDATE users
SET is_active = NOT is_active, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND is_active = @was_active
RETURNING *;

-- name: TransitionUserRole :one
UPDATE users
SET role = @role, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND role = @was_role
RETURNING *;

-- name: UpdateUserPassword :one
-- Returns the user's role. Finds no row if the password has been changed since it was verified.
UPDATE users
SET password_hash = @password_hash, password_changed_at = @now, password_change_required = false, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND is_active AND password_hash = @verified_hash
RETURNING role;

-- name: ResetUserPassword :execrows
-- For the operator, who does not know the old password.
UPDATE users
SET password_hash = @password_hash, password_changed_at = @now, password_change_required = true, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id;

-- name: RecoverUserPassword :one
-- For the holder of a link that was mailed to the user. Returns the user's role.
UPDATE users
SET password_hash = @password_hash, password_changed_at = @now, password_change_required = false, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND is_active AND company_is_live(@company_id)
RETURNING role;

-- name: LockRecoverableUser :one
-- Locks a user who can get a link to choose a password.
SELECT id FROM users WHERE company_id = @company_id AND id = @id AND is_active AND company_is_live(@company_id)
FOR NO KEY UPDATE;

-- name: LockActiveAdmins :many
-- Locks all active admins of a company in the order of their ids, if the user is one of them. A request that removes an
-- active admin takes these locks, so that of two concurrent requests the second counts the admins that the first has
-- left.
SELECT users.id FROM users
WHERE users.company_id = @company_id AND is_active_admin(users.role, users.is_active)
    AND EXISTS (
        SELECT FROM users AS taken
        WHERE taken.company_id = @company_id AND taken.id = @user_id AND is_active_admin(taken.role, taken.is_active)
    )
ORDER BY users.id
FOR NO KEY UPDATE OF users;

-- name: CountActiveAdmins :one
-- Counts up to two: it matters only whether there is more than one.
SELECT count(*) FROM (
    SELECT FROM users WHERE company_id = @company_id AND is_active_admin(role, is_active) LIMIT 2
) AS admins;
