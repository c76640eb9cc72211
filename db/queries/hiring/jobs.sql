-- name: GetJob :one
SELECT * FROM visible_jobs(@company_id, @actor_id, @reach) AS jobs WHERE jobs.id = @id::uuid;

-- name: FindJob :one
-- The id of the job with an external_id, if the actor sees it.
SELECT id FROM visible_jobs(@company_id, @actor_id, @reach) AS jobs WHERE jobs.external_id = @external_id::text;

-- name: GetJobForUpdate :one
-- The row lock serializes everything that changes a job or its members.
SELECT * FROM jobs
WHERE jobs.company_id = @company_id
    AND jobs.id IN (SELECT v.id FROM visible_jobs(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR NO KEY UPDATE;

-- name: ListJobs :many
-- Planned with its values (plan_cache_mode = force_custom_plan), so that the planner removes the filters and orders
-- that are not requested. The searched words are matched row by row in the order of the list: a company has thousands of
-- jobs, not millions.
SELECT * FROM visible_jobs(@company_id, @actor_id, @reach) AS jobs
WHERE (sqlc.narg('statuses')::text[] IS NULL OR status = ANY (sqlc.narg('statuses')::text[]))
    AND (sqlc.narg('ids')::uuid[] IS NULL OR id = ANY (sqlc.narg('ids')::uuid[]))
    AND (sqlc.narg('department')::text IS NULL OR department = sqlc.narg('department')::text)
    AND (sqlc.narg('external_id')::text IS NULL OR external_id = sqlc.narg('external_id')::text)
    AND CASE sqlc.narg('mine')::boolean
        WHEN true THEN id = ANY (ARRAY(
            SELECT m.job_id FROM job_members AS m WHERE m.company_id = @company_id AND m.user_id = @actor_id
        ))
        WHEN false THEN id <> ALL (ARRAY(
            SELECT m.job_id FROM job_members AS m WHERE m.company_id = @company_id AND m.user_id = @actor_id
        ))
        ELSE true
    END
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR updated_at >= sqlc.narg('updated_since')::timestamptz)
    AND (sqlc.narg('pattern')::text IS NULL
        OR search_terms(title || ' ' || coalesce(department, '') || ' ' || coalesce(location, ''))
            LIKE ALL (search_patterns(sqlc.narg('pattern')::text, false)))
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
        WHEN 'created_at' THEN (created_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-created_at' THEN (created_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'updated_at' THEN (updated_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-updated_at' THEN (updated_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'title' THEN (title COLLATE alphabetical, id) > (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
        WHEN '-title' THEN (title COLLATE alphabetical, id) < (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
    END)
ORDER BY
    CASE WHEN @sort::text = 'created_at' THEN created_at END,
    CASE WHEN @sort::text = '-created_at' THEN created_at END DESC,
    CASE WHEN @sort::text = 'updated_at' THEN updated_at END,
    CASE WHEN @sort::text = '-updated_at' THEN updated_at END DESC,
    CASE WHEN @sort::text = 'title' THEN title COLLATE alphabetical END,
    CASE WHEN @sort::text = '-title' THEN title COLLATE alphabetical END DESC,
    CASE WHEN @sort::text IN ('created_at', 'updated_at', 'title') THEN id END,
    CASE WHEN @sort::text IN ('-created_at', '-updated_at', '-title') THEN id END DESC
LIMIT @max_rows;

-- name: InsertJob :one
INSERT INTO jobs (company_id, id, title, department, location, description, external_id, status, created_at, updated_at)
VALUES (@company_id, @id, @title, @department, @location, @description, @external_id, @status, @now, @now)
RETURNING *;

-- name: UpdateJob :one
UPDATE jobs
SET title = @title, department = @department, location = @location, description = @description,
    external_id = @external_id, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version
RETURNING *;

-- name: TransitionJob :one
-- The status in the WHERE clause is the one that the decision was based on. opened_at and closed_at are the last times
-- the job was opened and closed.
UPDATE jobs
SET status = @to_status::job_status,
    opened_at = CASE WHEN @to_status::job_status = 'open' THEN @now::timestamptz ELSE opened_at END,
    closed_at = CASE WHEN @to_status::job_status = 'closed' THEN @now::timestamptz ELSE closed_at END,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: ListJobMembers :many
-- Ordered by the time at which members were added.
SELECT sqlc.embed(job_members), users.first_name, users.last_name FROM job_members
JOIN users ON users.company_id = job_members.company_id AND users.id = job_members.user_id
WHERE job_members.company_id = @company_id AND job_members.job_id = @job_id
    AND (job_members.created_at, job_members.user_id) > (
        COALESCE(sqlc.narg('after_time')::timestamptz, '-infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, '00000000-0000-0000-0000-000000000000')
    )
ORDER BY job_members.created_at, job_members.user_id
LIMIT @max_rows;

-- name: ListUserJobs :many
-- The user's jobs that the actor sees, newest membership first.
SELECT sqlc.embed(job_members), sqlc.embed(jobs) FROM job_members
JOIN jobs ON jobs.company_id = job_members.company_id AND jobs.id = job_members.job_id
WHERE job_members.company_id = @company_id AND job_members.user_id = @user_id
    AND EXISTS (SELECT FROM visible_jobs(@company_id, @actor_id, @reach) AS v WHERE v.id = job_members.job_id)
    AND (job_members.created_at, job_members.job_id) < (
        COALESCE(sqlc.narg('after_time')::timestamptz, 'infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY job_members.created_at DESC, job_members.job_id DESC
LIMIT @max_rows;

-- name: IsMemberOfVisibleJob :one
-- Whether a user is a member of a job that the actor sees.
SELECT EXISTS (
    SELECT FROM job_members AS m
    WHERE m.company_id = @company_id AND m.user_id = @user_id
        AND EXISTS (SELECT FROM visible_jobs(@company_id, @actor_id, @reach) AS v WHERE v.id = m.job_id)
);

-- name: GetJobMember :one
SELECT * FROM job_members WHERE company_id = @company_id AND job_id = @job_id AND user_id = @user_id;

-- name: SetJobMember :one
INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
VALUES (@company_id, @job_id, @user_id, @role, @now, @now)
ON CONFLICT ON CONSTRAINT job_members_pkey DO UPDATE SET role = @role, updated_at = @now
RETURNING *;

-- name: DeleteJobMember :one
DELETE FROM job_members WHERE company_id = @company_id AND job_id = @job_id AND user_id = @user_id
RETURNING *;
