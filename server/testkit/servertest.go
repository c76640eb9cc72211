// Package testkit runs the service for tests as it runs in production: with a real PostgreSQL database and a real Redis
// server for each test, and one or more replicas that clients reach by HTTP. No part of the service is replaced. Every
// response is checked against the specification; an undeclared status, header or field fails the test.
package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/db"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/testkit/leak"
)

// Password is the password of every user that this package creates.
const Password = "copper-lantern-drifts-north"

// Main runs the tests of a package that uses this one; it is the whole body of its TestMain. After the tests it stops
// the process's PostgreSQL, and fails the run if a goroutine remains that the options do not name.
func Main(m *testing.M, options ...goleak.Option) { leak.Main(m, stopPostgres, options...) }

// private is the process's own PostgreSQL server; nil if it has none. It is written by the first call of sharedServer.
var private *local.Postgres //nolint:gochecknoglobals // see sharedServer

// sharedServer returns the server for the tests of this process: the one that TEST_DATABASE_URL names, or a private
// one that the first call starts. A private server ends with the process.
var sharedServer = sync.OnceValues(func() (local.Server, error) { //nolint:gochecknoglobals // one server for all tests
	if url := os.Getenv("TEST_DATABASE_URL"); url != "" {
		return local.ParseServer(url)
	}
	var err error
	private, err = local.StartScratchPostgres(context.Background(), "interviewer-"+filepath.Base(os.Args[0]),
		func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	if err != nil {
		return local.Server{}, err
	}
	return private.Server, nil
})

func stopPostgres() error {
	if private == nil {
		return nil
	}
	return private.Stop()
}

// Installation is a database, a Redis server and the replicas that share them.
type Installation struct {
	t testing.TB
	// Redis is the installation's own server.
	Redis *redistest.Server
	// DatabaseURL is the address of the installation's own database, with the owner's role.
	DatabaseURL string
	// Database is a small pool of connections of the database's owner, who bypasses row-level security.
	Database *pgxpool.Pool
	// Config is the configuration of the replicas that are started from now on.
	Config config.Config
	// Clock is the clock of the replicas that are started from now on.
	Clock clock.Source
	// RedisTimeout bounds the commands of the replicas that are started from now on. The default is long, so that a busy
	// machine does not fail a test. A test of a Redis server that hangs sets it to 0, which means production's timeout.
	RedisTimeout time.Duration
	// Specification is enforced by the replicas that are started from now on, and their responses are checked against
	// it; nil for the published one.
	Specification *openapi3.T
	// HashCost is the cost of a password hash at the replicas that are started from now on; 0 means the lowest.
	HashCost int
	// HashWait is how long requests at these replicas wait for a password hash; 0 means the default.
	HashWait time.Duration
	// Statements observes the statements of the replicas that are started from now on; nil for no observer.
	Statements pgx.QueryTracer
	// Log is the log of the replicas that are started from now on; nil for their errors in the log of the test.
	Log *slog.Logger
}

// New returns an installation with a migrated, empty database and no replica. It ends with the test.
func New(t testing.TB) *Installation {
	t.Helper()
	ctx := t.Context()
	cluster, err := sharedServer()
	if err != nil {
		t.Fatalf("these tests need PostgreSQL 15 or later: %v", err)
	}
	template := "template_" + schemaHash(t)
	must(t, cluster.Template(ctx, template, migrate))
	url, drop, err := cluster.Clone(ctx, template)
	must(t, err)
	return install(t, url, drop)
}

// NewIn returns an installation like New, in a database with the given options of CREATE DATABASE.
func NewIn(t testing.TB, options string) *Installation {
	t.Helper()
	cluster, err := sharedServer()
	must(t, err)
	url, drop, err := cluster.Create(t.Context(), options)
	must(t, err)
	must(t, migrate(t.Context(), url))
	return install(t, url, drop)
}

// install returns an installation in a migrated database, which drop removes at the end of the test.
func install(t testing.TB, url string, drop func() error) *Installation {
	t.Helper()
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	pool, err := owner(t.Context(), url)
	must(t, err)
	t.Cleanup(pool.Close)
	cache := redistest.Start(t)
	return &Installation{
		t: t, Redis: cache, DatabaseURL: url, Database: pool, Clock: clock.System(), Config: configuration(t, url, cache.URL),
		RedisTimeout: 10 * time.Second,
	}
}

// owner opens a pool of the database's owner. It is small, because all tests together share the server's connections.
func owner(ctx context.Context, url string) (*pgxpool.Pool, error) {
	settings, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	settings.MaxConns = 4
	return pgxpool.NewWithConfig(ctx, settings)
}

// In returns the same installation for a subtest: failures are reported there.
func (i *Installation) In(t testing.TB) *Installation {
	part := *i
	part.t = t
	return &part
}

// configuration is the default configuration of the service without rate limits, which only their own tests need, and
// with few connections.
func configuration(t testing.TB, database, redis string) config.Config {
	t.Helper()
	c, err := config.Load([]string{
		"APP_ENV=test", "DATABASE_URL=" + database, "REDIS_URL=" + redis, "DATABASE_MAX_CONNECTIONS=4",
		"SECRET_KEY=a key for tests that is long enough to be one: 7f3a9c", "RATE_LIMIT_PER_MINUTE=0",
		"RATE_LIMIT_KEY_PER_MINUTE=0",
		"RATE_LIMIT_COMPANY_PER_MINUTE=0", "RATE_LIMIT_ANONYMOUS_PER_MINUTE=0", "HASH_WORKERS=2",
		"CORS_ORIGINS=[\"https://app.example.com\"]",
		`TRUSTED_PROXIES=["127.0.0.1"]`, "WORKERS=1",
		// A busy machine fails no test that waits for a lock. Tests of shares set their own.
		"DATABASE_WAIT_MILLISECONDS=10000", "COMPANY_SHARE_PERCENT=100",
	}, "")
	must(t, err)
	return *c
}

func migrate(ctx context.Context, url string) error {
	m, err := schema.Open(ctx, url, schema.Options{})
	if err != nil {
		return err
	}
	if _, err := m.Up(ctx); err != nil {
		return err
	}
	return m.Close(ctx)
}

// schemaHash names the template by the content of the migrations.
func schemaHash(t testing.TB) string {
	t.Helper()
	digest := sha256.New()
	names, err := fs.Glob(db.Migrations, "migrations/*.up.sql")
	must(t, err)
	for _, name := range names {
		content, err := fs.ReadFile(db.Migrations, name)
		must(t, err)
		digest.Write(content)
	}
	jobs, err := schema.LatestJobs()
	must(t, err)
	_, _ = fmt.Fprint(digest, jobs)
	return hex.EncodeToString(digest.Sum(nil))[:16]
}

// Replica is one server of the service with its listener.
type Replica struct {
	// URL is the base URL, without a slash at the end.
	URL string
	// Server is the server behind the listener.
	Server *server.Server
	listen *httptest.Server
	// document is the specification of its responses; nil for the published one.
	document *openapi3.T
}

// newRoles returns the roles of a specification that have no standing.
func newRoles(document *openapi3.T) []stored.Role {
	var roles []stored.Role
	for _, value := range document.Components.Schemas["Role"].Value.Enum {
		if role := stored.Role(fmt.Sprint(value)); !slices.Contains(access.Roles(), role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// Replica starts another replica. It ends with the test.
func (i *Installation) Replica() *Replica {
	i.t.Helper()
	settings := i.Config
	log := i.Log
	if log == nil {
		log = telemetry.NewLogger(output{i.t}, slog.LevelError, false, access.LogAttrs)
	}
	var contract *gate.Contract
	var err error
	if i.Specification != nil {
		contract, err = gate.Load(i.Specification, newRoles(i.Specification)...)
		must(i.t, err)
	}
	replica, err := server.New(i.t.Context(), server.Options{
		Config: &settings, Clock: i.Clock, Version: "test", Log: log,
		Traces: noop.NewTracerProvider(), HashCost: max(i.HashCost, bcrypt.MinCost), HashWait: i.HashWait,
		RedisTimeout: i.RedisTimeout, Statements: i.Statements, Contract: contract,
		MailRoots: smtptest.Roots(i.t),
	})
	must(i.t, err)
	listen := httptest.NewServer(replica.Handler())
	i.t.Cleanup(func() {
		listen.Close()
		replica.Close()
	})
	started := &Replica{URL: listen.URL, Server: replica, listen: listen, document: i.Specification}
	// A replica connects to Redis in the background and refuses logins until it is connected.
	anonymous := started.Anonymous(i.t)
	Eventually(i.t, 10*time.Second, "the replica is connected to Redis", func() bool {
		return Decode[api.Readiness](anonymous.Get("/health/ready")).Checks.Redis == api.CheckStatusUp
	})
	return started
}

// Company is a company with one user of each role.
type Company struct {
	ID    uuid.UUID
	Slug  string
	Users map[api.Role]User
}

// User is a user whose password is Password.
type User struct {
	ID    uuid.UUID
	Email string
	Role  api.Role
	// Test is the slug of the user's test company; empty if the company is live.
	Test string
}

// Company creates a company with one active user of each role: <role>@<slug>.example.
func (i *Installation) Company(slug string) Company {
	i.t.Helper()
	company := Company{ID: uuid.Must(uuid.NewV7()), Slug: slug, Users: map[api.Role]User{}}
	i.Exec(`INSERT INTO companies (id, name, slug) VALUES ($1, $2, $2)`, company.ID, slug)
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		company.Users[role] = i.User(company, string(role), role)
	}
	return company
}

// User creates an active user of a company: <name>@<slug>.example.
func (i *Installation) User(company Company, name string, role api.Role) User {
	i.t.Helper()
	user := User{ID: uuid.Must(uuid.NewV7()), Email: name + "@" + company.Slug + ".example", Role: role}
	i.Exec(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, role)
		VALUES ($1, $2, $3, $4, $5, 'Example', $6)`, company.ID, user.ID, user.Email, passwordHash(), name, role)
	return user
}

// passwordHash returns the hash of Password with the lowest cost.
var passwordHash = sync.OnceValue(func() string { //nolint:gochecknoglobals // hashed once
	hash, err := bcrypt.GenerateFromPassword([]byte(Password), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(hash)
})

// Store opens a store on the database, as a replica does, for tests that call the service's code without a replica.
// It is closed at the end of the test.
func (i *Installation) Store(maxConns int) *postgres.Store {
	i.t.Helper()
	store, err := postgres.Open(i.t.Context(), postgres.Options{URL: i.DatabaseURL, MaxConns: maxConns})
	must(i.t, err)
	i.t.Cleanup(store.Close)
	return store
}

// Exec runs a statement as the database's owner, who bypasses row-level security.
func (i *Installation) Exec(sql string, args ...any) {
	i.t.Helper()
	_, err := i.Database.Exec(i.t.Context(), sql, args...)
	must(i.t, err)
}

// Connect opens a connection of the database's owner for a test that needs one of its own, for example to hold a lock.
// It is closed at the end of the test.
func (i *Installation) Connect() *pgx.Conn {
	i.t.Helper()
	conn, err := pgx.Connect(i.t.Context(), i.DatabaseURL)
	must(i.t, err)
	i.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Eventually polls ok until it returns true, and fails the test if it does not do so in time.
func Eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	redistest.Eventually(t, within, what, ok)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// output writes the log of a replica to the log of its test.
type output struct{ t testing.TB }

func (o output) Write(line []byte) (int, error) {
	o.t.Logf("%s", line)
	return len(line), nil
}
