// Package postgres runs the generated queries. Every query runs for one company: the tenant is set in the same round
// trip, and row-level security restricts the query to its rows. An error names the query and is returned as the fault
// that it means, so that no other package needs to know PostgreSQL's error codes.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fair"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// JobSchema is the schema of the tables of River, which runs background jobs.
const JobSchema = "river"

// ServiceRole is the role of every connection. It owns nothing and is subject to row-level security.
const ServiceRole = "interviewer_service"

const (
	setTenant = `SELECT set_config('app.company_id', $1, true)`
	setPlan   = `, set_config('plan_cache_mode', 'force_custom_plan', true)`

	// detachedTime limits a commit or rollback, which does not end with the request's context.
	detachedTime = 5 * time.Second
)

// DefaultMaxConns returns how many connections a process with some processors needs: one for each processor, because a
// request uses its connection about as long as a processor, but at least 16, for requests that wait for a lock or a
// slow statement, and at most 40, so that two processes fit into the default of PostgreSQL, which is 100.
func DefaultMaxConns(processors int) int {
	const least, most = 16, 40
	return min(max(processors, least), most)
}

// Options configure a Store.
type Options struct {
	// URL is a PostgreSQL connection string.
	URL string
	// MaxConns is the maximum number of connections of the pool, up to 1000; 0 means 16.
	MaxConns int
	// CompanyShare is the percentage of the connections that one company can hold, from 1; 0 means 100. Below 100, some
	// connections are also reserved for work that belongs to no company.
	CompanyShare int
	// StatementTimeout limits each statement; 0 means ten seconds.
	StatementTimeout time.Duration
	// Wait limits each wait for a lock and each wait for a connection; 0 means StatementTimeout.
	Wait time.Duration
	// TransactionPool says that the URL leads to a pooler in transaction mode, such as PgBouncer's. Each transaction then
	// sets the role and the timeouts itself; those of River have the role of the URL and no timeouts of the server.
	TransactionPool bool
	// Stopwatch measures round trips; nil for none.
	Stopwatch Stopwatch
	// Tracer traces statements; nil for none.
	Tracer pgx.QueryTracer
}

// Store is a pool of connections of the service's role. Queries and transactions take turns by company, and no company
// holds more connections than its share; see package fair. Requests whose company is not known yet count for the
// network of their client, and work on all companies counts as one further company.
type Store struct {
	pool   *pgxpool.Pool
	places *fair.Places[holder]
	// setTenant and setTenantPlan set the tenant, and what else a transaction must set.
	setTenant, setTenantPlan string
	// lookup is what a transaction without a tenant must set.
	lookup    []prelude
	stopwatch Stopwatch
	tracer    pgx.QueryTracer
	// wait is the option Wait.
	wait time.Duration
	// url and pooled are for CheckRole.
	url    string
	pooled bool
}

// Open returns a Store. Connections are opened when they are needed, so an unreachable database is not an error here; a
// malformed URL is.
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("parse database URL: %w", err)
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = 10 * time.Second
	}
	if o.MaxConns == 0 {
		o.MaxConns = DefaultMaxConns(1)
	}
	if o.Wait == 0 {
		o.Wait = o.StatementTimeout
	}
	o.MaxConns = min(o.MaxConns, 1000)
	config.MaxConns = int32(o.MaxConns) //nolint:gosec // bounded on the line before
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 5 * time.Minute
	config.MaxConnIdleTime = 10 * time.Minute
	config.HealthCheckPeriod = 15 * time.Second
	config.ConnConfig.ConnectTimeout = connectTime
	store := &Store{
		places: fair.New[holder](share(o)), wait: o.Wait, url: o.URL, pooled: o.TransactionPool, tracer: o.Tracer,
		stopwatch: unmeasured{},
	}
	if o.Stopwatch != nil {
		store.stopwatch = o.Stopwatch
	}
	if config.ConnConfig.Tracer = store.stopwatch; o.Tracer != nil {
		config.ConnConfig.Tracer = multitracer.New(store.stopwatch, o.Tracer)
	}
	store.prepare(config, o)
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		registerIDs(conn.TypeMap())
		conn.PgConn().CustomData()[preparedKey] = &prepared{unnamed: o.TransactionPool, known: map[string]*described{}}
		return nil
	}
	if store.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("create connection pool: %w", err)
	}
	return store, nil
}

// share divides the connections. River and the checks of the service itself take connections from the pool directly, so
// an eighth of them is not for companies.
func share(o Options) fair.Options {
	places, percent := o.MaxConns, 100
	if 0 < o.CompanyShare && o.CompanyShare < 100 {
		percent = o.CompanyShare
		places -= min(o.MaxConns-1, max(1, o.MaxConns/8))
	}
	return fair.Options{
		Places: places, Share: max(1, (places*percent+99)/100),
		Queue: fair.Unbounded, QueueShare: fair.Unbounded, Wait: o.Wait,
	}
}

// Close closes the connections once they are idle.
func (s *Store) Close() { s.pool.Close() }

// Pool returns the pool for River, which runs the statements of its own tables. Row-level security does not apply to
// these; it hides all rows of our tables from connections of the pool.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Load returns how many connections companies hold and wait for, for metrics.
func (s *Store) Load() fair.Load { return s.places.Load() }

// holder is whom a connection is counted for: a company; the network of a client whose company is not known yet; or
// neither, for work on all companies.
type holder struct {
	company uuid.UUID
	network string
}

