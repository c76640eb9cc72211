package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errReadOnly is the error of a connection to a server that accepts no writes: a standby, or a primary that was
// demoted.
var errReadOnly = errors.New("the server accepts no writes: it is a standby, or default_transaction_read_only is on")

// readOnly is the SQLSTATE of a write that a server refuses because it accepts none.
const readOnly = "25006"

// settings are the parameters of a session, with their values. They are set by statements, not in the start-up packet:
// PgBouncer refuses start-up parameters that it does not know.
type settings [][2]string

// sessionSettings returns the settings of every statement of the service. Only constants and numbers are in them.
func sessionSettings(o Options) settings {
	timeout := fmt.Sprint(o.StatementTimeout.Milliseconds())
	all := settings{
		{"role", ServiceRole},
		// Our queries are shorter than their compilation, which would be repeated for each new plan.
		{"jit", "off"},
		{"statement_timeout", timeout},
		{"lock_timeout", fmt.Sprint(o.Wait.Milliseconds())},
		{"idle_in_transaction_session_timeout", timeout},
	}
	if !o.TransactionPool {
		// Planning takes longer than running most of our queries. Each query has one plan that is good for all values; those
		// that do not, see Planned. Behind a pooler no prepared statement is used twice, so there is no plan to keep.
		all = append(all, [2]string{"plan_cache_mode", "force_generic_plan"})
	}
	return all
}

// calls returns the list of expressions that apply the settings, for the session or only for the transaction.
func (s settings) calls(local bool) string {
	calls := make([]string, len(s))
	for i, one := range s {
		calls[i] = fmt.Sprintf("set_config('%s', '%s', %t)", one[0], one[1], local)
	}
	return strings.Join(calls, ", ")
}

// prepare makes the connections of a pool sessions of the service. A connection to a server that accepts no writes is
// refused, so that of several hosts the primary is used; and one that learns that its server no longer accepts writes
// is closed, with all others of the pool.
func (s *Store) prepare(config *pgxpool.Config, o Options) {
	conn := config.ConnConfig
	conn.RuntimeParams["timezone"] = "UTC"
	conn.RuntimeParams["application_name"] = "interviewer"
	apply := sessionSettings(o)
	s.setTenant, s.setTenantPlan = setTenant, setTenant+setPlan
	check := "SELECT current_setting('transaction_read_only')"
	if o.TransactionPool {
		// The next transaction may run in another session of the server. Each sets what it needs, and a statement that was
		// prepared is known to one session only.
		conn.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		s.setTenant += ", " + apply.calls(true)
		s.setTenantPlan += ", " + apply.calls(true)
		s.lookup = []prelude{{purpose: "set up the transaction", sql: "SELECT " + apply.calls(true)}}
	} else {
		check += ", " + apply.calls(false)
	}
	chosen := conn.ValidateConnect // by target_session_attrs in the URL
	conn.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		if chosen != nil {
			if err := chosen(ctx, c); err != nil {
				return err
			}
		}
		results, err := c.Exec(ctx, check).ReadAll()
		switch {
		case err != nil:
			return fmt.Errorf("set up the session: %w", err)
		case len(results) != 1 || len(results[0].Rows) != 1:
			return errors.New("set up the session: no result")
		case string(results[0].Rows[0][0]) != "off":
			return errReadOnly
		}
		return nil
	}
	keeps := conn.OnPgError
	conn.OnPgError = func(c *pgconn.PgConn, reported *pgconn.PgError) bool {
		switch {
		case reported.Code == readOnly:
			s.pool.Reset()
			return false
		case strings.HasPrefix(reported.Code, "57P"): // the server shuts down or starts
			return false
		case reported.Code == "0A000", reported.Code == "26000":
			// A prepared statement has another result since a migration, or a pooler has dropped it.
			return false
		}
		return keeps(c, reported)
	}
}

// CheckPooler returns an error if transactions of one connection of a database URL run in different sessions of the
// server although pooled is false, as behind PgBouncer in transaction mode. Session settings, LISTEN and advisory
// locks of sessions then belong to nobody. If other clients use the pooler at the same time it may not notice; it never
// reports a direct connection, or a pooler in session mode.
func CheckPooler(ctx context.Context, url string, pooled bool) error {
	if pooled {
		return nil
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("parse database URL: %w", err)
	}
	config.ConnectTimeout = connectTime
	// Without a name of its own, a prepared statement is not needed in another session.
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	config.RuntimeParams["client_encoding"] = "UTF8" // which pgx requires; the default is that of the database
	one, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("look for a pooler: %w", err)
	}
	defer func() { _ = one.Close(context.WithoutCancel(ctx)) }()
	session, err := sessionOf(ctx, one)
	if err != nil || session == one.PgConn().PID() {
		return err // a direct connection knows the process of its session
	}
	other, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("look for a pooler: %w", err)
	}
	defer func() { _ = other.Close(context.WithoutCancel(ctx)) }()
	// While the other connection is in a transaction in the session of the first one, the first one gets another session.
	for range poolerTries {
		if _, err := other.Exec(ctx, "BEGIN"); err != nil {
			return fmt.Errorf("look for a pooler: %w", err)
		}
		taken, err := sessionOf(ctx, other)
		if err != nil {
			return err
		}
		now, err := sessionOf(ctx, one)
		if err != nil {
			return err
		}
		if _, err := other.Exec(ctx, "ROLLBACK"); err != nil {
			return fmt.Errorf("look for a pooler: %w", err)
		}
		if taken == session || now != session {
			return ErrTransactionPool
		}
	}
	return nil
}

// CheckSession is CheckPooler for the URL of an open connection. It opens no other one if this one is direct.
func CheckSession(ctx context.Context, conn *pgx.Conn, url string) error {
	session, err := sessionOf(ctx, conn)
	if err != nil || session == conn.PgConn().PID() {
		return err
	}
	return CheckPooler(ctx, url, false)
}

// ErrTransactionPool is the result of CheckPooler.
var ErrTransactionPool = errors.New("the URL leads to a pooler in transaction mode: each transaction may run in " +
	"another session of PostgreSQL")

const (
	connectTime = 3 * time.Second
	// poolerTries is how often CheckPooler looks, because other clients may take the session in between.
	poolerTries = 3
)

// sessionOf returns the process of the server that runs a statement of a connection.
func sessionOf(ctx context.Context, conn *pgx.Conn) (uint32, error) {
	results, err := conn.PgConn().Exec(ctx, "SELECT pg_backend_pid()").ReadAll() // without a prepared statement
	if err != nil {
		return 0, fmt.Errorf("look for a pooler: %w", err)
	}
	n, err := strconv.ParseUint(string(results[0].Rows[0][0]), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("look for a pooler: %w", err)
	}
	return uint32(n), nil
}
