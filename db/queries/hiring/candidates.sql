-- name: GetCandidate :one
SELECT * FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates WHERE candidates.id = @id::uuid;

-- name: GetCandidateForUpdate :one
-- Creating an application locks the candidate FOR SHARE, which waits for this lock.
SELECT * FROM candidates
WHERE candidates.company_id = @company_id
    AND candidates.id IN (SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
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

-- name: ListImportedCandidates :many
-- The candidates that the rows of a file refer to. While an import fills a company, the planner's statistics describe
-- that company as still small, so the planner would scan all of it for every row. The sub-select hides the value of
-- company_id, so that the planner assumes an average company and uses the index for each row.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
));

-- name: ListImportedCandidatesForUpdate :many
-- ListImportedCandidates with row locks, so that no other request changes these candidates before the import ends.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
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
