// Package backup copies an installation's database into a file and back, with pg_dump and pg_restore.
//
// The file has the custom format of pg_dump. pg_dump reads as the role of backups, whose policies show it the rows of
// every company, and in one snapshot. A second file beside it, the manifest, says what was in the database in that
// snapshot: the number of rows of each table, the end of each company's audit chain, and the rights of the roles. A
// restore is complete if the new database has the same.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

// format is the version of the manifest.
const format = 1

// Options configure Create and Restore. URL and Path are required.
type Options struct {
	// URL is the database, with a login that owns it or, for Create, that is a member of the role of backups. It must
	// lead to PostgreSQL itself: a pooler in transaction mode loses the role and the snapshot.
	URL string
	// Path is the file of the dump; the manifest is beside it, see ManifestPath.
	Path string
	// Bin is the directory of pg_dump and pg_restore; empty to find them.
	Bin string
	// Progress gets a sentence about each step and then every five seconds; nil for none.
	Progress func(message string)
	// Now returns the time; for Create.
	Now func() time.Time
}

func (o Options) progress(text string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(text, args...))
	}
}

// Manifest describes what a dump contains.
type Manifest struct {
	Format    int       `json:"format"`
	CreatedAt time.Time `json:"created_at"`
	// Server is the version of PostgreSQL, such as 15.14.
	Server string `json:"server"`
	// Schema is the version of the last migration.
	Schema uint `json:"schema"`
	// SHA256 is the hash of the dump, in hexadecimal, and Bytes its size.
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Contents
}

// Contents is what a restore is verified by.
type Contents struct {
	Tables []Table `json:"tables"`
	// Heads are the ends of the audit chains, one for each company that has one.
	Heads []Head `json:"audit_heads"`
	// Rights are those of schema.Rights.
	Rights []string `json:"rights"`
}

// Rows returns the number of rows of all tables.
func (c Contents) Rows() (rows int64) {
	for _, table := range c.Tables {
		rows += table.Rows
	}
	return rows
}

// Table is a table with the number of its rows. Partitions are tables of their own.
type Table struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// Head is the last position of a company's audit chain and its hash, in hexadecimal.
type Head struct {
	Company  uuid.UUID `json:"company_id"`
	Sequence int64     `json:"sequence"`
	Hash     string    `json:"hash"`
}

// ManifestPath returns the path of the manifest of a dump.
func ManifestPath(dump string) string { return dump + ".json" }

// Create writes a backup. The files are complete or absent, and only their owner can read them. It fails if one of them
// exists. The error is a postgres.Unfit if the login or the role of backups lacks rights.
func Create(ctx context.Context, o Options) (m Manifest, err error) {
	for _, path := range []string{o.Path, ManifestPath(o.Path)} {
		if _, err := os.Lstat(path); err == nil {
			return m, fmt.Errorf("%s exists; choose another name", path)
		}
	}
	conn, err := connect(ctx, o.URL)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	tools, err := find(ctx, o.Bin, "pg_dump", conn)
	if err != nil {
		return m, err
	}
	if m, err = begin(ctx, conn); err != nil {
		return m, err
	}
	m.CreatedAt = o.Now().UTC()
	// The snapshot of this transaction is that of the dump.
	var snapshot string
	if err := conn.QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&snapshot); err != nil {
		return m, fmt.Errorf("export the snapshot: %w", err)
	}
	o.progress("Counting the rows of the tables.")
	if m.Contents, err = contents(ctx, conn, m.Rights, o); err != nil {
		return m, err
	}
	draft, err := os.CreateTemp(filepath.Dir(o.Path), filepath.Base(o.Path)+".*.partial") // with mode 0600
	if err != nil {
		return m, fmt.Errorf("create the dump: %w", err)
	}
	defer func() { err = errors.Join(err, draft.Close(), removeIfExists(draft.Name())) }()
	o.progress("Dumping %d rows of %d tables.", m.Rows(), len(m.Tables))
	if err := tools.run(ctx, o, "--format=custom", "--file="+draft.Name(), "--role="+postgres.BackupRole,
		"--snapshot="+snapshot, "--enable-row-security", "--no-publications", "--no-subscriptions",
		"--lock-wait-timeout=60000"); err != nil {
		return m, err
	}
	if m.SHA256, m.Bytes, err = digest(draft); err != nil {
		return m, err
	}
	if err := writeManifest(o.Path, m); err != nil {
		return m, err
	}
	if err := errors.Join(draft.Sync(), os.Rename(draft.Name(), o.Path)); err != nil {
		return m, fmt.Errorf("write the dump: %w", errors.Join(err, removeIfExists(ManifestPath(o.Path))))
	}
	return m, nil
}

