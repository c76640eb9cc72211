-- name: GetCandidate :one
-- is_busy says that the candidate has an application that is active or on hold, and so cannot be archived. It is a subquery with
-- a LIMIT, so that PostgreSQL reads the applications of this candidate and not those of all.
SELECT sqlc.embed(candidates), coalesce((
        SELECT true FROM applications AS a
        WHERE a.company_id = @company_id AND a.candidate_id = candidates.id AND a.status IN ('active', 'on_hold') LIMIT 1
    ), false)::boolean AS is_busy
FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates WHERE candidates.id = @id::uuid;

-- name: FindCandidate :one
-- The id of the candidate with an external_id, also with that of a candidate that was merged into it, if the actor sees it.
SELECT id FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates
WHERE candidates.id = (
    SELECT surviving_candidate(c.company_id, c.id) FROM candidates AS c WHERE c.company_id = @company_id AND c.external_id = @external_id::text
);

-- name: GetCandidateForUpdate :one
-- Creating an application locks the candidate FOR SHARE, which waits for this lock.
SELECT * FROM candidates
WHERE candidates.company_id = @company_id
    AND candidates.merged_into IS NULL
    AND candidates.id IN (SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR NO KEY UPDATE;

-- name: GetCandidateByExternalIDForUpdate :one
-- The candidate with an external_id, also with that of a candidate that was merged into it.
SELECT * FROM candidates
WHERE candidates.company_id = @company_id AND candidates.merged_into IS NULL AND candidates.id IN (
    SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.id = (
        SELECT surviving_candidate(c.company_id, c.id) FROM candidates AS c WHERE c.company_id = @company_id AND c.external_id = @external_id::text
    )
)
FOR NO KEY UPDATE;

-- name: ListCandidates :many
SELECT sqlc.embed(candidates), coalesce((
        SELECT true FROM applications AS a
        WHERE a.company_id = @company_id AND a.candidate_id = candidates.id AND a.status IN ('active', 'on_hold') LIMIT 1
    ), false)::boolean AS is_busy
FROM list_candidates(
    @company_id, @actor_id, @reach, @sort, @max_rows, sqlc.narg('after_time'), sqlc.narg('after_text'), sqlc.narg('after_id'),
    sqlc.narg('pattern'), sqlc.narg('tags')::text[], sqlc.narg('status'), sqlc.narg('source'), sqlc.narg('email'),
    sqlc.narg('external_id'), sqlc.narg('updated_since')
) AS candidates;

-- name: GetRemainingCandidate :one
-- The candidate that remains, for the external_id of one that was merged into it, if the actor sees it.
SELECT remaining.id, remaining.external_id FROM visible_candidates(@company_id, @actor_id, @reach) AS remaining
WHERE remaining.id = (
    SELECT surviving_candidate(c.company_id, c.id) FROM candidates AS c
    WHERE c.company_id = @company_id AND c.external_id = @external_id::text AND c.merged_into IS NOT NULL
);

-- name: ListCandidateIfMatching :many
-- ListCandidates for the one with an id.
SELECT sqlc.embed(candidates), coalesce((
        SELECT true FROM applications AS a
        WHERE a.company_id = @company_id AND a.candidate_id = candidates.id AND a.status IN ('active', 'on_hold') LIMIT 1
    ), false)::boolean AS is_busy
FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates
WHERE candidates.id = @id::uuid
    AND (sqlc.narg('pattern')::text IS NULL OR candidate_terms(candidates.first_name, candidates.last_name, candidates.email, candidates.tags)
        LIKE ALL (search_patterns(sqlc.narg('pattern'), true)))
    AND (sqlc.narg('tags')::text[] IS NULL OR candidates.tags @> sqlc.narg('tags')::text[])
    AND (sqlc.narg('status')::text IS NULL OR candidates.status = sqlc.narg('status'))
    AND (sqlc.narg('source')::text IS NULL OR candidates.source = sqlc.narg('source'))
    AND (sqlc.narg('email')::text IS NULL OR candidates.email = sqlc.narg('email'))
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR candidates.updated_at >= sqlc.narg('updated_since'));

-- name: ListCandidatesByID :many
SELECT sqlc.embed(candidates), coalesce((
        SELECT true FROM applications AS a
        WHERE a.company_id = @company_id AND a.candidate_id = candidates.id AND a.status IN ('active', 'on_hold') LIMIT 1
    ), false)::boolean AS is_busy
FROM visible_candidates(@company_id, @actor_id, @reach) AS candidates
WHERE candidates.id = ANY (@ids::uuid[])
ORDER BY candidates.id;

-- name: IsBusyCandidate :one
-- Whether a candidate has an application that is active or on hold, and so cannot be archived.
SELECT EXISTS (
    SELECT FROM applications WHERE company_id = @company_id AND candidate_id = @candidate_id AND status IN ('active', 'on_hold')
) AS is_busy;

