DROP FUNCTION companies_to_seal();
DROP TABLE audit_seals;
DROP TABLE audit_pending;
DROP TABLE audit_logs;
DROP DOMAIN audit_outcome;
DROP TYPE audit_actor;
