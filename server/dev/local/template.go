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
	// templateTimeout bounds the creation of a template, including the wait for another process that creates it.
	templateTimeout = 2 * time.Minute

	// cloneTimeout bounds the creation or removal of one database.
	cloneTimeout = 30 * time.Second
)

// Server is a PostgreSQL server on which callers create databases. Each test gets a copy of a template that is
// created once.
type Server struct{ base url.URL }

// ParseServer returns the server of a postgres:// URL, whose role must be a superuser. The database of the URL is
// ignored.
func ParseServer(rawURL string) (Server, error) {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return Server{}, fmt.Errorf("parse URL of PostgreSQL server: %w", err)
	}
	if parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return Server{}, fmt.Errorf("the URL of a PostgreSQL server must have the scheme postgres, not %q", parsed.Scheme)
	}
	return Server{base: *parsed}, nil
}

// URL returns the address of a database for pgx and golang-migrate. The database need not exist.
func (s Server) URL(database string) string {
	address := s.base
	address.Path = "/" + database
	return address.String()
}

// Template creates the database name, at most 63 bytes, as a template for Clone. prepare fills it: it gets the
// database's URL and must close its connections; afterwards the template accepts none. An existing template is not
// changed, so its name should identify its content, for example by a hash of the migrations. An incomplete one is
// created again. Processes may call Template concurrently with the same name: one prepares it, the others wait.
func (s Server) Template(ctx context.Context, name string, prepare func(ctx context.Context, url string) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, templateTimeout,
		fmt.Errorf("the template was not ready within %v", templateTimeout))
	defer cancel()
	err := s.administer(ctx, func(conn *pgx.Conn) error {
		// The lock is released when the connection ends.
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
		return fmt.Errorf("create template %s: %w", name, err)
	}
	return nil
}

// Clone creates a database with a unique name from a template. It returns the database's URL and a function that
// removes it and closes its connections. That function also works after the context has ended, so that tests can use
// it for cleanup. Clone may be called concurrently.
func (s Server) Clone(ctx context.Context, template string) (rawURL string, drop func() error, err error) {
	return s.Create(ctx, "TEMPLATE "+pgx.Identifier{template}.Sanitize()+" STRATEGY FILE_COPY")
}

// Create creates a database with a unique name and the given options of CREATE DATABASE. Its results are those of
// Clone.
func (s Server) Create(ctx context.Context, options string) (rawURL string, drop func() error, err error) {
	name := "clone_" + strings.ToLower(rand.Text())
	database := pgx.Identifier{name}.Sanitize()
	if err := s.execute(ctx, "CREATE DATABASE "+database+" "+options); err != nil {
		return "", nil, fmt.Errorf("create database %s: %w", options, err)
	}
	drop = func() error {
		err := s.execute(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)")
		if err != nil {
			return fmt.Errorf("drop database %s: %w", name, err)
		}
		return nil
	}
	return s.URL(name), drop, nil
}

// execute runs one short statement.
func (s Server) execute(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, cloneTimeout)
	defer cancel()
	return s.administer(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// administer runs work with a connection to the database "postgres", from which databases can be created and removed.
func (s Server) administer(ctx context.Context, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(work(conn), conn.Close(context.WithoutCancel(ctx)))
}
