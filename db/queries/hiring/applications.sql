-- name: GetApplication :one
-- The caller sees every application, those to their jobs, and those whose interviews they are on the panel of.
SELECT sqlc.embed(applications), candidates.first_name, candidates.last_name, jobs.title AS job_title
FROM applications
JOIN candidates ON candidates.company_id = applications.company_id AND candidates.id = applications.candidate_id
JOIN jobs ON jobs.company_id = applications.company_id AND jobs.id = applications.job_id
WHERE applications.company_id = @company_id AND applications.id = @id
    AND (@sees_all::boolean OR applications.job_id = ANY (@jobs::uuid[]) OR applications.id = ANY (@applications::uuid[]));

-- name: GetApplicationForUpdate :one
-- The row lock orders everything that moves an application.
SELECT sqlc.embed(applications), candidates.first_name, candidates.last_name, jobs.title AS job_title
FROM applications
JOIN candidates ON candidates.company_id = applications.company_id AND candidates.id = applications.candidate_id
JOIN jobs ON jobs.company_id = applications.company_id AND jobs.id = applications.job_id
WHERE applications.company_id = @company_id AND applications.id = @id
    AND (@sees_all::boolean OR applications.job_id = ANY (@jobs::uuid[]) OR applications.id = ANY (@applications::uuid[]))
FOR NO KEY UPDATE OF applications;

-- name: ListApplications :many
-- One statement for every filter and order, planned with its values, as ListUsers is. Names and titles are looked up for the
-- applications of the page only: joined, they would be looked up for all that a sort goes through.
SELECT sqlc.embed(applications),
    (SELECT c.first_name FROM candidates AS c WHERE c.company_id = applications.company_id AND c.id = applications.candidate_id)::text
        AS first_name,
    (SELECT c.last_name FROM candidates AS c WHERE c.company_id = applications.company_id AND c.id = applications.candidate_id)::text
        AS last_name,
    (SELECT j.title FROM jobs AS j WHERE j.company_id = applications.company_id AND j.id = applications.job_id)::text AS job_title
FROM applications
WHERE applications.company_id = @company_id
    AND (@sees_all::boolean OR job_id = ANY (@jobs::uuid[]) OR id = ANY (@applications::uuid[]))
    AND (sqlc.narg('ids')::uuid[] IS NULL OR id = ANY (sqlc.narg('ids')::uuid[]))
    AND (sqlc.narg('job_id')::uuid IS NULL OR job_id = sqlc.narg('job_id')::uuid)
    AND (sqlc.narg('candidate_id')::uuid IS NULL OR candidate_id = sqlc.narg('candidate_id')::uuid)
    AND (sqlc.narg('stages')::text[] IS NULL OR stage = ANY (sqlc.narg('stages')::text[]))
    AND (sqlc.narg('statuses')::text[] IS NULL OR status = ANY (sqlc.narg('statuses')::text[]))
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR updated_at >= sqlc.narg('updated_since')::timestamptz)
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
        WHEN 'created_at' THEN (created_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-created_at' THEN (created_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'updated_at' THEN (updated_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-updated_at' THEN (updated_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'stage_entered_at' THEN (stage_entered_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-stage_entered_at' THEN (stage_entered_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
    END)
ORDER BY
    CASE WHEN @sort::text = 'created_at' THEN created_at END,
    CASE WHEN @sort::text = '-created_at' THEN created_at END DESC,
    CASE WHEN @sort::text = 'updated_at' THEN updated_at END,
    CASE WHEN @sort::text = '-updated_at' THEN updated_at END DESC,
    CASE WHEN @sort::text = 'stage_entered_at' THEN stage_entered_at END,
    CASE WHEN @sort::text = '-stage_entered_at' THEN stage_entered_at END DESC,
    CASE WHEN @sort::text IN ('created_at', 'updated_at', 'stage_entered_at') THEN id END,
    CASE WHEN @sort::text IN ('-created_at', '-updated_at', '-stage_entered_at') THEN id END DESC
LIMIT @max_rows;

-- name: ListApplicationsOfJobs :many
-- Read from the index alone.
SELECT id FROM applications WHERE company_id = @company_id AND job_id = ANY (@jobs::uuid[]) LIMIT @at_most;

-- name: GetApplicationStatus :one
SELECT status FROM applications WHERE company_id = @company_id AND id = @id;

-- name: LockApplicant :one
-- Shared: candidates apply side by side, and while one does, nobody archives them.
SELECT * FROM candidates WHERE company_id = @company_id AND id = @id FOR SHARE;

-- name: LockAppliedJob :one
-- Shared: many apply side by side, and while one does, nobody closes the job.
SELECT * FROM jobs WHERE company_id = @company_id AND id = @id FOR SHARE;

-- name: InsertApplication :one
INSERT INTO applications (
    company_id, id, candidate_id, job_id, stage, furthest_stage, status, source, stage_entered_at, created_at, updated_at
) VALUES (@company_id, @id, @candidate_id, @job_id, @stage, @stage, @status, @source, @now, @now, @now)
RETURNING *;

-- name: TransitionApplication :one
-- Guarded by the stage and the status that were decided on.
UPDATE applications
SET stage = @to_stage, furthest_stage = @furthest_stage, status = @to_status, rejection_reason = @rejection_reason,
    stage_entered_at = @stage_entered_at, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND stage = @from_stage AND status = @from_status
RETURNING *;

-- name: InsertApplicationMove :exec
INSERT INTO application_moves (
    company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage, from_status, to_status, rejection_reason,
    reason, seconds, actor_id, created_at
) VALUES (
    @company_id, @id, @application_id, @job_id, @candidate_id, @event, @from_stage, @to_stage, @from_status, @to_status, @rejection_reason,
    @reason, @seconds, @actor_id, @now
);

-- name: ListApplicationMoves :many
-- Oldest first.
SELECT sqlc.embed(application_moves), COALESCE(users.first_name || ' ' || users.last_name, api_keys.name, '')::text AS actor_name,
    (api_keys.id IS NOT NULL)::boolean AS by_key
FROM application_moves
LEFT JOIN users ON users.company_id = application_moves.company_id AND users.id = application_moves.actor_id
LEFT JOIN api_keys ON api_keys.company_id = application_moves.company_id AND api_keys.id = application_moves.actor_id
WHERE application_moves.company_id = @company_id AND application_moves.application_id = @application_id
    AND (application_moves.created_at, application_moves.id) > (
        COALESCE(sqlc.narg('after_time')::timestamptz, '-infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, '00000000-0000-0000-0000-000000000000')
    )
ORDER BY application_moves.created_at, application_moves.id
LIMIT @max_rows;
