-- name: TransitionInterview :one
-- The status in the WHERE clause is the one that the decision was based on. The new status decides which times are set.
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
-- The number of required scores of an interview that are not submitted.
SELECT count(*) FROM interview_panelists AS p
WHERE p.company_id = @company_id AND p.interview_id = @interview_id AND p.score_required
    AND NOT EXISTS (
        SELECT FROM scores AS s
        WHERE s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status = 'submitted'
    );

-- name: GetInterview :one
-- An interview that is visible to the actor. is_member is true if the actor leads its job: as a member, or as an API
-- key of the job. The names that responses contain are read for this interview only, because LIMIT keeps each a subquery.
-- panel is that of ListInterviewPanels as JSON, so that one interview is one statement.
SELECT sqlc.embed(interviews),
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = interviews.job_id) AS is_member,
    c.first_name AS candidate_first_name, c.last_name AS candidate_last_name, j.title AS job_title, v.kit_id,
    coalesce(u.name, k.name, '')::text AS creator_name, coalesce(u.email, '')::text AS creator_email, a.status AS application_status,
    (
        SELECT json_agg(panelist ORDER BY panelist.created_at, panelist.user_id) FROM (
            SELECT p.user_id, p.response, p.comment, p.responded_at, p.score_required, p.created_at,
                pu.first_name, pu.last_name, pu.email, s.status AS score_status
            FROM interview_panelists AS p
            CROSS JOIN LATERAL (
                SELECT us.first_name, us.last_name, us.email FROM users AS us
                WHERE us.company_id = @company_id AND us.id = p.user_id LIMIT 1
            ) AS pu
            LEFT JOIN scores AS s
                ON s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status <> 'voided'
            WHERE p.company_id = @company_id AND p.interview_id = interviews.id
        ) AS panelist
    ) AS panel
FROM visible_interviews(@company_id, @actor_id, @reach) AS interviews
CROSS JOIN LATERAL (
    SELECT ap.status FROM applications AS ap WHERE ap.company_id = @company_id AND ap.id = interviews.application_id LIMIT 1
) AS a
CROSS JOIN LATERAL (
    SELECT ca.first_name, ca.last_name FROM candidates AS ca WHERE ca.company_id = @company_id AND ca.id = interviews.candidate_id LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT jo.title FROM jobs AS jo WHERE jo.company_id = @company_id AND jo.id = interviews.job_id LIMIT 1) AS j
CROSS JOIN LATERAL (
    SELECT kv.kit_id FROM kit_versions AS kv WHERE kv.company_id = @company_id AND kv.id = interviews.kit_version_id LIMIT 1
) AS v
LEFT JOIN LATERAL (
    SELECT us.first_name || ' ' || us.last_name AS name, us.email FROM users AS us
    WHERE us.company_id = @company_id AND us.id = interviews.created_by LIMIT 1
) AS u ON true
LEFT JOIN LATERAL (
    SELECT ak.name FROM api_keys AS ak WHERE ak.company_id = @company_id AND ak.id = interviews.created_by LIMIT 1
) AS k ON true
WHERE interviews.id = @id::uuid;

