package local

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// postgresSocket is the name of the socket that PostgreSQL derives from its port.
	postgresSocket = ".s.PGSQL.5432"

	// startTimeout bounds the start of a server, which includes its recovery from a crash.
	startTimeout = 30 * time.Second
)

// Postgres is a running private PostgreSQL server. Its URLs use the superuser.
type Postgres struct {
	Server

	stop func() error
}

// StartPostgres starts the PostgreSQL server of o.Dir with the data of the last run. It uses PostgreSQL 15 or later
// from PATH or from the directories of packages. If none is found, root installs it with apt-get, and other users
// download it into their cache directory. The context bounds the start only; the server runs until Stop. The error
// wraps ErrInUse if the server of o.Dir is running. If PostgreSQL fails, the error includes the end of its log.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	d, err := openServerDir(ctx, o, "postgres")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p, err := startPostgres(ctx, o, d)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, d.close()))
	}
	return p, nil
}

// Stop stops the server: it closes connections, rolls back transactions and writes the data. It takes at most 20
// seconds and fails if the server does not end. Later calls return the result of the first one.
func (p *Postgres) Stop() error { return p.stop() }

func startPostgres(ctx context.Context, o Options, d *serverDir) (*Postgres, error) {
	data := filepath.Join(d.path, "data")
	major, err := dataMajor(data)
	if err != nil {
		return nil, err
	}
	programs, err := findPostgres(ctx, o, major)
	if err != nil {
		return nil, err
	}
	if err := d.chooseAccount("postgres", "nobody"); err != nil {
		return nil, err
	}
	if major == 0 {
		if err := initCluster(ctx, o, d, programs, data); err != nil {
			return nil, err
		}
	}
	sockets, err := d.socketDir(postgresSocket)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(data, "postmaster.pid")); err == nil {
		o.log("PostgreSQL was not shut down cleanly; recovering the data in %s", data)
	}
	arguments := postgresArguments(data, sockets, o.Fast)
	server, err := d.launch(ctx, syscall.SIGQUIT, programs.path("postgres"), arguments...)
	if err != nil {
		return nil, err
	}
	p := &Postgres{Server: socketServer(sockets), stop: sync.OnceValue(func() error {
		return errors.Join(server.stop(syscall.SIGINT, syscall.SIGQUIT), d.close())
	})}
	if err := p.waitReady(ctx, server); err != nil {
		return nil, errors.Join(d.withLog(err), server.stop(syscall.SIGINT, syscall.SIGQUIT))
	}
	return p, nil
}

// waitReady waits until the server accepts connections.
func (p *Postgres) waitReady(ctx context.Context, server *process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout,
		fmt.Errorf("PostgreSQL does not accept connections after %v", startTimeout))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		if conn, err := pgx.Connect(ctx, p.URL("postgres")); err == nil {
			return true, conn.Close(ctx)
		}
		return false, server.checkRunning()
	})
}

// initCluster creates the data directory. It is complete or absent: it is created under another name and renamed. The
// next attempt removes what an interrupted one left.
func initCluster(ctx context.Context, o Options, d *serverDir, programs installation, data string) error {
	o.log("Creating the data directory of PostgreSQL %d in %s", programs.major, data)
	// C.UTF-8 sorts by code point and classifies the letters of all languages. Some systems only have the C locale.
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		draft := data + ".new"
		if err = os.RemoveAll(draft); err != nil {
			return fmt.Errorf("remove incomplete data directory: %w", err)
		}
		if draft, err = d.makeSubdir(filepath.Base(draft)); err != nil {
			return err
		}
		arguments := []string{
			"--pgdata=" + draft, "--username=postgres", "--encoding=UTF8", "--locale=" + locale,
			"--auth-local=trust", "--auth-host=reject", "--no-instructions",
		}
		if o.Fast {
			arguments = append(arguments, "--no-sync")
		}
		if err = d.run(ctx, programs.path("initdb"), arguments...); err == nil {
			if err = os.Rename(draft, data); err != nil {
				return fmt.Errorf("rename data directory: %w", err)
			}
			return nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// postgresArguments returns the settings that differ from PostgreSQL's defaults. They are arguments and not in the
// data directory, so that they also apply to existing data.
func postgresArguments(data, sockets string, fast bool) []string {
	settings := []string{
		"listen_addresses=", "port=5432", "unix_socket_directories=\"" + sockets + "\"", "unix_socket_permissions=0700",
		"timezone=UTC", "log_timezone=UTC",
	}
	if fast {
		// All test binaries of a run share this server, and each test opens several pools. A run creates and drops
		// hundreds of databases, which automatic vacuuming would visit one after the other.
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400",
			"autovacuum=off", "jit=off", "wal_level=minimal", "max_wal_senders=0")
	}
	arguments := []string{"-D", data}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// socketServer returns the server of a socket. It sets the port explicitly because the environment could change the
// default.
func socketServer(sockets string) Server {
	return Server{base: url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		RawQuery: url.Values{"host": {sockets}, "port": {"5432"}}.Encode(),
	}}
}
