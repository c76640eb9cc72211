package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

const (
	// minVersion and testedVersion are the oldest major version that works and the latest that is tested.
	minVersion, testedVersion = 15, 18
	// clockWarning is the difference between two clocks that is worth a warning, and clockFailure one with which tokens
	// and sessions expire at the wrong time.
	clockWarning, clockFailure = time.Second, 30 * time.Second
	// monthsAhead is how many months after this one must have a partition of the audit log.
	monthsAhead = 3

	asOwner = "Run the statements as the owner of the database."
)

// postgresChecks lists the checks of PostgreSQL. The first one connects.
func postgresChecks() []check {
	checks := []check{{"postgresql: reachable", reachable}, {"postgresql: owner", ownerReachable}}
	ofLogin := []string{"primary", "connections", "pooler", "roles"} // these judge the login of DATABASE_URL
	for _, one := range []check{
		{"version", serverVersion},
		{"encoding", encoding},
		{"collation", collation},
		{"TLS", databaseTLS},
		{"primary", primary},
		{"clock", clockDifference},
		{"connections", connections},
		{"pooler", pooler},
		{"access", clusterAccess},
		{"roles", roles},
		{"migrations", migrations},
		{"queue", queue},
		{"extensions", extensions},
		{"rights", rights},
		{"further rights", furtherRights},
		{"triggers", triggers},
		{"owners and indexes", ownersAndIndexes},
		{"row-level security", rowSecurity},
		{"audit partitions", auditPartitions},
		{"backup role", backupRole},
	} {
		checks = append(checks, check{"postgresql: " + one.name, func(ctx context.Context, x *examination) Result {
			switch {
			case x.conn == nil && x.owner == nil:
				return notChecked("PostgreSQL is not reachable")
			case x.conn == nil && slices.Contains(ofLogin, one.name):
				return notChecked("the login of DATABASE_URL cannot connect")
			}
			other := *x
			other.conn, other.owner = cmp.Or(x.conn, x.owner), cmp.Or(x.owner, x.conn)
			return one.run(ctx, &other)
		}})
	}
	return checks
}

// dial connects to a database. It sets no role, so that it also works if the roles do not exist.
func dial(ctx context.Context, url string) (*pgx.Conn, Result) {
	options, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, failure("the URL cannot be used: "+err.Error(), "Correct the URL.")
	}
	options.ConnectTimeout = 5 * time.Second
	options.DefaultQueryExecMode = pgx.QueryExecModeExec // also works behind a pooler in transaction mode
	conn, err := pgx.ConnectConfig(ctx, options)
	if err == nil {
		return conn, ok("as " + options.User)
	}
	var unfit *postgres.Unfit
	if errors.As(postgres.Diagnose(url, err), &unfit) {
		return nil, failure(err.Error(), unfit.Problem).with(unfit.Statements...)
	}
	return nil, failure(err.Error(), "Start PostgreSQL, and check host and port.")
}

// noDatabase reports whether the configuration names no database to connect to.
func (x *examination) noDatabase() bool {
	return x.Config.DatabaseURL == "" || x.Invalid.Of("DATABASE_URL", "MIGRATION_DATABASE_URL")
}

func reachable(ctx context.Context, x *examination) (result Result) {
	if x.noDatabase() {
		return notChecked("DATABASE_URL or MIGRATION_DATABASE_URL is not valid")
	}
	x.conn, result = dial(ctx, x.Config.DatabaseURL.Reveal())
	return result
}

func ownerReachable(ctx context.Context, x *examination) (result Result) {
	if x.noDatabase() {
		return notChecked("DATABASE_URL or MIGRATION_DATABASE_URL is not valid")
	}
	url := x.Config.DatabaseURL
	if x.Config.MigrationDatabaseURL != "" {
		url = x.Config.MigrationDatabaseURL
	}
	if x.owner, result = dial(ctx, url.Reveal()); x.owner == nil {
		return result
	}
	var owns bool
	var database, owner, login string
	err := x.owner.QueryRow(ctx, `SELECT pg_has_role(datdba, 'USAGE'), quote_ident(datname), pg_get_userbyid(datdba),
		quote_ident(current_user) FROM pg_database WHERE datname = current_database()`).Scan(&owns, &database, &owner, &login)
	switch {
	case err != nil:
		return unexpected("read the owner of the database", err)
	case !owns && !x.Config.MigrateOnStart:
		return ok("migrations are run elsewhere, as " + owner)
	case !owns:
		return warning(login+" does not own the database, so it cannot migrate",
			"Set MIGRATION_DATABASE_URL to a login that owns it, or MIGRATE_ON_START=false.")
	}
	return result
}