// begin starts a transaction that only reads, as the role of backups. It returns what is known before the dump.
func begin(ctx context.Context, conn *pgx.Conn) (m Manifest, err error) {
	m = Manifest{Format: format}
	if err := schema.CheckVersion(ctx, conn); err != nil {
		return m, err
	}
	if m.Rights, err = schema.Rights(ctx, conn); err != nil {
		return m, err
	}
	if missing := schema.Without(schema.ExpectedRights(), m.Rights); len(missing) > 0 {
		return m, &postgres.Unfit{
			Problem: fmt.Sprintf("%d rights are missing in the database, so a restored copy could not be verified. "+
				"Run these statements as its owner:", len(missing)),
			Statements: schema.Repair(missing),
		}
	}
	var login string
	var member bool
	err = conn.QueryRow(ctx, `SELECT quote_ident(session_user), pg_has_role(session_user, $1,
			CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)`,
		postgres.BackupRole).Scan(&login, &member)
	if err != nil {
		return m, fmt.Errorf("read the role of the connection: %w", err)
	}
	if !member {
		return m, &postgres.Unfit{
			Problem:    "The login may not make backups. Permit it as a superuser or as the owner of the database:",
			Statements: []string{"GRANT " + postgres.BackupRole + " TO " + login},
		}
	}
	_, err = conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; "+
		"SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL ROLE "+postgres.BackupRole)
	if err != nil {
		return m, fmt.Errorf("begin the transaction of the backup: %w", err)
	}
	if ready, err := schema.BackupReady(ctx, conn); err != nil || !ready {
		return m, errors.Join(err, &postgres.Unfit{Problem: "The role of backups cannot read all tables. " +
			"Permit it as the owner of the database:", Statements: []string{"CALL grant_backup()"}})
	}
	err = conn.QueryRow(ctx, `SELECT version, split_part(current_setting('server_version'), ' ', 1)
		FROM schema_migrations`).Scan(&m.Schema, &m.Server)
	if err != nil {
		return m, fmt.Errorf("read the versions: %w", err)
	}
	return m, nil
}

// contents counts, as the role of backups, what is in the database.
func contents(ctx context.Context, conn *pgx.Conn, rights []string, o Options) (Contents, error) {
	c := Contents{Rights: rights}
	rows, err := conn.Query(ctx, `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('public', 'river') AND c.relkind = 'r' ORDER BY 1`)
	if err != nil {
		return c, fmt.Errorf("list the tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return c, fmt.Errorf("list the tables: %w", err)
	}
	status := newStatus(o)
	defer status.stop()
	for _, name := range names {
		status.set("Counting the rows of " + name + ".")
		table := Table{Name: name}
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+name).Scan(&table.Rows); err != nil {
			return c, fmt.Errorf("count the rows of %s: %w", name, err)
		}
		c.Tables = append(c.Tables, table)
	}
	rows, err = conn.Query(ctx, `SELECT DISTINCT ON (company_id) company_id, sequence, encode(hash, 'hex')
		FROM public.audit_seals ORDER BY company_id, sequence DESC`)
	if err != nil {
		return c, fmt.Errorf("read the audit chains: %w", err)
	}
	c.Heads, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Head, err error) {
		var id [16]byte
		err = row.Scan(&id, &h.Sequence, &h.Hash)
		h.Company = id
		return h, err
	})
	if err != nil {
		return c, fmt.Errorf("read the audit chains: %w", err)
	}
	return c, nil
}

// differences lists what differs between two databases, a sentence each; none if they have the same contents.
func differences(want, got Contents) []string {
	var found []string
	counts := map[string]int64{}
	for _, table := range got.Tables {
		counts[table.Name] = table.Rows
	}
	for _, table := range want.Tables {
		if rows, exists := counts[table.Name]; !exists || rows != table.Rows {
			found = append(found, fmt.Sprintf("%s has %d rows instead of %d", table.Name, rows, table.Rows))
		}
	}
	heads := map[uuid.UUID]Head{}
	for _, head := range got.Heads {
		heads[head.Company] = head
	}
	for _, head := range want.Heads {
		if heads[head.Company] != head {
			found = append(found, fmt.Sprintf("the audit chain of company %s ends elsewhere than at %d %s",
				head.Company, head.Sequence, head.Hash))
		}
	}
	if len(got.Heads) != len(want.Heads) {
		found = append(found, fmt.Sprintf("%d companies have an audit chain instead of %d", len(got.Heads), len(want.Heads)))
	}
	for _, right := range schema.Without(want.Rights, got.Rights) {
		found = append(found, "a right is missing: "+right)
	}
	for _, right := range schema.Without(got.Rights, want.Rights) {
		found = append(found, "a right was not in the backup: "+right)
	}
	return found
}

func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database URL: %w", err)
	}
	config.ConnectTimeout = 5 * time.Second
	config.RuntimeParams["application_name"] = "interviewer-backup"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, postgres.Diagnose(url, fmt.Errorf("connect to the database: %w", err))
	}
	return conn, nil
}

