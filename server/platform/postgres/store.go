// Package postgres is the way to PostgreSQL. Every statement runs for one company: the tenant is set in the same round
// trip, and row-level security holds the statement to it. What PostgreSQL says goes up as a fault, so that no other
// package needs to know how it speaks.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// ServiceRole is what every connection becomes: a role that owns nothing and that row-level security binds.
const ServiceRole = "interviewer_service"

const (
	setTenant     = `SELECT set_config('app.company_id', $1, true)`
	setTenantPlan = `SELECT set_config('app.company_id', $1, true),
		set_config('plan_cache_mode', 'force_custom_plan', true)`

	// detachedTime bounds what must be done although the caller has left: a commit that was decided, a rollback.
	detachedTime = 5 * time.Second
)

// Options say where the database is and how much of it to use.
type Options struct {
	// URL is a PostgreSQL connection string.
	URL string
	// MaxConns bounds the pool; 0 stands for 16.
	MaxConns int
	// StatementTimeout ends a statement that runs longer; 0 stands for ten seconds.
	StatementTimeout time.Duration
	// Tracer observes statements; nil for none.
	Tracer pgx.QueryTracer
}

// Store is a pool of connections of the service's role.
type Store struct{ pool *pgxpool.Pool }

// Open prepares the pool; connections are made when they are needed, so a database that is down is no error here. It
// fails where the URL cannot be read.
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = 10 * time.Second
	}
	if o.MaxConns == 0 {
		o.MaxConns = 16
	}
	timeout := fmt.Sprint(o.StatementTimeout.Milliseconds())
	config.MaxConns = int32(min(o.MaxConns, 1000)) //nolint:gosec // bounded on this line
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 5 * time.Minute
	config.MaxConnIdleTime = 10 * time.Minute
	config.HealthCheckPeriod = 15 * time.Second
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	config.ConnConfig.Tracer = o.Tracer
	parameters := config.ConnConfig.RuntimeParams
	parameters["role"] = ServiceRole
	parameters["timezone"] = "UTC"
	parameters["application_name"] = "interviewer"
	// Compiling a statement takes longer than any of ours does; planned anew with its values, it would be compiled anew.
	parameters["jit"] = "off"
	parameters["statement_timeout"] = timeout
	parameters["lock_timeout"] = timeout
	parameters["idle_in_transaction_session_timeout"] = timeout
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap()) // in binary; as text every id would be formatted and parsed
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	return &Store{pool: pool}, nil
}

// Close ends the pool's connections once they are idle.
func (s *Store) Close() { s.pool.Close() }

// Stat is the state of the pool.
func (s *Store) Stat() *pgxpool.Stat { return s.pool.Stat() }

// Of runs single statements for one company, each in a transaction and a round trip of its own.
func (s *Store) Of(company uuid.UUID) *db.Queries { return db.New(s.bound(company, setTenant)) }

// Planned is Of for statements with optional filters, which PostgreSQL plans anew with the values at hand: a plan for
// all values could use no index.
func (s *Store) Planned(company uuid.UUID) *db.Queries {
	return db.New(s.bound(company, setTenantPlan))
}

// bound runs statements for one company, each behind one that sets the tenant.
func (s *Store) bound(company uuid.UUID, tenant string) *statements {
	return &statements{pool: s.pool, company: company, tenant: []prelude{{tenant, []any{company.String()}}}}
}

// Lookup runs what has no tenant yet. Row-level security shows it no row of any table: all it can reach are the
// functions that were made for it.
func (s *Store) Lookup() *db.Queries { return db.New(&statements{pool: s.pool}) }

// InTx runs fn in one transaction for one company and commits when fn returns nil. The first statement carries the
// transaction's beginning with it. Neither commit nor rollback depend on the caller still being there. In the context
// of a Unit it joins that, and its commit is the unit's.
func (s *Store) InTx(ctx context.Context, company uuid.UUID, fn func(tx *db.Queries) error) error {
	return s.inTx(ctx, company, func(tx db.DBTX) error { return fn(db.New(tx)) })
}

func (s *Store) inTx(ctx context.Context, company uuid.UUID, fn func(tx db.DBTX) error) error {
	if u := unitOf(ctx, company); u != nil {
		return u.run(ctx, fn)
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return translate(err)
	}
	defer conn.Release()
	tx := begin(conn, company)
	committed := false
	defer func() {
		if !committed {
			tx.rollback(ctx)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return translate(err)
	}
	if err := tx.commit(ctx); err != nil {
		return translate(err)
	}
	committed = true
	return nil
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, "SELECT 1")
	return translate(err)
}

// SchemaVersion is the version that the schema has now, as the migrations count; 0 for none.
func (s *Store) SchemaVersion(ctx context.Context) (version int64, err error) {
	err = s.pool.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM schema_migrations").Scan(&version)
	return version, translate(err)
}

// CheckRole fails where the role of the connections could step around row-level security: a superuser, one that
// bypasses it, or the owner of a table.
func (s *Store) CheckRole(ctx context.Context) error {
	var name string
	var exempt, owner bool
	err := s.pool.QueryRow(ctx, `
		SELECT r.rolname, r.rolsuper OR r.rolbypassrls,
			EXISTS (SELECT FROM pg_class AS c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
		FROM pg_roles AS r WHERE r.rolname = current_user`).Scan(&name, &exempt, &owner)
	if err != nil {
		return translate(err)
	}
	if exempt || owner {
		return fmt.Errorf("the database role %q is not held by row-level security (superuser or bypass: %t, "+
			"owns tables: %t); let DATABASE_URL name a role that is only a member of %s", name, exempt, owner, ServiceRole)
	}
	return nil
}

// transaction is a db.DBTX inside one transaction.
type transaction struct {
	conn    *pgx.Conn
	opening []prelude
}

// begin makes a transaction for one company, which its first statement will begin.
func begin(conn *pgxpool.Conn, company uuid.UUID) *transaction {
	return &transaction{conn: conn.Conn(), opening: []prelude{{"BEGIN", nil}, {setTenant, []any{company.String()}}}}
}

func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.opening == nil {
		tag, err := t.conn.Exec(ctx, sql, args...)
		return tag, translate(err)
	}
	return exec(t.open(ctx, sql, args))
}

func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.opening == nil {
		rows, err := t.conn.Query(ctx, sql, args...)
		return &result{Rows: rows}, translate(err)
	}
	return query(t.open(ctx, sql, args))
}

func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := t.Query(ctx, sql, args...)
	return row{rows, err}
}

// open sends the beginning of the transaction together with its first statement.
func (t *transaction) open(ctx context.Context, sql string, args []any) (pgx.BatchResults, int) {
	opening := t.opening
	t.opening = nil
	return send(ctx, t.conn, opening, sql, args), len(opening)
}

func (t *transaction) commit(ctx context.Context) error {
	if t.opening != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
	defer cancel()
	tag, err := t.conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		return fmt.Errorf("the transaction was rolled back: %w", pgx.ErrTxCommitRollback)
	}
	return err
}

// rollback leaves the connection clean. Where that fails, the pool sees an open transaction and discards the
// connection.
func (t *transaction) rollback(ctx context.Context) {
	if t.opening != nil || t.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "ROLLBACK")
}

// undo takes back what came after the unit's savepoint. Where that fails, so will whatever follows.
func (t *transaction) undo(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT step")
}
