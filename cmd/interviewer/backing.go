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
	"github.com/jackc/pgx/v5/pgconn"
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

// backing is what the service stands on: what the configuration names or, in development, private servers that end with
// this process. It completes the configuration with where they are.
type backing struct {
	dir       string
	private   bool // PostgreSQL is one of ours
	inProcess bool // Redis is the stand-in within this process
	stops     []func() error
}

// back makes sure that there is a database, a Redis and a key, which is all that the service needs. What it has started
// has to be stopped, whether it fails or not.
func (p program) back(ctx context.Context, c *config.Config) (*backing, error) {
	b, err := place(c)
	if err == nil && c.DatabaseURL == "" {
		err = b.startPostgres(ctx, p, c)
	}
	if err == nil && c.RedisURL == "" {
		err = b.startRedis(ctx, p, c)
	}
	if err == nil && c.SecretKey == "" {
		err = b.keepSecret(c)
	}
	return b, err
}

// attach makes sure that there is a database, which is all that a command needs: beside a service that runs already it
// is the service's. What it has started has to be stopped, whether it fails or not.
func (p program) attach(ctx context.Context, c *config.Config) (*backing, error) {
	if c.DatabaseURL != "" {
		return &backing{}, nil
	}
	b, err := place(c)
	if err != nil {
		return b, err
	}
	err = b.startPostgres(ctx, p, c)
	if !errors.Is(err, local.ErrInUse) {
		return b, err
	}
	running, unknown := godotenv.Read(filepath.Join(b.dir, runningFile))
	if unknown != nil {
		return b, errors.Join(err, unknown)
	}
	c.DatabaseURL = config.SecretURL(running["DATABASE_URL"])
	return b, nil
}

// place settles where private servers and the key are kept, where any are.
func place(c *config.Config) (*backing, error) {
	b := &backing{dir: c.LocalDir}
	if b.dir != "" || c.DatabaseURL != "" && c.RedisURL != "" && c.SecretKey != "" {
		return b, nil
	}
	var err error
	if b.dir, err = local.DefaultDir(privateName); err != nil {
		return b, fmt.Errorf("find a place for the private data (LOCAL_DIR can name one): %w", err)
	}
	return b, nil
}

func (b *backing) startPostgres(ctx context.Context, p program, c *config.Config) error {
	postgres, err := local.StartPostgres(ctx, local.Options{Dir: b.dir, Log: p.say})
	if err != nil {
		return fmt.Errorf("%w\n  To run a second service beside the first, set LOCAL_DIR and PORT; "+
			"to use a PostgreSQL that runs already, set DATABASE_URL", err)
	}
	b.private = true
	b.stops = append(b.stops, postgres.Stop)
	if err := makeDatabase(ctx, postgres.URL("postgres")); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	c.DatabaseURL = config.SecretURL(postgres.URL(database))
	return nil
}

func makeDatabase(ctx context.Context, server string) (err error) {
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

func (b *backing) startRedis(ctx context.Context, p program, c *config.Config) error {
	redis, err := local.StartRedis(ctx, local.Options{Dir: b.dir, Log: p.say})
	if err != nil {
		return fmt.Errorf("%w\n  To use a Redis that runs already, set REDIS_URL", err)
	}
	b.inProcess = redis.InProcess()
	b.stops = append(b.stops, redis.Stop)
	c.RedisURL = config.SecretURL(redis.URL())
	return nil
}

// announce lets other commands find the private servers.
func (b *backing) announce(c *config.Config) error {
	if !b.private {
		return nil
	}
	content, err := godotenv.Marshal(map[string]string{"DATABASE_URL": c.DatabaseURL.Reveal()})
	if err == nil {
		err = os.WriteFile(filepath.Join(b.dir, runningFile), []byte(content+"\n"), 0o600)
	}
	if err != nil {
		return fmt.Errorf("announce the private servers: %w", err)
	}
	return nil
}

// stop ends what back has started, the last first.
func (b *backing) stop() error {
	var failed []error
	for i := len(b.stops) - 1; i >= 0; i-- {
		failed = append(failed, b.stops[i]())
	}
	b.stops = nil
	return errors.Join(failed...)
}

// keepSecret takes the key that development has made for itself, and makes it the first time.
func (b *backing) keepSecret(c *config.Config) error {
	path := filepath.Join(b.dir, secretFile)
	kept, err := os.ReadFile(path) //nolint:gosec // the operator names the folder
	if err == nil {
		c.SecretKey = config.Secret(strings.TrimSpace(string(kept)))
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the development key: %w", err)
	}
	made := rand.Text() + rand.Text() // 260 bits
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("keep the development key: %w", err)
	}
	if err := os.WriteFile(path, []byte(made+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep the development key: %w", err)
	}
	c.SecretKey = config.Secret(made)
	return nil
}

// migrationURL is the database as the role that owns the schema.
func migrationURL(c *config.Config) string {
	if c.MigrationDatabaseURL != "" {
		return c.MigrationDatabaseURL.Reveal()
	}
	return c.DatabaseURL.Reveal()
}

// bring runs the migrations that are missing. A database that is still starting gets a minute to answer.
func (p program) bring(ctx context.Context, c *config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	m, err := p.openSchema(ctx, c)
	if err != nil {
		return err
	}
	applied, err := m.Up()
	if err == nil && applied > 0 {
		p.say("The database schema was brought up to date (%d migrations).", applied)
	}
	return errors.Join(err, m.Close())
}

func (p program) openSchema(ctx context.Context, c *config.Config) (*schema.Migrator, error) {
	patience, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for complained := false; ; complained = true {
		m, err := schema.Open(ctx, migrationURL(c))
		if err == nil {
			return m, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted while waiting for the database: %w", err)
		}
		if hopeless(err) {
			return nil, fmt.Errorf("the database refuses DATABASE_URL or MIGRATION_DATABASE_URL: %w", err)
		}
		if !complained {
			p.say("Waiting for the database: %v", err)
		}
		select {
		case <-patience.Done():
			return nil, fmt.Errorf("the database did not answer within a minute: %w", err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// hopeless reports whether waiting will not help: the database is there, and refuses the login or does not exist.
func hopeless(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && (strings.HasPrefix(said.Code, "28") || said.Code == "3D000")
}

// operate gives a command that acts on the database what it needs, and cleans up behind it.
func (p program) operate(ctx context.Context, act func(ctx context.Context, o *operator.Operator) error) error {
	return p.operateOn(ctx, func(ctx context.Context, _ *config.Config, o *operator.Operator) error { return act(ctx, o) })
}

// operateOn is operate for a command that wants to know where the database is, too.
func (p program) operateOn(
	ctx context.Context, act func(ctx context.Context, c *config.Config, o *operator.Operator) error,
) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	b, err := p.attach(ctx, c)
	defer func() { err = errors.Join(err, b.stop()) }()
	if err != nil {
		return err
	}
	if b.private {
		if err := p.bring(ctx, c); err != nil {
			return err
		}
	}
	kept, err := postgres.Open(ctx, postgres.Options{URL: c.DatabaseURL.Reveal(), MaxConns: 2})
	if err != nil {
		return err
	}
	defer kept.Close()
	hasher := password.NewHasher(ctx, password.Options{Cost: p.hashCost})
	defer hasher.Close()
	return act(ctx, c, newOperator(kept, hasher))
}

func newOperator(kept *postgres.Store, hasher *password.Hasher) *operator.Operator {
	source := clock.System()
	return &operator.Operator{Store: kept, Clock: source, Audit: audit.NewRecorder(source), Hasher: hasher}
}
