-- Who reads which scores stands in every statement that shows or locks one, word for word the same: one's own; and others' that are
-- submitted or, for HR and admins, voided, where the job or the panel lets one see the interview, and where one who is on its
-- panel has submitted a score of one's own. An API key reads them once the interview is completed, and where each of those who were
-- shown a secret of it (eyes; of a person, the person) reads them. Nobody reads another's draft.

-- name: GetScore :one
SELECT sqlc.embed(scores), users.first_name, users.last_name, interviews.status AS interview_status, interviews.kit_version_id
FROM scores
JOIN users ON users.company_id = scores.company_id AND users.id = scores.rater_id
JOIN interviews ON interviews.company_id = scores.company_id AND interviews.id = scores.interview_id
WHERE scores.company_id = @company_id AND scores.id = @id
    AND (scores.rater_id = @caller_id
        OR (scores.status = 'submitted' OR scores.status = 'voided' AND @sees_all::boolean)
        AND (@sees_all::boolean OR scores.job_id = ANY (@jobs::uuid[]) OR scores.interview_id = ANY (@interviews::uuid[]))
        AND (NOT @by_key::boolean OR EXISTS (
            SELECT FROM interviews AS held
            WHERE held.company_id = @company_id AND held.id = scores.interview_id AND held.status = 'completed'
        ))
        AND @eyes::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = scores.interview_id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = scores.interview_id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        ));

-- name: ListScores :many
-- One statement for every filter and order, planned with its values, as ListUsers is. What is shown to its author only is among
-- their own scores, which the filter by status says once more, so that an index finds it. What belongs to other tables is looked up
-- for the scores of the page only.
SELECT sqlc.embed(scores),
    (SELECT u.first_name FROM users AS u WHERE u.company_id = scores.company_id AND u.id = scores.rater_id)::text AS first_name,
    (SELECT u.last_name FROM users AS u WHERE u.company_id = scores.company_id AND u.id = scores.rater_id)::text AS last_name,
    (SELECT i.status FROM interviews AS i WHERE i.company_id = scores.company_id AND i.id = scores.interview_id)::interview_status
        AS interview_status,
    (SELECT i.kit_version_id FROM interviews AS i WHERE i.company_id = scores.company_id AND i.id = scores.interview_id)::uuid
        AS kit_version_id
