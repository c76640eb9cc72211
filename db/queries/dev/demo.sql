-- Loads demo data, in the amount that a load test needs. Each statement takes its rows as one JSON array whose members
-- are named like the columns, because COPY is not available to a role that is subject to row-level security.

-- name: PrepareDemoLoad :exec
-- A part of the demo is loaded by one transaction with a few large statements. Another load of the same part waits for
-- it.
SELECT set_config('statement_timeout', '300s', true), set_config('lock_timeout', '300s', true);

-- name: LockDemoPart :exec
-- Of several concurrent loads of a part, one loads it and the others find it loaded.
SELECT pg_advisory_xact_lock(hashtextextended(concat('demo ', sqlc.arg('company_id')::uuid, ' ', sqlc.arg('part')::integer), 0));

-- name: HasDemoPart :one
-- A part is loaded if a candidate has one of its external ids, which lie between two texts.
SELECT EXISTS (
    SELECT FROM candidates
    WHERE company_id = @company_id AND external_id >= @from_id::text AND external_id < @before_id::text
) AS is_there;

-- name: HasSharedDemoRows :one
-- The jobs and kits that all parts share are loaded if any of them exists, even if others were changed since.
SELECT (
    EXISTS (SELECT FROM jobs WHERE jobs.company_id = @company_id AND jobs.title = ANY (@titles::text[]))
    OR EXISTS (SELECT FROM kits WHERE kits.company_id = @company_id AND kits.name = ANY (@names::text[]))
)::boolean AS is_there;

-- name: ListDemoPeople :many
SELECT id, email, role, coalesce(department, '')::text AS department FROM users
WHERE company_id = @company_id AND email = ANY (@emails::text[]) AND is_active
ORDER BY email;

-- name: ListDemoJobs :many
SELECT * FROM jobs WHERE company_id = @company_id AND title = ANY (@titles::text[]) ORDER BY created_at, id;

-- name: ListDemoJobMembers :many
SELECT job_id, user_id FROM job_members WHERE company_id = @company_id AND job_id = ANY (@jobs::uuid[]) ORDER BY job_id, user_id;

-- name: ListDemoKitVersions :many
-- Newest first.
SELECT kits.name, kit_versions.id, kit_versions.criteria, kit_versions.published_at FROM kit_versions
JOIN kits ON kits.company_id = kit_versions.company_id AND kits.id = kit_versions.kit_id
WHERE kit_versions.company_id = @company_id AND kits.name = ANY (@names::text[]) AND kit_versions.status <> 'draft'
ORDER BY kits.name, kit_versions.number DESC;

-- name: LoadUsers :exec
INSERT INTO users (
    company_id, id, email, password_hash, first_name, last_name, role, department, password_changed_at, created_at, updated_at
)
SELECT @company_id, id, email, password_hash, first_name, last_name, role, department, password_changed_at, created_at, updated_at
FROM json_populate_recordset(NULL::users, @rows::json);

-- name: LoadJobs :exec
INSERT INTO jobs (
    company_id, id, title, department, location, description, status, opened_at, closed_at, version, created_at, updated_at
)
SELECT @company_id, id, title, department, location, description, status, opened_at, closed_at, version, created_at, updated_at
FROM json_populate_recordset(NULL::jobs, @rows::json);

-- name: LoadJobMembers :exec
INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
SELECT @company_id, job_id, user_id, role, created_at, updated_at FROM json_populate_recordset(NULL::job_members, @rows::json);

-- name: LoadKits :exec
INSERT INTO kits (company_id, id, name, description, created_at, updated_at)
SELECT @company_id, id, name, description, created_at, updated_at FROM json_populate_recordset(NULL::kits, @rows::json);

-- name: LoadKitVersions :exec
INSERT INTO kit_versions (
    company_id, id, kit_id, number, status, questions, criteria, content_hash, published_at, published_by, archived_at, version,
    created_at, updated_at
)
SELECT @company_id, id, kit_id, number, status, questions, criteria, content_hash, published_at, published_by, archived_at, version,
    created_at, updated_at
FROM json_populate_recordset(NULL::kit_versions, @rows::json);

-- name: LoadCandidates :exec
INSERT INTO candidates (
    company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, status, version, created_at,
    updated_at
)
SELECT @company_id, id, first_name, last_name, email, phone, location, links, tags, source, external_id, status, version, created_at,
    updated_at
FROM json_populate_recordset(NULL::candidates, @rows::json);

-- name: LoadApplications :exec
INSERT INTO applications (
    company_id, id, candidate_id, job_id, stage, furthest_stage, status, rejection_reason, source, stage_entered_at, version,
    created_at, updated_at
)
SELECT @company_id, id, candidate_id, job_id, stage, furthest_stage, status, rejection_reason, source, stage_entered_at, version,
    created_at, updated_at
FROM json_populate_recordset(NULL::applications, @rows::json);

-- name: LoadApplicationMoves :exec
INSERT INTO application_moves (
    company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage, from_status, to_status, rejection_reason,
    reason, seconds, actor_id, created_at
)
SELECT @company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage, from_status, to_status, rejection_reason,
    reason, seconds, actor_id, created_at
FROM json_populate_recordset(NULL::application_moves, @rows::json);

-- name: LoadInterviews :exec
INSERT INTO interviews (
    company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at, timezone, location,
    meeting_url, instructions, reschedules, started_at, finished_at, completed_at, status_reason, created_by, version, created_at,
    updated_at
)
SELECT @company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at, timezone, location,
    meeting_url, instructions, reschedules, started_at, finished_at, completed_at, status_reason, created_by, version, created_at,
    updated_at
FROM json_populate_recordset(NULL::interviews, @rows::json);

-- name: LoadInterviewPanelists :exec
INSERT INTO interview_panelists (
    company_id, interview_id, user_id, response, comment, responded_at, score_required, created_at, updated_at
)
SELECT @company_id, interview_id, user_id, response, comment, responded_at, score_required, created_at, updated_at
FROM json_populate_recordset(NULL::interview_panelists, @rows::json);

-- name: LoadInterviewEvents :exec
INSERT INTO interview_events (
    company_id, id, interview_id, event, from_status, to_status, from_starts_at, from_ends_at, from_timezone, to_starts_at, to_ends_at,
    to_timezone, reason, actor_id, created_at
)
SELECT @company_id, id, interview_id, event, from_status, to_status, from_starts_at, from_ends_at, from_timezone, to_starts_at, to_ends_at,
    to_timezone, reason, actor_id, created_at
FROM json_populate_recordset(NULL::interview_events, @rows::json);

-- name: LoadScores :exec
INSERT INTO scores (
    company_id, id, interview_id, application_id, job_id, rater_id, status, ratings, recommendation, comment, weighted_score, coverage,
    revision, submitted_at, status_reason, version, created_at, updated_at
)
SELECT @company_id, id, interview_id, application_id, job_id, rater_id, status, ratings, recommendation, comment, weighted_score, coverage,
    revision, submitted_at, status_reason, version, created_at, updated_at
FROM json_populate_recordset(NULL::scores, @rows::json);

-- name: LoadScoreRevisions :exec
INSERT INTO score_revisions (
    company_id, id, score_id, revision, event, ratings, recommendation, comment, weighted_score, coverage, submitted_at, reason, actor_id,
    created_at
)
SELECT @company_id, id, score_id, revision, event, ratings, recommendation, comment, weighted_score, coverage, submitted_at, reason, actor_id,
    created_at
FROM json_populate_recordset(NULL::score_revisions, @rows::json);