-- name: GetInterviewForUpdate :one
-- Everything that changes an interview, its panel or its scores locks the interview first, and then the score. The
-- order is always the same, so that these transactions cannot deadlock.
SELECT sqlc.embed(interviews),
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS j WHERE j.job_id = interviews.job_id) AS is_member
FROM interviews
WHERE interviews.company_id = @company_id
    AND interviews.id IN (SELECT v.id FROM visible_interviews(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR NO KEY UPDATE OF interviews;

-- name: ListInterviewsNotBegunForUpdate :many
-- The interviews of an application that have not started, locked in the order of their ids.
SELECT * FROM interviews
WHERE company_id = @company_id AND application_id = @application_id AND status IN ('draft', 'scheduled', 'no_show')
ORDER BY id
FOR NO KEY UPDATE;

-- name: ListInterviews :many
-- A candidate that was merged stands for the one that remains.
SELECT sqlc.embed(interviews),
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = interviews.job_id) AS is_member,
    c.first_name AS candidate_first_name, c.last_name AS candidate_last_name, j.title AS job_title, v.kit_id,
    coalesce(u.name, k.name, '')::text AS creator_name, coalesce(u.email, '')::text AS creator_email, a.status AS application_status
FROM list_interviews(
    @company_id, @actor_id, @reach, @sort, @max_rows, sqlc.narg('after_time'), sqlc.narg('after_id'), sqlc.narg('mine'),
    sqlc.narg('panelist_id'), sqlc.narg('job_id'), coalesce(surviving_candidate(@company_id, sqlc.narg('candidate_id')), sqlc.narg('candidate_id')),
    sqlc.narg('application_id'),
    sqlc.narg('statuses')::text[], sqlc.narg('kinds')::text[], sqlc.narg('starts_from'), sqlc.narg('starts_before'),
    sqlc.narg('updated_since')
) AS interviews
CROSS JOIN LATERAL (
    SELECT ap.status FROM applications AS ap WHERE ap.company_id = @company_id AND ap.id = interviews.application_id LIMIT 1
) AS a
CROSS JOIN LATERAL (
    SELECT ca.first_name, ca.last_name FROM candidates AS ca WHERE ca.company_id = @company_id AND ca.id = interviews.candidate_id LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT jo.title FROM jobs AS jo WHERE jo.company_id = @company_id AND jo.id = interviews.job_id LIMIT 1) AS j
CROSS JOIN LATERAL (
    SELECT kv.kit_id FROM kit_versions AS kv WHERE kv.company_id = @company_id AND kv.id = interviews.kit_version_id LIMIT 1
) AS v
LEFT JOIN LATERAL (
    SELECT us.first_name || ' ' || us.last_name AS name, us.email FROM users AS us
    WHERE us.company_id = @company_id AND us.id = interviews.created_by LIMIT 1
) AS u ON true
LEFT JOIN LATERAL (
    SELECT ak.name FROM api_keys AS ak WHERE ak.company_id = @company_id AND ak.id = interviews.created_by LIMIT 1
) AS k ON true;

-- name: ListInterviewsByID :many
SELECT sqlc.embed(interviews),
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS led WHERE led.job_id = interviews.job_id) AS is_member,
    c.first_name AS candidate_first_name, c.last_name AS candidate_last_name, j.title AS job_title, v.kit_id,
    coalesce(u.name, k.name, '')::text AS creator_name, coalesce(u.email, '')::text AS creator_email, a.status AS application_status
FROM visible_interviews(@company_id, @actor_id, @reach) AS interviews
CROSS JOIN LATERAL (
    SELECT ap.status FROM applications AS ap WHERE ap.company_id = @company_id AND ap.id = interviews.application_id LIMIT 1
) AS a
CROSS JOIN LATERAL (
    SELECT ca.first_name, ca.last_name FROM candidates AS ca WHERE ca.company_id = @company_id AND ca.id = interviews.candidate_id LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT jo.title FROM jobs AS jo WHERE jo.company_id = @company_id AND jo.id = interviews.job_id LIMIT 1) AS j
CROSS JOIN LATERAL (
    SELECT kv.kit_id FROM kit_versions AS kv WHERE kv.company_id = @company_id AND kv.id = interviews.kit_version_id LIMIT 1
) AS v
LEFT JOIN LATERAL (
    SELECT us.first_name || ' ' || us.last_name AS name, us.email FROM users AS us
    WHERE us.company_id = @company_id AND us.id = interviews.created_by LIMIT 1
) AS u ON true
LEFT JOIN LATERAL (
    SELECT ak.name FROM api_keys AS ak WHERE ak.company_id = @company_id AND ak.id = interviews.created_by LIMIT 1
) AS k ON true
WHERE interviews.id = ANY (@ids::uuid[])
ORDER BY interviews.id;

-- name: ListMyInterviews :many
-- The interviews of a user's calendar that start at or after a time: those on whose panel the user is, in every status,
-- so that a calendar program learns that an interview was cancelled or declined.
SELECT sqlc.embed(interviews), false AS is_member,
    c.first_name AS candidate_first_name, c.last_name AS candidate_last_name, j.title AS job_title, v.kit_id,
    coalesce(u.name, k.name, '')::text AS creator_name, coalesce(u.email, '')::text AS creator_email, a.status AS application_status
