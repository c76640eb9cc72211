package schema_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/retention"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// column returns the values of a query with one column.
func column(t *testing.T, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return found
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, one := range got {
		if !slices.Contains(want, one) {
			t.Errorf("%s: unexpected %s", what, one)
		}
	}
	for _, one := range want {
		if !slices.Contains(got, one) {
			t.Errorf("%s: missing %s", what, one)
		}
	}
}

// TestEveryTableBelongsToATenant checks the structures that separate companies (keys, foreign keys and row-level security)
// for every table in the catalog, so that a new table cannot be forgotten.
func TestEveryTableBelongsToATenant(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	// Tables without a tenant: the companies, the directory that finds a company by email, and the version of the schema.
	const exempt = `('companies', 'login_emails', 'schema_migrations')`
	const keys = `FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ` + exempt

	same(t, "keys that do not lead with the company", column(t, conn,
		`SELECT k.conname || ' of ' || c.relname `+keys+` AND k.contype IN ('p', 'u', 'f', 'x') AND a.attname <> 'company_id'`), nil)
	same(t, "unique indexes that do not lead with the company", column(t, conn,
		`SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
			LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
			WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN `+exempt+`
				AND a.attname IS DISTINCT FROM 'company_id'`),
		[]string{"api_keys_hash_key", "api_keys_previous_hash_key"}) // a secret finds its key before the company is known
	same(t, "foreign keys that pair the company with something else", column(t, conn,
		`SELECT k.conname FROM pg_constraint AS k JOIN pg_class AS target ON target.oid = k.confrelid
			JOIN pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
			WHERE k.contype = 'f' AND f.attname <> CASE target.relname WHEN 'companies' THEN 'id' ELSE 'company_id' END`), nil)
	same(t, "tables without a primary key", column(t, conn,
		`SELECT relname FROM pg_class AS c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
			AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p')`), nil)
	same(t, "tables without forced row-level security", column(t, conn,
		`SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
			AND NOT (relrowsecurity AND relforcerowsecurity)`), []string{"schema_migrations"})
	same(t, "tables with another tenant policy", column(t, conn,
		`SELECT c.relname FROM pg_class AS c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
			AND NOT EXISTS (
				SELECT FROM pg_policies AS p WHERE p.tablename = c.relname AND p.policyname = 'tenant' AND p.cmd = 'ALL'
					AND p.permissive = 'PERMISSIVE' AND p.roles = '{interviewer_service}' AND p.qual = p.with_check
					AND p.qual = format('(%s = ( SELECT current_company() AS current_company))',
						CASE c.relname WHEN 'companies' THEN 'id' ELSE 'company_id' END))`),
		[]string{"login_emails", "schema_migrations"})
	same(t, "other policies", column(t, conn,
		`SELECT tablename || ' ' || policyname || ' ' || cmd || ' ' || roles::text FROM pg_policies
			WHERE policyname NOT IN ('tenant', 'backup')`), // the second: TestBackupsReadEverything
		[]string{
			"companies lookup SELECT {interviewer_lookup}", "users lookup SELECT {interviewer_lookup}",
			"sessions lookup SELECT {interviewer_lookup}", "sessions retention DELETE {interviewer_lookup}", "audit_pending lookup SELECT {interviewer_lookup}",
			"login_emails directory ALL {interviewer_lookup}", "candidates lookup SELECT {interviewer_lookup}",
			"panel_removals lookup ALL {interviewer_lookup}",
			"api_keys lookup SELECT {interviewer_lookup}", "api_key_jobs lookup SELECT {interviewer_lookup}",
			"api_key_holders lookup SELECT {interviewer_lookup}", "idempotency_records lookup ALL {interviewer_lookup}",
			"audit_logs lookup SELECT {interviewer_lookup}", "audit_logs erasure UPDATE {interviewer_lookup}",
			"audit_logs expiry DELETE {interviewer_lookup}", "audit_seals lookup SELECT {interviewer_lookup}",
			"audit_seals expiry DELETE {interviewer_lookup}", "audit_bases lookup SELECT {interviewer_lookup}",
			"audit_bases expiry ALL {interviewer_lookup}",
			"companies test_companies SELECT {interviewer_service}",
			"score_revisions reset DELETE {interviewer_service}", "scores reset DELETE {interviewer_service}",
			"interview_events reset DELETE {interviewer_service}", "interviews reset DELETE {interviewer_service}",
			"kit_versions reset DELETE {interviewer_service}", "kits reset DELETE {interviewer_service}",
			"application_moves reset DELETE {interviewer_service}", "applications reset DELETE {interviewer_service}",
			"candidates reset DELETE {interviewer_service}", "jobs reset DELETE {interviewer_service}",
			"sessions reset DELETE {interviewer_service}", "users reset DELETE {interviewer_service}",
			"changes lookup ALL {interviewer_lookup}", "mails lookup ALL {interviewer_lookup}",
		})
	same(t, "policies that permit deletions outside test companies", column(t, conn,
		`SELECT tablename FROM pg_policies WHERE policyname = 'reset' AND NOT (permissive = 'RESTRICTIVE'
			AND qual = '( SELECT in_test_company() AS in_test_company)')`), nil)
	same(t, "tables with DELETE and without such a policy", column(t, conn,
		`SELECT relname FROM pg_class AS c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
			AND has_table_privilege('interviewer_service', c.oid, 'DELETE')
			AND NOT EXISTS (SELECT FROM pg_policies AS p WHERE p.tablename = c.relname AND p.policyname = 'reset')`),
		[]string{"audit_pending", "api_key_jobs", "job_members", "interview_panelists", "bookings", "idempotency_records"})
	same(t, "tables or columns that the service's role owns or its lookups own", column(t, conn,
		`SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'm')
			AND relowner IN ('interviewer_service'::regrole, 'interviewer_lookup'::regrole)`), nil)
	same(t, "things that the service's role owns", column(t, conn,
		`SELECT classid::regclass::text || objid FROM pg_shdepend WHERE refobjid = 'interviewer_service'::regrole AND deptype = 'o'`), nil)
	same(t, "roles with more than they need", column(t, conn,
		`SELECT rolname FROM pg_roles WHERE rolname IN ('interviewer_service', 'interviewer_lookup', 'interviewer_backup')
			AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb OR rolreplication)`), nil)
	same(t, "roles that the service's role is a member of", column(t, conn,
		`SELECT roleid::regrole::text FROM pg_auth_members WHERE member IN
			('interviewer_service'::regrole, 'interviewer_lookup'::regrole, 'interviewer_backup'::regrole)`), nil)
}

