DROP FUNCTION record_user_changes(), record_job_changes(), record_member_changes(), record_candidate_changes(),
    record_application_changes(), record_kit_changes(), record_kit_version_changes(), record_interview_changes(),
    record_panelist_changes(), record_score_changes(), record_api_key_changes(), record_api_key_job_changes(),
    record_api_key_holder_changes(), record_reset(),
    which_visible(uuid, uuid, text, text, uuid[]), change_targets(uuid, text, text, uuid, timestamptz, uuid, text, uuid, integer),
    delete_old_changes(timestamptz, integer),
    transaction_history(), first_running_transaction();
DROP TABLE changes;
DROP DOMAIN change_kind;
