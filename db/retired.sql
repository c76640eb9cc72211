-- Columns, functions and types that the database still has for the previous release, and that this release neither reads nor writes. sqlc reads this
-- file after the migrations, so a query that names one of them is refused, and "*" does not include them. The next
-- release removes them in a migration.
ALTER TABLE api_keys DROP COLUMN job_ids, DROP COLUMN known_to;
ALTER TABLE principals DROP COLUMN is_key;
ALTER TABLE sessions DROP COLUMN end_reason;
ALTER TABLE users DROP COLUMN name_key;
ALTER TABLE candidates DROP COLUMN name_key;
ALTER TABLE jobs DROP COLUMN title_key;
ALTER TABLE kits DROP COLUMN name_key;
DROP FUNCTION list_interviewers;
DROP TYPE session_end;
