DROP FUNCTION list_users, list_candidates, has_trigram, search_steps, list_interviewers, list_scores, list_interviews, list_applications,
    list_lookup_limit;
DROP FUNCTION is_active_admin, visible_audit_logs, visible_users, visible_scores, blinds, visible_kits, visible_kit_versions,
    visible_interviews, visible_candidates, visible_applications, visible_jobs, led_jobs;
DROP FUNCTION panels_of_actor, jobs_of_actor;
