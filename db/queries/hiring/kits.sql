-- name: GetKit :one
-- A kit that is visible to the actor, with its visible versions. is_member is true if the actor leads its job: as a
-- member, or as an API key of the job.
SELECT sqlc.embed(kits), published.id AS published_version_id, draft.id AS draft_version_id,
    (SELECT max(v.number) FROM visible_kit_versions(@company_id, @actor_id, @reach) AS v WHERE v.kit_id = kits.id)::integer AS latest_number,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @job_reach) AS j WHERE j.job_id = kits.job_id) AS is_member
FROM visible_kits(@company_id, @actor_id, @reach) AS kits
LEFT JOIN kit_versions AS published ON published.company_id = kits.company_id AND published.kit_id = kits.id AND published.status = 'published'
    AND published.id IN (SELECT v.id FROM visible_kit_versions(@company_id, @actor_id, @reach) AS v WHERE v.id = published.id)
LEFT JOIN kit_versions AS draft ON draft.company_id = kits.company_id AND draft.kit_id = kits.id AND draft.status = 'draft'
    AND draft.id IN (SELECT v.id FROM visible_kit_versions(@company_id, @actor_id, @reach) AS v WHERE v.id = draft.id)
WHERE kits.id = @id::uuid;

-- name: GetKitForUpdate :one
-- The row lock serializes everything that changes a kit or its versions.
SELECT sqlc.embed(kits),
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @job_reach) AS j WHERE j.job_id = kits.job_id) AS is_member
FROM kits
WHERE kits.company_id = @company_id
    AND kits.id IN (SELECT v.id FROM visible_kits(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR NO KEY UPDATE OF kits;

-- name: ListKits :many
-- Planned with its values, like ListJobs. The searched words are matched row by row in the order of the list: a company
-- has hundreds of kits.
SELECT sqlc.embed(kits), published.id AS published_version_id, draft.id AS draft_version_id,
    (SELECT max(v.number) FROM visible_kit_versions(@company_id, @actor_id, @reach) AS v WHERE v.kit_id = kits.id)::integer AS latest_number,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @job_reach) AS j WHERE j.job_id = kits.job_id) AS is_member
FROM visible_kits(@company_id, @actor_id, @reach) AS kits
LEFT JOIN kit_versions AS published ON published.company_id = kits.company_id AND published.kit_id = kits.id AND published.status = 'published'
    AND published.id IN (SELECT v.id FROM visible_kit_versions(@company_id, @actor_id, @reach) AS v WHERE v.id = published.id)
LEFT JOIN kit_versions AS draft ON draft.company_id = kits.company_id AND draft.kit_id = kits.id AND draft.status = 'draft'
    AND draft.id IN (SELECT v.id FROM visible_kit_versions(@company_id, @actor_id, @reach) AS v WHERE v.id = draft.id)
WHERE (sqlc.narg('ids')::uuid[] IS NULL OR kits.id = ANY (sqlc.narg('ids')::uuid[]))
    AND (sqlc.narg('job_id')::uuid IS NULL OR kits.job_id = sqlc.narg('job_id')::uuid)
    AND (sqlc.narg('is_published')::boolean IS NULL OR (published.id IS NOT NULL) = sqlc.narg('is_published')::boolean)
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR kits.updated_at >= sqlc.narg('updated_since')::timestamptz)
    AND (sqlc.narg('pattern')::text IS NULL OR search_terms(kits.name) LIKE ALL (search_patterns(sqlc.narg('pattern')::text, false)))
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
        WHEN 'created_at' THEN (kits.created_at, kits.id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-created_at' THEN (kits.created_at, kits.id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'updated_at' THEN (kits.updated_at, kits.id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-updated_at' THEN (kits.updated_at, kits.id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'name' THEN (kits.name COLLATE alphabetical, kits.id) > (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
        WHEN '-name' THEN (kits.name COLLATE alphabetical, kits.id) < (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
    END)
ORDER BY
    CASE WHEN @sort::text = 'created_at' THEN kits.created_at END,
    CASE WHEN @sort::text = '-created_at' THEN kits.created_at END DESC,
    CASE WHEN @sort::text = 'updated_at' THEN kits.updated_at END,
    CASE WHEN @sort::text = '-updated_at' THEN kits.updated_at END DESC,
    CASE WHEN @sort::text = 'name' THEN kits.name COLLATE alphabetical END,
    CASE WHEN @sort::text = '-name' THEN kits.name COLLATE alphabetical END DESC,
    CASE WHEN @sort::text IN ('created_at', 'updated_at', 'name') THEN kits.id END,
    CASE WHEN @sort::text IN ('-created_at', '-updated_at', '-name') THEN kits.id END DESC
LIMIT @max_rows;

-- name: InsertKit :one
INSERT INTO kits (company_id, id, name, description, job_id, created_at, updated_at)
VALUES (@company_id, @id, @name, @description, @job_id, @now, @now)
RETURNING *;

-- name: UpdateKit :one
UPDATE kits
SET name = @name, description = @description, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version
RETURNING *;

-- name: TouchKit :exec
-- A kit shows its published version and its draft, so a change of these changes updated_at, by which clients
-- synchronize. It does not change version, because a merge patch of the kit is not based on them.
UPDATE kits SET updated_at = @now WHERE company_id = @company_id AND id = @id;

-- name: GetKitVersion :one
SELECT * FROM visible_kit_versions(@company_id, @actor_id, @reach) AS kit_versions
WHERE kit_versions.kit_id = @kit_id::uuid AND kit_versions.id = @id::uuid;

-- name: GetNewestKitVersion :one
SELECT * FROM kit_versions WHERE company_id = @company_id AND kit_id = @kit_id ORDER BY number DESC LIMIT 1;

-- name: ListKitVersions :many
-- The versions of a kit that are visible to the actor, newest first. They are ordered by number, which does not depend
-- on a clock.
SELECT kit_versions.* FROM visible_kit_versions(@company_id, @actor_id, @reach) AS kit_versions
WHERE kit_versions.kit_id = @kit_id::uuid
    AND kit_versions.number < COALESCE(
        (SELECT a.number FROM kit_versions AS a WHERE a.company_id = @company_id AND a.id = sqlc.narg('after_id')::uuid), 2147483647
    )
ORDER BY kit_versions.number DESC
LIMIT @max_rows;

-- name: InsertKitVersion :one
INSERT INTO kit_versions (company_id, id, kit_id, number, status, questions, criteria, created_at, updated_at)
VALUES (@company_id, @id, @kit_id, @number, @status, @questions, @criteria, @now, @now)
RETURNING *;

-- name: UpdateKitVersion :one
UPDATE kit_versions
SET questions = @questions, criteria = @criteria, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version AND status = @status
RETURNING *;

-- name: PublishKitVersion :one
UPDATE kit_versions
SET status = @to_status, content_hash = @content_hash::text, published_at = @now::timestamptz, published_by = @published_by::uuid,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version AND status = @from_status
RETURNING *;

-- name: ArchiveKitVersions :many
-- A kit has at most one published version.
UPDATE kit_versions
SET status = 'archived', archived_at = @now::timestamptz, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND kit_id = @kit_id AND status = 'published'
RETURNING *;
