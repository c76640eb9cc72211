DROP INDEX api_keys_hash_key;
DROP INDEX api_keys_previous_hash_key;
CREATE INDEX api_keys_hash_idx ON api_keys (hash);
CREATE INDEX api_keys_previous_hash_idx ON api_keys (previous_hash) WHERE previous_hash IS NOT NULL;
