package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/joho/godotenv"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

const (
	privateName = "ai-interviewer"
	secretFile  = "secret_key"
	runningFile = "running.env"
	database    = "interviewer"
)

// dependencies are the servers and the key that the service needs: those of the configuration or, in development,
// private ones that end with this process. Starting them adds their addresses to the configuration.
type dependencies struct {
	dir       string
	private   bool // PostgreSQL is a private server
	inProcess bool // Redis is the substitute in this process
	stops     []func() error
}

// startDependencies starts the servers that the configuration does not name and sets the key. The caller must call
// stop, even if it fails.
func (p program) startDependencies(ctx context.Context, c *config.Config) (*dependencies, error) {
	d, err := newDependencies(c)
	if err == nil && c.DatabaseURL == "" {
		err = d.startPostgres(ctx, p, c)
	}
	if err == nil && c.RedisURL == "" {
		err = d.startRedis(ctx, p, c)
	}
	if err == nil && c.SecretKey == "" {
		err = d.loadOrCreateSecret(c)
	}
	return d, err
}

// startDatabase provides the database that commands need: that of the configuration, a private server, or the private
// server of a running service. The caller must call stop, even if it fails.
func (p program) startDatabase(ctx context.Context, c *config.Config) (*dependencies, error) {
	if c.DatabaseURL != "" {
		return &dependencies{}, nil
	}
	d, err := newDependencies(c)
	if err != nil {
		return d, err
	}
	err = d.startPostgres(ctx, p, c)
	if !errors.Is(err, local.ErrInUse) {
		return d, err
	}
	running, readErr := d.running()
	if readErr != nil {
		return d, errors.Join(err, readErr)
	}
	c.DatabaseURL = config.SecretURL(running["DATABASE_URL"])
	return d, nil
}

// newDependencies determines the directory of private servers and the key, if any are needed.
func newDependencies(c *config.Config) (*dependencies, error) {
	d := &dependencies{dir: c.LocalDir}
	if d.dir != "" || c.DatabaseURL != "" && c.RedisURL != "" && c.SecretKey != "" {
		return d, nil
	}
	var err error
	if d.dir, err = local.DefaultDir(privateName); err != nil {
		return d, fmt.Errorf("find directory for private data (set LOCAL_DIR to choose one): %w", err)
	}
	return d, nil
}

func (d *dependencies) startPostgres(ctx context.Context, p program, c *config.Config) error {
	postgres, err := local.StartPostgres(ctx, local.Options{Dir: d.dir, Log: p.message})
	if err != nil {
		return fmt.Errorf("%w\n  To run a second service on this machine, set LOCAL_DIR and PORT. "+
			"To use an existing PostgreSQL server, set DATABASE_URL", err)
	}
	d.private = true
	d.stops = append(d.stops, postgres.Stop)
	if err := createDatabase(ctx, postgres.URL("postgres")); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	c.DatabaseURL = config.SecretURL(postgres.URL(database))
	return nil
}

func createDatabase(ctx context.Context, server string) (err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	exists := false
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+database)
	return err
}

func (d *dependencies) startRedis(ctx context.Context, p program, c *config.Config) error {
	redis, err := local.StartRedis(ctx, local.Options{Dir: d.dir, Log: p.message})
	if err != nil {
		return fmt.Errorf("%w\n  To use an existing Redis server, set REDIS_URL", err)
	}
	d.inProcess = redis.InProcess()
	d.stops = append(d.stops, redis.Stop)
	c.RedisURL = config.SecretURL(redis.URL())
	return nil
}