// TestGrants compares the privileges of the service's role with a list.
func TestGrants(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "grants on tables and views", column(t, conn, `
		SELECT format('%s %s %s', c.relname, grantee::regrole, string_agg(privilege_type, ',' ORDER BY privilege_type))
		FROM pg_class AS c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)))
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
			AND grantee NOT IN (c.relowner, 'interviewer_backup'::regrole)
		GROUP BY c.relname, grantee`), []string{
		"companies interviewer_service INSERT,SELECT",
		"users interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"sessions interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"sessions interviewer_lookup DELETE",
		"login_emails interviewer_lookup DELETE,INSERT,SELECT,UPDATE",
		"audit_logs interviewer_service INSERT,SELECT",
		"audit_seals interviewer_service INSERT,SELECT",
		"audit_bases interviewer_service SELECT",
		"audit_logs interviewer_lookup DELETE",
		"audit_seals interviewer_lookup DELETE,SELECT",
		"audit_bases interviewer_lookup INSERT,SELECT,UPDATE",
		"audit_pending interviewer_service DELETE,INSERT,SELECT",
		"schema_migrations interviewer_service SELECT",
		"principals interviewer_service INSERT,SELECT",
		"api_keys interviewer_service INSERT,SELECT,UPDATE",
		"api_key_details interviewer_service SELECT,UPDATE",
		"api_key_jobs interviewer_service DELETE,INSERT,SELECT",
		"api_key_jobs interviewer_lookup SELECT",
		"api_key_holders interviewer_service INSERT,SELECT",
		"api_key_holders interviewer_lookup SELECT",
		"idempotency_records interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"idempotency_records interviewer_lookup DELETE",
		"jobs interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"job_members interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"candidates interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"applications interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"application_moves interviewer_service DELETE,INSERT,SELECT",
		"candidate_distinctions interviewer_service INSERT,SELECT",
		"candidate_merges interviewer_service INSERT,SELECT,UPDATE",
		"candidate_merge_items interviewer_service INSERT,SELECT",
		"kits interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"kit_versions interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"interviews interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"interview_panelists interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"panel_removals interviewer_service INSERT,SELECT,UPDATE",
		"panel_removals interviewer_lookup DELETE",
		"bookings interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"interview_events interviewer_service DELETE,INSERT,SELECT",
		"scores interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"score_revisions interviewer_service DELETE,INSERT,SELECT",
		"changes interviewer_service INSERT,SELECT",
		"changes interviewer_lookup DELETE",
		"mails interviewer_service INSERT,SELECT,UPDATE",
		"mails interviewer_lookup DELETE",
	})
	same(t, "grants on columns", column(t, conn, `
		SELECT format('%s %s %s %s', c.relname, grantee::regrole, privilege_type, string_agg(a.attname, ',' ORDER BY a.attnum))
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid, aclexplode(a.attacl)
		WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname, grantee, privilege_type`), []string{
		"changes interviewer_lookup SELECT ctid,created_at",
		"panel_removals interviewer_lookup SELECT ctid,removed_at",
		"candidate_merge_items interviewer_service UPDATE version",
		"mails interviewer_lookup SELECT ctid,kind,state,created_at",
		"companies interviewer_lookup SELECT id,name,slug,is_active,created_at,test_of",
		"users interviewer_lookup SELECT company_id,id,email,password_hash,first_name,last_name,role,department,is_active",
		"sessions interviewer_lookup SELECT ctid,company_id,id,user_id,epoch,expires_at,revoked_at,changed_at,password_change_required",
		"audit_pending interviewer_lookup SELECT company_id,audit_log_id",
		"audit_logs interviewer_lookup SELECT company_id,id,created_at,action,details,erased_by",
		"audit_logs interviewer_lookup UPDATE ip,user_agent,request_id,details,salt,erased_by",
		"candidates interviewer_lookup SELECT company_id,id,first_name,last_name,email,phone,tags,created_at,merged_into",
		"application_moves interviewer_service UPDATE candidate_id",
		"api_keys interviewer_lookup SELECT company_id,id,hash,previous_hash,previous_expires_at,scopes,job_ids,expires_at,last_used_at,revoked_at,known_to,limited_to_jobs",
		"api_key_jobs interviewer_service UPDATE position",
		"companies interviewer_service UPDATE name,timezone,allowed_email_domains,is_active,version,updated_at",
		"idempotency_records interviewer_lookup SELECT ctid,company_id,principal_id,key_hash,expires_at",
	})
	same(t, "roles that can create objects in the schema", column(t, conn, `
		SELECT grantee::regrole::text FROM pg_namespace AS n, aclexplode(n.nspacl)
		WHERE nspname = 'public' AND privilege_type = 'CREATE' AND grantee <> nspowner`), nil)
}