// query reads one row; the error is a Result that has failed.
func query(ctx context.Context, conn *pgx.Conn, sql string, args []any, into ...any) *Result {
	if err := conn.QueryRow(ctx, sql, args...).Scan(into...); err != nil {
		result := unexpected("a query failed", err)
		return &result
	}
	return nil
}

// column reads a column of texts.
func column(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, *Result) {
	rows, err := conn.Query(ctx, sql, args...)
	if err == nil {
		var found []string
		if found, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return found, nil
		}
	}
	result := unexpected("a query failed", err)
	return nil, &result
}

func serverVersion(ctx context.Context, x *examination) Result {
	var number int
	var name string
	if failed := query(ctx, x.conn, `SELECT current_setting('server_version_num')::integer / 10000,
		current_setting('server_version')`, nil, &number, &name); failed != nil {
		return *failed
	}
	return judgeVersion(number, name)
}

func judgeVersion(number int, name string) Result {
	switch {
	case number < minVersion:
		return failure(name, fmt.Sprintf("Upgrade PostgreSQL to %d or later.", minVersion))
	case number > testedVersion:
		return warning(name+" is later than any tested version",
			fmt.Sprintf("Versions %d to %d are tested.", minVersion, testedVersion))
	}
	return ok(name)
}

func encoding(ctx context.Context, x *examination) Result {
	var name, locale string
	if failed := query(ctx, x.conn, `SELECT pg_encoding_to_char(encoding), datctype FROM pg_database
		WHERE datname = current_database()`, nil, &name, &locale); failed != nil {
		return *failed
	}
	switch {
	case name != "UTF8":
		return failure(name, "Create a database with ENCODING 'UTF8' TEMPLATE template0, and move the data to it.")
	case locale == "C" || locale == "POSIX":
		return warning("UTF8 with the locale "+locale+", in which only A to Z have a lower case",
			"Create the database with LOCALE 'C.UTF-8'; otherwise searches do not ignore the case of Ä or É.")
	}
	return ok(name + ", " + locale)
}

func collation(ctx context.Context, x *examination) Result {
	var changed bool
	var database string
	if failed := query(ctx, x.conn, `SELECT datcollversion IS NOT NULL AND datcollversion IS DISTINCT FROM
			pg_database_collation_actual_version(oid),
		quote_ident(datname) FROM pg_database WHERE datname = current_database()`, nil, &changed, &database); failed != nil {
		return *failed
	}
	if changed {
		return failure("the system's collation has another version than the indexes of the database",
			"Run the statements while the service is stopped: indexes of text can be wrong.").
			with("REINDEX DATABASE "+database, "ALTER DATABASE "+database+" REFRESH COLLATION VERSION")
	}
	return ok("has not changed")
}

func databaseTLS(ctx context.Context, x *examination) Result {
	var encrypted bool
	var protocol string
	if failed := query(ctx, x.conn, `SELECT coalesce(ssl, false), coalesce(version, '') FROM pg_stat_ssl
		WHERE pid = pg_backend_pid() UNION ALL SELECT false, '' LIMIT 1`, nil, &encrypted, &protocol); failed != nil {
		return *failed
	}
	return judgeTLS(encrypted, protocol, x.conn.Config().Host)
}

func judgeTLS(encrypted bool, protocol, host string) Result {
	switch {
	case encrypted:
		return ok(protocol)
	case nearby(host):
		return ok("none, on the same machine")
	}
	return warning("none", "Add sslmode=verify-full and sslrootcert to DATABASE_URL.")
}

func primary(ctx context.Context, x *examination) Result {
	var standby, readOnly bool
	if failed := query(ctx, x.conn, `SELECT pg_is_in_recovery(),
		current_setting('default_transaction_read_only')::boolean`, nil, &standby, &readOnly); failed != nil {
		return *failed
	}
	switch {
	case standby:
		return failure("a standby, which accepts no changes",
			"Point DATABASE_URL to the primary, for example with target_session_attrs=primary.")
	case readOnly:
		return failure("transactions are read-only by default",
			"Remove default_transaction_read_only from the server, database or login.")
	}
	return ok("accepts changes")
}

