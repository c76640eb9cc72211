ALTER TABLE api_keys RESET (fillfactor);
ALTER TABLE users RESET (fillfactor);
ALTER TABLE sessions RESET (fillfactor);
CREATE INDEX interviews_kit_version_idx ON interviews (company_id, kit_version_id, id);
