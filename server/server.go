// Package server puts the rooms together into the service that the specification describes, and decides the way of a
// request through them: base, cross-origin rules, body limit, the contract's door, and then the operation.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/github.com/labstack/echo/otelecho"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/audit"
	"github.com/ai-interviewer-platform/interviewer/server/auditlog"
	"github.com/ai-interviewer-platform/interviewer/server/auth"
	"github.com/ai-interviewer-platform/interviewer/server/clock"
	"github.com/ai-interviewer-platform/interviewer/server/company"
	"github.com/ai-interviewer-platform/interviewer/server/config"
	"github.com/ai-interviewer-platform/interviewer/server/contract"
	"github.com/ai-interviewer-platform/interviewer/server/meta"
	"github.com/ai-interviewer-platform/interviewer/server/page"
	"github.com/ai-interviewer-platform/interviewer/server/password"
	"github.com/ai-interviewer-platform/interviewer/server/problem"
	"github.com/ai-interviewer-platform/interviewer/server/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/redis"
	"github.com/ai-interviewer-platform/interviewer/server/schema"
	"github.com/ai-interviewer-platform/interviewer/server/session"
	"github.com/ai-interviewer-platform/interviewer/server/store"
	"github.com/ai-interviewer-platform/interviewer/server/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/users"
)

// Options are what a server needs besides its configuration.
type Options struct {
	Config *config.Config
	Clock  clock.Source
	Log    *slog.Logger
	// Version is the version of the program, for the reference page and the metrics.
	Version string
	// Traces makes the spans.
	Traces trace.TracerProvider
	// RedisInProcess says that Redis is the in-process stand-in, which knows no client-side caching.
	RedisInProcess bool
	// Demo says that the demo accounts exist, so that the reference page may mention them.
	Demo bool
	// HashCost is the cost of a password hash; 0 stands for the one that production uses.
	HashCost int
}

// Server is one replica of the service.
type Server struct {
	handler *echo.Echo
	meta    *meta.Meta
	store   *store.Store
	redis   *redis.Redis
	gate    *password.Gate
	guard   *session.Guard
	sealer  *audit.Sealer
	log     *slog.Logger
	work    sync.WaitGroup
	end     context.CancelFunc
}

// rooms are all operations together. The compiler sees to it that none is missing.
type rooms struct {
	*auth.Auth
	*users.Users
	*company.Company
	*auditlog.AuditLog
	*meta.Meta
}

var _ api.StrictServerInterface = rooms{}

// New builds a replica and starts what it does in the background. It does not listen: Handler is the service. It fails on
// a hole in the specification, and on a configuration that cannot work.
func New(ctx context.Context, o Options) (*Server, error) {
	specification, err := api.GetSpec()
	if err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	document, err := api.GetSpecJSON()
	if err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	agreed, err := contract.Load(specification)
	if err != nil {
		return nil, fmt.Errorf("the specification has holes:\n%w", err)
	}
	latest, err := schema.Latest()
	if err != nil {
		return nil, err
	}
	keys, err := session.NewKeyring(o.Config.SecretKey.Reveal(), reveal(o.Config.SecretKeysPrevious)...)
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(ctx, store.Options{
		URL: o.Config.DatabaseURL.Reveal(), MaxConns: o.Config.DatabaseMaxConnections,
		Tracer: otelpgx.NewTracer(otelpgx.WithTracerProvider(o.Traces)),
	})
	if err != nil {
		return nil, err
	}
	cache, err := redis.Open(o.Config.RedisURL.Reveal(), o.Log, redis.Options{InProcess: o.RedisInProcess})
	if err != nil {
		return nil, err
	}

	metrics := telemetry.NewMetrics(o.Version)
	recorder := audit.NewRecorder(o.Clock)
	gate := password.NewGate(password.Options{Cost: o.HashCost, Workers: o.Config.HashWorkers, Queue: o.Config.HashQueue})
	access := session.NewAccess(keys, o.Config.AccessTokenExpire.Duration(), o.Clock.Now)
	guard := session.NewGuard(kept, cache, access.Lifetime(), o.Clock.Now, func(from session.Source) {
		metrics.Revocation(string(from))
	})
	metrics.WatchPool(kept.Stat)
	metrics.WatchHashing(func() (running, waiting int) { l := gate.Load(); return l.Running, l.Waiting })
	metrics.WatchRedis(func() bool { return cache.Up(context.WithoutCancel(ctx)) == nil })

	s := &Server{
		store: kept, redis: cache, gate: gate, guard: guard, log: o.Log,
		sealer: audit.NewSealer(kept, o.Clock, o.Log, metrics.AuditSealed),
		meta: &meta.Meta{
			Store: kept, Redis: cache, Metrics: metrics, SchemaVersion: int64(latest), //nolint:gosec // a handful
			MetricsToken: o.Config.MetricsToken.Reveal(), Document: document,
		},
	}
	cursors, queries := page.NewCodec(keys.Cursor()), db.New()
	door := &contract.Door{
		Contract: agreed, Access: access, Guard: guard, Store: kept, Audit: recorder, Metrics: metrics, Log: o.Log,
		Timeout: o.Config.RequestTimeout.Duration(),
	}
	if door.People, err = limiter(cache, "user", o.Config.RateLimit); err != nil {
		return nil, err
	}
	if door.Anonymous, err = limiter(cache, "address", o.Config.RateLimitAnonymous); err != nil {
		return nil, err
	}
	all := rooms{
		Auth: &auth.Auth{
			Store: kept, Queries: queries, Clock: o.Clock, Audit: recorder, Gate: gate, Access: access,
			Refresh: session.NewRefresh(keys), Guard: guard, Cursors: cursors, Metrics: metrics, Log: o.Log,
			SessionLifetime: o.Config.RefreshTokenExpire.Duration(),
			Throttle: ratelimit.NewThrottle(cache, keys.Throttle(), ratelimit.ThrottlePolicy{
				PairLimit: o.Config.LoginPerAccountAndIP, PairWindow: o.Config.LoginWindow.Duration(),
				NetworkLimit: o.Config.LoginPerIP, NetworkWindow: o.Config.LoginWindow.Duration(),
				AccountFree: o.Config.LoginPerAccount,
			}),
		},
		Users: &users.Users{
			Store: kept, Queries: queries, Clock: o.Clock, Audit: recorder, Gate: gate, Guard: guard, Cursors: cursors,
			Permissions: agreed.Permissions,
		},
		Company: &company.Company{Store: kept, Queries: queries, Clock: o.Clock, Audit: recorder},
		AuditLog: &auditlog.AuditLog{
			Store: kept, Queries: queries, Clock: o.Clock, Audit: recorder, Cursors: cursors, Log: o.Log,
		},
		Meta: s.meta,
	}
	if err := s.route(o, all, door, metrics); err != nil {
		return nil, err
	}
	s.start(ctx)
	return s, nil
}

