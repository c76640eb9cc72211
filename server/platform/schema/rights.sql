-- The rights of an installation, one statement a row, as a statement that gives the right. Rights of other roles than ours are not
-- included, nor are the partitions of the audit log, which the database creates itself.
WITH roles AS (
    SELECT oid, rolname::text AS name FROM pg_catalog.pg_roles
    WHERE rolname IN ('interviewer_service', 'interviewer_lookup', 'interviewer_backup')
), relations AS (
    SELECT c.oid, c.relkind, c.relacl, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
        pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'river') AND c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
), functions AS (
    SELECT p.oid, p.proacl, p.proowner, p.prosecdef, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind,
        pg_catalog.format('public.%I(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name,
        (SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = pg_catalog.to_regclass('public.companies')) AS installation
    FROM pg_catalog.pg_proc AS p
    -- The database drops visible_audit_logs itself, together with the first partition of the audit log.
    WHERE p.pronamespace = pg_catalog.to_regnamespace('public') AND p.proname <> 'visible_audit_logs'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
), rights AS (
    -- Also a privilege of all roles, which PostgreSQL gives for the schema public and administrators take away.
    SELECT 1 AS step, pg_catalog.format('GRANT %s ON SCHEMA %I TO %s', privilege.name, n.nspname, r.name) AS statement
    FROM pg_catalog.pg_namespace AS n, roles AS r, (VALUES ('USAGE'), ('CREATE')) AS privilege (name)
    WHERE n.nspname IN ('public', 'river') AND pg_catalog.has_schema_privilege(r.oid, n.oid, privilege.name)
    UNION ALL
    SELECT 2, pg_catalog.format('ALTER %s %s OWNER TO %s', f.kind, f.name, r.name) FROM functions AS f JOIN roles AS r ON r.oid = f.proowner
    UNION ALL
    SELECT 2, pg_catalog.format('ALTER VIEW %s OWNER TO %s', c.name, r.name) FROM relations AS c JOIN roles AS r ON r.oid = c.relowner
    UNION ALL
    SELECT 3, pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', c.name)
    FROM relations AS c WHERE c.relrowsecurity AND c.relforcerowsecurity
    UNION ALL
    SELECT 4, pg_catalog.format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, c.name,
            CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END,
            coalesce((SELECT pg_catalog.string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY (p.polroles)), 'PUBLIC'))
        || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '')
        || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
    FROM pg_catalog.pg_policy AS p JOIN relations AS c ON c.oid = p.polrelid
    UNION ALL
    SELECT 5, pg_catalog.format('GRANT %s ON %s%s TO %s', a.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END, c.name, r.name)
    FROM relations AS c, pg_catalog.aclexplode(c.relacl) AS a JOIN roles AS r ON r.oid = a.grantee WHERE a.grantee <> c.relowner
    UNION ALL
    SELECT 5, pg_catalog.format('GRANT %s (%I) ON %s TO %s', a.privilege_type, t.attname, c.name, r.name)
    FROM relations AS c JOIN pg_catalog.pg_attribute AS t ON t.attrelid = c.oid AND NOT t.attisdropped,
        pg_catalog.aclexplode(t.attacl) AS a JOIN roles AS r ON r.oid = a.grantee WHERE a.grantee <> c.relowner
    UNION ALL
    SELECT 6, pg_catalog.format('REVOKE EXECUTE ON %s %s FROM PUBLIC', f.kind, f.name) FROM functions AS f
    WHERE f.proacl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(f.proacl) AS a WHERE a.grantee = 0)
    UNION ALL
    SELECT 7, pg_catalog.format('GRANT EXECUTE ON %s %s TO %s', f.kind, f.name,
        CASE a.grantee WHEN f.installation THEN 'CURRENT_USER' ELSE (SELECT r.name FROM roles AS r WHERE r.oid = a.grantee) END)
    FROM functions AS f, pg_catalog.aclexplode(f.proacl) AS a
    WHERE a.grantee <> f.proowner AND (a.grantee = f.installation OR a.grantee IN (SELECT r.oid FROM roles AS r))
)
SELECT statement FROM rights ORDER BY step, statement COLLATE "C"