FROM interview_panelists AS p
JOIN interviews ON interviews.company_id = p.company_id AND interviews.id = p.interview_id
CROSS JOIN LATERAL (
    SELECT ap.status FROM applications AS ap WHERE ap.company_id = @company_id AND ap.id = interviews.application_id LIMIT 1
) AS a
CROSS JOIN LATERAL (
    SELECT ca.first_name, ca.last_name FROM candidates AS ca WHERE ca.company_id = @company_id AND ca.id = interviews.candidate_id LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT jo.title FROM jobs AS jo WHERE jo.company_id = @company_id AND jo.id = interviews.job_id LIMIT 1) AS j
CROSS JOIN LATERAL (
    SELECT kv.kit_id FROM kit_versions AS kv WHERE kv.company_id = @company_id AND kv.id = interviews.kit_version_id LIMIT 1
) AS v
LEFT JOIN LATERAL (
    SELECT us.first_name || ' ' || us.last_name AS name, us.email FROM users AS us
    WHERE us.company_id = @company_id AND us.id = interviews.created_by LIMIT 1
) AS u ON true
LEFT JOIN LATERAL (
    SELECT ak.name FROM api_keys AS ak WHERE ak.company_id = @company_id AND ak.id = interviews.created_by LIMIT 1
) AS k ON true
WHERE p.company_id = @company_id AND p.user_id = @user_id AND p.starts_key >= @since::timestamptz AND interviews.starts_at IS NOT NULL
ORDER BY p.starts_key, p.interview_id
LIMIT @max_rows;

-- name: GetInterviewSurroundings :one
-- The fields of application, candidate, job, kit and creator that the response for a changed interview includes.
SELECT
    c.first_name AS candidate_first_name, c.last_name AS candidate_last_name, j.title AS job_title, v.kit_id,
    coalesce(u.name, k.name, '')::text AS creator_name, coalesce(u.email, '')::text AS creator_email, a.status AS application_status
FROM interviews
CROSS JOIN LATERAL (
    SELECT ap.status FROM applications AS ap WHERE ap.company_id = @company_id AND ap.id = interviews.application_id LIMIT 1
) AS a
CROSS JOIN LATERAL (
    SELECT ca.first_name, ca.last_name FROM candidates AS ca WHERE ca.company_id = @company_id AND ca.id = interviews.candidate_id LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT jo.title FROM jobs AS jo WHERE jo.company_id = @company_id AND jo.id = interviews.job_id LIMIT 1) AS j
CROSS JOIN LATERAL (
    SELECT kv.kit_id FROM kit_versions AS kv WHERE kv.company_id = @company_id AND kv.id = interviews.kit_version_id LIMIT 1
) AS v
LEFT JOIN LATERAL (
    SELECT us.first_name || ' ' || us.last_name AS name, us.email FROM users AS us
    WHERE us.company_id = @company_id AND us.id = interviews.created_by LIMIT 1
) AS u ON true
LEFT JOIN LATERAL (
    SELECT ak.name FROM api_keys AS ak WHERE ak.company_id = @company_id AND ak.id = interviews.created_by LIMIT 1
) AS k ON true
WHERE interviews.company_id = @company_id AND interviews.id = @id;

-- name: ListInterviewPanels :many
-- The panels of interviews, in the order in which panelists were added. score_status is the status of the panelist's
-- score, which does not reveal ratings. A panelist has at most one score that is not voided.
SELECT sqlc.embed(p), u.first_name, u.last_name, u.email, s.status AS score_status
FROM interview_panelists AS p
CROSS JOIN LATERAL (
    SELECT us.first_name, us.last_name, us.email FROM users AS us WHERE us.company_id = @company_id AND us.id = p.user_id LIMIT 1
) AS u
LEFT JOIN scores AS s
    ON s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id AND s.status <> 'voided'
WHERE p.company_id = @company_id AND p.interview_id = ANY (@interview_ids::uuid[])
ORDER BY p.interview_id, p.created_at, p.user_id;

-- name: GetApplicationForInterview :one
-- The lock keeps the application active until its interview is created.
SELECT applications.id, applications.candidate_id, applications.job_id, applications.status,
    EXISTS (SELECT FROM jobs_of_actor(@company_id, @actor_id, @reach) AS j WHERE j.job_id = applications.job_id) AS is_member
FROM applications
WHERE applications.company_id = @company_id
    AND applications.id IN (SELECT v.id FROM visible_applications(@company_id, @actor_id, @reach) AS v WHERE v.id = @id::uuid)
FOR SHARE OF applications;

