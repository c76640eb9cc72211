-- name: ListKitVersionsOfInterviews :many
-- What somebody may read of kits who does not read all of them: the versions of interviews that they are on the panel of. A draft
-- is no interview's.
SELECT DISTINCT v.id, v.kit_id FROM interviews AS i
JOIN kit_versions AS v ON v.company_id = i.company_id AND v.id = i.kit_version_id
WHERE i.company_id = @company_id AND i.id = ANY (@interviews::uuid[]) AND v.status <> 'draft';

-- name: ListKitVersionsOfJobs :many
-- What a key reads that is limited to some jobs: the versions of their kits, and of those of the whole company.
SELECT v.id, v.kit_id FROM kits AS k
JOIN kit_versions AS v ON v.company_id = k.company_id AND v.kit_id = k.id
WHERE k.company_id = @company_id AND (k.job_id IS NULL OR k.job_id = ANY (@jobs::uuid[])) AND v.status <> 'draft';

-- name: GetKit :one
-- What is said of the versions is said of those that the caller may read.
SELECT sqlc.embed(kits), published.id AS published_version_id, draft.id AS draft_version_id,
    (SELECT max(v.number) FROM kit_versions AS v
        WHERE v.company_id = kits.company_id AND v.kit_id = kits.id AND (@sees_all::boolean OR v.id = ANY (@versions::uuid[]))
    )::integer AS latest_number
FROM kits
LEFT JOIN kit_versions AS published ON published.company_id = kits.company_id AND published.kit_id = kits.id
    AND published.status = 'published' AND (@sees_all::boolean OR published.id = ANY (@versions::uuid[]))
LEFT JOIN kit_versions AS draft ON draft.company_id = kits.company_id AND draft.kit_id = kits.id
    AND draft.status = 'draft' AND @sees_all::boolean
WHERE kits.company_id = @company_id AND kits.id = @id AND (@sees_all::boolean OR kits.id = ANY (@kits::uuid[]));

-- name: GetKitForUpdate :one
-- For those who write kits, and so see them all. The row lock orders everything that changes a kit or its versions.
SELECT * FROM kits WHERE company_id = @company_id AND id = @id FOR NO KEY UPDATE;

-- name: ListKits :many
-- One statement for every filter and order, planned with its values, as ListUsers is. A text is held against the kits met on the
-- way: a company has hundreds of them. What is said of the versions is said of those that the caller may read.
SELECT sqlc.embed(kits), published.id AS published_version_id, draft.id AS draft_version_id,
    (SELECT max(v.number) FROM kit_versions AS v
        WHERE v.company_id = kits.company_id AND v.kit_id = kits.id AND (@sees_all::boolean OR v.id = ANY (@versions::uuid[]))
    )::integer AS latest_number
FROM kits
LEFT JOIN kit_versions AS published ON published.company_id = kits.company_id AND published.kit_id = kits.id
    AND published.status = 'published' AND (@sees_all::boolean OR published.id = ANY (@versions::uuid[]))
LEFT JOIN kit_versions AS draft ON draft.company_id = kits.company_id AND draft.kit_id = kits.id
    AND draft.status = 'draft' AND @sees_all::boolean
WHERE kits.company_id = @company_id
    AND (@sees_all::boolean OR kits.id = ANY (@kits::uuid[]))
    AND (sqlc.narg('job_id')::uuid IS NULL OR kits.job_id = sqlc.narg('job_id')::uuid)
    AND (sqlc.narg('is_published')::boolean IS NULL OR (published.id IS NOT NULL) = sqlc.narg('is_published')::boolean)
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR kits.updated_at >= sqlc.narg('updated_since')::timestamptz)
    AND (sqlc.narg('pattern')::text IS NULL OR kits.name_key LIKE lower(sqlc.narg('pattern')::text))
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
        WHEN 'created_at' THEN (kits.created_at, kits.id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-created_at' THEN (kits.created_at, kits.id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'updated_at' THEN (kits.updated_at, kits.id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-updated_at' THEN (kits.updated_at, kits.id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'name' THEN (kits.name_key, kits.id) > (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
        WHEN '-name' THEN (kits.name_key, kits.id) < (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid)
    END)
ORDER BY
    CASE WHEN @sort::text = 'created_at' THEN kits.created_at END,
    CASE WHEN @sort::text = '-created_at' THEN kits.created_at END DESC,
    CASE WHEN @sort::text = 'updated_at' THEN kits.updated_at END,
    CASE WHEN @sort::text = '-updated_at' THEN kits.updated_at END DESC,
    CASE WHEN @sort::text = 'name' THEN kits.name_key END,
    CASE WHEN @sort::text = '-name' THEN kits.name_key END DESC,
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
-- A kit shows which of its versions are published and written, so a change of these is one of the kit to whoever asks what has
-- changed since. Its version counts what a merge patch is based on, which stays.
UPDATE kits SET updated_at = @now WHERE company_id = @company_id AND id = @id;

-- name: GetKitVersion :one
SELECT * FROM kit_versions
WHERE company_id = @company_id AND kit_id = @kit_id AND id = @id AND (@sees_all::boolean OR id = ANY (@versions::uuid[]));

-- name: GetNewestKitVersion :one
SELECT * FROM kit_versions WHERE company_id = @company_id AND kit_id = @kit_id ORDER BY number DESC LIMIT 1;

-- name: ListKitVersions :many
-- Newest first, which is by number: nobody's clock decides it.
SELECT * FROM kit_versions
WHERE kit_versions.company_id = @company_id AND kit_versions.kit_id = @kit_id
    AND (@sees_all::boolean OR kit_versions.id = ANY (@versions::uuid[]))
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
-- A kit has one published version at most.
UPDATE kit_versions
SET status = 'archived', archived_at = @now::timestamptz, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND kit_id = @kit_id AND status = 'published'
RETURNING *;