func digest(file *os.File) (hash string, size int64, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", 0, fmt.Errorf("read the dump: %w", err)
	}
	sum := sha256.New()
	if size, err = io.Copy(sum, file); err != nil {
		return "", 0, fmt.Errorf("read the dump: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}

func writeManifest(dump string, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	if err := os.WriteFile(ManifestPath(dump), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// readManifest reads the manifest of a dump, and compares it with the dump.
func readManifest(path string) (m Manifest, err error) {
	text, err := os.ReadFile(ManifestPath(path))
	if err != nil {
		return m, fmt.Errorf("read the manifest, which \"interviewer backup\" wrote beside the dump: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read the manifest %s: %w", ManifestPath(path), err)
	}
	if m.Format != format {
		return m, fmt.Errorf("the manifest has the format %d, and this program reads %d", m.Format, format)
	}
	dump, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return m, fmt.Errorf("open the dump: %w", err)
	}
	hash, _, err := digest(dump)
	if err = errors.Join(err, dump.Close()); err != nil {
		return m, err
	}
	if hash != m.SHA256 {
		return m, fmt.Errorf("%s is not the dump of its manifest: its SHA-256 is %s instead of %s", path, hash, m.SHA256)
	}
	return m, nil
}

func removeIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// Restore fills an empty database from a backup, and verifies it. Roles that do not exist are created. If it fails
// before the verification, the database stays empty. The error is a postgres.Unfit if the login lacks roles.
func Restore(ctx context.Context, o Options) (m Manifest, err error) {
	if m, err = readManifest(o.Path); err != nil {
		return m, err
	}
	latest, err := schema.Latest()
	if err != nil {
		return m, err
	}
	if m.Schema > latest {
		return m, fmt.Errorf("the backup has the schema version %d, and this program knows %d: restore it with the release "+
			"that made it or a later one", m.Schema, latest)
	}
	conn, err := connect(ctx, o.URL)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	tools, err := find(ctx, o.Bin, "pg_restore", conn)
	if err != nil {
		return m, err
	}
	if err := refuseFull(ctx, conn); err != nil {
		return m, err
	}
	if err := schema.EnsureRoles(ctx, conn); err != nil {
		return m, err
	}
	o.progress("Restoring %d rows of %d tables.", m.Rows(), len(m.Tables))
	// Owners and grants have names of roles that may not exist here, so they are those of the manifest.
	err = tools.run(ctx, o, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", o.Path)
	if err != nil {
		return m, err
	}
	if err := grant(ctx, conn, m.Rights); err != nil {
		return m, err
	}
	o.progress("Collecting statistics.")
	if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
		return m, fmt.Errorf("collect statistics: %w", err)
	}
	o.progress("Verifying the restored database.")
	return m, verify(ctx, conn, m, o)
}

// refuseFull returns an error if a database has tables or functions that do not belong to an extension.
func refuseFull(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT name FROM (
			SELECT c.oid, c.oid::regclass::text AS name, c.relnamespace AS namespace FROM pg_class AS c
			UNION ALL SELECT p.oid, p.oid::regprocedure::text, p.pronamespace FROM pg_proc AS p
			UNION ALL SELECT n.oid, n.nspname, n.oid FROM pg_namespace AS n WHERE n.nspname <> 'public'
		) AS found JOIN pg_namespace AS n ON n.oid = namespace
		WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
			AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = found.oid AND d.deptype = 'e')
		ORDER BY 1 LIMIT 3`)
	if err != nil {
		return fmt.Errorf("look for existing tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for existing tables: %w", err)
	}
	if len(names) > 0 {
		return fmt.Errorf("the database %q is not empty: it has %q. Create another one and restore into that",
			conn.Config().Database, names)
	}
	return nil
}

// grant gives the rights of the manifest.
func grant(ctx context.Context, conn *pgx.Conn, rights []string) error {
	got, err := schema.Rights(ctx, conn)
	if err != nil {
		return err
	}
	for _, statement := range append(schema.Repair(schema.Without(rights, got)), "CALL grant_backup()") {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("run %q: %w", statement, err)
		}
	}
	return nil
}

// verify compares a restored database with the manifest.
func verify(ctx context.Context, conn *pgx.Conn, m Manifest, o Options) error {
	rights, err := schema.Rights(ctx, conn)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "BEGIN READ ONLY; SET LOCAL ROLE "+postgres.BackupRole); err != nil {
		return fmt.Errorf("begin the verification: %w", err)
	}
	got, err := contents(ctx, conn, rights, o)
	if _, ending := conn.Exec(context.WithoutCancel(ctx), "ROLLBACK"); err != nil || ending != nil {
		return errors.Join(err, ending)
	}
	found := differences(m.Contents, got)
	if len(found) == 0 {
		return nil
	}
	const most = 20
	shown := found[:min(most, len(found))]
	return fmt.Errorf("the restored database differs from the backup in %d places: %q", len(found), slices.Clone(shown))
}
