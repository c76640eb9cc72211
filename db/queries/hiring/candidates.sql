-- name: GetCandidate :one
SELECT * FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates WHERE candidates.id = @id::uuid;

-- name: FindCandidate :one
-- The id of the candidate with an external_id, if the actor sees it.
SELECT id FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates WHERE candidates.external_id = @external_id::text;

-- name: GetCandidateForUpdate :one
-- Creating an application locks the candidate FOR SHARE, which waits for this lock.
SELECT * FROM candidates
WHERE candidates.company_id = @company_id
    AND candidates.id IN (SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR NO KEY UPDATE;

-- name: GetCandidateByExternalIDForUpdate :one
SELECT * FROM candidates
WHERE candidates.company_id = @company_id AND candidates.external_id = @external_id::text
    AND candidates.id IN (SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.external_id = @external_id::text)
FOR NO KEY UPDATE;

-- name: ListCandidates :many
SELECT candidates.* FROM list_candidates(
    @company_id, @actor_id, @reach, @sort, @max_rows, sqlc.narg('after_time'), sqlc.narg('after_text'), sqlc.narg('after_id'),
    sqlc.narg('pattern'), sqlc.narg('tags')::text[], sqlc.narg('status'), sqlc.narg('source'), sqlc.narg('email'),
    sqlc.narg('external_id'), sqlc.narg('updated_since')
) AS candidates;

-- name: ListCandidatesByID :many
SELECT candidates.* FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates
WHERE candidates.id = ANY (@ids::uuid[])
ORDER BY candidates.id;

-- name: ListBusyCandidates :many
-- The given candidates that have an application that is active or on hold, and so cannot be archived.
SELECT DISTINCT candidate_id FROM applications
WHERE company_id = @company_id AND candidate_id = ANY (@ids::uuid[]) AND status IN ('active', 'on_hold');

-- name: InsertCandidate :one
INSERT INTO candidates (
    company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, created_at, updated_at
) VALUES (
    @company_id, @id, @first_name, @last_name, @email, @phone, @location, @links, @tags, @source, @external_id, @now, @now
)
RETURNING *;

-- name: InsertCandidateOnce :one
-- InsertCandidate for an external_id that another transaction may use at the same time. It then waits for that transaction
-- and returns no row, and the candidate exists.
INSERT INTO candidates (
    company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, created_at, updated_at
) VALUES (
    @company_id, @id, @first_name, @last_name, @email, @phone, @location, @links, @tags, @source, @external_id, @now, @now
)
ON CONFLICT ON CONSTRAINT candidates_external_id_key DO NOTHING
RETURNING *;

-- name: UpdateCandidate :one
UPDATE candidates
SET first_name = @first_name, last_name = @last_name, email = @email, phone = @phone, location = @location, links = @links,
    tags = @tags, source = @source, external_id = @external_id, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version
RETURNING *;

-- name: TransitionCandidate :one
UPDATE candidates
SET status = @to_status, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: LockImports :exec
-- One import at a time writes to a company: two imports of the same candidates in different orders would deadlock. From
-- then on, the import waits up to ten seconds for each lock, so that an edit of one of its rows does not end it.
SELECT pg_advisory_xact_lock(hashtextextended(concat('import ', @company_id::uuid), 0)),
    set_config('lock_timeout', '10s', true);

-- name: AnalyzeEmptyTables :exec
SELECT analyze_empty_tables();

-- name: ListImportedCandidates :many
-- The candidates that the rows of a file refer to, at most a hundred for each email. While an import fills a company, the planner's statistics describe
-- that company as still small, so the planner would scan all of it for every row. The sub-select hides the value of
-- company_id, so that the planner assumes an average company and uses the index for each row.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
) || ARRAY(
    SELECT same.id FROM unnest(@emails::text[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT c.id FROM candidates AS c
        WHERE c.company_id = (SELECT @company_id::uuid) AND c.email = wanted ORDER BY c.id LIMIT 100
    ) AS same
))
ORDER BY candidates.id;