// TestGrantsOnJobTables compares the privileges on River's tables with what River needs.
func TestGrantsOnJobTables(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "grants on River's tables", column(t, conn, `
		SELECT format('%s %s %s', c.relname, grantee::regrole, string_agg(privilege_type, ',' ORDER BY privilege_type))
		FROM pg_class AS c, aclexplode(c.relacl)
		WHERE c.relnamespace = 'river'::regnamespace AND grantee NOT IN (c.relowner, 'interviewer_backup'::regrole) GROUP BY c.relname, grantee`), []string{
		"river_job interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"river_job_id_seq interviewer_service USAGE",
		"river_leader interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"river_queue interviewer_service DELETE,INSERT,SELECT,UPDATE",
		"river_migration interviewer_service SELECT",
	})
	same(t, "grants on River's schema", column(t, conn, `
		SELECT format('%s %s', grantee::regrole, privilege_type) FROM pg_namespace AS n, aclexplode(n.nspacl)
		WHERE nspname = 'river' AND grantee <> nspowner`), []string{"interviewer_backup USAGE", "interviewer_service USAGE"})
}

// TestBackupsReadEverything checks that the role of backups reads every row of every table and sequence, and can do nothing else.
func TestBackupsReadEverything(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	const ours = `FROM pg_class AS c WHERE c.relnamespace IN ('public'::regnamespace, 'river'::regnamespace)`
	same(t, "tables and sequences that backups cannot read", column(t, conn, `SELECT relname `+ours+`
		AND (relkind IN ('r', 'p') AND NOT has_table_privilege('interviewer_backup', c.oid, 'SELECT')
			OR relkind = 'S' AND NOT has_sequence_privilege('interviewer_backup', c.oid, 'SELECT'))`), nil)
	same(t, "tables that hide rows from backups", column(t, conn, `SELECT relname `+ours+` AND relrowsecurity AND NOT EXISTS (
		SELECT FROM pg_policies AS p WHERE p.tablename = c.relname AND p.policyname = 'backup' AND p.permissive = 'PERMISSIVE'
			AND p.roles = '{interviewer_backup}' AND p.cmd = 'SELECT' AND p.qual = 'true')`), nil)
	same(t, "restrictive policies for all roles", column(t, conn, `SELECT tablename FROM pg_policies
		WHERE permissive = 'RESTRICTIVE' AND cmd IN ('ALL', 'SELECT') AND NOT '{interviewer_service,interviewer_lookup}' @> roles`), nil)
	same(t, "other privileges of backups", column(t, conn, `SELECT relname || ' ' || privilege_type
		FROM pg_class AS c, aclexplode(c.relacl) WHERE grantee = 'interviewer_backup'::regrole AND privilege_type <> 'SELECT'
		UNION ALL SELECT p.proname FROM pg_proc AS p, aclexplode(p.proacl) WHERE grantee = 'interviewer_backup'::regrole`), nil)
}

