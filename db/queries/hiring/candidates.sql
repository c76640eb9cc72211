-- Whom a caller may see is said in the same words in every query here: HR and admins see all, and the others those who have
-- an application to one of their jobs or one that they interview for.

-- name: GetCandidate :one
SELECT * FROM candidates
WHERE candidates.company_id = @company_id AND candidates.id = @id
    AND (@sees_all::boolean OR EXISTS (
        SELECT FROM applications AS a WHERE a.company_id = @company_id AND a.candidate_id = candidates.id
            AND (a.job_id = ANY (@jobs::uuid[]) OR a.id = ANY (@applications::uuid[]))
    ));

-- name: GetCandidateForUpdate :one
-- Only those ask who see all. Whoever enters an application holds the candidate FOR SHARE, which waits for this lock.
SELECT * FROM candidates WHERE company_id = @company_id AND id = @id FOR NO KEY UPDATE;

-- name: ListCandidates :many
-- One statement for every filter and order, as ListUsers is one. What no index of the order serves, which is the caller's
-- sight, a pattern and tags, is held against the candidates met on the way, and walked bounds how many those are.
SELECT met.* FROM (
    SELECT * FROM candidates
    WHERE candidates.company_id = @company_id
        AND (sqlc.narg('ids')::uuid[] IS NULL OR id = ANY (sqlc.narg('ids')::uuid[]))
        AND (sqlc.narg('status')::text IS NULL OR status = sqlc.narg('status')::text)
        AND (sqlc.narg('source')::text IS NULL OR source = sqlc.narg('source')::text)
        AND (sqlc.narg('email')::text IS NULL OR email = sqlc.narg('email')::text)
        AND (sqlc.narg('external_id')::text IS NULL OR external_id = sqlc.narg('external_id')::text)
        AND (sqlc.narg('updated_since')::timestamptz IS NULL OR updated_at >= sqlc.narg('updated_since')::timestamptz)
        AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
            WHEN 'created_at' THEN (created_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN '-created_at' THEN (created_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN 'updated_at' THEN (updated_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN '-updated_at' THEN (updated_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
            WHEN 'name' THEN (name_key, id) > (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
            WHEN '-name' THEN (name_key, id) < (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
        END)
    ORDER BY
        -- The same for all: no index has it, so whoever is named by id is looked up and sorted, and not met on a walk.
        CASE WHEN sqlc.narg('ids')::uuid[] IS NOT NULL THEN company_id::text END,
        CASE WHEN @sort::text = 'created_at' THEN created_at END,
        CASE WHEN @sort::text = '-created_at' THEN created_at END DESC,
        CASE WHEN @sort::text = 'updated_at' THEN updated_at END,
        CASE WHEN @sort::text = '-updated_at' THEN updated_at END DESC,
        CASE WHEN @sort::text = 'name' THEN name_key END,
        CASE WHEN @sort::text = '-name' THEN name_key END DESC,
        CASE WHEN @sort::text IN ('created_at', 'updated_at', 'name') THEN id END,
        CASE WHEN @sort::text IN ('-created_at', '-updated_at', '-name') THEN id END DESC
    LIMIT @walked
) AS met
WHERE (@sees_all::boolean OR EXISTS (
        SELECT FROM applications AS a WHERE a.company_id = @company_id AND a.candidate_id = met.id
            AND (a.job_id = ANY (@jobs::uuid[]) OR a.id = ANY (@applications::uuid[]))
    ))
    AND (sqlc.narg('tags')::text[] IS NULL OR tags @> sqlc.narg('tags')::text[])
    AND (sqlc.narg('pattern')::text IS NULL
        OR candidate_search_text(first_name, last_name, email, tags) LIKE lower(sqlc.narg('pattern')::text))
LIMIT @max_rows;

-- name: SearchCandidates :many
SELECT search_candidates(@company_id, sqlc.narg('pattern')::text, sqlc.narg('tags')::text[], @at_most)::uuid AS id;

-- name: ListSeenCandidates :many
-- The candidates of some jobs and applications, somebody with several of these several times.
SELECT candidate_id FROM applications
WHERE company_id = @company_id AND (job_id = ANY (@jobs::uuid[]) OR id = ANY (@applications::uuid[]))
LIMIT @at_most;

-- name: ListBusyCandidates :many
-- Who of some candidates has an application that is active or on hold, and so cannot be archived.
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
-- One import writes to a company at a time: two that hold the same people in different orders would wait for each other. Who waits
-- too long is told that the service is busy.
SELECT pg_advisory_xact_lock(hashtextextended(concat('import ', @company_id::uuid), 0));

-- name: ListImportedCandidates :many
-- The candidates whom the rows of a file mean. What PostgreSQL knows of a company that an import is filling is out of date:
-- it takes it for small, and would read all of it for every row. So the company stands in a sub-select, where it is one like
-- any other, and each row is looked up by the one index that knows it.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
));

-- name: ListImportedCandidatesForUpdate :many
-- Locked until the import ends, so that nobody changes whom it has decided about.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
))
ORDER BY candidates.id
FOR NO KEY UPDATE;

-- name: InsertImportedCandidates :many
-- Who has got an external_id from another request meanwhile is left out, and not among the ids.
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
