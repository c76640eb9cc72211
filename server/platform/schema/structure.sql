-- What belongs to the tables of an installation, one statement a row, as a statement that restores it: owners, triggers, constraints and
-- indexes. CURRENT_USER is the owner of most tables. The partitions of the audit log are not included.
WITH relations AS (
    SELECT c.oid, c.relkind, c.relowner, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'river') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
), installation AS (
    SELECT c.relowner AS owner FROM relations AS c WHERE c.relkind <> 'v' GROUP BY c.relowner ORDER BY count(*) DESC, c.relowner LIMIT 1
), structure AS (
    SELECT 1 AS step, pg_catalog.format('ALTER %s %s OWNER TO CURRENT_USER', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.name) AS statement
    FROM relations AS c JOIN installation AS i ON i.owner = c.relowner
    UNION ALL
    SELECT 1, pg_catalog.format('ALTER %s public.%I(%s) OWNER TO CURRENT_USER', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
        p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
    FROM pg_catalog.pg_proc AS p JOIN installation AS i ON i.owner = p.proowner
    -- The database drops visible_audit_logs itself, together with the first partition of the audit log.
    WHERE p.pronamespace = pg_catalog.to_regnamespace('public') AND p.proname <> 'visible_audit_logs'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))
    UNION ALL
    SELECT 2, pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
    FROM pg_catalog.pg_constraint AS k JOIN relations AS c ON c.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x')
    UNION ALL
    SELECT 3, pg_catalog.replace(pg_catalog.pg_get_indexdef(x.indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_catalog.pg_index AS x JOIN relations AS c ON c.oid = x.indrelid
    WHERE x.indisvalid AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = x.indexrelid AND k.conrelid = x.indrelid)
    UNION ALL
    SELECT 4, pg_catalog.replace(pg_catalog.pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER')
    FROM pg_catalog.pg_trigger AS t JOIN relations AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    -- Internal triggers check foreign keys. Only a superuser can enable them, and only by enabling all.
    SELECT 5, pg_catalog.format('ALTER TABLE %s ENABLE TRIGGER %s', c.name, kind.name)
    FROM relations AS c, (VALUES ('USER', false), ('ALL', true)) AS kind (name, internal)
    WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgisinternal = kind.internal) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgisinternal = kind.internal AND t.tgenabled IN ('D', 'R')
    )
)
SELECT pg_catalog.regexp_replace(statement, '\s+', ' ', 'g') FROM structure ORDER BY step, statement COLLATE "C"