FROM scores
WHERE scores.company_id = @company_id
    AND (sqlc.narg('ids')::uuid[] IS NULL OR scores.id = ANY (sqlc.narg('ids')::uuid[]))
    AND (sqlc.narg('interview_id')::uuid IS NULL OR scores.interview_id = sqlc.narg('interview_id')::uuid)
    AND (sqlc.narg('application_id')::uuid IS NULL OR scores.application_id = sqlc.narg('application_id')::uuid)
    AND (sqlc.narg('job_id')::uuid IS NULL OR scores.job_id = sqlc.narg('job_id')::uuid)
    AND (sqlc.narg('rater_id')::uuid IS NULL OR scores.rater_id = sqlc.narg('rater_id')::uuid)
    AND (sqlc.narg('status')::text IS NULL OR scores.status = sqlc.narg('status')::text)
    AND (COALESCE(sqlc.narg('status')::text, 'submitted') = 'submitted'
        OR sqlc.narg('status')::text = 'voided' AND @sees_all::boolean
        OR scores.rater_id = @caller_id)
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR scores.updated_at >= sqlc.narg('updated_since')::timestamptz)
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
        WHEN 'created_at'
            THEN (scores.created_at, scores.id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-created_at'
            THEN (scores.created_at, scores.id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'updated_at'
            THEN (scores.updated_at, scores.id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-updated_at'
            THEN (scores.updated_at, scores.id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
    END)
    AND (scores.rater_id = @caller_id
        OR (scores.status = 'submitted' OR scores.status = 'voided' AND @sees_all::boolean)
        AND (@sees_all::boolean OR scores.job_id = ANY (@jobs::uuid[]) OR scores.interview_id = ANY (@interviews::uuid[]))
        AND (NOT @by_key::boolean OR EXISTS (
            SELECT FROM interviews AS held
            WHERE held.company_id = @company_id AND held.id = scores.interview_id AND held.status = 'completed'
        ))
        AND @eyes::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = scores.interview_id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = scores.interview_id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        ))
ORDER BY
    CASE WHEN @sort::text = 'created_at' THEN scores.created_at END,
    CASE WHEN @sort::text = '-created_at' THEN scores.created_at END DESC,
    CASE WHEN @sort::text = 'updated_at' THEN scores.updated_at END,
    CASE WHEN @sort::text = '-updated_at' THEN scores.updated_at END DESC,
    CASE WHEN @sort::text IN ('created_at', 'updated_at') THEN scores.id END,
    CASE WHEN @sort::text IN ('-created_at', '-updated_at') THEN scores.id END DESC
LIMIT @max_rows;

-- name: ListScoresInSight :many
-- Which scores those of a list can be among, for somebody who does not see all; which of them they read, the list decides.
SELECT id FROM scores
WHERE company_id = @company_id
    AND (rater_id = @caller_id OR job_id = ANY (@jobs::uuid[]) OR interview_id = ANY (@interviews::uuid[]))
LIMIT @at_most;

-- name: ListKitCriteria :many
SELECT id, criteria FROM kit_versions WHERE company_id = @company_id AND id = ANY (@ids::uuid[]);

-- name: GetInterviewForScoring :one
-- Whoever writes, submits, reopens or voids a score holds its interview first, and then the score: always in this order, so that
-- none of them waits for another that waits for it.
SELECT * FROM interviews
WHERE company_id = @company_id AND id = @id
    AND (@sees_all::boolean OR job_id = ANY (@jobs::uuid[]) OR id = ANY (@interviews::uuid[]))
FOR NO KEY UPDATE;

-- name: GetScoredInterviewForUpdate :one
-- The interview of a score that the caller reads.
SELECT interviews.* FROM scores
JOIN interviews ON interviews.company_id = scores.company_id AND interviews.id = scores.interview_id
WHERE scores.company_id = @company_id AND scores.id = @id
    AND (scores.rater_id = @caller_id
        OR (scores.status = 'submitted' OR scores.status = 'voided' AND @sees_all::boolean)
        AND (@sees_all::boolean OR scores.job_id = ANY (@jobs::uuid[]) OR scores.interview_id = ANY (@interviews::uuid[]))
        AND (NOT @by_key::boolean OR EXISTS (
            SELECT FROM interviews AS held
            WHERE held.company_id = @company_id AND held.id = scores.interview_id AND held.status = 'completed'
        ))
        AND @eyes::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = scores.interview_id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = scores.interview_id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        ))
FOR NO KEY UPDATE OF interviews;

-- name: GetScoreForUpdate :one
SELECT scores.* FROM scores
WHERE scores.company_id = @company_id AND scores.id = @id
    AND (scores.rater_id = @caller_id
        OR (scores.status = 'submitted' OR scores.status = 'voided' AND @sees_all::boolean)
        AND (@sees_all::boolean OR scores.job_id = ANY (@jobs::uuid[]) OR scores.interview_id = ANY (@interviews::uuid[]))
        AND (NOT @by_key::boolean OR EXISTS (
            SELECT FROM interviews AS held
            WHERE held.company_id = @company_id AND held.id = scores.interview_id AND held.status = 'completed'
        ))
        AND @eyes::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = scores.interview_id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = scores.interview_id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        ))
FOR NO KEY UPDATE OF scores;

-- name: IsPanelist :one
SELECT EXISTS (
    SELECT FROM interview_panelists WHERE company_id = @company_id AND interview_id = @interview_id AND user_id = @user_id
) AS is_panelist;

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
-- Only its author writes a score, and only while it is a draft.
UPDATE scores
SET ratings = @ratings, recommendation = @recommendation, comment = @comment, weighted_score = @weighted_score,
    coverage = @coverage, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND rater_id = @rater_id AND version = @version AND status = 'draft'
RETURNING *;

-- name: TransitionScore :one
-- Guarded by the state that was decided on. What a state brings with it is set by the state: a draft that was submitted before is
-- the next revision, and has not been submitted yet.
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
SELECT sqlc.embed(score_revisions), COALESCE(users.first_name || ' ' || users.last_name, api_keys.name, '')::text AS actor_name,
    (api_keys.id IS NOT NULL)::boolean AS by_key