func clockDifference(ctx context.Context, x *examination) Result {
	var there time.Time
	before := x.Now()
	if failed := query(ctx, x.conn, `SELECT clock_timestamp()`, nil, &there); failed != nil {
		return *failed
	}
	after := x.Now()
	// The time of the server lies between the two, if the clocks agree.
	difference := max(before.Sub(there), there.Sub(after), 0)
	found := fmt.Sprintf("differs by %s", difference.Round(time.Millisecond))
	const remedy = "Synchronize the clocks of both machines with NTP."
	switch {
	case difference > clockFailure:
		return failure(found, remedy)
	case difference > clockWarning:
		return warning(found, remedy)
	}
	return ok(found)
}

func connections(ctx context.Context, x *examination) Result {
	var limit, login int
	if failed := query(ctx, x.conn, `SELECT current_setting('max_connections')::integer
			- current_setting('superuser_reserved_connections')::integer, rolconnlimit
		FROM pg_roles WHERE rolname = session_user`, nil, &limit, &login); failed != nil {
		return *failed
	}
	if login >= 0 {
		limit = min(limit, login)
	}
	most := cmp.Or(x.Config.DatabaseMaxConnections, postgres.DefaultMaxConns(runtime.GOMAXPROCS(0)))
	need := most + 2 // one for notifications of jobs, one for migrations
	found := fmt.Sprintf("%d for each process, of %d", need, limit)
	switch {
	case need > limit:
		return failure(found, "Raise max_connections, or lower DATABASE_MAX_CONNECTIONS.")
	case 2*need > limit:
		return warning(found+": a second process does not fit", "Raise max_connections, or lower DATABASE_MAX_CONNECTIONS.")
	}
	return ok(found)
}

func pooler(ctx context.Context, x *examination) Result {
	err := postgres.CheckPooler(ctx, x.Config.DatabaseURL.Reveal(), false)
	if err != nil && !errors.Is(err, postgres.ErrTransactionPool) {
		return unexpected("look for a pooler", err)
	}
	return judgePooler(err != nil, x.Config.DatabasePoolMode == config.PoolTransaction)
}

func judgePooler(transactions, expected bool) Result {
	switch {
	case !transactions && expected:
		return ok("none is seen in transaction mode, for which DATABASE_POOL_MODE is set")
	case !transactions:
		return ok("none, or in session mode")
	case expected:
		return ok("transaction mode, as DATABASE_POOL_MODE says")
	}
	return failure("transaction mode, in which settings of sessions are lost",
		"Set DATABASE_POOL_MODE=transaction, and MIGRATION_DATABASE_URL to PostgreSQL itself.")
}

func clusterAccess(ctx context.Context, x *examination) Result {
	var public bool
	var others int
	var database string
	if failed := query(ctx, x.conn, `SELECT datacl IS NULL OR EXISTS (SELECT FROM aclexplode(datacl)
			WHERE grantee = 0 AND privilege_type = 'CONNECT'), quote_ident(datname),
			(SELECT count(*) FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', current_database()))
		FROM pg_database WHERE datname = current_database()`, nil, &public, &database, &others); failed != nil {
		return *failed
	}
	if public && others > 0 {
		return warning(fmt.Sprintf("every login of the cluster can connect, and there are %d other databases", others),
			"Installations in one cluster share their roles. Run the statement, and grant CONNECT to the logins of this one.").
			with("REVOKE CONNECT ON DATABASE " + database + " FROM PUBLIC")
	}
	return ok("this installation's logins")
}

func roles(ctx context.Context, x *examination) Result {
	existing, failed := column(ctx, x.conn, `SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)`, postgres.Roles())
	if failed != nil {
		return *failed
	}
	if missing := schema.Without(postgres.Roles(), existing); len(missing) > 0 {
		statements := make([]string, len(missing))
		for i, name := range missing {
			statements[i] = "CREATE ROLE " + name + " NOLOGIN"
		}
		login := pgx.Identifier{x.owner.Config().User}.Sanitize()
		return failure("missing: "+strings.Join(missing, ", "),
			"Run \"interviewer migrate up\", or the statements as a superuser.").
			with(append(statements, "GRANT "+strings.Join(missing, ", ")+" TO "+login+" WITH ADMIN OPTION")...)
	}
	strong, failed := column(ctx, x.conn, `SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)
		AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb OR rolreplication)`, postgres.Roles())
	if failed != nil {
		return *failed
	}
	if len(strong) > 0 {
		statements := make([]string, len(strong))
		for i, name := range strong {
			statements[i] = "ALTER ROLE " + name +
				" NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
		}
		return failure("with more than they need: "+strings.Join(strong, ", "), "Run the statements as a superuser.").
			with(statements...)
	}
	var member bool
	if failed := query(ctx, x.conn, `SELECT pg_has_role(session_user, $1,
		CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)`,
		[]any{postgres.ServiceRole}, &member); failed != nil {
		return *failed
	}
	if !member {
		return failure("the login of DATABASE_URL may not use "+postgres.ServiceRole,
			"Run the statement as a superuser or as the owner.").
			with("GRANT " + postgres.ServiceRole + " TO " + pgx.Identifier{x.conn.Config().User}.Sanitize())
	}
	return ok(strings.Join(postgres.Roles(), ", "))
}

