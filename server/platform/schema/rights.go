package schema

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

var (
	// rightsQuery lists the rights of a database as the statements that give them.
	//
	//go:embed rights.sql
	rightsQuery string

	// rightsText is the result of rightsQuery after all migrations of this program, a right a line. The test
	// TestRightsAreListed writes it with -update.
	//
	//go:embed rights.txt
	rightsText string
)

// Querier is a connection, a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Beginner is a connection or a pool.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Rights returns what our roles may do in a database: the owners of functions and views, row-level security, policies
// and grants. Each is the SQL statement that gives the right, without a semicolon. Every login can read them.
func Rights(ctx context.Context, in Beginner) (rights []string, err error) {
	err = pgx.BeginTxFunc(ctx, in, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rights, err = listed(ctx, tx, rightsQuery)
		return err
	})
	return rights, wrap("read the rights of the roles", err)
}

// listed returns the statements that a query lists.
func listed(ctx context.Context, tx pgx.Tx, query string) ([]string, error) {
	// The search path decides whether PostgreSQL writes names with their schema.
	if _, err := tx.Exec(ctx, "SET LOCAL search_path = public"); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// ExpectedRights returns the rights of a database that has all migrations of this program.
func ExpectedRights() []string { return strings.Split(strings.TrimSuffix(rightsText, "\n"), "\n") }

// Without returns the elements of all that are not in some, in the order of all.
func Without(all, some []string) []string {
	known := make(map[string]bool, len(some))
	for _, one := range some {
		known[one] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return known[one] })
}

// OfBackups reports whether a right is one that only backups need.
func OfBackups(right string) bool {
	return strings.HasSuffix(right, " TO "+postgres.BackupRole) || strings.HasPrefix(right, "CREATE POLICY backup ") ||
		strings.Contains(right, " public.grant_backup()")
}

// Repair returns the statements that give missing rights. The owner of the database can run them, one after the other.
// A policy replaces one with the same name.
func Repair(missing []string) []string {
	var statements []string
	const owner = " OWNER TO " + postgres.LookupRole
	owning := false
	for _, right := range missing {
		name, policy := strings.CutPrefix(right, "CREATE POLICY ")
		switch {
		case policy:
			name, _, _ = strings.Cut(name, " AS ")
			statements = append(statements, "DROP POLICY IF EXISTS "+name)
		case strings.HasSuffix(right, owner) && !owning:
			// The owner of a function must be allowed to create it.
			statements, owning = append(statements, "GRANT CREATE ON SCHEMA public TO "+postgres.LookupRole), true
		case !strings.HasSuffix(right, owner) && owning:
			statements, owning = append(statements, "REVOKE CREATE ON SCHEMA public FROM "+postgres.LookupRole), false
		}
		statements = append(statements, right)
	}
	if owning {
		statements = append(statements, "REVOKE CREATE ON SCHEMA public FROM "+postgres.LookupRole)
	}
	return statements
}

// CheckRights returns a postgres.Unfit that names the missing rights of a database, with the statements that give them.
// It does not check a schema that is older than this program, which a migration completes. In a newer schema, policies
// can differ, but a missing grant means that it no longer supports this program.
func CheckRights(ctx context.Context, in interface {
	Querier
	Beginner
},
) error {
	version, err := version(ctx, in)
	if err != nil {
		return err
	}
	latest, err := Latest()
	if err != nil {
		return err
	}
	if version < latest {
		return nil
	}
	rights, err := Rights(ctx, in)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(Without(ExpectedRights(), rights), func(right string) bool {
		return OfBackups(right) || version > latest && strings.HasPrefix(right, "CREATE POLICY ")
	})
	switch {
	case len(missing) == 0:
		return nil
	case version > latest:
		return &postgres.Unfit{Problem: fmt.Sprintf("The schema has version %d, and this program was built for %d. "+
			"It lacks %d rights that this program needs, so it no longer supports this program: start the current release. "+
			"The first of them is: %s", version, latest, len(missing), missing[0])}
	}
	return &postgres.Unfit{
		Problem:    fmt.Sprintf("%d rights are missing in the database. Run these statements as its owner:", len(missing)),
		Statements: Repair(missing),
	}
}

// CheckVersion returns a postgres.Unfit for a database without our tables, and for one with an older schema than this
// program needs.
func CheckVersion(ctx context.Context, in Querier) error {
	version, err := version(ctx, in)
	if err != nil {
		return err
	}
	latest, err := Latest()
	switch {
	case err != nil || version >= latest:
		return err
	case version == 0:
		return &postgres.Unfit{Problem: "The database is empty. Create its tables with \"interviewer migrate up\", " +
			"or start the service, which does that with MIGRATE_ON_START=true."}
	}
	return &postgres.Unfit{Problem: fmt.Sprintf("The schema has version %d, and this program needs %d. "+
		"Run \"interviewer migrate up\".", version, latest)}
}