-- name: InsertCandidate :exec
-- It returns no row, so that it is sent with the commit. The caller knows all values.
INSERT INTO candidates (
    company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, status, version, created_at, updated_at
) VALUES (
    @company_id, @id, @first_name, @last_name, @email, @phone, @location, @links, @tags, @source, @external_id, @status, @version,
    @created_at, @updated_at
);

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
WHERE candidates.company_id = @company_id AND candidates.id = @id AND candidates.version = @version
RETURNING sqlc.embed(candidates), coalesce((
    SELECT true FROM applications AS a
    WHERE a.company_id = @company_id AND a.candidate_id = candidates.id AND a.status IN ('active', 'on_hold') LIMIT 1
), false)::boolean AS is_busy;

-- name: TransitionCandidate :one
UPDATE candidates
SET status = @to_status, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: LockImports :exec
-- One import at a time writes to a company: two imports of the same candidates in different orders would deadlock. From
-- then on, the import waits up to ten seconds for each lock, so that an edit of one of its rows does not end it, and may
-- read its file for minutes between two statements. The service bounds its whole time.
SELECT pg_advisory_xact_lock(hashtextextended(concat('import ', @company_id::uuid), 0)),
    set_config('lock_timeout', '10s', true), set_config('idle_in_transaction_session_timeout', '5min', true);

-- name: AnalyzeEmptyTables :exec
SELECT analyze_empty_tables();

-- name: ListImportedAliases :many
-- The candidates that the rows of a file refer to and that were merged into others, with the candidates that remain.
SELECT c.id, c.external_id, c.email, surviving_candidate(c.company_id, c.id)::uuid AS survivor_id FROM candidates AS c
WHERE c.company_id = (SELECT @company_id::uuid) AND c.merged_into IS NOT NULL
    AND (c.id = ANY (@ids::uuid[]) OR c.external_id = ANY (@external_ids::text[]) OR c.email = ANY (@emails::text[]));

-- name: ListImportedNames :many
-- The candidates with the names of some rows, without regard to case and accents, at most a hundred for each. The texts of
-- the two lists belong together.
SELECT same.id, same.first_name, same.last_name
FROM generate_subscripts(@first_names::text[], 1) AS n
CROSS JOIN LATERAL (
    SELECT c.id, c.first_name, c.last_name FROM candidates AS c
    WHERE c.company_id = (SELECT @company_id::uuid) AND c.merged_into IS NULL
        AND c.last_name = (@last_names::text[])[n] COLLATE alphabetical AND c.first_name = (@first_names::text[])[n] COLLATE alphabetical
    ORDER BY c.id LIMIT 100
) AS same;

-- name: ListImportedCandidates :many
-- The candidates that the rows of a file refer to, at most a hundred for each email. While an import fills a company, the planner's statistics describe
-- that company as still small, so the planner would scan all of it for every row. The sub-select hides the value of
-- company_id, so that the planner assumes an average company and uses the index for each row.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.merged_into IS NULL AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
) || ARRAY(
    SELECT same.id FROM unnest(@emails::text[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT c.id FROM candidates AS c
        WHERE c.company_id = (SELECT @company_id::uuid) AND c.email = wanted AND c.merged_into IS NULL ORDER BY c.id LIMIT 100
    ) AS same
))
ORDER BY candidates.id;