// TestEveryTableHasARetention compares the tables of the database with the list of retentions.
func TestEveryTableHasARetention(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	var listed []string
	for _, table := range retention.Tables() {
		listed = append(listed, table.Name)
	}
	same(t, "tables with a retention", listed, column(t, conn, `
		SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema)'`))
}

// TestFunctionsKeepPlans lists the functions in SQL that PostgreSQL plans at each call, because it cannot make them part of
// their caller's plan: those that return one value and read rows, and those that return rows but change them, run with other
// rights or settings, or are strict. A plan costs up to half a millisecond, so a function that requests call is in PL/pgSQL.
func TestFunctionsKeepPlans(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "functions that are planned at each call", column(t, conn, `SELECT p.oid::regprocedure::text FROM pg_proc AS p
		JOIN pg_language AS l ON l.oid = p.prolang
		WHERE p.pronamespace = 'public'::regnamespace AND l.lanname = 'sql'
			AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))
			AND CASE WHEN p.proretset THEN p.provolatile = 'v' OR p.prosecdef OR p.proisstrict OR p.proconfig IS NOT NULL
				ELSE regexp_replace(pg_get_functiondef(p.oid), 'EXTRACT\(\w+ FROM', '') ~* '\mfrom\M' END`), []string{
		// Signing in hashes a password, which takes a thousand times as long.
		"find_account(text,text)", "find_company(text)",
		// Resetting a test company.
		"in_test_company()",
		// Background work and metrics.
		"all_companies()", "audit_partitions()", "audit_period_expired(timestamp with time zone,timestamp with time zone)",
		"companies_awaiting_seal()", "companies_to_seal()", "companies_with_expired_seals()", "count_awaiting_seal()",
		"count_waiting_mails()", "delete_ended_sessions(timestamp with time zone,integer)",
		"delete_expired_idempotency_records(timestamp with time zone,integer)",
		"delete_old_changes(timestamp with time zone,integer)", "delete_old_mails(timestamp with time zone,integer)",
		"delete_old_panel_removals(timestamp with time zone,integer)",
		"forget_idempotency_records(timestamp with time zone,integer)", "session_changes(integer)",
	})
}

