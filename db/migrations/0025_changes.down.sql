DROP TRIGGER users_insert_changes ON users;
DROP TRIGGER users_update_changes ON users;
DROP TRIGGER jobs_insert_changes ON jobs;
DROP TRIGGER jobs_update_changes ON jobs;
DROP TRIGGER job_members_insert_changes ON job_members;
DROP TRIGGER job_members_update_changes ON job_members;
DROP TRIGGER job_members_delete_changes ON job_members;
DROP TRIGGER candidates_insert_changes ON candidates;
DROP TRIGGER candidates_update_changes ON candidates;
DROP TRIGGER applications_insert_changes ON applications;
DROP TRIGGER applications_update_changes ON applications;
DROP TRIGGER kits_insert_changes ON kits;
DROP TRIGGER kits_update_changes ON kits;
DROP TRIGGER kit_versions_insert_changes ON kit_versions;
DROP TRIGGER kit_versions_update_changes ON kit_versions;
DROP TRIGGER interviews_insert_changes ON interviews;
DROP TRIGGER interviews_update_changes ON interviews;
DROP TRIGGER interview_panelists_insert_changes ON interview_panelists;
DROP TRIGGER interview_panelists_update_changes ON interview_panelists;
DROP TRIGGER interview_panelists_delete_changes ON interview_panelists;
DROP TRIGGER scores_insert_changes ON scores;
DROP TRIGGER scores_update_changes ON scores;
DROP TRIGGER api_keys_update_changes ON api_keys;
DROP TRIGGER api_key_jobs_insert_changes ON api_key_jobs;
DROP TRIGGER api_key_jobs_delete_changes ON api_key_jobs;
DROP TRIGGER api_key_holders_insert_changes ON api_key_holders;
DROP TRIGGER users_delete_changes ON users;
DROP TRIGGER jobs_delete_changes ON jobs;
DROP TRIGGER candidates_delete_changes ON candidates;
DROP TRIGGER kits_delete_changes ON kits;
DROP FUNCTION record_user_changes(), record_job_changes(), record_member_changes(), record_candidate_changes(),
    record_application_changes(), record_kit_changes(), record_kit_version_changes(), record_interview_changes(),
    record_panelist_changes(), record_score_changes(), record_api_key_changes(), record_api_key_job_changes(),
    record_api_key_holder_changes(), record_reset(),
    which_visible(uuid, uuid, text, text, uuid[]), change_targets(uuid, uuid, text, uuid, timestamptz, uuid, integer),
    job_applications_page(uuid, uuid, timestamptz, uuid, integer), delete_old_changes(timestamptz, integer),
    transaction_history(), first_running_transaction();
DROP TABLE changes;
DROP DOMAIN change_kind;
