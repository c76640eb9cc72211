DROP TRIGGER api_keys_rows ON api_keys;
DROP TRIGGER api_keys_limit ON api_keys;
DROP TABLE api_key_holders;
DROP TABLE api_key_jobs;
DROP FUNCTION keep_api_key_rows();
DROP FUNCTION keep_api_key_limit();
-- Keys whose jobs were deleted have an empty array, which the constraint does not check.
ALTER TABLE api_keys DROP CONSTRAINT api_keys_jobs_bounded,
    ADD CONSTRAINT api_keys_jobs_some CHECK (cardinality(job_ids) BETWEEN 1 AND 100) NOT VALID,
    DROP COLUMN limited_to_jobs;