// TestSecurityDefinerFunctions lists the functions that bypass row-level security, because they run before the tenant is
// known.
func TestSecurityDefinerFunctions(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	const ours = `FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace
		AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))`
	service := []string{
		"find_account(text,text)", "company_is_live(uuid)", "session_changes(integer)", "find_company(text)", "all_companies()", "find_users(uuid,text[],integer)",
		"companies_to_seal()", "find_candidates(uuid,text[],text[],text,integer)",
		"find_candidates_in(uuid,text[],text[],bigint,integer)", "walk_people(uuid,bigint,boolean,integer)",
		"find_api_key(bytea)", "forget_idempotency_records(timestamp with time zone,integer)",
		"companies_awaiting_seal()", "count_awaiting_seal()",
		"delete_expired_idempotency_records(timestamp with time zone,integer)", "delete_ended_sessions(timestamp with time zone,integer)",
		"delete_old_changes(timestamp with time zone,integer)", "delete_old_panel_removals(timestamp with time zone,integer)",
		"delete_old_mails(timestamp with time zone,integer)", "count_waiting_mails()",
		"erase_audit_logs(uuid,uuid)", "move_audit_base(uuid,uuid)", "forget_audit_seals(uuid,integer)", "companies_with_expired_seals()",
		"create_audit_months(integer)", "drop_audit_months(timestamp with time zone)", "analyze_empty_tables()",
	}
	same(t, "definer functions", column(t, conn, `SELECT p.oid::regprocedure::text `+ours+` AND p.prosecdef`),
		append([]string{"keep_login_email()", "audit_period_expired(timestamp with time zone,timestamp with time zone)"}, service...))
	same(t, "definer functions without a pinned search path, or of another owner", column(t, conn, `SELECT p.oid::regprocedure::text `+ours+`
		AND p.prosecdef AND (p.proconfig[1] IS DISTINCT FROM 'search_path=public, pg_temp' OR p.proowner <> 'interviewer_lookup'::regrole)`),
		[]string{"create_audit_months(integer)", "drop_audit_months(timestamp with time zone)", "analyze_empty_tables()"}) // see below
	same(t, "definer functions of the owner of the tables, which only an owner can analyze", column(t, conn,
		`SELECT p.oid::regprocedure::text `+ours+` AND p.prosecdef AND p.proowner = (SELECT relowner FROM pg_class WHERE oid = 'candidates'::regclass)
			AND p.proconfig = '{"search_path=public, pg_temp"}'`), []string{"analyze_empty_tables()"})
	same(t, "definer functions of the owner of the partitions, which only an owner can create and remove", column(t, conn,
		`SELECT p.oid::regprocedure::text `+ours+` AND p.prosecdef AND p.proowner = (SELECT relowner FROM pg_class WHERE oid = 'audit_logs'::regclass)
			AND p.proconfig = '{"search_path=public, pg_temp",TimeZone=UTC,lock_timeout=200ms}'`),
		[]string{"create_audit_months(integer)", "drop_audit_months(timestamp with time zone)"})
	same(t, "definer functions that anybody may execute", column(t, conn,
		`SELECT p.oid::regprocedure::text `+ours+` AND p.prosecdef
			AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0)`), nil)
	same(t, "definer functions that the service may execute", column(t, conn,
		`SELECT p.oid::regprocedure::text `+ours+` AND p.prosecdef AND has_function_privilege('interviewer_service', p.oid, 'EXECUTE')`), service)
	same(t, "other functions", column(t, conn, `SELECT p.oid::regprocedure::text `+ours+` AND NOT p.prosecdef`),
		[]string{
			"protect_audit_logs()", "protect_audit_seals()", "audit_digest(bytea,jsonb)", "create_audit_partition(text,text)", "audit_partitions()",
			"current_company()", "refuse_change()", "longest(text[])", "folded(text)", "search_terms(text)", "search_patterns(text,boolean)",
			"user_terms(text,text,text,text)", "candidate_terms(text,text,text,text[])", "surname_term(text)", "refuse_published_change()",
			"record_user_changes()", "record_job_changes()", "record_member_changes()", "record_candidate_changes()",
			"record_application_changes()", "record_kit_changes()", "record_kit_version_changes()", "record_interview_changes()",
			"record_panelist_changes()", "record_panel_removals()", "record_score_changes()", "record_api_key_changes()", "record_reset()",
			"record_api_key_job_changes()", "record_api_key_holder_changes()",
			"first_running_transaction()", "transaction_history()", "end_password_links()",
			"change_targets(uuid,text,text,uuid,timestamp with time zone,uuid,text,uuid,integer)",
			"which_visible(uuid,uuid,text,text,uuid[])",
			"person_key(text,text,text)", "surviving_candidate(uuid,uuid)", "defer_application_keys()",
			"find_duplicates(uuid,uuid,text,integer,text,text,uuid,uuid)",
			"refuse_history_change()", "in_test_company()", "keep_principal()", "keep_system_principal()",
			"keep_api_key_limit()", "keep_api_key_rows()", "keep_api_key_job_array()", "keep_api_key_holder_array()", "keep_end_reason()",
			"calendar_key(uuid,uuid)", "busy_people(uuid,uuid)", "replace_bookings(uuid,uuid,uuid)", "book_interview()", "book_panelist()",
			"hold_idempotency_key(uuid,uuid,bytea,timestamp with time zone)",
			"jobs_of_actor(uuid,uuid,text)", "panels_of_actor(uuid,uuid,text)", "led_jobs(uuid,uuid,text)", "visible_jobs(uuid,uuid,text)",
			"visible_applications(uuid,uuid,text)", "visible_candidates(uuid,uuid,text)", "visible_interviews(uuid,uuid,text)",
			"visible_kit_versions(uuid,uuid,text)", "visible_kits(uuid,uuid,text)", "blinds(uuid,uuid,uuid)", "visible_scores(uuid,uuid,text)",
			"visible_users(uuid,uuid,text)", "visible_audit_logs(uuid,uuid,text,text[])", "visible_audit_entries(uuid,uuid,text,text[])",
			"grant_job_tables()", "grant_backup()", "list_lookup_limit()", "list_walk_limit()", "search_steps(boolean)", "has_trigram(text)", "is_active_admin(user_role,boolean)",
			"planned_applications(uuid,uuid,text,text,integer,timestamp with time zone,uuid,uuid,uuid,text[],text[],timestamp with time zone)",
			"planned_interviews(uuid,uuid,text,text,integer,timestamp with time zone,uuid,boolean,uuid,uuid,uuid,uuid,text[],text[]," +
				"timestamp with time zone,timestamp with time zone,timestamp with time zone)",
			"planned_scores(uuid,uuid,text,text,integer,timestamp with time zone,uuid,uuid,uuid,uuid,uuid,text,timestamp with time zone)",
			"planned_candidates(uuid,uuid,text,text,integer,timestamp with time zone,text,uuid,text,text[],text,text,text,text,timestamp with time zone)",
			"set_panelist_time()", "move_panelist_times()",
			"span_bits(integer)", "span_second(timestamp with time zone)", "span_of(bigint,integer)", "spans_of(timestamp with time zone)",
			"search_candidates(uuid,uuid,text,integer,timestamp with time zone,text,uuid,text,text[],text,text,timestamp with time zone)",
			"list_applications(uuid,uuid,text,text,integer,timestamp with time zone,uuid,uuid,uuid,text[],text[],timestamp with time zone)",
			"list_interviews(uuid,uuid,text,text,integer,timestamp with time zone,uuid,boolean,uuid,uuid,uuid,uuid,text[],text[]," +
				"timestamp with time zone,timestamp with time zone,timestamp with time zone)",
			"list_scores(uuid,uuid,text,text,integer,timestamp with time zone,uuid,uuid,uuid,uuid,uuid,text,timestamp with time zone)",
			"list_interviewers(uuid,uuid,text,integer,text,uuid,uuid)", // for the previous release: db/retired.sql
			"list_panelists(uuid,uuid,text,integer,text,uuid,uuid)",
			"list_users(uuid,uuid,text,text,integer,timestamp with time zone,text,uuid,text,text[],boolean,text,timestamp with time zone)",
			"list_candidates(uuid,uuid,text,text,integer,timestamp with time zone,text,uuid,text,text[],text,text,text,text,timestamp with time zone)",
		})
	same(t, "views of another owner than the lookups' that do not have the rights of their user", column(t, conn,
		`SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace AND relowner <> 'interviewer_lookup'::regrole
			AND NOT 'security_invoker=true' = ANY (coalesce(reloptions, '{}'))
			AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = pg_class.oid AND d.deptype = 'e')`), nil)
}

