DROP FUNCTION search_candidates(uuid, text, text[], integer);
DROP TABLE application_moves, applications, candidates, job_members, jobs;
DROP FUNCTION candidate_search_text(text, text, text, text[]);
DROP DOMAIN application_event, rejection_reason, application_status, application_stage, candidate_status, job_role, job_status;
