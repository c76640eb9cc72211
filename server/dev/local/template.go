package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// preparing bounds the making of a template, including the wait for another process that makes it.
	preparing = 2 * time.Minute

	// copying bounds the making and the removal of one database.
	copying = 30 * time.Second
)

// Server is a PostgreSQL server seen by somebody who needs databases of their own on it: tests, each of which gets a
// copy of a template that was made once.
type Server struct{ base url.URL }

// ParseServer gives the server of a postgres:// URL, whose role must be a superuser. The database in it does not
// matter.
func ParseServer(rawURL string) (Server, error) {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return Server{}, fmt.Errorf("parse the URL of a PostgreSQL server: %w", err)
	}
	if parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return Server{}, fmt.Errorf("a PostgreSQL server has a postgres:// URL, not one of scheme %q", parsed.Scheme)
	}
	return Server{base: *parsed}, nil
}

// URL gives the address of one database, which need not exist, as pgx and golang-migrate understand it.
func (s Server) URL(database string) string {
	address := s.base
	address.Path = "/" + database
	return address.String()
}

// Template makes the database name, at most 63 bytes, ready to be cloned: it is filled by prepare, which gets its URL
// and must close its connections, and from then on takes no others. A template that is ready is left as it is, so its
// name should tell what is in it, such as a hash of the migrations; one that was begun and not finished is made anew.
// Any number of processes may ask for the same template at the same time: one prepares it while the others wait.
func (s Server) Template(ctx context.Context, name string, prepare func(ctx context.Context, url string) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, preparing, fmt.Errorf("not ready within %v", preparing))
	defer cancel()
	err := s.administer(ctx, func(conn *pgx.Conn) error {
		// Held until the connection ends.
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, name); err != nil {
			return err
		}
		var ready bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)`, name).
			Scan(&ready)
		if ready || err != nil {
			return err
		}
		database := pgx.Identifier{name}.Sanitize()
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)"); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+database); err != nil {
			return err
		}
		if err := prepare(ctx, s.URL(name)); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "ALTER DATABASE "+database+" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
		return err
	})
	if err != nil {
		return fmt.Errorf("make template %s: %w", name, err)
	}
	return nil
}

// Clone makes a database of a unique name from a template, and gives its URL and a function that removes it with all
// its connections. That function works also when the context has ended, as the one of a test has when it cleans up.
// Clone may be called concurrently.
func (s Server) Clone(ctx context.Context, template string) (rawURL string, drop func() error, err error) {
	name := "clone_" + strings.ToLower(rand.Text())
	database, source := pgx.Identifier{name}.Sanitize(), pgx.Identifier{template}.Sanitize()
	err = s.execute(ctx, "CREATE DATABASE "+database+" TEMPLATE "+source+" STRATEGY FILE_COPY")
	if err != nil {
		return "", nil, fmt.Errorf("clone template %s: %w", template, err)
	}
	drop = func() error {
		err := s.execute(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)")
		if err != nil {
			return fmt.Errorf("drop clone %s: %w", name, err)
		}
		return nil
	}
	return s.URL(name), drop, nil
}

// execute runs one statement that takes a moment.
func (s Server) execute(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, copying)
	defer cancel()
	return s.administer(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// administer runs work on a connection from which databases can be made and removed.
func (s Server) administer(ctx context.Context, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(work(conn), conn.Close(context.WithoutCancel(ctx)))
}