func migrations(ctx context.Context, x *examination) Result {
	latest, err := schema.Latest()
	if err != nil {
		return unexpected("read the migrations", err)
	}
	version, err := schema.Current(ctx, x.owner)
	if err != nil {
		return unexpected("read the version of the schema", err)
	}
	found := fmt.Sprintf("version %d of %d", version, latest)
	switch {
	case version == 0:
		return failure("none has run", "Run \"interviewer migrate up\".")
	case version < latest:
		return failure(found, "Run \"interviewer migrate up\".")
	case version > latest:
		return warning(found+": of a newer release", "Replace this program by the current release.")
	}
	return ok(found)
}

func queue(ctx context.Context, x *examination) Result {
	ready, err := schema.JobsReady(ctx, x.owner)
	if err != nil {
		return unexpected("read the tables of the queue", err)
	}
	if !ready {
		return failure("its tables are missing or old", "Run \"interviewer migrate up\".")
	}
	return ok("tables are complete")
}

var createExtension = regexp.MustCompile(`(?i)CREATE EXTENSION (?:IF NOT EXISTS )?(\w+)`)

// neededExtensions returns the extensions that the migrations create.
func neededExtensions() ([]string, error) {
	files, err := fs.Glob(db.Migrations, "migrations/*.up.sql")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	var names []string
	for _, file := range files {
		text, err := fs.ReadFile(db.Migrations, file)
		if err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		for _, match := range createExtension.FindAllSubmatch(text, -1) {
			if name := string(match[1]); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

func extensions(ctx context.Context, x *examination) Result {
	needed, err := neededExtensions()
	if err != nil {
		return unexpected("list the extensions", err)
	}
	installed, failed := column(ctx, x.conn, `SELECT extname FROM pg_extension`)
	if failed != nil {
		return *failed
	}
	missing := schema.Without(needed, installed)
	if len(missing) == 0 {
		return ok(strings.Join(needed, ", "))
	}
	available, failed := column(ctx, x.conn, `SELECT name FROM pg_available_extensions`)
	if failed != nil {
		return *failed
	}
	if absent := schema.Without(missing, available); len(absent) > 0 {
		return failure("not on the server: "+strings.Join(absent, ", "),
			"Install the package postgresql-contrib on the server.")
	}
	statements := make([]string, len(missing))
	for i, name := range missing {
		statements[i] = "CREATE EXTENSION " + name
	}
	return failure("not in the database: "+strings.Join(missing, ", "),
		"Run \"interviewer migrate up\", or the statements as the owner.").
		with(statements...)
}

// differences returns the rights that the database lacks, and those that it has in addition.
func (x *examination) differences(ctx context.Context) (missing, further []string, failed *Result) {
	latest, err := schema.Latest()
	if err != nil {
		result := unexpected("read the migrations", err)
		return nil, nil, &result
	}
	switch version, err := schema.Current(ctx, x.owner); {
	case err != nil || version < latest:
		result := notChecked("not all migrations have run")
		return nil, nil, &result
	case version > latest:
		result := warning("the schema is of a newer release, whose rights this program does not know",
			"Run the doctor of that release.")
		return nil, nil, &result
	}
	got, err := schema.Rights(ctx, x.owner)
	if err != nil {
		result := unexpected("read the rights", err)
		return nil, nil, &result
	}
	want := schema.ExpectedRights()
	return schema.Without(want, got), schema.Without(got, want), nil
}

func rights(ctx context.Context, x *examination) Result {
	missing, _, failed := x.differences(ctx)
	if failed != nil {
		return *failed
	}
	missing = slices.DeleteFunc(missing, schema.OfBackups)
	if len(missing) > 0 {
		return failure(fmt.Sprintf("%d owners, policies or grants are missing", len(missing)), asOwner).
			with(schema.Repair(missing)...)
	}
	return ok(fmt.Sprintf("%d owners, policies and grants", len(schema.ExpectedRights())))
}

func furtherRights(ctx context.Context, x *examination) Result {
	_, further, failed := x.differences(ctx)
	if failed != nil {
		return *failed
	}
	if len(further) > 0 {
		return warning(fmt.Sprintf("%d more than the migrations give: %s", len(further), strings.Join(further, "; ")),
			"Revoke them, unless they are intended.")
	}
	return ok("none")
}

// lacking returns what schema.Lacking returns.
func (x *examination) lacking(ctx context.Context) (essential, others []string, failed *Result) {
	if _, _, failed := x.differences(ctx); failed != nil {
		return nil, nil, failed
	}
	essential, others, err := schema.Lacking(ctx, x.owner)
	if err != nil {
		result := unexpected("read the structure of the tables", err)
		return nil, nil, &result
	}
	return essential, others, nil
}

func triggers(ctx context.Context, x *examination) Result {
	missing, _, failed := x.lacking(ctx)
	switch {
	case failed != nil:
		return *failed
	case len(missing) > 0:
		return failure(fmt.Sprintf("%d are missing or disabled", len(missing)),
			"Run the statements as the owner of the database, and those with ENABLE TRIGGER ALL as a superuser.").
			with(missing...)
	}
	return ok("complete and enabled")
}

func ownersAndIndexes(ctx context.Context, x *examination) Result {
	_, missing, failed := x.lacking(ctx)
	switch {
	case failed != nil:
		return *failed
	case len(missing) > 0:
		return warning("owners, constraints or indexes are missing or differ",
			"Run the statements as the owner of the tables, and those with OWNER TO as a superuser.").with(missing...)
	}
	return ok(fmt.Sprintf("%d owners, constraints, indexes and triggers", len(schema.ExpectedStructure())))
}

func rowSecurity(ctx context.Context, x *examination) Result {
	tables, failed := column(ctx, x.conn, `SELECT c.oid::regclass::text FROM pg_class AS c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'schema_migrations'
			AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1`)
	if failed != nil {
		return *failed
	}
	if len(tables) == 0 {
		return ok("forced on all tables")
	}
	statements := make([]string, len(tables))
	for i, name := range tables {
		statements[i] = "ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
	}
	return failure("not forced on "+strings.Join(tables, ", "), asOwner).with(statements...)
}

func auditPartitions(ctx context.Context, x *examination) Result {
	missing, failed := column(ctx, x.owner, `SELECT to_char(month, 'YYYY-MM')
		FROM generate_series(date_trunc('month', now()), now() + make_interval(months => $1), '1 month') AS month
		WHERE NOT EXISTS (
			SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS bound
			WHERE i.inhparent = to_regclass('public.audit_logs') AND bound <> 'DEFAULT'
				AND coalesce(substring(bound FROM 'FROM \(''([^'']+)''\)'), '-infinity')::timestamptz <= month
				AND substring(bound FROM 'TO \(''([^'']+)''\)')::timestamptz > month) ORDER BY 1`, monthsAhead)
	if failed != nil {
		return *failed
	}
	if len(missing) > 0 {
		return warning("missing for "+strings.Join(missing, ", "),
			"Run workers, which create them each day, and look at \"interviewer jobs list --state discarded\".")
	}
	return ok(fmt.Sprintf("for %d months ahead", monthsAhead))
}

func backupRole(ctx context.Context, x *examination) Result {
	missing, _, failed := x.differences(ctx)
	if failed != nil {
		return *failed
	}
	missing = slices.DeleteFunc(missing, func(right string) bool { return !schema.OfBackups(right) })
	ready, err := schema.BackupReady(ctx, x.owner)
	switch {
	case err != nil:
		return unexpected("look at the role of backups", err)
	case len(missing) > 0:
		return warning("cannot read all tables, so \"interviewer backup\" refuses", asOwner).with(schema.Repair(missing)...)
	case !ready:
		return warning("cannot read all tables, so \"interviewer backup\" refuses", asOwner).with("CALL grant_backup()")
	}
	return ok("reads all tables")
}
