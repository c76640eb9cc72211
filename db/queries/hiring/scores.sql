-- name: GetScore :one
SELECT sqlc.embed(scores), users.first_name, users.last_name, interviews.status AS interview_status, interviews.kit_version_id
FROM visible_scores(@company_id, @actor_id, @reach) AS scores
JOIN users ON users.company_id = scores.company_id AND users.id = scores.rater_id
JOIN interviews ON interviews.company_id = scores.company_id AND interviews.id = scores.interview_id
WHERE scores.id = @id::uuid;

-- name: ListScores :many
-- The other tables are read only for the scores of the page, in its order, because LIMIT keeps each a subquery.
SELECT sqlc.embed(scores), u.first_name, u.last_name, i.status AS interview_status, i.kit_version_id
FROM list_scores(
    @company_id, @actor_id, @reach, @sort, @max_rows, sqlc.narg('after_time'), sqlc.narg('after_id'), sqlc.narg('interview_id'),
    sqlc.narg('application_id'), sqlc.narg('job_id'), sqlc.narg('rater_id'), sqlc.narg('status'), sqlc.narg('updated_since')
) AS scores
CROSS JOIN LATERAL (
    SELECT us.first_name, us.last_name FROM users AS us WHERE us.company_id = @company_id AND us.id = scores.rater_id LIMIT 1
) AS u
CROSS JOIN LATERAL (
    SELECT iv.status, iv.kit_version_id FROM interviews AS iv WHERE iv.company_id = @company_id AND iv.id = scores.interview_id LIMIT 1
) AS i;

-- name: ListScoresByID :many
SELECT sqlc.embed(scores), u.first_name, u.last_name, i.status AS interview_status, i.kit_version_id
FROM visible_scores(@company_id, @actor_id, @reach) AS scores
CROSS JOIN LATERAL (
    SELECT us.first_name, us.last_name FROM users AS us WHERE us.company_id = @company_id AND us.id = scores.rater_id LIMIT 1
) AS u
CROSS JOIN LATERAL (
    SELECT iv.status, iv.kit_version_id FROM interviews AS iv WHERE iv.company_id = @company_id AND iv.id = scores.interview_id LIMIT 1
) AS i
WHERE scores.id = ANY (@ids::uuid[])
ORDER BY scores.id;

-- name: ListKitCriteria :many
SELECT id, criteria FROM kit_versions WHERE company_id = @company_id AND id = ANY (@ids::uuid[]);

-- name: GetScoredInterviewForUpdate :one
-- Locks the interview of a score that is visible to the actor; with own_only, only if the actor is its rater. See
-- GetInterviewForUpdate.
SELECT interviews.* FROM interviews
WHERE interviews.company_id = @company_id AND interviews.id = (
    SELECT v.interview_id FROM visible_scores(@company_id, @actor_id, @reach) AS v
    WHERE v.id = @id::uuid AND (NOT @own_only::boolean OR v.rater_id = @actor_id)
)
FOR NO KEY UPDATE;

-- name: GetScoreForUpdate :one
-- Locks a score that is visible to the actor; with own_only, only if the actor is its rater.
SELECT sqlc.embed(scores), users.first_name, users.last_name FROM scores
JOIN users ON users.company_id = scores.company_id AND users.id = scores.rater_id
WHERE scores.company_id = @company_id AND scores.id IN (
    SELECT v.id FROM visible_scores(@company_id, @actor_id, @reach) AS v
    WHERE v.id = @id::uuid AND (NOT @own_only::boolean OR v.rater_id = @actor_id)
)
FOR NO KEY UPDATE OF scores;

-- name: GetPanelist :one
SELECT users.first_name, users.last_name FROM interview_panelists AS p
JOIN users ON users.company_id = p.company_id AND users.id = p.user_id
WHERE p.company_id = @company_id AND p.interview_id = @interview_id AND p.user_id = @user_id;

-- name: InsertScore :one
INSERT INTO scores (
    company_id, id, interview_id, application_id, job_id, rater_id, status, ratings, recommendation, comment, weighted_score,
    coverage, created_at, updated_at
) VALUES (
    @company_id, @id, @interview_id, @application_id, @job_id, @rater_id, @status, @ratings, @recommendation, @comment,
    @weighted_score, @coverage, @now, @now
)
RETURNING *;

