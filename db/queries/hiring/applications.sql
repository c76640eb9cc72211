-- name: GetApplication :one
-- An application that is visible to the actor. is_member is true if the actor leads its job: as a member, or as an API
-- key of the job.
SELECT sqlc.embed(applications), candidates.first_name, candidates.last_name, candidates.external_id, candidates.email,
    jobs.title AS job_title,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS j WHERE j.job_id = applications.job_id) AS is_member
FROM visible_applications(@company_id, @actor_id, @reach) AS applications
JOIN candidates ON candidates.company_id = applications.company_id AND candidates.id = applications.candidate_id
JOIN jobs ON jobs.company_id = applications.company_id AND jobs.id = applications.job_id
WHERE applications.id = @id::uuid;

-- name: GetApplicationForUpdate :one
-- The row lock serializes everything that moves an application.
SELECT sqlc.embed(applications), candidates.first_name, candidates.last_name, candidates.external_id, candidates.email,
    jobs.title AS job_title,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS j WHERE j.job_id = applications.job_id) AS is_member
FROM applications
JOIN candidates ON candidates.company_id = applications.company_id AND candidates.id = applications.candidate_id
JOIN jobs ON jobs.company_id = applications.company_id AND jobs.id = applications.job_id
WHERE applications.company_id = @company_id
    AND applications.id IN (SELECT v.id FROM visible_applications(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR NO KEY UPDATE OF applications;

-- name: ListApplications :many
-- A candidate that was merged stands for the one that remains. The joined rows are read for the applications of the page only, in its order, because LIMIT keeps each a subquery.
SELECT sqlc.embed(applications), c.first_name, c.last_name, c.external_id, c.email, j.title AS job_title,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = applications.job_id) AS is_member
FROM list_applications(
    @company_id, @actor_id, @reach, @sort, @max_rows, sqlc.narg('after_time'), sqlc.narg('after_id'), sqlc.narg('job_id'),
    coalesce(surviving_candidate(@company_id, sqlc.narg('candidate_id')), sqlc.narg('candidate_id')), sqlc.narg('stages')::text[], sqlc.narg('statuses')::text[], sqlc.narg('updated_since')
) AS applications
CROSS JOIN LATERAL (
    SELECT first_name, last_name, external_id, email FROM candidates WHERE company_id = @company_id AND id = applications.candidate_id LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT title FROM jobs WHERE company_id = @company_id AND id = applications.job_id LIMIT 1) AS j;

-- name: ListApplicationsByID :many
SELECT sqlc.embed(applications), c.first_name, c.last_name, c.external_id, c.email, j.title AS job_title,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS j WHERE j.job_id = applications.job_id) AS is_member
FROM visible_applications(@company_id, @actor_id, @reach) AS applications
JOIN candidates AS c ON c.company_id = applications.company_id AND c.id = applications.candidate_id
JOIN jobs AS j ON j.company_id = applications.company_id AND j.id = applications.job_id
WHERE applications.id = ANY (@ids::uuid[])
ORDER BY applications.id;

-- name: FindOpenApplication :one
-- The id of the application of a candidate to a job that is active or on hold, if the actor sees it.
SELECT id FROM visible_applications(@company_id, @actor_id, @reach) AS applications
WHERE applications.candidate_id = @candidate_id::uuid AND applications.job_id = @job_id::uuid AND applications.status IN ('active', 'on_hold');

-- name: LeadsJob :one
-- Whether the actor leads a job: as a member, or as an API key of the job.
SELECT EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS j WHERE j.job_id = @job_id::uuid) AS leads;

-- name: GetApplicationStatus :one
SELECT status FROM applications WHERE company_id = @company_id AND id = @id;

-- name: LockApplicant :one
-- The candidate with an id or an external_id, also with that of a candidate that was merged into it. A shared lock: candidates can apply at the same time, but nobody can archive
-- a candidate who is applying.
SELECT * FROM candidates
WHERE candidates.company_id = @company_id AND candidates.merged_into IS NULL AND candidates.id = coalesce(sqlc.narg('id'), (
    SELECT surviving_candidate(c.company_id, c.id) FROM candidates AS c
    WHERE c.company_id = @company_id AND c.external_id = sqlc.narg('external_id')
))
FOR SHARE;

-- name: LockApplicantOf :one
-- The candidate of an application, with a shared lock. Candidates are locked before their applications.
SELECT candidates.id FROM candidates
WHERE candidates.company_id = @company_id AND candidates.id = (
    SELECT v.candidate_id FROM visible_applications(@company_id, @actor_id, @reach) AS v WHERE v.id = @application_id::uuid
)
FOR SHARE;

-- name: LockAppliedJob :one
-- The job with an id or an external_id. A shared lock: several candidates can apply at the same time, but nobody can close
-- the job meanwhile.
SELECT * FROM jobs
WHERE company_id = @company_id AND (id = sqlc.narg('id') OR external_id = sqlc.narg('external_id'))
FOR SHARE;

-- name: InsertApplication :one
INSERT INTO applications (
    company_id, id, candidate_id, job_id, stage, furthest_stage, status, source, stage_entered_at, created_at, updated_at
) VALUES (@company_id, @id, @candidate_id, @job_id, @stage, @stage, @status, @source, @now, @now, @now)
RETURNING *;

-- name: TransitionApplication :one
-- The stage and the status in the WHERE clause are those that the decision was based on.
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
    principals.kind AS actor_kind
FROM application_moves
JOIN principals ON principals.company_id = application_moves.company_id AND principals.id = application_moves.actor_id
LEFT JOIN users ON users.company_id = application_moves.company_id AND users.id = application_moves.actor_id
LEFT JOIN api_keys ON api_keys.company_id = application_moves.company_id AND api_keys.id = application_moves.actor_id
WHERE application_moves.company_id = @company_id AND application_moves.application_id = @application_id
    AND (application_moves.created_at, application_moves.id) > (
        COALESCE(sqlc.narg('after_time')::timestamptz, '-infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, '00000000-0000-0000-0000-000000000000')
    )
ORDER BY application_moves.created_at, application_moves.id
LIMIT @max_rows;