-- name: ListImportedCandidatesForUpdate :many
-- ListImportedCandidates with row locks, so that no other request changes these candidates before the import ends.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
) || ARRAY(
    SELECT same.id FROM unnest(@emails::text[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT c.id FROM candidates AS c
        WHERE c.company_id = (SELECT @company_id::uuid) AND c.email = wanted ORDER BY c.id LIMIT 100
    ) AS same
))
ORDER BY candidates.id
FOR NO KEY UPDATE;

-- name: InsertImportedCandidates :many
-- Returns the ids of the inserted rows. A row whose external_id another request has used meanwhile is skipped.
INSERT INTO candidates (
    company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, created_at, updated_at
)
SELECT @company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, @now::timestamptz, @now
FROM json_populate_recordset(NULL::candidates, @rows::json)
ORDER BY external_id
ON CONFLICT ON CONSTRAINT candidates_external_id_key DO NOTHING
RETURNING id;

-- name: UpdateImportedCandidates :execrows
UPDATE candidates
SET first_name = r.first_name, last_name = r.last_name, email = r.email, phone = r.phone, location = r.location,
    links = r.links, tags = r.tags, source = r.source, external_id = r.external_id,
    version = candidates.version + 1, updated_at = @now::timestamptz
FROM json_populate_recordset(NULL::candidates, @rows::json) AS r
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = r.id;

-- name: ListImportedJobs :many
-- The jobs with one of the given ids, external_ids or titles. Ids and titles are compared without regard to case. by_id says that
-- an id matches, which takes precedence over titles.
SELECT wanted::text AS wanted, jobs.id, jobs.status, (jobs.id::text = lower(wanted) OR jobs.external_id IS NOT DISTINCT FROM wanted)::boolean AS by_id,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = jobs.id) AS is_led
FROM unnest(@wanted::text[]) AS wanted
JOIN jobs ON jobs.company_id = @company_id
    AND (jobs.id::text = lower(wanted) OR jobs.external_id = wanted OR lower(jobs.title) = lower(wanted))
WHERE EXISTS (SELECT FROM visible_jobs(@company_id, @actor_id, @reach) AS v WHERE v.id = jobs.id)
ORDER BY jobs.id;

-- name: ListImportedJobsForShare :many
-- ListImportedJobs with shared locks: nobody can close a job while candidates apply to it.
SELECT wanted::text AS wanted, jobs.id, jobs.status, (jobs.id::text = lower(wanted) OR jobs.external_id IS NOT DISTINCT FROM wanted)::boolean AS by_id,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = jobs.id) AS is_led
FROM unnest(@wanted::text[]) AS wanted
JOIN jobs ON jobs.company_id = @company_id
    AND (jobs.id::text = lower(wanted) OR jobs.external_id = wanted OR lower(jobs.title) = lower(wanted))
WHERE EXISTS (SELECT FROM visible_jobs(@company_id, @actor_id, @reach) AS v WHERE v.id = jobs.id)
ORDER BY jobs.id
FOR SHARE OF jobs;

-- name: ListOpenApplicationsOf :many
-- The open applications of candidates to jobs.
SELECT candidate_id, job_id FROM applications
WHERE company_id = (SELECT @company_id::uuid) AND candidate_id = ANY (@candidate_ids::uuid[])
    AND job_id = ANY (@job_ids::uuid[]) AND status IN ('active', 'on_hold');

-- name: InsertImportedApplications :exec
-- New applications in the first stage, each with the first entry of its history.
WITH created AS (
    INSERT INTO applications (
        company_id, id, candidate_id, job_id, stage, furthest_stage, status, stage_entered_at, created_at, updated_at
    )
    SELECT @company_id, id, candidate_id, job_id, 'applied', 'applied', 'active', @now::timestamptz, @now, @now
    FROM json_populate_recordset(NULL::applications, @applications::json)
)
INSERT INTO application_moves (
    company_id, id, application_id, job_id, candidate_id, event, to_stage, to_status, actor_id, created_at
)
SELECT @company_id, id, application_id, job_id, candidate_id, 'apply', 'applied', 'active', @actor_id, @now
FROM json_populate_recordset(NULL::application_moves, @moves::json);