// writeRunningFile writes the addresses of the private servers to a file, where other commands find them.
func (d *dependencies) writeRunningFile(c *config.Config) error {
	if !d.private {
		return nil
	}
	content, err := godotenv.Marshal(map[string]string{
		"DATABASE_URL": c.DatabaseURL.Reveal(), "REDIS_URL": c.RedisURL.Reveal(),
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(d.dir, runningFile), []byte(content+"\n"), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write addresses of the private servers: %w", err)
	}
	return nil
}

// running reads the addresses of the private servers of the service that ran last.
func (d *dependencies) running() (map[string]string, error) {
	addresses, err := godotenv.Read(filepath.Join(d.dir, runningFile))
	if err != nil {
		return nil, fmt.Errorf("read addresses of the private servers: %w", err)
	}
	return addresses, nil
}

// stop stops the private servers in reverse order.
func (d *dependencies) stop() error {
	var errs []error
	for i := len(d.stops) - 1; i >= 0; i-- {
		errs = append(errs, d.stops[i]())
	}
	d.stops = nil
	return errors.Join(errs...)
}

// loadOrCreateSecret sets the key to that of earlier starts, or generates and saves one.
func (d *dependencies) loadOrCreateSecret(c *config.Config) error {
	path := filepath.Join(d.dir, secretFile)
	saved, err := os.ReadFile(path) //nolint:gosec // the operator chooses the directory
	if err == nil {
		c.SecretKey = config.Secret(strings.TrimSpace(string(saved)))
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read development key: %w", err)
	}
	key := rand.Text() + rand.Text() // 260 bits
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return fmt.Errorf("create directory for development key: %w", err)
	}
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		return fmt.Errorf("write development key: %w", err)
	}
	c.SecretKey = config.Secret(key)
	return nil
}

// migrationURL returns the URL of the database with the role that owns the schema.
func migrationURL(c *config.Config) string {
	if c.MigrationDatabaseURL != "" {
		return c.MigrationDatabaseURL.Reveal()
	}
	return c.DatabaseURL.Reveal()
}

// schemaOptions makes migrations report what takes long.
func (p program) schemaOptions() schema.Options {
	return schema.Options{Progress: func(message string) { p.message("%s", message) }}
}

// migrateUp applies pending migrations. It waits up to a minute for a database that is starting, and for as long as
// necessary for another replica that migrates.
func (p program) migrateUp(ctx context.Context, c *config.Config) error {
	m, err := p.openSchema(ctx, c)
	if err != nil {
		return err
	}
	applied, err := m.Up(ctx)
	if err == nil && applied > 0 {
		p.message("%d migrations were applied to the database schema.", applied)
	}
	return errors.Join(err, m.Close(ctx))
}

func (p program) openSchema(ctx context.Context, c *config.Config) (*schema.Migrator, error) {
	waitCtx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for reported := false; ; reported = true {
		m, err := schema.Open(ctx, migrationURL(c), p.schemaOptions())
		if err == nil {
			return m, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted while waiting for the database: %w", err)
		}
		if isUnfit(err) {
			return nil, err
		}
		if !reported {
			p.message("Waiting for the database: %v", err)
		}
		select {
		case <-waitCtx.Done():
			return nil, fmt.Errorf("the database did not respond within a minute: %w", err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// isUnfit reports whether waiting for the database cannot help.
func isUnfit(err error) bool {
	var unfit *postgres.Unfit
	return errors.As(err, &unfit)
}

// withOperator calls act with an operator.
func (p program) withOperator(ctx context.Context, act func(ctx context.Context, o *operator.Operator) error) error {
	return p.withOperatorConfig(ctx, func(ctx context.Context, _ *config.Config, o *operator.Operator) error {
		return act(ctx, o)
	})
}

// withOperatorConfig is like withOperator and also passes the configuration, which has the database's address.
func (p program) withOperatorConfig(
	ctx context.Context, act func(ctx context.Context, c *config.Config, o *operator.Operator) error,
) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	d, err := p.startDatabase(ctx, c)
	defer func() { err = errors.Join(err, d.stop()) }()
	if err != nil {
		return err
	}
	if d.private {
		if err := p.migrateUp(ctx, c); err != nil {
			return err
		}
	}
	store, err := postgres.Open(ctx, postgres.Options{
		URL: c.DatabaseURL.Reveal(), MaxConns: 2, TransactionPool: c.DatabasePoolMode == config.PoolTransaction,
	})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.CheckRole(ctx); err != nil {
		return err
	}
	if err := schema.CheckVersion(ctx, store.Pool()); err != nil {
		return err
	}
	hasher := password.NewHasher(password.Options{Cost: p.hashCost})
	defer hasher.Close()
	o, err := newOperator(store, hasher)
	if err != nil {
		return err
	}
	return act(ctx, c, o)
}

func newOperator(store *postgres.Store, hasher *password.Hasher) (*operator.Operator, error) {
	source := clock.System()
	return operator.New(operator.Options{
		Store: store, Clock: source, Audit: audit.NewRecorder(source), Hasher: hasher,
	})
}
