-- name: GetSight :one
-- What a person has to do with hiring: the jobs that they are a member of, and the interviews that they are on the panel of with the
-- applications and jobs of these. Each list is as long as one person's work.
SELECT
    ARRAY(
        SELECT job_id FROM job_members WHERE job_members.company_id = @company_id AND job_members.user_id = @user_id
    )::uuid[] AS member_jobs,
    ARRAY(
        SELECT interview_id FROM interview_panelists AS p WHERE p.company_id = @company_id AND p.user_id = @user_id
    )::uuid[] AS interviews,
    ARRAY(
        SELECT DISTINCT i.application_id FROM interview_panelists AS p
        JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
        WHERE p.company_id = @company_id AND p.user_id = @user_id
    )::uuid[] AS applications,
    ARRAY(
        SELECT DISTINCT i.job_id FROM interview_panelists AS p
        JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
        WHERE p.company_id = @company_id AND p.user_id = @user_id
    )::uuid[] AS interview_jobs;