// member is what the role that migrates can do with one of our roles.
type member struct {
	exists, inherits, set, grant bool
}

// prepareRoles checks that our roles exist, or that the migrations can create them, and that the role that migrates has
// their rights. The error is a postgres.Unfit with the statements for a superuser.
func (m *Migrator) prepareRoles(ctx context.Context) error {
	before, err := m.Version(ctx)
	if err != nil || before > m.latest {
		return err
	}
	_, err = checkRoles(ctx, m.conn, before == 0)
	return err
}

// EnsureRoles creates our roles if they do not exist, and makes the role of a connection their member. The error is a
// postgres.Unfit with the statements for a superuser if it cannot.
func EnsureRoles(ctx context.Context, conn *pgx.Conn) error {
	lacking, err := checkRoles(ctx, conn, false)
	if err != nil {
		return err
	}
	for _, name := range lacking {
		statements := "GRANT " + name + " TO CURRENT_USER"
		if has, err := membership(ctx, conn, name); err != nil {
			return err
		} else if !has.exists {
			statements = "CREATE ROLE " + name + " NOLOGIN; " + statements
		}
		if _, err := conn.Exec(ctx, statements); err != nil {
			return fmt.Errorf("create the role %s: %w", name, err)
		}
	}
	return nil
}

// checkRoles returns the roles that the role of a connection must create or grant to itself. foundation is true if the
// first migration has not run.
func checkRoles(ctx context.Context, conn *pgx.Conn, foundation bool) (lacking []string, err error) {
	var login string
	var creates, super, grantsAll bool
	err = conn.QueryRow(ctx, `SELECT quote_ident(rolname), rolsuper OR rolcreaterole, rolsuper,
			rolcreaterole AND current_setting('server_version_num')::integer < 160000
		FROM pg_roles WHERE rolname = current_user`).Scan(&login, &creates, &super, &grantsAll)
	if err != nil {
		return nil, fmt.Errorf("read the role of the connection: %w", err)
	}
	var missing, create []string
	for _, name := range postgres.Roles() {
		has, err := membership(ctx, conn, name)
		if err != nil {
			return nil, err
		}
		switch usable := has.inherits && has.set; {
		case usable && (super || has.grant || grantsAll || !foundation || name == postgres.BackupRole):
			// The first migration grants its roles in any case, which needs the option.
		case has.exists && (has.grant || grantsAll), !has.exists && creates:
			lacking = append(lacking, name)
		default:
			missing = append(missing, name)
			if !has.exists {
				create = append(create, "CREATE ROLE "+name+" NOLOGIN")
			}
		}
	}
	if len(missing) == 0 {
		return lacking, nil
	}
	option := ""
	if foundation {
		option = " WITH ADMIN OPTION"
	}
	return nil, &postgres.Unfit{
		Problem: fmt.Sprintf("The role %s needs the roles %s. Installations in one cluster share them; "+
			"see docs/operations/deployment.md. Run these statements as a superuser or as the role that created them:",
			login, strings.Join(missing, ", ")),
		Statements: append(create, "GRANT "+strings.Join(missing, ", ")+" TO "+login+option),
	}
}

func membership(ctx context.Context, conn *pgx.Conn, role string) (member, error) {
	var m member
	err := conn.QueryRow(ctx, `SELECT count(*) = 1, coalesce(bool_or(pg_has_role(oid, 'USAGE')), false),
			coalesce(bool_or(pg_has_role(oid, 'MEMBER WITH ADMIN OPTION')), false),
			coalesce(bool_or(pg_has_role(oid,
				CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)), false)
		FROM pg_roles WHERE rolname = $1`, role).Scan(&m.exists, &m.inherits, &m.grant, &m.set)
	return m, wrap("read the members of "+role, err)
}

// BackupReady reports whether backups can read every table that the role of a connection owns or, for a connection with
// the role of backups, every table.
func BackupReady(ctx context.Context, conn Querier) (ready bool, err error) {
	err = conn.QueryRow(ctx, `SELECT NOT EXISTS (
		SELECT FROM pg_class AS c, pg_roles AS r
		WHERE c.relnamespace IN ('public'::regnamespace, to_regnamespace('river')) AND r.rolname = $1
			AND c.relkind IN ('r', 'p') AND (pg_has_role(c.relowner, 'USAGE') OR current_user = r.rolname)
			AND NOT (has_table_privilege(r.oid, c.oid, 'SELECT') AND (NOT c.relrowsecurity OR EXISTS (
				SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'backup'))))`, postgres.BackupRole).Scan(&ready)
	return ready, wrap("look for tables that backups cannot read", err)
}