-- name: GetKitVersionForInterview :one
-- The lock keeps the version published until the interview is saved.
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
-- Sets the time of an interview. A scheduled interview is rescheduled, which is counted. The status in the WHERE clause
-- is the one that the decision was based on.
UPDATE interviews
SET status = @to_status, starts_at = @starts_at::timestamptz, ends_at = @ends_at::timestamptz, timezone = @timezone::text,
    status_reason = CASE WHEN status = 'scheduled' THEN status_reason ELSE sqlc.narg('reason') END,
    reschedules = reschedules + CASE WHEN status = 'scheduled' THEN 1 ELSE 0 END,
    version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: AdvanceInterview :one
-- A change of the panel is a new version of the interview.
UPDATE interviews SET version = version + 1, updated_at = @now
WHERE company_id = @company_id AND id = @id AND status = @from_status
RETURNING *;

-- name: TouchInterview :one
-- A panelist's response changes the representation of the interview but not its version, so that it does not conflict
-- with changes by others. It is counted, because the sequence of calendar files increases with it.
UPDATE interviews SET responses = responses + 1, updated_at = @now
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
-- Violates a foreign key if the panelist has written a score.
DELETE FROM interview_panelists WHERE company_id = @company_id AND interview_id = @interview_id AND user_id = @user_id;

-- name: UpdatePanelResponse :execrows
UPDATE interview_panelists
SET response = @response, comment = sqlc.narg('comment'), responded_at = @now::timestamptz, updated_at = @now::timestamptz
WHERE company_id = @company_id AND interview_id = @interview_id AND user_id = @user_id;

-- name: ResetPanelResponses :exec
-- Responses to the previous time no longer count.
UPDATE interview_panelists
SET response = 'needs_action', comment = NULL, responded_at = NULL, updated_at = @now
WHERE company_id = @company_id AND interview_id = @interview_id AND response <> 'needs_action';

-- name: LockCalendars :exec
-- Locks the calendars of users and candidates until the end of the transaction, so that the second of two concurrent
-- bookings sees the first. The locks are taken in the order of their keys, so that bookings
-- do not deadlock with each other.
SELECT pg_advisory_xact_lock(sorted.key) FROM (
    SELECT DISTINCT calendar_key(sqlc.arg('company_id')::uuid, people.id) AS key
    FROM unnest(sqlc.arg('people')::uuid[]) AS people (id)
    ORDER BY key
) AS sorted;

-- name: ClaimTime :exec
-- Extends the bookings of an interview, or that of one person, to all lanes. It violates bookings_overlap if a person is
-- busy at that time.
UPDATE bookings SET lanes = DEFAULT
WHERE company_id = @company_id AND interview_id = @interview_id
    AND (sqlc.narg('person_id')::uuid IS NULL OR person_id = sqlc.narg('person_id'));

-- name: ListBookings :many
-- The interviews other than @interview_id of a candidate and of panelists who have not declined. The bounds apply to
-- the start of an interview; the service decides which of them overlap.
SELECT 'panelist'::text AS kind, u.id AS person_id, u.first_name, u.last_name, i.starts_key AS starts_at, i.ends_at::timestamptz AS ends_at,
    i.id AS interview_id
FROM interview_panelists AS p
JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
JOIN users AS u ON u.company_id = p.company_id AND u.id = p.user_id
WHERE p.company_id = @company_id AND p.user_id = ANY (@panelists::uuid[]) AND p.response <> 'declined'
    AND i.id <> @interview_id AND i.status IN ('scheduled', 'in_progress')
    AND p.starts_key > @starts_after::timestamptz AND p.starts_key < @starts_before::timestamptz
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

-- name: ListPanelRemovals :many
-- The interviews from whose panel a user was removed since a time, and that the user was not added to again.
SELECT r.interview_id, r.starts_at, r.ends_at, r.timezone, r.sequence, r.removed_at FROM panel_removals AS r
WHERE r.company_id = @company_id AND r.user_id = @user_id AND r.removed_at > @since::timestamptz AND NOT EXISTS (
    SELECT FROM interview_panelists AS p
    WHERE p.company_id = r.company_id AND p.interview_id = r.interview_id AND p.user_id = r.user_id
)
ORDER BY r.removed_at, r.interview_id
LIMIT @max_rows;

-- name: DeleteOldPanelRemovals :one
-- Deletes removals of all companies from before a time, the oldest first.
SELECT delete_old_panel_removals(@before::timestamptz, @at_most::integer)::bigint AS deleted;
