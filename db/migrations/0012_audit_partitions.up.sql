-- The audit log is partitioned by month. The table so far becomes the first partition without a copy of its rows. This migration
-- locks the audit log, and reads no rows: the checks and the indexes that it needs exist already.
-- Foreign keys to a partitioned table would have to contain the time of the entry, which earlier versions of the service do not
-- write, and removing a month would have to read all seals. Verification finds seals without an entry.
-- squawk-ignore ban-drop-constraint
ALTER TABLE audit_pending DROP CONSTRAINT audit_pending_log_fkey;
-- squawk-ignore ban-drop-constraint
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_log_fkey;

-- An entry can be erased, and expired entries can be deleted, by the functions below, whose owner is interviewer_lookup.
-- Everything else is refused. An erasure changes the payload and nothing else.
CREATE FUNCTION protect_audit_logs() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'interviewer_lookup' AND TG_OP = 'UPDATE' THEN
        IF OLD.erased_by IS NULL AND NEW.erased_by IS NOT NULL
            AND (NEW.company_id, NEW.id, NEW.created_at, NEW.actor_type, NEW.actor_id, NEW.session_id, NEW.action, NEW.resource_type,
                NEW.resource_id, NEW.outcome, NEW.digest)
            IS NOT DISTINCT FROM (OLD.company_id, OLD.id, OLD.created_at, OLD.actor_type, OLD.actor_id, OLD.session_id, OLD.action,
                OLD.resource_type, OLD.resource_id, OLD.outcome, OLD.digest)
            AND NEW.ip IS NULL AND NEW.user_agent = '' AND NEW.request_id = '' AND NEW.details = '{}' AND NEW.salt IS NULL
        THEN
            RETURN NEW;
        END IF;
    ELSIF current_user = 'interviewer_lookup' AND TG_OP = 'DELETE' THEN
        IF OLD.created_at < now() - interval '29 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Seals of expired entries can be deleted by the function below.
CREATE FUNCTION protect_audit_seals() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'interviewer_lookup' AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
DROP TRIGGER audit_seals_append_only ON audit_seals;
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION protect_audit_seals();

DO $$
DECLARE
    bound text;
    renamed text;
