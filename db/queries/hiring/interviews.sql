-- name: TransitionInterview :one
-- Guarded by the state that was decided on. What a state brings with it is set by the state: when it was started, finished, completed.
UPDATE interviews
SET status = @to_status::interview_status, status_reason = sqlc.narg('reason'),
    started_at = CASE WHEN @to_status::interview_status = 'in_progress' THEN @now::timestamptz ELSE started_at END,
    finished_at = CASE WHEN @to_status::interview_status = 'awaiting_scores' AND status = 'in_progress' THEN @now::timestamptz ELSE finished_at END,
    completed_at = CASE WHEN @to_status::interview_status = 'completed' THEN @now::timestamptz END,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: InsertInterviewEvent :exec
INSERT INTO interview_events (
    company_id, id, interview_id, event, from_status, to_status, from_starts_at, from_ends_at, from_timezone,
    to_starts_at, to_ends_at, to_timezone, reason, actor_id, created_at
) VALUES (
    @company_id, @id, @interview_id, @event, sqlc.narg('from_status'), @to_status, @from_starts_at, @from_ends_at, @from_timezone,
    @to_starts_at, @to_ends_at, @to_timezone, @reason, @actor_id, @created_at
);

-- name: CountMissingScores :one
-- Required scores of an interview that are not submitted.
SELECT count(*) FROM interview_panelists AS p
WHERE p.company_id = @company_id AND p.interview_id = @interview_id AND p.score_required
    AND NOT EXISTS (
        SELECT FROM scores AS s
        WHERE s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status = 'submitted'
    );

-- name: GetInterview :one
-- The caller sees every interview, or those of the listed jobs, or the listed ones.
SELECT * FROM interviews
WHERE company_id = @company_id AND id = @id
    AND (@sees_all::boolean OR job_id = ANY (@jobs::uuid[]) OR id = ANY (@interviews::uuid[]));

-- name: GetVisibleInterviewForUpdate :one
-- GetInterview for whoever wants to change it.
SELECT * FROM interviews
WHERE company_id = @company_id AND id = @id
    AND (@sees_all::boolean OR job_id = ANY (@jobs::uuid[]) OR id = ANY (@interviews::uuid[]))
FOR NO KEY UPDATE;

-- name: ListInterviewsNotBegunForUpdate :many
-- The interviews of an application that are planned or could be, locked in one order.
SELECT * FROM interviews
WHERE company_id = @company_id AND application_id = @application_id AND status IN ('draft', 'scheduled', 'no_show')
ORDER BY id
FOR NO KEY UPDATE;

