package schema_test

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

// cluster is a server of a test's own, without our roles, and a connection of its superuser.
type cluster struct {
	server *local.Postgres
	super  *pgx.Conn
}

func newCluster(t *testing.T) cluster {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "schema-test-") //nolint:usetesting // the server's user cannot access t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := local.StartPostgres(t.Context(), local.Options{
		Dir: dir, Fast: true, Bin: os.Getenv(local.BinVariable), Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cluster{server, connect(t, server.URL("postgres"))}
}

func (c cluster) exec(t *testing.T, statements ...string) {
	t.Helper()
	run(t, c.super, statements...)
}

func run(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// as returns the URL of a database for a login.
func (c cluster) as(t *testing.T, login, database string) string {
	t.Helper()
	address, err := url.Parse(c.server.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.User(login)
	return address.String()
}

// owner creates a login that is not a superuser, and a database that it owns, and returns its URL.
func (c cluster) owner(t *testing.T, name, attributes string) string {
	t.Helper()
	c.exec(t, `CREATE ROLE `+name+` LOGIN `+attributes, `CREATE DATABASE `+name+` OWNER `+name)
	return c.as(t, name, name)
}

// up migrates as a login and returns the error.
func up(t *testing.T, address string) error {
	t.Helper()
	_, err := migrator(t, address).Up(t.Context())
	return err
}

// works requires that a login can migrate, has all rights, and can serve.
func works(t *testing.T, address string) {
	t.Helper()
	if err := up(t, address); err != nil {
		t.Fatalf("migrate: got error %v", err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{URL: address, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := errors.Join(s.CheckRole(t.Context()), schema.CheckRights(t.Context(), s.Pool())); err != nil {
		t.Errorf("serve: got error %v", err)
	}
	got, err := schema.Rights(t.Context(), connect(t, address))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rights", got, schema.ExpectedRights())
}

// unfit requires an error that names statements.
func unfit(t *testing.T, err error, statements ...string) []string {
	t.Helper()
	var u *postgres.Unfit
	if !errors.As(err, &u) || !slices.Equal(u.Statements, statements) {
		t.Fatalf("got error %v, want one with the statements %q", err, statements)
	}
	for _, statement := range statements {
		if !strings.Contains(err.Error(), statement+";") {
			t.Errorf("got text\n%v\nwant it to contain %q", err, statement)
		}
	}
	return u.Statements
}

const shared = "interviewer_service, interviewer_lookup, interviewer_backup"

// TestOwnerWithoutCreateRole migrates as an owner that cannot create the roles: the error names the statements, and after
// a superuser has run them, it succeeds.
func TestOwnerWithoutCreateRole(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	address := c.owner(t, "plain", "")
	c.exec(t, unfit(t, up(t, address),
		"CREATE ROLE interviewer_service NOLOGIN", "CREATE ROLE interviewer_lookup NOLOGIN", "CREATE ROLE interviewer_backup NOLOGIN",
		"GRANT "+shared+" TO plain WITH ADMIN OPTION")...)
	works(t, address)
	c.exec(t, `REVOKE ADMIN OPTION FOR `+shared+` FROM plain CASCADE`)
	works(t, address) // only the first migration needs the option
}

// TestInstallationsShareRoles migrates two databases of one cluster, each as an owner of its own. From PostgreSQL 16 on, the second owner
// may not use the roles that the first one created: the error names the statement.
func TestInstallationsShareRoles(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	works(t, c.owner(t, "first", "CREATEROLE"))
	second := c.owner(t, "second", "CREATEROLE")
	if err := up(t, second); column(t, c.super, `SELECT (current_setting('server_version_num')::int >= 160000)::text`)[0] == "true" {
		c.exec(t, unfit(t, err, "GRANT "+shared+" TO second WITH ADMIN OPTION")...)
	} else if err != nil {
		t.Fatalf("second installation: got error %v", err)
	}
	works(t, second)

	// A login that is not a member of the service's role cannot serve.
	c.exec(t, `CREATE ROLE login LOGIN`)
	stranger := c.as(t, "login", "second")
	open := func() error {
		s, err := postgres.Open(t.Context(), postgres.Options{URL: stranger, MaxConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return postgres.Diagnose(stranger, s.CheckRole(t.Context()))
	}
	c.exec(t, unfit(t, open(), `GRANT interviewer_service TO "login"`)...)
	if err := open(); err != nil {
		t.Errorf("as a member: got error %v", err)
	}
}

// TestRefusedConnections checks what a server that refuses a connection for good leads to.
func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.exec(t, `CREATE ROLE plain LOGIN`, `CREATE DATABASE closed`, `REVOKE CONNECT ON DATABASE closed FROM PUBLIC`)
	for name, one := range map[string]struct {
		address    string
		statements []string
	}{
		"unknown login":    {c.as(t, "nobody", "postgres"), nil},
		"unknown database": {c.as(t, "plain", "none"), []string{`CREATE DATABASE "none" OWNER "plain" TEMPLATE template0 ENCODING 'UTF8'`}},
		"closed database":  {c.as(t, "plain", "closed"), []string{`GRANT CONNECT ON DATABASE "closed" TO "plain"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schema.Open(t.Context(), one.address, schema.Options{})
			unfit(t, err, one.statements...)
		})
	}
	t.Run("no roles", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), postgres.Options{URL: c.as(t, "postgres", "postgres"), MaxConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		unfit(t, postgres.Diagnose("", s.Ping(t.Context())))
	})
	t.Run("stopped server", func(t *testing.T) {
		_, err := schema.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none?sslmode=disable", schema.Options{})
		var u *postgres.Unfit
		if err == nil || errors.As(err, &u) {
			t.Errorf("got error %v, want one that can pass", err)
		}
	})
}

var undoes = []struct { //nolint:gochecknoglobals // a table
	right *regexp.Regexp
	undo  string
}{
	{regexp.MustCompile(`^GRANT (USAGE ON SCHEMA \S+) TO (\S+)$`), `REVOKE $1 FROM $2, PUBLIC`},
	{regexp.MustCompile(`^GRANT (.*) TO (\S+)$`), `REVOKE $1 FROM $2`},
	{regexp.MustCompile(`^REVOKE (.*) FROM PUBLIC$`), `GRANT $1 TO PUBLIC`},
	{regexp.MustCompile(`^CREATE POLICY (\S+ ON \S+) .*$`), `DROP POLICY $1`},
	{regexp.MustCompile(`^ALTER TABLE (\S+) .*$`), `ALTER TABLE $1 DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY`},
	{regexp.MustCompile(`^ALTER (VIEW|FUNCTION) (.*) OWNER TO \S+$`), `ALTER $1 $2 OWNER TO CURRENT_USER`},
}

// undo returns the statement that takes a right away.
func undo(t *testing.T, right string) string {
	t.Helper()
	for _, one := range undoes {
		if one.right.MatchString(right) {
			return one.right.ReplaceAllString(right, one.undo)
		}
	}
	t.Fatalf("the right %q cannot be undone", right)
	return ""
}

// TestMissingRightsAreNamedAndRepaired takes each right away, first one of each kind and then all. The error names
// the statements, and the owner runs them.
func TestMissingRightsAreNamedAndRepaired(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	address := c.owner(t, "plain", "CREATEROLE")
	works(t, address)
	owner := connect(t, address)
	check := func() error { return schema.CheckRights(t.Context(), owner) }
	ours := slices.DeleteFunc(schema.ExpectedRights(), schema.OfBackups)
	kinds := map[string]string{}
	for _, right := range ours {
		words := strings.Fields(right)
		kinds[words[0]+" "+words[1]] = right
	}
	for kind, right := range kinds {
		t.Run(kind, func(t *testing.T) {
			run(t, owner, undo(t, right))
			err := check()
			var u *postgres.Unfit
			if !errors.As(err, &u) || !slices.Contains(u.Statements, right) {
				t.Fatalf("without %q: got error %v", right, err)
			}
			run(t, owner, u.Statements...)
			if err := check(); err != nil {
				t.Errorf("after its statements: got error %v", err)
			}
		})
	}
	for _, right := range slices.Backward(schema.ExpectedRights()) {
		run(t, owner, undo(t, right))
	}
	rights, err := schema.Rights(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	missing := schema.Without(schema.ExpectedRights(), rights)
	if len(missing) < len(ours) {
		t.Errorf("missing rights: got %d, want %d or more", len(missing), len(ours))
	}
	run(t, owner, schema.Repair(missing)...)
	works(t, address)
}

// TestNewerSchemaWithoutTheRightsIsRefused starts a program with a schema that no longer has a function that the program calls, and with
// one that has other policies.
func TestNewerSchemaWithoutTheRightsIsRefused(t *testing.T) {
	t.Parallel()
	_, conn := migrated(t)
	run(t, conn, `UPDATE schema_migrations SET version = version + 1`, `DROP POLICY tenant ON scores`)
	if err := schema.CheckRights(t.Context(), conn); err != nil {
		t.Errorf("newer schema with another policy: got error %v", err)
	}
	run(t, conn, `DROP FUNCTION find_company(text)`)
	var u *postgres.Unfit
	if err := schema.CheckRights(t.Context(), conn); !errors.As(err, &u) || !strings.Contains(u.Problem, "start the current release") {
		t.Errorf("newer schema without a function: got error %v", err)
	}
	run(t, conn, `UPDATE schema_migrations SET version = version - 2`)
	if err := schema.CheckRights(t.Context(), conn); err != nil {
		t.Errorf("older schema: got error %v", err)
	}
}

// migrated returns an empty database after all migrations.
func migrated(t *testing.T) (string, *pgx.Conn) {
	t.Helper()
	address, conn := empty(t)
	if err := up(t, address); err != nil {
		t.Fatal(err)
	}
	return address, conn
}