// TestAuditPartitionsAreProtected checks what a partition of the audit log does not inherit: its triggers are those of the
// partitioned table, and nobody but its owner has privileges. Row-level security is checked for every table above.
func TestAuditPartitionsAreProtected(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	const partitions = `FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_logs'::regclass`
	if got := column(t, conn, `SELECT c.relname::text `+partitions); len(got) != 26 && len(got) != 27 {
		t.Errorf("got the partitions %q, want the first, the default one and 24 months", got)
	}
	same(t, "partitions without the triggers of the audit log", column(t, conn, `SELECT c.relname::text `+partitions+` AND ARRAY(
			SELECT tgname || ' ' || tgtype || ' ' || tgfoid::regproc FROM pg_trigger WHERE tgrelid = c.oid AND tgname LIKE 'audit_logs%' ORDER BY 1
		) <> ARRAY(
			SELECT tgname || ' ' || tgtype || ' ' || tgfoid::regproc FROM pg_trigger WHERE tgrelid = 'audit_logs'::regclass AND tgname LIKE 'audit_logs%' ORDER BY 1
		)`), nil)
	same(t, "privileges on partitions", column(t, conn, `SELECT c.relname || ' ' || grantee::regrole FROM pg_inherits AS i
		JOIN pg_class AS c ON c.oid = i.inhrelid, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)))
		WHERE i.inhparent = 'audit_logs'::regclass AND grantee NOT IN (c.relowner, 'interviewer_backup'::regrole)`), nil)
}

