-- name: GetCompany :one
SELECT * FROM companies WHERE id = @company_id;

-- name: GetCompanyForUpdate :one
SELECT * FROM companies WHERE id = @company_id FOR NO KEY UPDATE;

-- name: GetCompanyAlone :one
-- Every write to the company inserts an audit log entry that references the company's row. This lock waits for such
-- transactions to end and blocks new ones, so that the rest of the transaction sees everything that was written.
SELECT * FROM companies WHERE id = @company_id FOR UPDATE;

-- name: UpdateCompany :one
UPDATE companies
SET name = @name, timezone = @timezone, allowed_email_domains = @allowed_email_domains, version = version + 1, updated_at = @now
WHERE id = @company_id AND version = @version
RETURNING *;

-- name: InsertCompany :one
INSERT INTO companies (id, name, slug, created_at, updated_at) VALUES (@company_id, @name, @slug, @now, @now) RETURNING *;

-- name: TransitionCompanyActive :one
UPDATE companies
SET is_active = NOT is_active, version = version + 1, updated_at = @now
WHERE id = @company_id AND is_active = @was_active
RETURNING *;

-- name: FindCompany :one
SELECT id, name, slug, is_active FROM find_company(@slug);

-- name: AllCompanies :many
SELECT id, name, slug, is_active, created_at FROM all_companies();

-- name: ListTestCompanies :many
-- The test companies that a company has opened and not closed, newest first. The company of the request is active, so
-- they are live.
SELECT * FROM companies
WHERE test_of = @company_id::uuid AND is_active
    AND (created_at, id) < (
        COALESCE(sqlc.narg('after_time')::timestamptz, 'infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY created_at DESC, id DESC
LIMIT @max_rows;

-- name: GetTestCompany :one
SELECT * FROM companies WHERE test_of = @company_id::uuid AND id = @id AND is_active;

-- name: CountTestCompanies :one
SELECT count(*) FROM companies WHERE test_of = @company_id::uuid AND is_active;

-- name: ActFor :exec
-- Sets the tenant of the rest of the transaction to a test company that the actor's company has opened.
SELECT set_config('app.company_id', CAST(@company_id::uuid AS text), true);

-- name: InsertTestCompany :one
INSERT INTO companies (id, name, slug, test_of, opened_as, created_at, updated_at)
VALUES (@id, @name, @slug, @test_of::uuid, @name, @now, @now)
RETURNING *;

-- name: CloseTestCompany :one
UPDATE companies SET is_active = false, version = version + 1, updated_at = @now
WHERE id = @id AND test_of = @test_of::uuid AND is_active
RETURNING *;

-- name: ResetCompany :one
-- Deletes everything of a test company except its row, its API keys, its audit log and the user who resets it.
-- Row-level security prevents deleting rows of other companies. Rows that reference each other are deleted by one
-- statement, because foreign keys are checked at its end.
WITH deleted_revisions AS (DELETE FROM score_revisions WHERE score_revisions.company_id = @company_id RETURNING 1),
    deleted_scores AS (DELETE FROM scores WHERE scores.company_id = @company_id RETURNING 1),
    deleted_panelists AS (DELETE FROM interview_panelists WHERE interview_panelists.company_id = @company_id RETURNING 1),
    deleted_events AS (DELETE FROM interview_events WHERE interview_events.company_id = @company_id RETURNING 1),
    deleted_interviews AS (DELETE FROM interviews WHERE interviews.company_id = @company_id RETURNING 1),
    deleted_kit_versions AS (DELETE FROM kit_versions WHERE kit_versions.company_id = @company_id RETURNING 1),
    deleted_kits AS (DELETE FROM kits WHERE kits.company_id = @company_id RETURNING 1),
    deleted_moves AS (DELETE FROM application_moves WHERE application_moves.company_id = @company_id RETURNING 1),
    deleted_applications AS (DELETE FROM applications WHERE applications.company_id = @company_id RETURNING 1),
    deleted_candidates AS (DELETE FROM candidates WHERE candidates.company_id = @company_id RETURNING 1),
    deleted_members AS (DELETE FROM job_members WHERE job_members.company_id = @company_id RETURNING 1),
    deleted_jobs AS (DELETE FROM jobs WHERE jobs.company_id = @company_id RETURNING 1),
    deleted_sessions AS (DELETE FROM sessions WHERE sessions.company_id = @company_id AND sessions.user_id <> @caller_id RETURNING 1),
    deleted_users AS (DELETE FROM users WHERE users.company_id = @company_id AND users.id <> @caller_id RETURNING 1),
    deleted_records AS (DELETE FROM idempotency_records WHERE idempotency_records.company_id = @company_id RETURNING 1)
SELECT
    (SELECT count(*) FROM deleted_jobs) AS jobs, (SELECT count(*) FROM deleted_candidates) AS candidates,
    (SELECT count(*) FROM deleted_applications) AS applications, (SELECT count(*) FROM deleted_kits) AS kits,
    (SELECT count(*) FROM deleted_interviews) AS interviews, (SELECT count(*) FROM deleted_scores) AS scores,
    (SELECT count(*) FROM deleted_users) AS users;

-- name: EndTestSessions :many
-- Ends the sessions of a test company, except those of one user.
UPDATE sessions
SET revoked_at = @now::timestamptz, revocation_reason = 'company_deactivated', epoch = epoch + 1, changed_at = clock_timestamp(), updated_at = @now
WHERE company_id = @company_id AND user_id <> @except_user_id AND revoked_at IS NULL
RETURNING *;
