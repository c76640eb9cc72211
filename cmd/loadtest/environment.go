package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
)

const (
	// operatorToken gives access to profiles.
	operatorToken = "loadtest-operator-token"
	// readyTime bounds the start of a server.
	readyTime = 2 * time.Minute
	// stopTime bounds its end.
	stopTime = 40 * time.Second
)

// environment is a PostgreSQL and a Redis with demo data, and the programs that use them.
type environment struct {
	settings
	database   string
	files      string // the directory of the logs
	variables  []string
	postgres   int // process; 0 if it cannot be found
	redisOwner int
	company    string // the id of the demo company
	stops      []func() error
}

// openEnvironment starts the servers and loads the data. The caller must call close, even if it fails.
func openEnvironment(ctx context.Context, s settings) (*environment, error) {
	e := &environment{settings: s}
	dir := s.dir
	if dir == "" {
		// PostgreSQL can run as another user, which must be able to traverse the directory.
		made, err := os.MkdirTemp("/var/tmp", "interviewer-loadtest-")
		if err != nil {
			return e, fmt.Errorf("create a directory for the servers: %w", err)
		}
		dir = made
		e.stops = append(e.stops, func() error { return os.RemoveAll(made) })
	}
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // see above
		return e, fmt.Errorf("create the directory for the servers: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above
		return e, fmt.Errorf("open the directory for the servers: %w", err)
	}
	options := local.Options{Dir: filepath.Join(dir, "local"), Log: e.say}
	postgres, err := local.StartPostgres(ctx, options)
	if err != nil {
		return e, err
	}
	e.stops = append(e.stops, postgres.Stop)
	cache, err := local.StartRedis(ctx, options)
	if err != nil {
		return e, err
	}
	e.stops = append(e.stops, cache.Stop)
	own := os.Getpid()
	e.postgres, e.redisOwner = e.processes.child(own, "postgres"), e.processes.child(own, "redis-server")
	e.database = postgres.URL("postgres")
	e.files = dir
	// All defaults of production, but the highest limits. They stay on.
	e.variables = []string{
		"APP_ENV=production", "HOST=127.0.0.1", "HOME=" + dir, "PATH=" + os.Getenv("PATH"),
		"DATABASE_URL=" + e.database, "REDIS_URL=" + cache.URL(), "SECRET_KEY=" + rand.Text() + rand.Text(),
		"ACCESS_TOKEN_EXPIRE_MINUTES=60",
		"RATE_LIMIT_PER_MINUTE=6000000", "RATE_LIMIT_COMPANY_PER_MINUTE=6000000", "RATE_LIMIT_ANONYMOUS_PER_MINUTE=6000000",
		"LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP=1000000", "LOGIN_ATTEMPTS_PER_IP=1000000", "LOGIN_ATTEMPTS_PER_ACCOUNT=1000000",
	}
	if s.profiles != "" {
		e.variables = append(e.variables, "PROFILES=true", "METRICS_TOKEN="+operatorToken)
	}
	return e, e.prepare(ctx)
}

func (e *environment) close() error {
	var errs []error
	for _, stop := range slices.Backward(e.stops) {
		errs = append(errs, stop())
	}
	e.stops = nil
	return errors.Join(errs...)
}

// prepare loads the data and copies the tables that the bare server uses.
func (e *environment) prepare(ctx context.Context) (err error) {
	for _, arguments := range [][]string{{"migrate", "up"}, {"seed", "--production", "--scale", strconv.Itoa(e.scale)}} {
		e.say("interviewer %s", strings.Join(arguments, " "))
		command := e.command(ctx, e.server, nil, arguments...)
		command.Stderr = e.log
		if err := command.Run(); err != nil {
			return fmt.Errorf("interviewer %s: %w", strings.Join(arguments, " "), err)
		}
	}
	e.say("Copying the tables for the bare server")
	conn, err := pgx.Connect(ctx, e.database)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, `DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
		CREATE TABLE bare.keys (company_id uuid NOT NULL, key text NOT NULL, PRIMARY KEY (company_id, key))`); err != nil {
		return fmt.Errorf("create the schema of the bare server: %w", err)
	}
	for _, table := range append([]string{"companies", "sessions"}, demo.Tables()...) {
		if err := copyTable(ctx, conn, table); err != nil {
			return fmt.Errorf("copy table %s: %w", table, err)
		}
	}
	if _, err := conn.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		return fmt.Errorf("vacuum the database: %w", err)
	}
	const find = `SELECT id::text FROM companies WHERE slug = 'acme-robotics'`
	if err := conn.QueryRow(ctx, find).Scan(&e.company); err != nil {
		return fmt.Errorf("find the demo company: %w", err)
	}
	return nil
}

