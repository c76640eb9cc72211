ALTER TABLE sessions DROP COLUMN refusals_recorded_at, DROP COLUMN refusals, DROP COLUMN refreshes_recorded_at, DROP COLUMN refreshes;
DROP INDEX audit_logs_id_idx;
DROP INDEX audit_logs_key;
ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_before,
    DROP CONSTRAINT audit_logs_erased,
    DROP CONSTRAINT audit_logs_digest,
    DROP COLUMN erased_by,
    DROP COLUMN digest,
    DROP COLUMN salt;
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_format,
    DROP COLUMN entry_created_at,
    DROP COLUMN format;
ALTER TABLE audit_pending DROP COLUMN entry_created_at;
