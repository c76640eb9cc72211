-- migrate: no transaction
-- No query looks for interviews by their version of a kit, and versions are deleted only together with their interviews.
DROP INDEX CONCURRENTLY IF EXISTS interviews_kit_version_idx;
-- next
-- A refresh, a sign-in and the use of a key change no indexed column. With space on its page, such an update adds no entries to
-- indexes. The setting applies to pages that are written from now on.
ALTER TABLE sessions SET (fillfactor = 80);
-- next
ALTER TABLE users SET (fillfactor = 90);
-- next
ALTER TABLE api_keys SET (fillfactor = 90);
