// Package schema migrates the database to the version that this program was built for, while other replicas serve
// requests.
//
// A migration normally runs in one transaction that includes its version: if the program is killed, nothing has
// changed, and the next start runs it again. Its statements wait only briefly for a lock, because requests queue behind
// a statement that waits; then the transaction is rolled back and tried again.
//
// A migration whose first line is "-- migrate: no transaction" runs its statements one after the other, each on its
// own, as CREATE INDEX CONCURRENTLY requires. Lines "-- next" separate the statements. Such a migration runs again from
// its beginning after an interruption, so each of its statements must have no effect if it has had its effect before.
//
// Replicas that start at the same time wait for each other. A program older than the schema does not change it.
package schema

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/golang-migrate/migrate/v4"
	migratepgx "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/ai-interviewer-platform/interviewer/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	// applicationName identifies the connections of migrations in pg_stat_activity.
	applicationName = "interviewer-migrate"
	// pollEvery is how often a replica looks whether another one has finished its migration.
	pollEvery = 200 * time.Millisecond
	// minLockTimeout and maxLockTimeout limit how long a statement waits for a lock, and so how long requests wait behind
	// it: at first, and after many tries.
	minLockTimeout = 2 * time.Millisecond
	maxLockTimeout = 100 * time.Millisecond
	// patience limits how long a migration is tried again because it does not get a lock.
	patience = 5 * time.Minute
	// quiet is how long a migration takes before its progress is reported.
	quiet = 2 * time.Second
)

// Options configure a Migrator. The zero value is valid.
type Options struct {
	// Progress gets a sentence about what takes longer than two seconds; nil for none. It may be called from another
	// goroutine.
	Progress func(message string)
	// Files has other migrations than those of this program, in the folder migrations.
	Files fs.FS
}

// Migrator migrates one database with the role of its URL, which must own the database. It creates our roles if they
// do not exist, for which it needs CREATEROLE; otherwise a superuser creates them before.
type Migrator struct {
	Options
	config *pgx.ConnConfig
	conn   *pgx.Conn
	latest uint
	// jobs is true if the migrations are those of this program, which prepare River's.
	jobs bool
}

// Open connects to the database. The context limits connecting only.
func Open(ctx context.Context, url string, o Options) (*Migrator, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	jobs := o.Files == nil
	if jobs {
		o.Files = db.Migrations
	}
	latest, err := latestOf(o.Files)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse migration database URL: %w", err)
	}
	config.ConnectTimeout = 5 * time.Second
	config.RuntimeParams["application_name"] = applicationName
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, postgres.Diagnose(url, fmt.Errorf("connect for migrations: %w", err))
	}
	// The lock of migrations and their timeouts belong to a session.
	if err := postgres.CheckSession(ctx, conn, url); err != nil {
		if errors.Is(err, postgres.ErrTransactionPool) {
			err = &postgres.Unfit{Problem: "The URL for migrations leads to a pooler in transaction mode. " +
				"Set MIGRATION_DATABASE_URL to a direct connection."}
		}
		return nil, errors.Join(postgres.Diagnose(url, err), conn.Close(context.WithoutCancel(ctx)))
	}
	if err := postgres.CheckEncoding(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return &Migrator{Options: o, config: config, conn: conn, latest: latest, jobs: jobs}, nil
}

// Close closes the connection.
func (m *Migrator) Close(ctx context.Context) error { return m.conn.Close(context.WithoutCancel(ctx)) }

// Up runs the pending migrations and returns their number, and then those of River's tables, which are not counted.
// Afterwards backups can read all tables. It does not change a schema newer than this program. The error is a
// postgres.Unfit if roles are missing that the role of the URL cannot create.
func (m *Migrator) Up(ctx context.Context) (applied int, err error) {
	// A schema that is up to date needs no lock, so that starting does not wait.
	if done, err := m.upToDate(ctx); err != nil || done {
		return 0, errors.Join(err, m.reportCollations(ctx))
	}
	if m.jobs {
		if err := m.prepareRoles(ctx); err != nil {
			return 0, err
		}
	}
	err = m.alone(ctx, func(migrations *migrate.Migrate) error {
		before, err := m.Version(ctx)
		if err != nil || before > m.latest {
			return err
		}
		if before < m.latest {
			if err := migrations.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
				return fmt.Errorf("migrate up: %w", err)
			}
			applied = int(m.latest - before)
		}
		if !m.jobs {
			return nil
		}
		if err := migrateJobs(ctx, m.config); err != nil {
			return err
		}
		grants := &driver{migrator: m, ctx: ctx}
		//nolint:contextcheck // the driver has it
		return wrap("let backups read all tables", grants.briefly("CALL grant_backup()"))
	})
	return applied, err
}

// upToDate reports whether there is nothing to migrate.
func (m *Migrator) upToDate(ctx context.Context) (bool, error) {
	version, err := m.Version(ctx)
	if err != nil || version != m.latest || !m.jobs {
		return version >= m.latest, err
	}
	if ready, err := m.JobsReady(ctx); err != nil || !ready {
		return false, err
	}
	return BackupReady(ctx, m.conn)
}

