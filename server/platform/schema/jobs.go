package schema

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// LatestJobs returns the version of River's tables that this program was built for.
func LatestJobs() (int, error) {
	migrator, err := riverMigrator(nil)
	if err != nil {
		return 0, err
	}
	versions := migrator.AllVersions()
	return versions[len(versions)-1].Version, nil
}

func riverMigrator(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{
		Schema: postgres.JobSchema, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare River's migrations: %w", err)
	}
	return migrator, nil
}

// migrateJobs runs River's pending migrations, each in a transaction of its own, and grants the service's role what
// River needs. If it is interrupted, the next call continues. It does nothing if River's tables are up to date or
// newer. The caller holds the lock of the migrations, and has run ours: they create the schema, the role and the
// function that grants.
func migrateJobs(ctx context.Context, as *pgx.ConnConfig) (err error) {
	settings, err := pgxpool.ParseConfig("")
	if err != nil {
		return fmt.Errorf("prepare a connection for River's migrations: %w", err)
	}
	settings.ConnConfig, settings.MaxConns = as.Copy(), 1
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return fmt.Errorf("connect for River's migrations: %w", err)
	}
	defer pool.Close()
	if ready, err := JobsReady(ctx, pool); err != nil || ready {
		return err
	}
	migrator, err := riverMigrator(pool)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River's tables: %w", err)
	}
	if _, err := pool.Exec(ctx, "SELECT grant_job_tables()"); err != nil {
		return fmt.Errorf("grant River's tables to the service: %w", err)
	}
	return nil
}

// JobsReady reports whether River's tables have the version that this program needs, or a newer one, and whether the
// service may use them.
func JobsReady(ctx context.Context, conn Querier) (bool, error) {
	exists := false
	err := conn.QueryRow(ctx, `SELECT count(*) = 2 FROM pg_attribute
		WHERE attrelid = to_regclass('river.river_migration') AND attname IN ('line', 'version')`).Scan(&exists)
	if err != nil || !exists {
		return false, wrap("look for River's tables", err)
	}
	latest, err := LatestJobs()
	if err != nil {
		return false, err
	}
	ready := false
	err = conn.QueryRow(ctx, `SELECT coalesce(max(version), 0) >= $1 AND to_regclass('river.river_queue') IS NOT NULL
			AND has_table_privilege($2::text, 'river.river_migration', 'SELECT')
		FROM river.river_migration WHERE line = 'main'`, latest, postgres.ServiceRole).Scan(&ready)
	return ready, wrap("read the version of River's tables", err)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
