package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
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

// collectAt is how much the heap may grow before it is collected, in percent. Hashing runs on threads of low priority,
// and a collection waits for each of them once; fewer collections keep a flood of sign-ins from being felt by everyone
// else.
const collectAt = 400

// drainTime is how long a production replica that stops still takes requests, while its readiness tells that it does.
const drainTime = 3 * time.Second

func (p program) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Runs the service until it is interrupted, and then finishes the requests it has begun.

It brings the database schema up to date first (MIGRATE_ON_START=false leaves that to "interviewer migrate up"). With
APP_ENV=development and without DATABASE_URL or REDIS_URL it runs a private PostgreSQL and Redis, which keep their data
and end with it, makes its own SECRET_KEY, and loads demo data the first time. "interviewer help environment" lists
every variable.`,
		Example: "  APP_ENV=development interviewer serve\n  PORT=9000 APP_ENV=development interviewer serve",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.runService(c.Context()) },
	}
}

func (p program) runService(ctx context.Context) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	log := telemetry.NewLogger(p.err, c.LogLevel, c.Environment == config.Development, access.LogAttrs)
	debug.SetGCPercent(collectAt)
	b, err := p.back(ctx, c)
	defer func() { err = errors.Join(err, b.stop()) }()
	if err != nil {
		return err
	}
	if err := b.announce(c); err != nil {
		return err
	}
	if c.MigrateOnStart {
		if err := p.bring(ctx, c); err != nil {
			return err
		}
	}
	if c.SeedDemo {
		if err := p.loadDemo(ctx, c); err != nil {
			return err
		}
	}
	version := built(c.AppVersion)
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
		RedisInProcess: b.inProcess, Demo: c.SeedDemo,
	})
	if err != nil {
		return err
	}
	defer replica.Close()
	if err := prepare(ctx, replica, log); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("%w\n  Set PORT to a free port, for example PORT=%d", err, c.Port+1)
	}
	debug.FreeOSMemory() // what reading the specification took is not needed again
	p.welcome(c, b, listener.Addr())
	log.InfoContext(ctx, "serving", slog.String("address", listener.Addr().String()), slog.String("version", version))
	log.DebugContext(ctx, "configured", slog.Any("config", c))
	drain := time.Duration(0)
	if c.Environment == config.Production {
		drain = drainTime
	}
	return replica.Serve(ctx, listener, drain, c.ShutdownTimeout.Duration())
}

// prepare waits for the database, so that a replica that starts beside it does not have to be started twice.
func prepare(ctx context.Context, replica *server.Server, log *slog.Logger) error {
	patience, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := replica.Prepare(ctx)
		if err == nil {
			return nil
		}
		log.WarnContext(ctx, "the database is not ready", slog.Any("error", err))
		select {
		case <-patience.Done():
			return fmt.Errorf("the database was not ready within a minute: %w", err)
		case <-time.After(time.Second):
		}
	}
}

// loadDemo loads the demo data where it is missing.
func (p program) loadDemo(ctx context.Context, c *config.Config) error {
	kept, err := postgres.Open(ctx, postgres.Options{URL: c.DatabaseURL.Reveal(), MaxConns: 2})
	if err != nil {
		return err
	}
	defer kept.Close()
	hasher := password.NewHasher(ctx, password.Options{Cost: p.hashCost})
	defer hasher.Close()
	loaded, err := demo.Load(ctx, newOperator(kept, hasher), demo.Options{})
	if loaded.Companies+loaded.Users+loaded.Parts > 0 {
		p.say("Demo data was loaded: %s.", loaded)
	}
	return err
}

// welcome tells a person at a development terminal where everything is.
func (p program) welcome(c *config.Config, b *backing, address net.Addr) {
	if c.Environment != config.Development {
		return
	}
	_, port, _ := net.SplitHostPort(address.String())
	home := "http://localhost:" + port
	p.say("\n  %s is running.\n", c.AppName)
	p.say("  API        %s/api/v1\n  Reference  %s/docs\n  Health     %s/health/ready", home, home, home)
	if c.SeedDemo {
		const margin = "\n             "
		p.say("  Accounts   %s%seach with the password %s", strings.Join(demo.Accounts(), margin), margin, demo.Password)
	}
	if b.private {
		p.say("  Data       %s (delete it to start afresh)", b.dir)
	}
	if b.inProcess {
		p.say("  Redis      none is installed: a stand-in runs within this process, which forgets everything at its end")
	}
	p.say("  Stop       Ctrl-C\n")
}