// JobsReady reports whether River's tables have the version that this program was built for, or a newer one, and
// whether the service may use them.
func (m *Migrator) JobsReady(ctx context.Context) (bool, error) { return JobsReady(ctx, m.conn) }

// Down reverts the last steps migrations, including their data.
func (m *Migrator) Down(ctx context.Context, steps int) error {
	return m.alone(ctx, func(migrations *migrate.Migrate) error {
		if err := migrations.Steps(-steps); err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		return nil
	})
}

// Version returns the version of the schema; 0 for an empty database.
func (m *Migrator) Version(ctx context.Context) (uint, error) { return version(ctx, m.conn) }

// Current returns the version of the schema of a database; 0 for an empty one.
func Current(ctx context.Context, conn Querier) (uint, error) { return version(ctx, conn) }

func version(ctx context.Context, conn Querier) (uint, error) {
	var version int64
	err := conn.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM schema_migrations`).Scan(&version)
	switch {
	case hasCode(err, undefinedTable):
		return 0, checkUsage(ctx, conn)
	case hasCode(err, insufficientPrivilege):
		return 0, &postgres.Unfit{
			Problem:    "The service may not read the version of the schema. Permit it as the owner of the database.",
			Statements: []string{"GRANT SELECT ON public.schema_migrations TO " + postgres.ServiceRole},
		}
	case err != nil:
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return uint(version), nil //nolint:gosec // versions are positive
}

// checkUsage returns a postgres.Unfit if the role of a connection may not use the schema public. PostgreSQL then finds
// no table in it.
func checkUsage(ctx context.Context, conn Querier) error {
	var login string
	var usable bool
	err := conn.QueryRow(ctx, `SELECT quote_ident(current_user),
		coalesce(has_schema_privilege(to_regnamespace('public'), 'USAGE'), true)`).
		Scan(&login, &usable)
	if err != nil || usable {
		return wrap("read the rights on the schema public", err)
	}
	return &postgres.Unfit{
		Problem: "The role " + login + " may not use the schema public. Permit it as the owner of the database:",
		Statements: []string{
			"GRANT USAGE ON SCHEMA public TO " + login, "GRANT USAGE ON SCHEMA public TO " + postgres.LookupRole,
		},
	}
}

// alone calls act while no other program migrates the database.
func (m *Migrator) alone(ctx context.Context, act func(*migrate.Migrate) error) (err error) {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.unlock(ctx)) }()
	pool := stdlib.OpenDB(*m.config)
	// golang-migrate's driver closes the pool, and keeps the version. It is created under the lock, because its
	// constructor waits for a lock of its own in a way that would make CREATE INDEX CONCURRENTLY of another replica wait
	// for this one.
	versions, err := migratepgx.WithInstance(pool, &migratepgx.Config{})
	if err != nil {
		return errors.Join(fmt.Errorf("prepare migrations: %w", err), pool.Close())
	}
	files, err := iofs.New(m.Files, "migrations")
	if err != nil {
		return errors.Join(fmt.Errorf("read migrations: %w", err), versions.Close())
	}
	runs := &driver{Driver: versions, migrator: m, ctx: ctx}
	migrations, err := migrate.NewWithInstance("embedded", files, "postgresql", runs)
	if err != nil {
		return errors.Join(fmt.Errorf("prepare migrations: %w", err), versions.Close())
	}
	defer func() { err = errors.Join(err, errors.Join(migrations.Close())) }()
	// After a failure, golang-migrate leaves the goroutine that reads the migrations behind, unless all of them fit here.
	migrations.PrefetchMigrations = m.latest
	return act(migrations)
}

// lock waits until no other program migrates the database. It asks again and again instead of waiting in PostgreSQL:
// CREATE INDEX CONCURRENTLY waits for every statement that runs, so the two would wait for each other.
func (m *Migrator) lock(ctx context.Context) error {
	waiting := time.AfterFunc(quiet, func() { m.Progress("Waiting for another program that migrates the database.") })
	defer waiting.Stop()
	for {
		var locked bool
		if err := m.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended('interviewer migrations', 0))`).
			Scan(&locked); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		if locked {
			return nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return fmt.Errorf("wait for another program that migrates the database: %w", err)
		}
	}
}

// unlock releases the lock. A connection that was closed has released it.
func (m *Migrator) unlock(ctx context.Context) error {
	if m.conn.IsClosed() {
		return nil
	}
	_, err := m.conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended('interviewer migrations', 0))`)
	if err != nil {
		return fmt.Errorf("unlock the schema: %w", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Latest returns the version that this program was built for.
func Latest() (uint, error) { return latestOf(db.Migrations) }

func latestOf(migrations fs.FS) (uint, error) {
	files, err := iofs.New(migrations, "migrations")
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	latest, err := files.First()
	for err == nil {
		var next uint
		if next, err = files.Next(latest); err == nil {
			latest = next
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	return latest, nil
}

// Names returns the names of the migrations by version.
func Names() (map[uint]string, error) {
	entries, err := fs.Glob(db.Migrations, "migrations/*.up.sql")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	names := make(map[uint]string, len(entries))
	for _, entry := range entries {
		parsed, err := source.Parse(entry[len("migrations/"):])
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		names[parsed.Version] = parsed.Identifier
	}
	return names, nil
}