-- name: ListImportedCandidatesForUpdate :many
-- ListImportedCandidates with row locks, so that no other request changes these candidates before the import ends.
SELECT * FROM candidates
WHERE candidates.company_id = (SELECT @company_id::uuid) AND candidates.merged_into IS NULL AND candidates.id = ANY (@ids::uuid[] || ARRAY(
    SELECT (SELECT c.id FROM candidates AS c WHERE c.company_id = (SELECT @company_id::uuid) AND c.external_id = wanted)
    FROM unnest(@external_ids::text[]) AS wanted
) || ARRAY(
    SELECT same.id FROM unnest(@emails::text[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT c.id FROM candidates AS c
        WHERE c.company_id = (SELECT @company_id::uuid) AND c.email = wanted AND c.merged_into IS NULL ORDER BY c.id LIMIT 100
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
-- The jobs with one of the given ids, external_ids or titles. Ids are compared without regard to case, titles as in searches:
-- without regard to case, accents, the composition of characters and the kind and number of spaces. by_id says that an id
-- matches, which takes precedence over titles.
WITH wanted AS MATERIALIZED (
    SELECT text, btrim(regexp_replace(folded(text), '\s+', ' ', 'g')) AS title FROM unnest(@wanted::text[]) AS text
), titled AS MATERIALIZED (
    SELECT id, external_id, btrim(regexp_replace(folded(title), '\s+', ' ', 'g')) AS title FROM jobs WHERE company_id = @company_id
)
SELECT wanted.text::text AS wanted, jobs.id, jobs.status, (jobs.id::text = lower(wanted.text) OR jobs.external_id IS NOT DISTINCT FROM wanted.text)::boolean AS by_id,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = jobs.id) AS is_led
FROM wanted
JOIN titled ON titled.id::text = lower(wanted.text) OR titled.external_id = wanted.text OR titled.title = wanted.title
JOIN jobs ON jobs.company_id = @company_id AND jobs.id = titled.id
WHERE EXISTS (SELECT FROM visible_jobs(@company_id, @actor_id, @reach) AS v WHERE v.id = jobs.id)
ORDER BY jobs.id;

-- name: ListImportedJobsForShare :many
-- ListImportedJobs with shared locks: nobody can close a job while candidates apply to it.
WITH wanted AS MATERIALIZED (
    SELECT text, btrim(regexp_replace(folded(text), '\s+', ' ', 'g')) AS title FROM unnest(@wanted::text[]) AS text
), titled AS MATERIALIZED (
    SELECT id, external_id, btrim(regexp_replace(folded(title), '\s+', ' ', 'g')) AS title FROM jobs WHERE company_id = @company_id
)
SELECT wanted.text::text AS wanted, jobs.id, jobs.status, (jobs.id::text = lower(wanted.text) OR jobs.external_id IS NOT DISTINCT FROM wanted.text)::boolean AS by_id,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = jobs.id) AS is_led
FROM wanted
JOIN titled ON titled.id::text = lower(wanted.text) OR titled.external_id = wanted.text OR titled.title = wanted.title
JOIN jobs ON jobs.company_id = @company_id AND jobs.id = titled.id
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

-- name: FindSurvivor :one
-- The candidate that another one was merged into, if the actor sees it.
SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v
WHERE v.id = surviving_candidate(@company_id, @id::uuid) AND v.id <> @id::uuid;

-- name: ListDuplicates :many
SELECT d.reason::text AS reason, d.key::text AS key, d.first_id::uuid AS first_id, d.second_id::uuid AS second_id, d.both_reasons::boolean AS both_reasons
FROM find_duplicates(
    @company_id, @actor_id, @reach, @max_rows, sqlc.narg('after_reason'), sqlc.narg('after_key'), sqlc.narg('after_first'),
    sqlc.narg('after_second')
) AS d;

-- name: DistinguishCandidates :exec
INSERT INTO candidate_distinctions (company_id, first_id, second_id, created_at)
VALUES (@company_id, least(@a::uuid, @b::uuid), greatest(@a::uuid, @b::uuid), @now)
ON CONFLICT ON CONSTRAINT candidate_distinctions_pkey DO NOTHING;

-- name: LockCandidates :many
-- Candidates that the actor sees, locked in the order of their ids.
SELECT * FROM candidates
WHERE candidates.company_id = @company_id AND candidates.merged_into IS NULL AND candidates.id = ANY (@ids::uuid[])
    AND candidates.id IN (SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.id = ANY (@ids::uuid[]))
ORDER BY candidates.id
FOR UPDATE;

-- name: LockMergedCandidate :one
-- A candidate that was merged into another one.
SELECT * FROM candidates WHERE company_id = @company_id AND id = @id AND merged_into = @survivor_id::uuid FOR UPDATE;

-- name: LockApplicationsOfCandidates :many
SELECT * FROM applications WHERE company_id = @company_id AND candidate_id = ANY (@candidate_ids::uuid[]) ORDER BY id FOR UPDATE;

-- name: LockInterviewsOfApplications :many
SELECT id FROM interviews
WHERE company_id = @company_id AND application_id = ANY (@application_ids::uuid[]) ORDER BY id FOR UPDATE;

-- name: ListApplicationItems :many
-- Applications with their interviews and scores, and their versions.
SELECT a.id, a.id AS application_id, a.version FROM applications AS a
WHERE a.company_id = @company_id AND a.id = ANY (@application_ids::uuid[])
UNION ALL
SELECT i.id, i.application_id, i.version FROM interviews AS i
WHERE i.company_id = @company_id AND i.application_id = ANY (@application_ids::uuid[])
UNION ALL
SELECT s.id, s.application_id, s.version FROM scores AS s
WHERE s.company_id = @company_id AND s.application_id = ANY (@application_ids::uuid[]);

-- name: DeferApplicationKeys :exec
-- The foreign keys that repeat the candidate of an application are checked at the end of the transaction.
SELECT defer_application_keys();

-- name: MoveApplications :exec
UPDATE applications SET candidate_id = @to_id, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = ANY (@application_ids::uuid[]);

-- name: MoveApplicationMoves :exec
UPDATE application_moves SET candidate_id = @to_id WHERE company_id = @company_id AND application_id = ANY (@application_ids::uuid[]);

-- name: MoveInterviews :exec
UPDATE interviews SET candidate_id = @to_id, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND application_id = ANY (@application_ids::uuid[]);

-- name: MoveBookings :exec
-- The time of the candidate in interviews. It fails if it overlaps with another interview of the new candidate.
UPDATE bookings SET person_id = @to_id
WHERE bookings.company_id = @company_id AND bookings.person_id = @from_id AND bookings.interview_id IN (
    SELECT i.id FROM interviews AS i WHERE i.company_id = @company_id AND i.application_id = ANY (@application_ids::uuid[])
);

-- name: SetMergedInto :one
UPDATE candidates SET merged_into = sqlc.narg('merged_into'), external_id = sqlc.narg('external_id'), version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id
RETURNING *;

-- name: InsertCandidateMerge :exec
INSERT INTO candidate_merges (company_id, id, survivor_id, merged_id, filled, external_id, tags, links, actor_id, created_at)
VALUES (@company_id, @id, @survivor_id, @merged_id, @filled, sqlc.narg('external_id'), @tags, @links, @actor_id::uuid, @now);

-- name: InsertCandidateMergeItems :exec
-- What the merge moved, with the versions after it.
INSERT INTO candidate_merge_items (company_id, merge_id, id, application_id, version)
SELECT @company_id, @merge_id, id, application_id, version FROM json_populate_recordset(NULL::candidate_merge_items, @items::json);

-- name: GetLastMerge :one
SELECT * FROM candidate_merges
WHERE company_id = @company_id AND merged_id = @merged_id AND survivor_id = @survivor_id AND undone_at IS NULL
ORDER BY created_at DESC LIMIT 1
FOR UPDATE;

-- name: ListCandidateMergeItems :many
SELECT * FROM candidate_merge_items WHERE company_id = @company_id AND merge_id = @merge_id;

-- name: MoveCandidateMergeItems :exec
-- Moving applications has increased the versions of them and of their interviews by one. For the other merges into the two
-- candidates, what had not changed before has not changed.
UPDATE candidate_merge_items AS item SET version = item.version + 1
FROM candidate_merges AS merge
WHERE merge.company_id = @company_id AND merge.survivor_id IN (@from_id, @to_id) AND merge.undone_at IS NULL
    AND item.company_id = merge.company_id AND item.merge_id = merge.id AND item.application_id = ANY (@application_ids::uuid[])
    AND item.version + 1 = coalesce(
        (SELECT a.version FROM applications AS a WHERE a.company_id = @company_id AND a.id = item.id),
        (SELECT i.version FROM interviews AS i WHERE i.company_id = @company_id AND i.id = item.id)
    );

-- name: ListCandidateMerges :many
-- The merges into a candidate since a time that were not undone, newest first.
SELECT merges.id, merges.created_at, merges.actor_id, gone.id AS gone_id, gone.first_name, gone.last_name, gone.email,
    coalesce(merges.external_id, gone.external_id) AS external_id,
    COALESCE(users.first_name || ' ' || users.last_name, api_keys.name, '')::text AS actor_name, COALESCE(principals.kind, '')::text AS actor_kind
FROM candidate_merges AS merges
JOIN candidates AS gone ON gone.company_id = merges.company_id AND gone.id = merges.merged_id AND gone.merged_into = merges.survivor_id
LEFT JOIN principals ON principals.company_id = merges.company_id AND principals.id = merges.actor_id
LEFT JOIN users ON users.company_id = merges.company_id AND users.id = merges.actor_id
LEFT JOIN api_keys ON api_keys.company_id = merges.company_id AND api_keys.id = merges.actor_id
WHERE merges.company_id = @company_id AND merges.survivor_id = @survivor_id AND merges.undone_at IS NULL
    AND merges.created_at > @since::timestamptz
    AND (merges.created_at, merges.id) < (
        COALESCE(sqlc.narg('after_time')::timestamptz, 'infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY merges.created_at DESC, merges.id DESC
LIMIT @max_rows;

-- name: GetDirectSurvivor :one
-- The candidate that another one was merged into directly, if the actor sees the one that remains.
SELECT c.merged_into::uuid FROM candidates AS c
WHERE c.company_id = @company_id AND c.id = @id AND c.merged_into IS NOT NULL
    AND surviving_candidate(@company_id, c.id) IN (
        SELECT v.id FROM visible_candidates(@company_id, @actor_id, @reach) AS v WHERE v.id = @survivor_id::uuid
    );

-- name: UndoCandidateMerge :exec
UPDATE candidate_merges SET undone_at = @now WHERE company_id = @company_id AND id = @id;
