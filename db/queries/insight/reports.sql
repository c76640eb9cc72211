-- name: GetReportedJob :one
-- A job of which the actor sees everything.
SELECT jobs.id, jobs.title FROM led_jobs(@company_id, @actor_id, @reach) AS jobs WHERE jobs.id = @id::uuid;

-- name: CountPipeline :many
-- An index-only scan of applications_pipeline_idx, which has this order.
SELECT furthest_stage, stage, status, count(*)::integer AS applications FROM applications
WHERE company_id = @company_id AND job_id = @job_id
GROUP BY furthest_stage, stage, status
ORDER BY furthest_stage, stage, status;

-- name: ListMedianStays :many
-- The median seconds that applications of a job stayed in each stage that they have left. An index-only scan of
-- application_moves_stay_idx.
SELECT from_stage::application_stage AS stage, (percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::double precision AS seconds
FROM application_moves
WHERE company_id = @company_id AND job_id = @job_id AND seconds IS NOT NULL
GROUP BY from_stage
ORDER BY from_stage;

-- name: ListInterviewerFigures :many
-- The panelists of the jobs of which the actor sees everything, ordered by name, with the figures of their interviews
-- in these jobs. The figures depend on times and states, not on ratings. A score counts from its first submission,
-- which its revisions record if it was reopened. The median is 0 if no score is submitted, and then has no meaning.
SELECT users.id, users.first_name, users.last_name,
    figures.interviews, figures.open_scores, figures.submitted_scores, figures.median_hours
FROM list_panelists(
    @company_id, @actor_id, @reach, @max_rows, sqlc.narg('after_text'), sqlc.narg('after_id'), sqlc.narg('job_id')
) AS users
CROSS JOIN LATERAL (
    SELECT
        (count(*) FILTER (WHERE i.status <> 'cancelled'))::integer AS interviews,
        (count(*) FILTER (
            WHERE p.score_required AND s.id IS NULL AND i.status IN ('in_progress', 'awaiting_scores')
        ))::integer AS open_scores,
        count(s.id)::integer AS submitted_scores,
        coalesce(percentile_cont(0.5) WITHIN GROUP (
            ORDER BY greatest(0, extract(epoch FROM least(s.submitted_at, (
                SELECT min(r.submitted_at) FROM score_revisions AS r WHERE r.company_id = s.company_id AND r.score_id = s.id
            )) - coalesce(i.finished_at, i.ends_at)) / 3600)::double precision
        ) FILTER (WHERE s.id IS NOT NULL), 0)::double precision AS median_hours
    FROM interview_panelists AS p
    JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
    JOIN led_jobs(@company_id, @actor_id, @reach) AS led ON led.id = i.job_id
    LEFT JOIN scores AS s ON s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id
        AND s.status = 'submitted'
    WHERE p.company_id = @company_id AND p.user_id = users.id
        AND (sqlc.narg('job_id')::uuid IS NULL OR i.job_id = sqlc.narg('job_id')::uuid)
) AS figures
ORDER BY users.last_name COLLATE alphabetical, users.first_name COLLATE alphabetical, users.id;
