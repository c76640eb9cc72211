package schema_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestTablesCanBeDistributed compares the catalog with the rules of Citus for tables that are distributed by company, so
// that a new table does not exclude that. The rules are those of Citus 12 about distributed tables, keys and workarounds:
// https://docs.citusdata.com/en/v12.1/develop/reference_ddl.html. docs/operations/capacity.md says what the exceptions need.
func TestTablesCanBeDistributed(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	// Citus copies reference tables to all nodes. All other tables with a company are distributed by it.
	const tables = `WITH reference AS (
		SELECT oid FROM pg_class WHERE oid IN ('companies'::regclass, 'login_emails'::regclass)
	), distributed AS (
		SELECT c.oid, c.relname, c.relkind, a.attnum, a.atttypid, a.attnotnull, a.attgenerated
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'company_id'
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.oid NOT IN (SELECT oid FROM reference)
	) `

	same(t, "tables that stay on the coordinator", column(t, conn, tables+
		`SELECT c.oid::regclass::text FROM pg_class AS c
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text !~ '^pg_|^information_schema$'
			AND c.oid NOT IN (SELECT oid FROM distributed UNION SELECT oid FROM reference)`),
		[]string{
			"schema_migrations", "river.river_job", "river.river_leader", "river.river_queue", "river.river_migration",
			"river.river_notification",
		})
	same(t, "distribution columns of another type, generated or with NULL", column(t, conn, tables+
		`SELECT relname::text FROM distributed WHERE atttypid <> 'uuid'::regtype OR attgenerated <> '' OR NOT attnotnull`), nil)
	same(t, "unique indexes and exclusion constraints without the distribution column", column(t, conn, tables+
		`SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN distributed AS d ON d.oid = i.indrelid
		WHERE (i.indisunique OR i.indisexclusion) AND d.attnum <> ALL (i.indkey[0:i.indnkeyatts - 1])`),
		[]string{"api_keys_hash_key", "api_keys_previous_hash_key"})
	same(t, "exclusion constraints that do not compare the distribution column by equality", column(t, conn, tables+
		`SELECT k.conname::text FROM pg_constraint AS k JOIN distributed AS d ON d.oid = k.conrelid
		WHERE k.contype = 'x' AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.conexclop) AS e (attnum, operator)
			WHERE e.attnum = d.attnum AND e.operator = '=(uuid,uuid)'::regoperator)`), nil)
	same(t, "foreign keys that neither pair the distribution columns nor lead to a reference table", column(t, conn, tables+
		`SELECT k.conname::text FROM pg_constraint AS k LEFT JOIN distributed AS d ON d.oid = k.conrelid
			LEFT JOIN distributed AS target ON target.oid = k.confrelid
		WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND k.confrelid NOT IN (SELECT oid FROM reference)
			AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair (source, target)
				WHERE pair.source = d.attnum AND pair.target = target.attnum)`),
		[]string{"login_emails_user_fkey"})
	same(t, "foreign keys that would clear the distribution column", column(t, conn, tables+
		`SELECT k.conname::text FROM pg_constraint AS k JOIN distributed AS d ON d.oid = k.conrelid
		WHERE k.contype = 'f' AND (k.confupdtype IN ('n', 'd') OR k.confdeltype IN ('n', 'd')
			AND (k.confdelsetcols IS NULL OR d.attnum = ANY (k.confdelsetcols)))`), nil)
	same(t, "rules, inheritance, and partitions of partitions", column(t, conn, tables+
		`SELECT 'rule ' || r.rulename FROM pg_rewrite AS r JOIN distributed AS d ON d.oid = r.ev_class
		UNION ALL SELECT 'inheritance ' || i.inhrelid::regclass FROM pg_inherits AS i JOIN distributed AS d ON d.oid = i.inhrelid
			WHERE d.relkind = 'p' OR NOT EXISTS (SELECT FROM pg_partitioned_table AS p WHERE p.partrelid = i.inhparent)`), nil)
	same(t, "sequences whose numbers do not suffice for all nodes", column(t, conn,
		`SELECT seqrelid::regclass::text FROM pg_sequence JOIN pg_class AS c ON c.oid = seqrelid
		WHERE c.relnamespace = 'public'::regnamespace AND seqtypid <> 'bigint'::regtype`), nil)
	same(t, "triggers of distributed tables that write to other tables than those of the company", column(t, conn, tables+
		`SELECT DISTINCT g.tgname::text FROM pg_trigger AS g JOIN distributed AS d ON d.oid = g.tgrelid
			JOIN pg_proc AS p ON p.oid = g.tgfoid, reference AS r
		WHERE NOT g.tgisinternal AND p.prosrc ~* ('(insert into|update|delete from) +' || r.oid::regclass::text)`),
		[]string{"users_login_email_insert", "users_login_email_update"})
}
