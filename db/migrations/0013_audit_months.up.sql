-- migrate: no transaction
-- Creates the partitions of the next 24 months after the first partition, each in a transaction of its own, because each locks the
-- audit log for a moment.
DO $$
BEGIN
    FOR ahead IN 0..25 LOOP
        PERFORM create_audit_months(ahead);
        COMMIT;
    END LOOP;
END
$$;
