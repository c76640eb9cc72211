// Package schema brings the database to the version that this program was built for. A migration and the version it
// leads to commit together: one that is killed half-way has not happened, and the next start runs it. Replicas that
// start at once wait for each other, and a program older than the schema leaves it alone.
package schema

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	migratepgx "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/ai-interviewer-platform/interviewer/db"
)

// lockTimeout is how long one replica waits for another's migration.
const lockTimeout = time.Minute

// Migrator moves the schema of one database. It uses one connection, as the role of its URL, which must be allowed to
// create roles and tables.
type Migrator struct {
	migrations *migrate.Migrate
	latest     uint
}

// Open connects to the database. The context bounds connecting and everything that Close has not ended.
func Open(ctx context.Context, url string) (*Migrator, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("migration database url: %w", err)
	}
	config.ConnectTimeout = 5 * time.Second
	config.RuntimeParams["application_name"] = "interviewer-migrate"
	pool := stdlib.OpenDB(*config)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to migrate: %w", err), pool.Close())
	}
	driver, err := migratepgx.WithInstance(pool, &migratepgx.Config{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare to migrate: %w", err), pool.Close())
	}
	files, err := iofs.New(db.Migrations, "migrations")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read migrations: %w", err), driver.Close())
	}
	latest, err := Latest()
	if err != nil {
		return nil, errors.Join(err, driver.Close())
	}
	migrations, err := migrate.NewWithInstance("embedded", files, "postgresql", &atomic{Driver: driver})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare to migrate: %w", err), driver.Close())
	}
	migrations.LockTimeout = lockTimeout
	return &Migrator{migrations: migrations, latest: latest}, nil
}

// Close ends the connection.
func (m *Migrator) Close() error { return errors.Join(m.migrations.Close()) }

// Up runs every migration that is missing and says how many there were. A schema newer than this program stays.
func (m *Migrator) Up() (int, error) {
	before, err := m.Version()
	if err != nil {
		return 0, err
	}
	if before >= m.latest {
		return 0, nil
	}
	if err := m.migrations.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
		return 0, fmt.Errorf("migrate up: %w", err)
	}
	return int(m.latest - before), nil
}

// Down takes back the last steps migrations, and their data with them.
func (m *Migrator) Down(steps int) error {
	if err := m.migrations.Steps(-steps); err != nil {
		return fmt.Errorf("migrate down: %w", err)
	}
	return nil
}

// Version is the version that the schema has; 0 for an empty database.
func (m *Migrator) Version() (uint, error) {
	version, _, err := m.migrations.Version()
	if errors.Is(err, migrate.ErrNilVersion) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return version, nil
}

// Latest is the version that this program was built for.
func Latest() (uint, error) {
	files, err := iofs.New(db.Migrations, "migrations")
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

// Names lists the migrations in their order, by version.
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

// atomic writes the version in the transaction of the migration's own statements. golang-migrate marks a version dirty
// before it runs the migration and clean after; both marks would be commits of their own.
type atomic struct {
	database.Driver
	target int
}

func (a *atomic) SetVersion(version int, dirty bool) error {
	if dirty {
		a.target = version
	}
	return nil
}

func (a *atomic) Run(migration io.Reader) error {
	statements, err := io.ReadAll(migration)
	if err != nil {
		return fmt.Errorf("read migration: %w", err)
	}
	mark := "\n;\nTRUNCATE schema_migrations;"
	if a.target > database.NilVersion {
		mark += fmt.Sprintf("\nINSERT INTO schema_migrations (version, dirty) VALUES (%d, false);", a.target)
	}
	return a.Driver.Run(bytes.NewReader(append(statements, mark...)))
}
