DROP FUNCTION list_users, list_candidates, list_interviewers, list_scores, list_interviews, list_applications, list_lookup_limit;
DROP FUNCTION visible_scores, blinds, visible_kits, visible_kit_versions, visible_interviews, visible_candidates, visible_applications, visible_jobs;
DROP FUNCTION panels_of_actor, jobs_of_actor;