// route decides the way of a request.
func (s *Server) route(o Options, all rooms, door *contract.Door, metrics *telemetry.Metrics) error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = addresses(o.Config.TrustedProxies)
	e.HTTPErrorHandler = problem.Handler(o.Log)
	foreign, err := sameSite(o.Config.CORSOrigins)
	if err != nil {
		return err
	}
	e.Use(otelecho.Middleware(o.Config.OTLPServiceName, otelecho.WithTracerProvider(o.Traces),
		otelecho.WithPropagators(telemetry.Propagator())))
	e.Use((&base{o.Clock, o.Log, metrics}).enter)
	if len(o.Config.CORSOrigins) > 0 {
		e.Use(crossOrigin(o.Config.CORSOrigins))
	}
	e.Use(foreign, limitBody(o.Config.MaxBodyBytes), door.Enter)
	reference, err := docs.Handler(docs.Options{
		Title: o.Config.AppName, Version: o.Version, SpecURL: "/openapi.json", Status: problem.Status, Demo: o.Demo,
	})
	if err != nil {
		return fmt.Errorf("the reference page: %w", err)
	}
	for _, path := range []string{docs.Prefix, docs.Prefix + "/*"} {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, echo.WrapHandler(reference))
	}
	api.RegisterHandlers(e, api.NewStrictHandler(all, nil))
	s.handler = e
	return nil
}

// start begins what a replica does besides answering.
func (s *Server) start(ctx context.Context) {
	ctx, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.work.Go(func() { s.sealer.Run(ctx) })
	s.work.Go(func() {
		s.guard.Watch(ctx, func(err error) {
			s.log.DebugContext(ctx, "session changes could not be read", slog.Any("error", err))
		})
	})
}

// Handler is the service.
func (s *Server) Handler() http.Handler { return s.handler }

// Prepare asks the database once for what a replica must know before it answers: that its role is held by row-level
// security, and which sessions have ended lately.
func (s *Server) Prepare(ctx context.Context) error {
	if err := s.store.CheckRole(ctx); err != nil {
		return err
	}
	return s.guard.Look(ctx)
}

// Serve answers on a listener until the context ends, and then finishes what it has begun within the time allowed.
func (s *Server) Serve(ctx context.Context, listener net.Listener, shutdown time.Duration) error {
	const slow = 30 * time.Second
	serving := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: slow, WriteTimeout: 2 * slow,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 4 * maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- serving.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.log.InfoContext(ctx, "stopping: finishing the requests under way")
	s.meta.Stop()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if err := serving.Shutdown(bounded); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off: %w", err), serving.Close())
	}
	return nil
}

// Close ends what runs in the background, and the connections.
func (s *Server) Close() {
	s.end()
	s.work.Wait()
	s.gate.Close()
	s.redis.Close()
	s.store.Close()
}

func limiter(cache *redis.Redis, name string, perMinute int) (*ratelimit.Limiter, error) {
	if perMinute == 0 {
		return nil, nil //nolint:nilnil // no limit is no limiter
	}
	l, err := ratelimit.NewLimiter(cache, ratelimit.Policy{Name: name, Limit: perMinute, Window: time.Minute})
	if err != nil {
		return nil, fmt.Errorf("rate limit: %w", err)
	}
	return l, nil
}

func network(prefix netip.Prefix) *net.IPNet {
	address := prefix.Addr()
	return &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(prefix.Bits(), address.BitLen())}
}

func reveal(secrets []config.Secret) []string {
	texts := make([]string, len(secrets))
	for i, secret := range secrets {
		texts[i] = secret.Reveal()
	}
	return texts
}
