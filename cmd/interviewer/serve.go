package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

func (p program) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Runs the service until it is interrupted, and then completes the running requests and background jobs. With
WORKERS=0 it runs no background jobs; "interviewer work" does.

At start it applies pending migrations. With MIGRATE_ON_START=false, apply them with "interviewer migrate up". With
APP_ENV=development and without DATABASE_URL or REDIS_URL it starts a private PostgreSQL and Redis, which end with
the service but keep their data, generates a SECRET_KEY, and loads demo data at the first start. "interviewer help
environment" lists all variables.`,
		Example: "  APP_ENV=development interviewer serve\n  PORT=9000 APP_ENV=development interviewer serve",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.runService(c.Context(), false) },
	}
}

func (p program) work() *cobra.Command {
	return &cobra.Command{
		Use:   "work",
		Short: "Run background jobs without the API",
		Long: `Runs background jobs until it is interrupted, and then completes the running ones within
SHUTDOWN_TIMEOUT_SECONDS. It reads the same environment as "interviewer serve", and answers /health, /health/ready and
/metrics on PORT. Run any number of such processes, next to or instead of the workers of "interviewer serve".`,
		Example: "  PORT=8001 WORKERS=16 interviewer work",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.runService(c.Context(), true) },
	}
}

// runService runs a replica until the context ends; a headless one runs only background jobs.
func (p program) runService(ctx context.Context, headless bool) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	if headless {
		if err := checkWork(c); err != nil {
			return err
		}
	}
	lines := telemetry.NewLines(p.err)
	defer func() { err = errors.Join(err, lines.Close()) }()
	log := telemetry.NewLogger(lines, c.LogLevel, c.Environment == config.Development, access.LogAttrs)
	for _, one := range config.Warnings(p.environ) {
		log.WarnContext(ctx, "environment variable is not read", slog.String("variable", one.Variable),
			slog.String("remedy", one.Remedy))
	}
	debug.SetGCPercent(gcPercent)
	limitMemory(os.DirFS("/"))
	d, err := p.startDependencies(ctx, c)
	defer func() { err = errors.Join(err, d.stop()) }()
	if err != nil {
		return err
	}
	if err := d.writeRunningFile(c); err != nil {
		return err
	}
	if c.MigrateOnStart {
		if err := p.migrateUp(ctx, c); err != nil {
			return err
		}
	}
	if c.SeedDemo && !headless {
		if err := p.loadDemo(ctx, c); err != nil {
			return err
		}
	}
	version := versionOr(c.AppVersion)
	traces, flush, err := telemetry.StartTracing(ctx, telemetry.Options{
		Endpoint: c.OTLPEndpoint, Service: c.OTLPServiceName, Version: version, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() {
		if err := flush(context.WithoutCancel(ctx)); err != nil {
			log.WarnContext(ctx, "traces were not delivered", slog.Any("error", err))
		}
	}()
	replica, err := server.New(ctx, server.Options{
		Config: c, Clock: clock.System(), Log: log, Version: version, Traces: traces,
		RedisInProcess: d.inProcess, Demo: c.SeedDemo, Headless: headless,
	})
	if err != nil {
		return err
	}
	defer replica.Close()
	if err := waitUntilReady(ctx, replica, log); err != nil {
		return err
	}
	listener, err := server.Listen(ctx, net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("%w\n  Set PORT to a free port, for example PORT=%d", err, c.Port+1)
	}
	quiet, stop := context.WithCancel(ctx)
	defer stop()
	go giveBackMemory(quiet)
	if !headless {
		p.printWelcome(c, d, listener.Addr())
	}
	log.InfoContext(ctx, "serving", slog.String("address", listener.Addr().String()), slog.String("version", version))
	log.DebugContext(ctx, "configured", slog.Any("config", c))
	return replica.Serve(ctx, listener, c.Drain.Duration(), c.ShutdownTimeout.Duration())
}

// checkWork returns an error for a configuration with which a process could not run jobs for others.
func checkWork(c *config.Config) error {
	switch {
	case c.Workers == 0:
		return errors.New("WORKERS is 0: set it to the number of jobs to run at the same time, for example WORKERS=4")
	case c.DatabaseURL == "" || c.RedisURL == "":
		return errors.New("set DATABASE_URL and REDIS_URL to those of the service; " +
			"a service in development that starts its own servers also runs its jobs")
	}
	return nil
}

// waitUntilReady waits up to a minute for the database, which may be starting at the same time. It does not wait for
// one that an operator must change first.
func waitUntilReady(ctx context.Context, replica *server.Server, log *slog.Logger) error {
	waitCtx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := replica.Prepare(ctx)
		if err == nil || isUnfit(err) {
			return err
		}
		log.WarnContext(ctx, "the database is not ready", slog.Any("error", err))
		select {
		case <-waitCtx.Done():
			return fmt.Errorf("the database was not ready within a minute: %w", err)
		case <-time.After(time.Second):
		}
	}
}

// loadDemo loads missing demo data.
func (p program) loadDemo(ctx context.Context, c *config.Config) error {
	store, err := postgres.Open(ctx, postgres.Options{
		URL: c.DatabaseURL.Reveal(), MaxConns: 2, TransactionPool: c.DatabasePoolMode == config.PoolTransaction,
	})
	if err != nil {
		return err
	}
	defer store.Close()
	hasher := password.NewHasher(password.Options{Cost: p.hashCost})
	defer hasher.Close()
	o, err := newOperator(store, hasher)
	if err != nil {
		return err
	}
	loaded, err := demo.Load(ctx, o, demo.Options{})
	if loaded.Companies+loaded.Users+loaded.Parts > 0 {
		p.message("Demo data was loaded: %s.", loaded)
	}
	return err
}

// printWelcome prints addresses and accounts for a developer.
func (p program) printWelcome(c *config.Config, d *dependencies, address net.Addr) {
	if c.Environment != config.Development {
		return
	}
	_, port, _ := net.SplitHostPort(address.String())
	home := "http://localhost:" + port
	p.message("\n  %s is running.\n", c.AppName)
	p.message("  API        %s/api/v1\n  Reference  %s/docs\n  Health     %s/health/ready", home, home, home)
	if c.SeedDemo {
		const margin = "\n             "
		p.message("  Accounts   %s%sPassword of all: %s", strings.Join(demo.Accounts(), margin), margin, demo.Password)
	}
	if d.private {
		p.message("  Data       %s (delete the directory to start with an empty database)", d.dir)
	}
	if d.inProcess {
		p.message("  Redis      not installed: using a substitute in this process, which does not save its data")
	}
	p.message("  Stop       Ctrl-C\n")
}