// TestConstraintsAreNamed refuses names that PostgreSQL generated, because errors are distinguished by constraint names. From
// PostgreSQL 18 on, NOT NULL is a constraint with a name, which no error is distinguished by.
func TestConstraintsAreNamed(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "constraints with a name made up", column(t, conn, `SELECT conname FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('t', 'n') AND (conname ~ '_(check|not_null|fkey)[0-9]*$') AND conname !~ '_fkey$'`), nil)
	same(t, "constraints that do not begin with their table or domain", column(t, conn, `SELECT k.conname FROM pg_constraint AS k
		LEFT JOIN pg_class AS c ON c.oid = k.conrelid LEFT JOIN pg_type AS d ON d.oid = k.contypid
		LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid LEFT JOIN pg_class AS parent ON parent.oid = i.inhparent
		WHERE k.connamespace = 'public'::regnamespace AND k.contype <> 'n' AND NOT starts_with(k.conname, coalesce(parent.relname, c.relname, d.typname)::text)`), nil)
	same(t, "foreign keys named after their columns", column(t, conn, `SELECT k.conname FROM pg_constraint AS k
		WHERE k.connamespace = 'public'::regnamespace AND k.contype = 'f' AND k.conname LIKE '%company\_id%'`), nil)
}

// TestForeignKeysHaveIndexes checks that PostgreSQL finds the referencing rows by an index when a referenced row is deleted.
// An index on the company and the next column of the key is enough, because it finds few rows.
func TestForeignKeysHaveIndexes(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "foreign keys without an index", column(t, conn, `SELECT k.conname FROM pg_constraint AS k
		WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND NOT EXISTS (
			SELECT FROM pg_index AS i WHERE i.indrelid = k.conrelid AND i.indpred IS NULL
				AND (i.indkey::int2[])[0:least(cardinality(k.conkey), 2) - 1] = k.conkey[1:2])`),
		[]string{ // principals are never deleted; users, candidates and versions of kits only by a reset, which deletes by company
			"candidates_merged_into_fkey", "sessions_user_fkey", "api_keys_creator_fkey", "kit_versions_publisher_fkey", "interviews_creator_fkey", "interviews_kit_version_fkey", "application_moves_actor_fkey",
			"interview_events_actor_fkey", "score_revisions_actor_fkey", "candidate_merges_actor_fkey",
		})
}