// enter waits until a holder may take a connection. After success, leave must be called once, when the connection is
// back in the pool.
func (s *Store) enter(ctx context.Context, h holder) error {
	err := s.places.Acquire(ctx, h)
	if !errors.Is(err, fair.ErrNoPlace) {
		return failed("wait for a connection", err)
	}
	overloaded := fault.New(fault.Overloaded).After(time.Second).Because(err)
	if h.company != uuid.Nil {
		return overloaded.With("Your company's other requests use all database connections that it can have. " +
			"Send fewer requests at a time, and repeat this one after the seconds in Retry-After.")
	}
	return overloaded
}

func (s *Store) leave(h holder) { s.places.Release(h) }

// Stat returns the state of the pool.
func (s *Store) Stat() *pgxpool.Stat { return s.pool.Stat() }

// Of returns queries for one company. Each runs in a transaction of its own, in one round trip.
func (s *Store) Of(company uuid.UUID) *db.Queries { return &s.bound(company, s.setTenant).queries }

// Planned is Of for queries with optional filters. PostgreSQL plans them for their values, because a plan for all
// values cannot use the indexes.
func (s *Store) Planned(company uuid.UUID) *db.Queries {
	return &s.bound(company, s.setTenantPlan).queries
}

// bound are queries that each set the tenant first.
type bound struct {
	queries    db.Queries
	statements statements
	tenant     [1]prelude
}

func (s *Store) bound(company uuid.UUID, tenant string) *bound {
	b := &bound{tenant: [1]prelude{setting(tenant, company)}}
	b.statements = statements{store: s, holder: holder{company: company}, tenant: b.tenant[:]}
	b.queries = *db.New(&b.statements)
	return b
}

// Lookup returns queries for work without a tenant. Row-level security hides all rows from them; they can only call the
// functions that exist for this purpose.
func (s *Store) Lookup() *db.Queries { return db.New(&statements{store: s, tenant: s.lookup}) }

// LookupFor is Lookup for a request whose company is not known yet, such as a login. Connections are counted for the
// network of the client; see ratelimit.Network.
func (s *Store) LookupFor(network string) *db.Queries {
	return db.New(&statements{store: s, holder: holder{network: network}, tenant: s.lookup})
}

// Ping checks that the database answers and accepts writes. If it does not accept any, connections that are idle are
// closed, so that the next ones are to the server that does.
func (s *Store) Ping(ctx context.Context) error {
	var refuses bool
	err := s.pool.QueryRow(ctx, "SELECT current_setting('transaction_read_only')::boolean").Scan(&refuses)
	if err == nil && refuses {
		s.pool.Reset()
		return down(errReadOnly)
	}
	return failed("ping the database", err)
}

// ReadOnly reports whether the database accepts no changes, because it is a standby or for another reason.
func (s *Store) ReadOnly(ctx context.Context) (readOnly bool, err error) {
	err = s.row(ctx, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean").Scan(&readOnly)
	return readOnly, failed("ask whether the database accepts changes", err)
}

// row runs a query of the service itself. It does not wait for its turn among companies.
func (s *Store) row(ctx context.Context, sql string) pgx.Row {
	p, err := s.send(ctx, s.lookup, sql, nil)
	if err != nil {
		return failedRow{err}
	}
	return p.row()
}

// SchemaVersion returns the version of the last migration that ran; 0 for none.
func (s *Store) SchemaVersion(ctx context.Context) (version int64, err error) {
	err = s.row(ctx, "SELECT coalesce(max(version), 0) FROM schema_migrations").Scan(&version)
	return version, failed("read the schema version", err)
}

// JobSchemaVersion returns the version of River's tables. It fails if they do not exist, or if the role with which
// River connects may not read them.
func (s *Store) JobSchemaVersion(ctx context.Context) (version int64, err error) {
	err = s.pool.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM river.river_migration WHERE line = 'main'").
		Scan(&version)
	return version, failed("read the version of River's tables", err)
}

// CheckRole returns an Unfit if the server refuses the login for good, if the database is not in UTF-8, if row-level
// security does not restrict the role of the connections, because it is a superuser, bypasses row-level security or
// owns a table, or if a pooler gives the role to the sessions of others.
func (s *Store) CheckRole(ctx context.Context) error {
	if err := CheckPooler(ctx, s.url, s.pooled); errors.Is(err, ErrTransactionPool) {
		return &Unfit{
			cause:   err,
			Problem: "DATABASE_URL leads to a pooler in transaction mode. Set DATABASE_POOL_MODE=transaction.",
		}
	} else if err != nil {
		return Diagnose(s.url, failed("check the database role", err))
	}
	if err := CheckEncoding(ctx, s.pool); err != nil {
		return Diagnose(s.url, err)
	}
	var name string
	var exempt, owner bool
	err := s.row(ctx, `
		SELECT r.rolname, r.rolsuper OR r.rolbypassrls,
			EXISTS (SELECT FROM pg_class AS c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
		FROM pg_roles AS r WHERE r.rolname = current_user`).Scan(&name, &exempt, &owner)
	if err != nil {
		return Diagnose(s.url, failed("check the database role", err))
	}
	if exempt || owner {
		return &Unfit{Problem: fmt.Sprintf("Row-level security does not restrict the database role %q (superuser or "+
			"bypass: %t, owns tables: %t). Use a role in DATABASE_URL that is only a member of %s.",
			name, exempt, owner, ServiceRole)}
	}
	return nil
}

// setting is the prelude that sets the tenant.
func setting(sql string, company uuid.UUID) prelude {
	return prelude{purpose: "set company", sql: sql, company: company}
}
