-- migrate: no transaction
-- The hash of a secret belongs to one key, so that a secret finds one key. Hashes are SHA-256 of random secrets: two keys have
-- the same only if a row was copied. Then the first statement names the hash, and the migration can be repeated after the copy
-- was removed.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS api_keys_hash_key ON api_keys (hash);
-- next
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS api_keys_previous_hash_key ON api_keys (previous_hash) WHERE previous_hash IS NOT NULL;
-- next
DROP INDEX CONCURRENTLY IF EXISTS api_keys_hash_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS api_keys_previous_hash_idx;