// copyTable copies a table with its indexes and checks, without triggers and foreign keys.
func copyTable(ctx context.Context, conn *pgx.Conn, table string) error {
	name := pgx.Identifier{table}.Sanitize()
	if _, err := conn.Exec(ctx, `CREATE TABLE bare.`+name+` (LIKE public.`+name+` INCLUDING ALL)`); err != nil {
		return err
	}
	var columns string
	if err := conn.QueryRow(ctx, `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = ('public.' || $1)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
		name).Scan(&columns); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, `INSERT INTO bare.`+name+` (`+columns+`) SELECT `+columns+` FROM public.`+name)
	return err
}

// command returns a program with the environment of this run.
func (e *environment) command(ctx context.Context, program string, more []string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the caller chooses the program
	command.Dir, command.Env = os.TempDir(), append(slices.Clone(e.variables), more...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopTime
	return command
}

// replica is a running server.
type replica struct {
	address string
	pid     int
	// started is the time from the start of the process to its first response to GET /health.
	started time.Duration
	// ended is closed when the process has ended.
	ended   chan struct{}
	command *exec.Cmd
}

// start starts one of the two servers, and waits until it is ready.
func (e *environment) start(ctx context.Context, of side) (_ *replica, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	_, port, _ := strings.Cut(address, ":")
	program, arguments := e.server, []string{"serve"}
	if of == bareSide {
		program, arguments = e.bare, nil
	}
	command := e.command(ctx, program, []string{"PORT=" + port, "COMPANY=" + e.company}, arguments...)
	log, err := e.openLog(of)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the process has its own descriptor
	command.Stderr = log
	began := e.now()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the %s server: %w", of, err)
	}
	r := &replica{address: address, pid: command.Process.Pid, ended: make(chan struct{}), command: command}
	go func() {
		_ = command.Wait() // it is ended by a signal
		close(r.ended)
	}()
	if err := e.waitReady(ctx, r); err != nil {
		messages, _ := os.ReadFile(log.Name()) // there may be none
		return nil, errors.Join(fmt.Errorf("start the %s server: %w\n%s", of, err, messages), r.stop())
	}
	r.started = e.now().Sub(began)
	return r, nil
}

// openLog opens the file that a server logs to, and empties it. Servers append, so that it can be emptied while they
// run.
func (e *environment) openLog(of side) (*os.File, error) {
	const flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND | os.O_TRUNC
	log, err := os.OpenFile(filepath.Join(e.files, string(of)+".log"), flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return log, nil
}

// emptyLogs empties the logs, which grow by some megabytes a second.
func (e *environment) emptyLogs() error {
	for _, of := range []side{ourSide, bareSide} {
		log, err := e.openLog(of)
		if err == nil {
			err = log.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// waitReady asks for the health every millisecond, so that the time of a start is known to the millisecond.
func (e *environment) waitReady(ctx context.Context, r *replica) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	c := connection{address: r.address, now: e.now}
	defer c.close()
	for {
		got, err := c.exchange(ctx, request(http.MethodGet, "/health/ready", "", "", ""), requestTimeout, false)
		if err == nil && got.status == http.StatusOK {
			return nil
		}
		select {
		case <-r.ended:
			return errors.New("the process has ended")
		default:
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return errors.New("it is not ready")
		}
	}
}

// stop ends the process, and waits for its end.
func (r *replica) stop() error {
	_ = r.command.Process.Signal(syscall.SIGTERM) // fails if it has ended
	select {
	case <-r.ended:
		return nil
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("process %d did not end after SIGTERM", r.pid), r.command.Process.Kill())
	}
}
