-- migrate: no transaction
-- The triggers that record changes, one table at a time: a trigger waits for the transactions that write its table.
CREATE OR REPLACE TRIGGER users_insert_changes AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_user_changes();
-- next
CREATE OR REPLACE TRIGGER users_update_changes AFTER UPDATE ON users REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_user_changes();
-- next
CREATE OR REPLACE TRIGGER jobs_insert_changes AFTER INSERT ON jobs REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_job_changes();
-- next
CREATE OR REPLACE TRIGGER jobs_update_changes AFTER UPDATE ON jobs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_job_changes();
-- next
CREATE OR REPLACE TRIGGER job_members_insert_changes AFTER INSERT ON job_members REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_member_changes();
-- next
CREATE OR REPLACE TRIGGER job_members_update_changes AFTER UPDATE ON job_members REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_member_changes();
-- next
CREATE OR REPLACE TRIGGER job_members_delete_changes AFTER DELETE ON job_members REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_member_changes();
-- next
CREATE OR REPLACE TRIGGER candidates_insert_changes AFTER INSERT ON candidates REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_candidate_changes();
-- next
CREATE OR REPLACE TRIGGER candidates_update_changes AFTER UPDATE ON candidates REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_candidate_changes();
-- next
CREATE OR REPLACE TRIGGER applications_insert_changes AFTER INSERT ON applications REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_application_changes();
-- next
CREATE OR REPLACE TRIGGER applications_update_changes AFTER UPDATE ON applications REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_application_changes();
-- next
CREATE OR REPLACE TRIGGER kits_insert_changes AFTER INSERT ON kits REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_changes();
-- next
CREATE OR REPLACE TRIGGER kits_update_changes AFTER UPDATE ON kits REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_changes();
-- next
CREATE OR REPLACE TRIGGER kit_versions_insert_changes AFTER INSERT ON kit_versions REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_version_changes();
-- next
CREATE OR REPLACE TRIGGER kit_versions_update_changes AFTER UPDATE ON kit_versions REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_kit_version_changes();
-- next
CREATE OR REPLACE TRIGGER interviews_insert_changes AFTER INSERT ON interviews REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_interview_changes();
-- next
CREATE OR REPLACE TRIGGER interviews_update_changes AFTER UPDATE ON interviews REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_interview_changes();
-- next
CREATE OR REPLACE TRIGGER interview_panelists_insert_changes AFTER INSERT ON interview_panelists REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
-- next
CREATE OR REPLACE TRIGGER interview_panelists_update_changes AFTER UPDATE ON interview_panelists REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
-- next
CREATE OR REPLACE TRIGGER interview_panelists_delete_changes AFTER DELETE ON interview_panelists REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_panelist_changes();
-- next
CREATE OR REPLACE TRIGGER scores_insert_changes AFTER INSERT ON scores REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_score_changes();
-- next
CREATE OR REPLACE TRIGGER scores_update_changes AFTER UPDATE ON scores REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_score_changes();
-- next
CREATE OR REPLACE TRIGGER api_keys_update_changes AFTER UPDATE ON api_keys REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_changes();
-- next
CREATE OR REPLACE TRIGGER api_key_jobs_insert_changes AFTER INSERT ON api_key_jobs REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_job_changes();
-- next
CREATE OR REPLACE TRIGGER api_key_jobs_delete_changes AFTER DELETE ON api_key_jobs REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_job_changes();
-- next
CREATE OR REPLACE TRIGGER api_key_holders_insert_changes AFTER INSERT ON api_key_holders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_api_key_holder_changes();
-- next
CREATE OR REPLACE TRIGGER users_delete_changes AFTER DELETE ON users REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
-- next
CREATE OR REPLACE TRIGGER jobs_delete_changes AFTER DELETE ON jobs REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
-- next
CREATE OR REPLACE TRIGGER candidates_delete_changes AFTER DELETE ON candidates REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
-- next
CREATE OR REPLACE TRIGGER kits_delete_changes AFTER DELETE ON kits REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_reset();