-- name: UpdateScore :one
-- Only the rater can change a score, and only while it is a draft.
UPDATE scores
SET ratings = @ratings, recommendation = @recommendation, comment = @comment, weighted_score = @weighted_score,
    coverage = @coverage, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND rater_id = @rater_id AND version = @version AND status = 'draft'
RETURNING *;

-- name: TransitionScore :one
-- The status in the WHERE clause is the one that the decision was based on. A score that becomes a draft again is the
-- next revision, which has not been submitted.
UPDATE scores
SET status = @to_status::score_status, status_reason = @reason,
    revision = CASE WHEN @to_status::score_status = 'draft' THEN revision + 1 ELSE revision END,
    submitted_at = CASE @to_status::score_status WHEN 'submitted' THEN @now::timestamptz WHEN 'voided' THEN submitted_at END,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: InsertScoreRevision :exec
INSERT INTO score_revisions (
    company_id, id, score_id, revision, event, ratings, recommendation, comment, weighted_score, coverage, submitted_at,
    reason, actor_id, created_at
) VALUES (
    @company_id, @id, @score_id, @revision, @event, @ratings, @recommendation, @comment, @weighted_score, @coverage, @submitted_at,
    @reason, @actor_id, @now
);

-- name: ListScoreRevisions :many
-- The revisions of a score that is visible to the actor, oldest first.
SELECT sqlc.embed(score_revisions), COALESCE(users.first_name || ' ' || users.last_name, api_keys.name, '')::text AS actor_name,
    principals.kind AS actor_kind
FROM score_revisions
JOIN principals ON principals.company_id = score_revisions.company_id AND principals.id = score_revisions.actor_id
LEFT JOIN users ON users.company_id = score_revisions.company_id AND users.id = score_revisions.actor_id
LEFT JOIN api_keys ON api_keys.company_id = score_revisions.company_id AND api_keys.id = score_revisions.actor_id
WHERE score_revisions.company_id = @company_id
    AND score_revisions.score_id IN (SELECT v.id FROM visible_scores(@company_id, @actor_id, @reach) AS v WHERE v.id = @score_id::uuid)
    AND (score_revisions.created_at, score_revisions.id) > (
        COALESCE(sqlc.narg('after_time')::timestamptz, '-infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, '00000000-0000-0000-0000-000000000000')
    )
ORDER BY score_revisions.created_at, score_revisions.id
LIMIT @max_rows;

-- name: ListInterviewsWithScores :many
-- The interviews of an application, or one interview, that are visible to the actor. An interview has one row for each
-- submitted score that is visible to the actor, or one row without a score. One statement reads both, so that scores
-- and blindness are from the same snapshot.
SELECT interviews.id, interviews.title, interviews.status, interviews.starts_at, interviews.kit_version_id,
    EXISTS (SELECT FROM blinds(@company_id, @actor_id, interviews.id)) AS blinded,
    scores.id AS score_id, scores.ratings, scores.recommendation, scores.submitted_at
FROM visible_interviews(@company_id, @actor_id, @reach) AS interviews
LEFT JOIN scores ON scores.company_id = interviews.company_id AND scores.interview_id = interviews.id AND scores.status = 'submitted'
    AND scores.id IN (SELECT v.id FROM visible_scores(@company_id, @actor_id, @reach) AS v WHERE v.id = scores.id)
WHERE (sqlc.narg('interview_id')::uuid IS NULL OR interviews.id = sqlc.narg('interview_id')::uuid)
    AND (sqlc.narg('application_id')::uuid IS NULL OR interviews.application_id = sqlc.narg('application_id')::uuid)
ORDER BY interviews.starts_key, interviews.id, scores.submitted_at, scores.id;

-- name: ListRequiredRaters :many
-- The panelists whose scores an interview requires, and whether they have submitted them.
SELECT users.id, users.first_name, users.last_name,
    EXISTS (
        SELECT FROM scores AS s
        WHERE s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status = 'submitted'
    ) AS has_submitted
FROM interview_panelists AS p
JOIN users ON users.company_id = p.company_id AND users.id = p.user_id
WHERE p.company_id = @company_id AND p.interview_id = @interview_id AND p.score_required
ORDER BY p.created_at, p.user_id;
