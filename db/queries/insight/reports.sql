-- name: CountPipeline :many
-- Counted from applications_pipeline_idx alone, in its order.
SELECT furthest_stage, stage, status, count(*)::integer AS applications FROM applications
WHERE company_id = @company_id AND job_id = @job_id
GROUP BY furthest_stage, stage, status
ORDER BY furthest_stage, stage, status;

-- name: ListMedianStays :many
-- The median of the seconds that applications of a job stayed in each stage that they left, from application_moves_stay_idx alone.
SELECT from_stage::application_stage AS stage, (percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::double precision AS seconds
FROM application_moves
WHERE company_id = @company_id AND job_id = @job_id AND seconds IS NOT NULL
GROUP BY from_stage
ORDER BY from_stage;

-- name: ListInterviewerFigures :many
-- The people of one page are found by name among those who are on a panel that the caller sees; each one's figures are then
-- counted from their own panels. Times and states enter, and no rating. A score's first submission is the earliest that
-- its revisions know of. The median is 0 where nothing is submitted, and then means nothing. Whoever sees every job needs no
-- interview to find the people, so that join is one that the planner can leave out.
SELECT person.id, person.first_name, person.last_name, person.name_key,
    figures.interviews, figures.open_scores, figures.submitted_scores, figures.median_hours
FROM (
    SELECT id, first_name, last_name, name_key FROM users
    WHERE users.company_id = @company_id
        AND (sqlc.narg('after_id')::uuid IS NULL
            OR (name_key, id) > (sqlc.narg('after_text')::text, sqlc.narg('after_id')::uuid))
        AND EXISTS (
            SELECT FROM interview_panelists AS p
            LEFT JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
            WHERE p.company_id = @company_id AND p.user_id = users.id
                AND (@sees_all::boolean OR i.job_id = ANY (@jobs::uuid[]))
                AND (sqlc.narg('job_id')::uuid IS NULL OR i.job_id = sqlc.narg('job_id')::uuid)
        )
    ORDER BY name_key, id
    LIMIT @max_rows
) AS person
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
    LEFT JOIN scores AS s ON s.company_id = p.company_id AND s.interview_id = p.interview_id AND s.rater_id = p.user_id
        AND s.status = 'submitted'
    WHERE p.company_id = @company_id AND p.user_id = person.id
        AND (@sees_all::boolean OR i.job_id = ANY (@jobs::uuid[]))
        AND (sqlc.narg('job_id')::uuid IS NULL OR i.job_id = sqlc.narg('job_id')::uuid)
) AS figures
ORDER BY person.name_key, person.id;