// TestIndexesAreLeakproof refuses indexes with comparisons that are not leakproof, such as those of enums: a filter could
// not use them under row-level security.
func TestIndexesAreLeakproof(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	same(t, "index columns compared by functions that are not leakproof", column(t, conn, `
		SELECT DISTINCT format('%s: %s', i.indexrelid::regclass, p.oid::regprocedure)
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'btree',
			unnest(i.indclass::oid[]) AS used(opclass)
			JOIN pg_opclass AS o ON o.oid = opclass
			JOIN pg_amop AS op ON op.amopfamily = o.opcfamily AND op.amoplefttype = o.opcintype AND op.amoprighttype = o.opcintype
			JOIN pg_operator AS x ON x.oid = op.amopopr JOIN pg_proc AS p ON p.oid = x.oprcode
		WHERE c.relnamespace = 'public'::regnamespace AND NOT p.proleakproof`), nil)
	same(t, "btree indexes on expressions, which are not leakproof either", column(t, conn, `
		SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
		WHERE c.relnamespace = 'public'::regnamespace AND i.indexprs IS NOT NULL AND m.amname = 'btree'`),
		[]string{"candidates_person_idx"}) // read by walk_people, which runs without row-level security
}

// TestTypesOfColumns refuses lists of ids, which foreign keys cannot check, and enums, whose comparisons are not leakproof,
// except those that exist.
func TestTypesOfColumns(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	const columns = `SELECT DISTINCT c.relname || '.' || a.attname FROM pg_class AS c
		JOIN pg_attribute AS a ON a.attrelid = c.oid JOIN pg_type AS y ON y.oid = a.atttypid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped`
	same(t, "columns with lists of ids", column(t, conn, columns+` AND a.atttypid = 'uuid[]'::regtype`),
		[]string{"api_keys.job_ids", "api_keys.known_to"}) // for the previous release: db/retired.sql
	same(t, "columns with enums", column(t, conn, columns+` AND y.typtype = 'e'`),
		[]string{
			"sessions.end_reason",   // for the previous release: db/retired.sql
			"audit_logs.actor_type", // entries do not change: docs/architecture/decisions/0025-rows-of-api-keys.md
		})
	same(t, "enums", column(t, conn, `SELECT typname::text FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace`),
		[]string{"session_end", "audit_actor"}) // of these columns
}
