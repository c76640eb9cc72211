-- migrate: no transaction
-- No query looks for interviews by their version of a kit, and versions are deleted only together with their interviews.
DROP INDEX CONCURRENTLY IF EXISTS interviews_kit_version_idx;