BEGIN
    PERFORM set_config('timezone', 'UTC', true);
    bound := (SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']+)''') FROM pg_constraint
        WHERE conrelid = 'audit_logs'::regclass AND conname = 'audit_logs_before');
    ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey;
    ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY USING INDEX audit_logs_key;
    DROP INDEX audit_logs_created_at_idx; -- the primary key has the same columns
    DROP TRIGGER audit_logs_append_only ON audit_logs;
    ALTER TABLE audit_logs RENAME TO audit_logs_before;
    ALTER TABLE audit_logs_before RENAME CONSTRAINT audit_logs_before TO audit_logs_before_bound;
    FOREACH renamed IN ARRAY ARRAY['pkey', 'id_idx', 'actor_idx', 'action_idx', 'type_idx', 'resource_idx', 'outcome_idx'] LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', 'audit_logs_' || renamed, 'audit_logs_before_' || renamed);
    END LOOP;

    CREATE TABLE audit_logs (LIKE audit_logs_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (created_at);
    ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_before_bound,
        ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (company_id, created_at, id),
        ADD CONSTRAINT audit_logs_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
        ADD CONSTRAINT audit_logs_actor_fkey FOREIGN KEY (company_id, actor_id) REFERENCES principals (company_id, id);
    CREATE INDEX audit_logs_id_idx ON audit_logs (company_id, id);
    CREATE INDEX audit_logs_actor_idx ON audit_logs (company_id, actor_id, created_at, id);
    CREATE INDEX audit_logs_action_idx ON audit_logs (company_id, action, created_at, id);
    CREATE INDEX audit_logs_type_idx ON audit_logs (company_id, resource_type, created_at, id);
    CREATE INDEX audit_logs_resource_idx ON audit_logs (company_id, resource_id, created_at, id);
    CREATE INDEX audit_logs_outcome_idx ON audit_logs (company_id, outcome, created_at, id) WHERE outcome <> 'success';
    EXECUTE format('ALTER TABLE audit_logs ATTACH PARTITION audit_logs_before FOR VALUES FROM (MINVALUE) TO (%L)', bound);
    ALTER TABLE audit_logs_before DROP CONSTRAINT audit_logs_before_bound;
    REVOKE ALL ON audit_logs_before FROM interviewer_service;

    -- Row triggers of the partitioned table also apply to its partitions, and to those that are created later.
    CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
        FOR EACH ROW EXECUTE FUNCTION protect_audit_logs();
    CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
    ALTER TABLE audit_logs FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON audit_logs TO interviewer_service
        USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
    GRANT SELECT, INSERT ON audit_logs TO interviewer_service;
END
$$;

-- The digest of a payload: head contains the salt and the other columns, each with its length. It is computed here because
-- PostgreSQL does not return details in the form in which they were sent.
CREATE FUNCTION audit_digest(head bytea, details jsonb) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(head || int8send(octet_length(details::text)::bigint) || convert_to(details::text, 'UTF8'));
REVOKE EXECUTE ON FUNCTION audit_digest FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_digest TO interviewer_service;

-- Creates a partition with what a partition does not inherit. Only the owner can execute it.
CREATE FUNCTION create_audit_partition(partition text, bounds text) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I PARTITION OF audit_logs %s', partition, bounds);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format('CREATE POLICY tenant ON %I TO interviewer_service
        USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()))', partition);
    EXECUTE format('CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
END
$$;

-- The partitions that have bounds. All of it is in UTC.
CREATE FUNCTION audit_partitions() RETURNS TABLE (partition text, starts timestamptz, ends timestamptz)
    LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
    SELECT c.relname::text,
        coalesce(substring(bound FROM 'FROM \(''([^'']+)''\)'), '-infinity')::timestamptz,
        substring(bound FROM 'TO \(''([^'']+)''\)')::timestamptz
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS bound
    WHERE i.inhparent = 'audit_logs'::regclass AND bound <> 'DEFAULT'
$$;

-- Creates the partitions of this month and of the next ones, up to 36, as far as they do not exist, and returns their number.
-- A month of which the default partition has entries, because its partition was missing, is left to the default partition.
CREATE FUNCTION create_audit_months(months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    month timestamptz;
    created integer := 0;
BEGIN
    FOR ahead IN 0..least(months, 36) LOOP
        month := date_trunc('month', now()) + make_interval(months => ahead);
        CONTINUE WHEN EXISTS (SELECT FROM audit_partitions() AS p WHERE p.starts <= month AND p.ends > month);
        BEGIN
            PERFORM create_audit_partition('audit_logs_' || to_char(month, 'YYYY_MM'),
                format('FOR VALUES FROM (%L) TO (%L)', month, month + interval '1 month'));
            created := created + 1;
        EXCEPTION
            WHEN check_violation THEN NULL;
        END;
    END LOOP;
    RETURN created;
END
$$;

SELECT create_audit_partition('audit_logs_default', 'DEFAULT');

-- The rule of visible_audit_logs of migration 0008, whose rows have the type of the table that is a partition now. That function
-- remains for the previous release of the service: it reads the partitioned table, and statements that run may call it.
CREATE FUNCTION visible_audit_entries(company uuid, actor uuid, reach text, types text[] DEFAULT '{}') RETURNS SETOF audit_logs
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT l.* FROM audit_logs AS l
    WHERE l.company_id = company AND (
        reach = 'all'
        OR reach IN ('own', 'jobs') AND CASE WHEN cardinality(types) > 0 THEN l.actor_id = actor OR l.resource_type = ANY (types)
            ELSE l.actor_id = actor END
    )
$$;
REVOKE EXECUTE ON FUNCTION visible_audit_entries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION visible_audit_entries TO interviewer_service;

-- Where the chain of a company begins: at the entry after sequence, whose hash continues from hash. The entries up to there have
-- expired. They were created before expired_before, or less than a day later.
CREATE TABLE audit_bases (
    company_id     uuid        NOT NULL,
    sequence       bigint      NOT NULL,
    hash           bytea       NOT NULL,
    expired_before timestamptz NOT NULL,
    entry_id       uuid        NOT NULL,
    CONSTRAINT audit_bases_pkey PRIMARY KEY (company_id),
    CONSTRAINT audit_bases_company_fkey FOREIGN KEY (company_id) REFERENCES companies (id),
    CONSTRAINT audit_bases_sequence CHECK (sequence >= 1),
    CONSTRAINT audit_bases_hash CHECK (length(hash) = 32)
);
ALTER TABLE audit_bases ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_bases FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_bases TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
GRANT SELECT ON audit_bases TO interviewer_service;

-- The functions below change the audit log of the company of the transaction. The last one looks at all companies.
CREATE POLICY lookup ON audit_logs FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY erasure ON audit_logs FOR UPDATE TO interviewer_lookup USING (company_id = (SELECT current_company()));
CREATE POLICY expiry ON audit_logs FOR DELETE TO interviewer_lookup USING (company_id = (SELECT current_company()));
CREATE POLICY lookup ON audit_seals FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY expiry ON audit_seals FOR DELETE TO interviewer_lookup USING (company_id = (SELECT current_company()));
CREATE POLICY lookup ON audit_bases FOR SELECT TO interviewer_lookup USING (true);
CREATE POLICY expiry ON audit_bases TO interviewer_lookup
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
GRANT SELECT (company_id, id, created_at, action, details, erased_by), UPDATE (ip, user_agent, request_id, details, salt, erased_by), DELETE
    ON audit_logs TO interviewer_lookup;
GRANT SELECT, DELETE ON audit_seals TO interviewer_lookup;
GRANT SELECT, INSERT, UPDATE ON audit_bases TO interviewer_lookup;

-- Erases the payloads of the entries that an entry audit.erased lists, and returns their number. Entries about erasures and
-- expiries have no personal data and are never erased.
CREATE FUNCTION erase_audit_logs(company uuid, entry uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    listed uuid[];
    erased bigint;
BEGIN
    listed := (SELECT ARRAY(SELECT jsonb_array_elements_text(l.details->'entries')::uuid) FROM audit_logs AS l
        WHERE l.company_id = company AND l.id = entry AND l.action = 'audit.erased');
    UPDATE audit_logs SET ip = NULL, user_agent = '', request_id = '', details = '{}', salt = NULL, erased_by = entry
    WHERE company_id = company AND id = ANY (listed) AND erased_by IS NULL AND action NOT IN ('audit.erased', 'audit.expired');
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;

-- Moves the base of a company's chain to the place that an entry audit.expired names. It refuses entries of the last 30 days.
CREATE FUNCTION move_audit_base(company uuid, entry uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO audit_bases AS b (company_id, sequence, hash, expired_before, entry_id)
    SELECT l.company_id, s.sequence, s.hash, (l.details->>'expired_before')::timestamptz, l.id
    FROM audit_logs AS l
    JOIN audit_seals AS s ON s.company_id = l.company_id AND s.sequence = (l.details->>'sequence')::bigint
        AND s.hash = decode(l.details->>'hash', 'hex')
    WHERE l.company_id = company AND l.id = entry AND l.action = 'audit.expired'
        AND (l.details->>'expired_before')::timestamptz <= now() - interval '30 days'
    ON CONFLICT ON CONSTRAINT audit_bases_pkey DO UPDATE
        SET sequence = excluded.sequence, hash = excluded.hash, expired_before = excluded.expired_before, entry_id = excluded.entry_id
        WHERE b.sequence < excluded.sequence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the entry does not move the base of the audit log' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- Deletes up to max_rows seals of expired entries of a company, oldest first, and returns their number. Their entries are
-- removed with their partition; those that are in no partition that ends before the time of the expiry are deleted here.
CREATE FUNCTION forget_audit_seals(company uuid, max_rows integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    base audit_bases;
    gone uuid[];
BEGIN
    SELECT * INTO base FROM audit_bases AS b WHERE b.company_id = company;
    WITH expired AS (
        SELECT s.sequence FROM audit_seals AS s WHERE s.company_id = company AND s.sequence <= base.sequence
            AND NOT EXISTS (
                SELECT FROM audit_logs AS l WHERE l.company_id = company AND l.id = s.audit_log_id
                    AND l.created_at >= base.expired_before + interval '1 day'
            )
        ORDER BY s.sequence LIMIT max_rows
    ), deleted AS (
        DELETE FROM audit_seals AS s USING expired WHERE s.company_id = company AND s.sequence = expired.sequence
        RETURNING s.audit_log_id
    )
    SELECT array_agg(audit_log_id) INTO gone FROM deleted;
    DELETE FROM audit_logs AS l WHERE l.company_id = company AND l.id = ANY (gone) AND NOT EXISTS (
        SELECT FROM audit_partitions() AS p WHERE l.created_at >= p.starts AND l.created_at < p.ends AND p.ends <= base.expired_before
    );
    RETURN coalesce(cardinality(gone), 0);
END
$$;

-- The companies that have seals of expired entries.
CREATE FUNCTION companies_with_expired_seals() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT b.company_id FROM audit_bases AS b
    WHERE EXISTS (SELECT FROM audit_seals AS s WHERE s.company_id = b.company_id AND s.sequence <= b.sequence)
    ORDER BY b.company_id
$$;

-- Whether every company that has entries in a period has let them expire, and has no seals of them.
CREATE FUNCTION audit_period_expired(starts timestamptz, ends timestamptz) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM companies AS c
        LEFT JOIN audit_bases AS b ON b.company_id = c.id
        WHERE EXISTS (SELECT FROM audit_logs AS l WHERE l.company_id = c.id AND l.created_at >= starts AND l.created_at < ends)
            AND (
                b.company_id IS NULL OR b.expired_before < ends
                OR EXISTS (SELECT FROM audit_seals AS s WHERE s.company_id = c.id AND s.sequence <= b.sequence)
                OR EXISTS (SELECT FROM audit_pending AS p JOIN audit_logs AS l ON l.company_id = p.company_id AND l.id = p.audit_log_id
                    WHERE p.company_id = c.id AND l.created_at >= starts AND l.created_at < ends)
            )
    )
$$;

-- Removes the partitions that end at or before a time, if all their entries have expired, and returns their number. It refuses
-- the last 30 days.
CREATE FUNCTION drop_audit_months(before timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    expired record;
    dropped integer := 0;
BEGIN
    IF before > now() - interval '30 days' THEN
        RAISE EXCEPTION 'entries of the last 30 days cannot expire' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR expired IN SELECT * FROM audit_partitions() AS p WHERE p.ends <= before ORDER BY p.ends LOOP
        IF audit_period_expired(expired.starts, expired.ends) THEN
            IF expired.partition = 'audit_logs_before' THEN -- its rows have the type of this partition
                DROP FUNCTION IF EXISTS visible_audit_logs(uuid, uuid, text, text[]);
            END IF;
            EXECUTE format('DROP TABLE %I', expired.partition);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION erase_audit_logs(uuid, uuid) OWNER TO interviewer_lookup;
ALTER FUNCTION move_audit_base(uuid, uuid) OWNER TO interviewer_lookup;
ALTER FUNCTION forget_audit_seals(uuid, integer) OWNER TO interviewer_lookup;
ALTER FUNCTION companies_with_expired_seals() OWNER TO interviewer_lookup;
ALTER FUNCTION audit_period_expired(timestamptz, timestamptz) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
REVOKE EXECUTE ON FUNCTION create_audit_partition(text, text), audit_partitions(), create_audit_months(integer), erase_audit_logs(uuid, uuid),
    move_audit_base(uuid, uuid), forget_audit_seals(uuid, integer), companies_with_expired_seals(), audit_period_expired(timestamptz, timestamptz),
    drop_audit_months(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_period_expired(timestamptz, timestamptz) TO CURRENT_USER;
GRANT EXECUTE ON FUNCTION audit_partitions() TO interviewer_lookup;
GRANT EXECUTE ON FUNCTION create_audit_months(integer), drop_audit_months(timestamptz), erase_audit_logs(uuid, uuid), move_audit_base(uuid, uuid),
    forget_audit_seals(uuid, integer), companies_with_expired_seals() TO interviewer_service;
