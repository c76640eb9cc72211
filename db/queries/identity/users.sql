-- name: GetMe :one
SELECT sqlc.embed(users), companies.name AS company_name, companies.slug AS company_slug, companies.timezone AS company_timezone,
    companies.test_of AS company_test_of
FROM users
JOIN companies ON companies.id = users.company_id
WHERE users.company_id = @company_id AND users.id = @id;

-- name: GetUser :one
SELECT * FROM users WHERE company_id = @company_id AND id = @id;

-- name: GetUserForUpdate :one
SELECT * FROM users WHERE company_id = @company_id AND id = @id FOR NO KEY UPDATE;

-- name: ListUsers :many
-- One statement for every filter and order: planned with its values (plan_cache_mode = force_custom_plan), the orders not
-- asked for are constants and fall away, and what remains walks one index. A pattern is held against the users met on the
-- way, and walked bounds how many those are.
SELECT met.* FROM (
    SELECT * FROM users
    WHERE company_id = @company_id
        AND (sqlc.narg('ids')::uuid[] IS NULL OR id = ANY (sqlc.narg('ids')::uuid[]))
        AND (sqlc.narg('roles')::text[] IS NULL OR role = ANY (sqlc.narg('roles')::text[]))
        AND (sqlc.narg('is_active')::boolean IS NULL OR is_active = sqlc.narg('is_active')::boolean)
        AND (sqlc.narg('department')::text IS NULL OR department = sqlc.narg('department')::text)
        AND (sqlc.narg('updated_since')::timestamptz IS NULL OR updated_at >= sqlc.narg('updated_since')::timestamptz)
        AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
            WHEN 'created_at' THEN (created_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN '-created_at' THEN (created_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN 'updated_at' THEN (updated_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN '-updated_at' THEN (updated_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN 'name' THEN (name_key, id) > (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
            WHEN '-name' THEN (name_key, id) < (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
            WHEN 'email' THEN email > sqlc.narg('after_text')::text
            WHEN '-email' THEN email < sqlc.narg('after_text')::text
        END)
    ORDER BY
        CASE WHEN @sort::text = 'created_at' THEN created_at END,
        CASE WHEN @sort::text = '-created_at' THEN created_at END DESC,
        CASE WHEN @sort::text = 'updated_at' THEN updated_at END,
        CASE WHEN @sort::text = '-updated_at' THEN updated_at END DESC,
        CASE WHEN @sort::text = 'name' THEN name_key END,
        CASE WHEN @sort::text = '-name' THEN name_key END DESC,
        CASE WHEN @sort::text = 'email' THEN email END,
        CASE WHEN @sort::text = '-email' THEN email END DESC,
        CASE WHEN @sort::text IN ('created_at', 'updated_at', 'name') THEN id END,
        CASE WHEN @sort::text IN ('-created_at', '-updated_at', '-name') THEN id END DESC
    LIMIT @walked
) AS met
WHERE sqlc.narg('pattern')::text IS NULL
    OR user_search_text(first_name, last_name, email, department) LIKE lower(sqlc.narg('pattern')::text)
LIMIT @max_rows;

-- name: SearchUsers :many
SELECT search_users(@company_id, @pattern, @at_most)::uuid AS id;

-- name: InsertUser :one
INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, role, department, password_changed_at, created_at, updated_at)
VALUES (@company_id, @id, @email, @password_hash, @first_name, @last_name, @role, @department, @now, @now, @now)
RETURNING *;

-- name: UpdateUser :one
UPDATE users
SET email = @email, first_name = @first_name, last_name = @last_name, department = @department,
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

-- name: UpdateUserPassword :execrows
UPDATE users
SET password_hash = @password_hash, password_changed_at = @now, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND is_active AND password_hash = @verified_hash;

-- name: ResetUserPassword :execrows
-- For the operator, who does not know the old one.
UPDATE users
SET password_hash = @password_hash, password_changed_at = @now, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id;

-- name: LockActiveAdmins :many
-- Whoever takes an active admin away holds all of a company's active admins, in one order: of two requests at once, the
-- second counts what the first has left. Where the user is none there is nothing to hold.
SELECT users.id FROM users
WHERE users.company_id = @company_id AND users.role = 'admin' AND users.is_active
    AND EXISTS (
        SELECT FROM users AS taken
        WHERE taken.company_id = @company_id AND taken.id = @user_id AND taken.role = 'admin' AND taken.is_active
    )
ORDER BY users.id
FOR NO KEY UPDATE OF users;

-- name: CountActiveAdmins :one
-- It matters only whether there is more than one.
SELECT count(*) FROM (
    SELECT FROM users WHERE company_id = @company_id AND role = 'admin' AND is_active LIMIT 2
) AS admins;