FROM score_revisions
JOIN scores ON scores.company_id = score_revisions.company_id AND scores.id = score_revisions.score_id
LEFT JOIN users ON users.company_id = score_revisions.company_id AND users.id = score_revisions.actor_id
LEFT JOIN api_keys ON api_keys.company_id = score_revisions.company_id AND api_keys.id = score_revisions.actor_id
WHERE score_revisions.company_id = @company_id AND score_revisions.score_id = @score_id
    AND (score_revisions.created_at, score_revisions.id) > (
        COALESCE(sqlc.narg('after_time')::timestamptz, '-infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, '00000000-0000-0000-0000-000000000000')
    )
    AND (scores.rater_id = @caller_id
        OR (scores.status = 'submitted' OR scores.status = 'voided' AND @sees_all::boolean)
        AND (@sees_all::boolean OR scores.job_id = ANY (@jobs::uuid[]) OR scores.interview_id = ANY (@interviews::uuid[]))
        AND (NOT @by_key::boolean OR EXISTS (
            SELECT FROM interviews AS held
            WHERE held.company_id = @company_id AND held.id = scores.interview_id AND held.status = 'completed'
        ))
        AND @eyes::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = scores.interview_id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = scores.interview_id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        ))
ORDER BY score_revisions.created_at, score_revisions.id
LIMIT @max_rows;

-- name: ListInterviewsWithScores :many
-- The interviews of an application, or one interview, as far as the caller sees them; each with every submitted score that the
-- caller reads, or once without one. Both come from one look at the data, so that no score comes with an interview that is blinded.
SELECT interviews.id, interviews.title, interviews.status, interviews.starts_at, interviews.kit_version_id,
    (
        EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = interviews.id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = interviews.id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        )
        OR @by_key::boolean AND interviews.status <> 'completed' OR @eyes::uuid[] IS NULL
    )::boolean AS blinded,
    scores.id AS score_id, scores.ratings, scores.recommendation, scores.submitted_at
FROM interviews
LEFT JOIN scores ON scores.company_id = interviews.company_id AND scores.interview_id = interviews.id
    AND scores.status = 'submitted'
    AND (scores.rater_id = @caller_id
        OR (scores.status = 'submitted' OR scores.status = 'voided' AND @sees_all::boolean)
        AND (@sees_all::boolean OR scores.job_id = ANY (@jobs::uuid[]) OR scores.interview_id = ANY (@interviews::uuid[]))
        AND (NOT @by_key::boolean OR EXISTS (
            SELECT FROM interviews AS held
            WHERE held.company_id = @company_id AND held.id = scores.interview_id AND held.status = 'completed'
        ))
        AND @eyes::uuid[] IS NOT NULL AND NOT EXISTS (
            SELECT FROM interview_panelists AS seat
            WHERE seat.company_id = @company_id AND seat.interview_id = scores.interview_id AND seat.user_id = ANY (@eyes::uuid[])
                AND NOT EXISTS (
                    SELECT FROM scores AS own
                    WHERE own.company_id = @company_id AND own.interview_id = scores.interview_id AND own.rater_id = seat.user_id
                        AND own.status = 'submitted'
                )
        ))
WHERE interviews.company_id = @company_id
    AND (sqlc.narg('interview_id')::uuid IS NULL OR interviews.id = sqlc.narg('interview_id')::uuid)
    AND (sqlc.narg('application_id')::uuid IS NULL OR interviews.application_id = sqlc.narg('application_id')::uuid)
    AND (@sees_all::boolean OR interviews.job_id = ANY (@jobs::uuid[]) OR interviews.id = ANY (@interviews::uuid[]))
ORDER BY interviews.starts_key, interviews.id, scores.submitted_at, scores.id;

-- name: ListRequiredRaters :many
-- Whose scores an interview waits for, and who has submitted theirs.
SELECT users.id, users.first_name, users.last_name,
    EXISTS (
        SELECT FROM scores AS s
        WHERE s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status = 'submitted'
    ) AS has_submitted
FROM interview_panelists AS p
JOIN users ON users.company_id = p.company_id AND users.id = p.user_id
WHERE p.company_id = @company_id AND p.interview_id = @interview_id AND p.score_required
ORDER BY p.created_at, p.user_id;