-- name: ListInterviews :many
-- One statement for every filter and order, planned with its values, as ListUsers is. An interview without a time starts neither
-- before nor after any; starts_key, which has an index, stands for its place in the order. The interviews on whose panel somebody is
-- are looked up once for the whole statement; whether one is not among them, for each that is met.
SELECT * FROM interviews
WHERE interviews.company_id = @company_id
    AND (@sees_all::boolean OR job_id = ANY (@jobs::uuid[]) OR id = ANY (@interviews::uuid[]))
    AND (sqlc.narg('ids')::uuid[] IS NULL OR id = ANY (sqlc.narg('ids')::uuid[]))
    AND CASE sqlc.narg('mine')::boolean
        WHEN true THEN id = ANY (ARRAY(
            SELECT p.interview_id FROM interview_panelists AS p WHERE p.company_id = @company_id AND p.user_id = @caller_id
        ))
        WHEN false THEN NOT EXISTS (
            SELECT FROM interview_panelists AS p
            WHERE p.company_id = @company_id AND p.interview_id = interviews.id AND p.user_id = @caller_id
        )
        ELSE true
    END
    AND (sqlc.narg('panelist_id')::uuid IS NULL OR id = ANY (ARRAY(
        SELECT p.interview_id FROM interview_panelists AS p
        WHERE p.company_id = @company_id AND p.user_id = sqlc.narg('panelist_id')::uuid
    )))
    AND (sqlc.narg('job_id')::uuid IS NULL OR job_id = sqlc.narg('job_id')::uuid)
    AND (sqlc.narg('candidate_id')::uuid IS NULL OR candidate_id = sqlc.narg('candidate_id')::uuid)
    AND (sqlc.narg('application_id')::uuid IS NULL OR application_id = sqlc.narg('application_id')::uuid)
    AND (sqlc.narg('statuses')::text[] IS NULL OR status = ANY (sqlc.narg('statuses')::text[]))
    AND (sqlc.narg('kinds')::text[] IS NULL OR kind = ANY (sqlc.narg('kinds')::text[]))
    AND (sqlc.narg('starts_from')::timestamptz IS NULL
        OR (starts_key >= sqlc.narg('starts_from')::timestamptz AND starts_at >= sqlc.narg('starts_from')::timestamptz))
    AND (sqlc.narg('starts_before')::timestamptz IS NULL
        OR (starts_key < sqlc.narg('starts_before')::timestamptz AND starts_at < sqlc.narg('starts_before')::timestamptz))
    AND (sqlc.narg('updated_since')::timestamptz IS NULL OR updated_at >= sqlc.narg('updated_since')::timestamptz)
    AND (sqlc.narg('after_id')::uuid IS NULL OR CASE @sort::text
        WHEN 'starts_at' THEN (starts_key, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-starts_at' THEN (starts_key, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'created_at' THEN (created_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-created_at' THEN (created_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN 'updated_at' THEN (updated_at, id) > (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
        WHEN '-updated_at' THEN (updated_at, id) < (sqlc.narg('after_time')::timestamptz, sqlc.narg('after_id')::uuid)
    END)
ORDER BY
    CASE WHEN @sort::text = 'starts_at' THEN starts_key END,
    CASE WHEN @sort::text = '-starts_at' THEN starts_key END DESC,
    CASE WHEN @sort::text = 'created_at' THEN created_at END,
    CASE WHEN @sort::text = '-created_at' THEN created_at END DESC,
    CASE WHEN @sort::text = 'updated_at' THEN updated_at END,
    CASE WHEN @sort::text = '-updated_at' THEN updated_at END DESC,
    CASE WHEN @sort::text IN ('starts_at', 'created_at', 'updated_at') THEN id END,
    CASE WHEN @sort::text IN ('-starts_at', '-created_at', '-updated_at') THEN id END DESC
LIMIT @max_rows;

-- name: ListInterviewsOfJobs :many
-- Read from the index alone.
SELECT id FROM interviews WHERE company_id = @company_id AND job_id = ANY (@jobs::uuid[]) LIMIT @at_most;

-- name: ListMyInterviews :many
-- What a person's calendar holds: interviews that they are on the panel of and have not declined, from a time on.
SELECT i.* FROM interview_panelists AS p
JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
WHERE p.company_id = @company_id AND p.user_id = @user_id AND p.response <> 'declined'
    AND i.status <> 'cancelled' AND i.starts_at >= @since::timestamptz
ORDER BY i.starts_key, i.id
LIMIT @max_rows;

-- name: ListInterviewSurroundings :many
-- What interviews show of what they belong to.
SELECT
    i.id, c.first_name AS candidate_first_name, c.last_name AS candidate_last_name, j.title AS job_title, v.kit_id,
    i.created_by AS creator_id, COALESCE(u.first_name || ' ' || u.last_name, a.name, '')::text AS creator_name,
    COALESCE(u.email, '')::text AS creator_email, ap.status AS application_status
FROM interviews AS i
JOIN applications AS ap ON ap.company_id = i.company_id AND ap.id = i.application_id
JOIN candidates AS c ON c.company_id = i.company_id AND c.id = i.candidate_id
JOIN jobs AS j ON j.company_id = i.company_id AND j.id = i.job_id
JOIN kit_versions AS v ON v.company_id = i.company_id AND v.id = i.kit_version_id
LEFT JOIN users AS u ON u.company_id = i.company_id AND u.id = i.created_by
LEFT JOIN api_keys AS a ON a.company_id = i.company_id AND a.id = i.created_by
WHERE i.company_id = @company_id AND i.id = ANY (@ids::uuid[]);

-- name: ListInterviewPanels :many
-- Who is on the panels of interviews, in the order in which they were put there. Of a panelist's score it is said how far it has
-- come, and nothing of what it says; there is one that is not voided at most.
SELECT sqlc.embed(p), u.first_name, u.last_name, u.email, s.status AS score_status
FROM interview_panelists AS p
JOIN users AS u ON u.company_id = p.company_id AND u.id = p.user_id
LEFT JOIN scores AS s
    ON s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status <> 'voided'
WHERE p.company_id = @company_id AND p.interview_id = ANY (@interview_ids::uuid[])
ORDER BY p.interview_id, p.created_at, p.user_id;

-- name: GetApplicationForInterview :one
-- The lock keeps the application active until its interview is created.
SELECT id, candidate_id, job_id, status FROM applications
WHERE company_id = @company_id AND id = @id
    AND (@sees_all::boolean OR job_id = ANY (@jobs::uuid[]) OR id = ANY (@applications::uuid[]))
FOR SHARE;

-- name: GetKitVersionForInterview :one
-- The lock keeps the version published until an interview has it.
SELECT v.id, v.status, k.job_id FROM kit_versions AS v
JOIN kits AS k ON k.company_id = v.company_id AND k.id = v.kit_id
WHERE v.company_id = @company_id AND v.id = @id
FOR SHARE OF v;

-- name: ListUsersForPanel :many
SELECT id, is_active FROM users WHERE company_id = @company_id AND id = ANY (@ids::uuid[]);

-- name: InsertInterview :one
INSERT INTO interviews (
    company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, location, meeting_url, instructions,
    created_by, created_at, updated_at
) VALUES (
    @company_id, @id, @application_id, @job_id, @candidate_id, @kit_version_id, @title, @kind, @status, @location, @meeting_url,
    @instructions, @created_by, @now, @now
)
RETURNING *;

-- name: UpdateInterview :one
UPDATE interviews
SET kit_version_id = @kit_version_id, title = @title, kind = @kind, location = @location, meeting_url = @meeting_url,
    instructions = @instructions, version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND version = @version
RETURNING *;

-- name: ScheduleInterview :one
-- Gives a time, to one that has a time already another one, which is counted. Guarded by the state that was decided on.
UPDATE interviews
SET status = @to_status, starts_at = @starts_at::timestamptz, ends_at = @ends_at::timestamptz, timezone = @timezone::text,
    status_reason = CASE WHEN status = 'scheduled' THEN status_reason ELSE sqlc.narg('reason') END,
    reschedules = reschedules + CASE WHEN status = 'scheduled' THEN 1 ELSE 0 END,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: AdvanceInterview :one
-- A change of its panel is a change of the interview.
UPDATE interviews SET version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: TouchInterview :one
-- A response is seen in the interview, and leaves what others may want to change as it was.
UPDATE interviews SET updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: InsertPanelists :exec
INSERT INTO interview_panelists (company_id, interview_id, user_id, score_required, created_at, updated_at)
SELECT @company_id, @interview_id, wanted.user_id, wanted.score_required, @now, @now
FROM (SELECT unnest(@user_ids::uuid[]) AS user_id, unnest(@scores_required::boolean[]) AS score_required) AS wanted;

-- name: SetPanelist :exec
INSERT INTO interview_panelists (company_id, interview_id, user_id, score_required, created_at, updated_at)
VALUES (@company_id, @interview_id, @user_id, @score_required, @now, @now)
ON CONFLICT ON CONSTRAINT interview_panelists_pkey DO UPDATE SET score_required = @score_required, updated_at = @now;

-- name: DeletePanelist :execrows
-- The foreign key of scores keeps whoever has written one.
DELETE FROM interview_panelists WHERE company_id = @company_id AND interview_id = @interview_id AND user_id = @user_id;

-- name: UpdatePanelResponse :execrows
UPDATE interview_panelists
SET response = @response, comment = sqlc.narg('comment'), responded_at = @now::timestamptz, updated_at = @now::timestamptz
WHERE company_id = @company_id AND interview_id = @interview_id AND user_id = @user_id;

-- name: ResetPanelResponses :exec
-- Whoever said something about another time is asked anew.
UPDATE interview_panelists
SET response = 'needs_action', comment = NULL, responded_at = NULL, updated_at = @now
WHERE company_id = @company_id AND interview_id = @interview_id AND response <> 'needs_action';

-- name: LockCalendars :exec
-- Whoever books somebody holds their calendar until the end of the transaction: of two bookings at once, the second sees the first.
-- Everyone takes the locks in the order of their keys, so nobody waits in a circle.
SELECT pg_advisory_xact_lock(sorted.key) FROM (
    SELECT DISTINCT hashtextextended(concat('calendar ', sqlc.arg('company_id')::uuid, ' ', people.id), 0) AS key
    FROM unnest(sqlc.arg('people')::uuid[]) AS people (id)
    ORDER BY key
) AS sorted;

-- name: ListBookings :many
-- What people are booked for around a time, besides one interview: panelists who have not declined, and the candidate. The bounds
-- are of the beginnings; what overlaps is decided by whoever asks.
SELECT 'panelist'::text AS kind, u.id AS person_id, u.first_name, u.last_name, i.starts_key AS starts_at, i.ends_at::timestamptz AS ends_at,
    i.id AS interview_id
FROM interview_panelists AS p
JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
JOIN users AS u ON u.company_id = p.company_id AND u.id = p.user_id
WHERE p.company_id = @company_id AND p.user_id = ANY (@panelists::uuid[]) AND p.response <> 'declined'
    AND i.id <> @interview_id AND i.status IN ('scheduled', 'in_progress')
    AND i.starts_key > @starts_after::timestamptz AND i.starts_key < @starts_before::timestamptz
UNION ALL
SELECT 'candidate'::text, c.id, c.first_name, c.last_name, i.starts_key, i.ends_at::timestamptz, i.id
FROM interviews AS i
JOIN candidates AS c ON c.company_id = i.company_id AND c.id = i.candidate_id
WHERE i.company_id = @company_id AND i.candidate_id = sqlc.narg('candidate_id')::uuid
    AND i.id <> @interview_id AND i.status IN ('scheduled', 'in_progress')
    AND i.starts_key > @starts_after::timestamptz AND i.starts_key < @starts_before::timestamptz
ORDER BY kind DESC, starts_at, person_id, interview_id;

-- name: ListInterviewEvents :many
-- Oldest first.
SELECT * FROM interview_events
WHERE company_id = @company_id AND interview_id = @interview_id
    AND (created_at, id) > (
        COALESCE(sqlc.narg('after_time')::timestamptz, '-infinity'),
        COALESCE(sqlc.narg('after_id')::uuid, '00000000-0000-0000-0000-000000000000')
    )
ORDER BY created_at, id
LIMIT @max_rows;
