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
	// postgresSocket is the name that PostgreSQL derives from its port.
	postgresSocket = ".s.PGSQL.5432"

	// readiness bounds the wait for a started server, which includes its recovery from a crash.
	readiness = 30 * time.Second
)

// Postgres is a running private PostgreSQL server. The role of its URLs is its superuser.
type Postgres struct {
	Server

	stop func() error
}

// StartPostgres starts the PostgreSQL of o.Dir, with the data it had when it was last stopped. It takes the programs
// that it finds in PATH or where packages put them, 15 or later; where there are none, it installs them with apt-get
// when it is root, and downloads them into the user's cache folder otherwise. The context bounds the start, not the
// server, which runs until Stop. The error wraps ErrInUse when the server of o.Dir runs already; when PostgreSQL itself
// fails, it shows the end of its log.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	h, err := openHome(ctx, o, "postgres")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p, err := startPostgres(ctx, o, h)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, h.close()))
	}
	return p, nil
}

// Stop ends the server: connections are cut, transactions rolled back, the data written. It takes at most 20 seconds,
// and fails when the server does not go. Only the first call does something; later ones give its result.
func (p *Postgres) Stop() error { return p.stop() }

func startPostgres(ctx context.Context, o Options, h *home) (*Postgres, error) {
	data := filepath.Join(h.path, "data")
	major, err := dataMajor(data)
	if err != nil {
		return nil, err
	}
	programs, err := findPostgres(ctx, o, major)
	if err != nil {
		return nil, err
	}
	if err := h.useAccount("postgres", "nobody"); err != nil {
		return nil, err
	}
	if major == 0 {
		if err := makeCluster(ctx, o, h, programs, data); err != nil {
			return nil, err
		}
	}
	sockets, err := h.socketFolder(postgresSocket)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(data, "postmaster.pid")); err == nil {
		o.say("PostgreSQL was not stopped properly; it recovers its data in %s first", data)
	}
	arguments := postgresArguments(data, sockets, o.Fast)
	server, err := h.launch(ctx, syscall.SIGQUIT, programs.path("postgres"), arguments...)
	if err != nil {
		return nil, err
	}
	p := &Postgres{Server: socketServer(sockets), stop: sync.OnceValue(func() error {
		return errors.Join(server.stop(syscall.SIGINT, syscall.SIGQUIT), h.close())
	})}
	if err := p.await(ctx, server); err != nil {
		return nil, errors.Join(h.explain(err), server.stop(syscall.SIGINT, syscall.SIGQUIT))
	}
	return p, nil
}

// await returns when the server takes connections, or with an error when it does not come to that.
func (p *Postgres) await(ctx context.Context, server *process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readiness,
		fmt.Errorf("PostgreSQL takes no connections after %v", readiness))
	defer cancel()
	return until(ctx, func() (bool, error) {
		if conn, err := pgx.Connect(ctx, p.URL("postgres")); err == nil {
			return true, conn.Close(ctx)
		}
		return false, server.gone()
	})
}

// makeCluster makes the data folder. It is complete or absent: it is made beside its place, where what an interrupted
// attempt has left is thrown away.
func makeCluster(ctx context.Context, o Options, h *home, programs installation, data string) error {
	o.say("preparing the data folder of PostgreSQL %d in %s", programs.major, data)
	// Sorting by code point and the letters of all languages; a few systems know the plain C locale only.
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		draft := data + ".new"
		if err = os.RemoveAll(draft); err != nil {
			return fmt.Errorf("remove an unfinished data folder: %w", err)
		}
		if draft, err = h.folder(filepath.Base(draft)); err != nil {
			return err
		}
		arguments := []string{
			"--pgdata=" + draft, "--username=postgres", "--encoding=UTF8", "--locale=" + locale,
			"--auth-local=trust", "--auth-host=reject", "--no-instructions",
		}
		if o.Fast {
			arguments = append(arguments, "--no-sync")
		}
		if err = h.run(ctx, programs.path("initdb"), arguments...); err == nil {
			if err = os.Rename(draft, data); err != nil {
				return fmt.Errorf("put the data folder in its place: %w", err)
			}
			return nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// postgresArguments are all settings that differ from PostgreSQL's own. They stand here and not in the data folder, so
// that an older folder gets them too.
func postgresArguments(data, sockets string, fast bool) []string {
	settings := []string{
		"listen_addresses=", "port=5432", "unix_socket_directories=\"" + sockets + "\"", "unix_socket_permissions=0700",
		"timezone=UTC", "log_timezone=UTC",
	}
	if fast {
		// All test binaries of a run share this server, and each test opens a few pools.
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400")
	}
	arguments := []string{"-D", data}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// socketServer is the server behind a socket. The port is named so that no variable of the environment changes it.
func socketServer(sockets string) Server {
	return Server{base: url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		RawQuery: url.Values{"host": {sockets}, "port": {"5432"}}.Encode(),
	}}
}
