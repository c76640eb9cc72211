CREATE INDEX interviews_kit_version_idx ON interviews (company_id, kit_version_id, id);
