// Package schema migrates the database to the version that this program was built for. A migration and its version are
// committed together: if the process is killed during a migration, nothing is changed, and the next start runs it
// again. Replicas that start at the same time wait for each other. A program older than the schema does not change it.
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

// lockTimeout limits how long one replica waits for the migration of another.
const lockTimeout = time.Minute

// Migrator migrates one database. It uses one connection with the role of its URL, which must be allowed to create
// roles and tables.
type Migrator struct {
	migrations *migrate.Migrate
	latest     uint
}

// Open connects to the database. The context limits connecting and everything until Close.
func Open(ctx context.Context, url string) (*Migrator, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse migration database URL: %w", err)
	}
	config.ConnectTimeout = 5 * time.Second
	config.RuntimeParams["application_name"] = "interviewer-migrate"
	pool := stdlib.OpenDB(*config)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect for migrations: %w", err), pool.Close())
	}
	driver, err := migratepgx.WithInstance(pool, &migratepgx.Config{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare migrations: %w", err), pool.Close())
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
		return nil, errors.Join(fmt.Errorf("prepare migrations: %w", err), driver.Close())
	}
	migrations.LockTimeout = lockTimeout
	return &Migrator{migrations: migrations, latest: latest}, nil
}

// Close closes the connection.
func (m *Migrator) Close() error { return errors.Join(m.migrations.Close()) }

// Up runs the pending migrations and returns their number. It does not change a schema newer than this program.
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

// Down reverts the last steps migrations, including their data.
func (m *Migrator) Down(steps int) error {
	if err := m.migrations.Steps(-steps); err != nil {
		return fmt.Errorf("migrate down: %w", err)
	}
	return nil
}

// Version returns the version of the schema; 0 for an empty database.
func (m *Migrator) Version() (uint, error) {
	version, _, err := m.migrations.Version()
	if errors.Is(err, migrate.ErrNilVersion) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

// Latest returns the version that this program was built for.
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

// atomic writes the version in the transaction of the migration. golang-migrate marks a version as dirty before it runs
// the migration and as clean afterwards; each mark would be a separate commit.
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
