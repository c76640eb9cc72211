// Package server puts the operations together into the service that the specification describes, and decides the way of a
// request through them: base, cross-origin rules, the contract's door, and then the operation.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/github.com/labstack/echo/otelecho"
	"go.opentelemetry.io/otel/trace"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/auditlog"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/edge/meta"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/applications"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/candidates"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/interviews"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/jobs"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/kits"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scores"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikeys"
	"github.com/ai-interviewer-platform/interviewer/server/identity/companies"
	"github.com/ai-interviewer-platform/interviewer/server/identity/login"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/identity/users"
	"github.com/ai-interviewer-platform/interviewer/server/insight/reports"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
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
	// Statements observes every statement that is sent to PostgreSQL, where no traces are made; nil for nobody.
	Statements pgx.QueryTracer
	// RedisInProcess says that Redis is the in-process stand-in, which knows no client-side caching.
	RedisInProcess bool
	// RedisTimeout bounds the wait for Redis; 0 stands for redis.DefaultTimeout, which production uses.
	RedisTimeout time.Duration
	// Demo says that the demo accounts exist, so that the reference page may mention them.
	Demo bool
	// HashCost is the cost of a password hash; 0 stands for the one that production uses.
	HashCost int
	// Contract is the specification that the gate enforces; nil stands for the published one, which production uses.
	Contract *gate.Contract
}

// Server is one replica of the service.
type Server struct {
	handler *echo.Echo
	meta    *meta.Meta
	store   *postgres.Store
	redis   *redis.Redis
	hasher  *password.Hasher
	guard   *session.Guard
	sealer  *audit.Sealer
	keeper  *idempotency.Keeper
	log     *slog.Logger
	timeout time.Duration
	work    sync.WaitGroup
	end     context.CancelFunc
}

// operations are all operations together. The compiler sees to it that none is missing.
type operations struct {
	*login.Service
	*users.Users
	*companies.Companies
	*apikeys.APIKeys
	*jobs.Jobs
	*candidates.Candidates
	*applications.Applications
	*kits.Kits
	*interviews.Interviews
	*scores.Scores
	*reports.Reports
	*auditlog.AuditLog
	*meta.Meta
}

var _ api.StrictServerInterface = operations{}

// New builds a replica and starts what it does in the background. It does not listen: Handler is the service. It fails
// on a hole in the specification, and on a configuration that cannot work.
func New(ctx context.Context, o Options) (*Server, error) {
	agreed := o.Contract
	if agreed == nil {
		var err error
		if agreed, err = contract(); err != nil {
			return nil, err
		}
	}
	s, err := connect(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.assemble(ctx, o, agreed); err != nil {
		s.Close()
		return nil, err
	}
	s.start(ctx)
	return s, nil
}

// connect opens what a replica shares with the others, and what bounds its own work.
func connect(ctx context.Context, o Options) (*Server, error) {
	options := postgres.Options{
		URL: o.Config.DatabaseURL.Reveal(), MaxConns: o.Config.DatabaseMaxConnections, Tracer: o.Statements,
	}
	if o.Config.OTLPEndpoint != "" {
		options.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(o.Traces))
	}
	kept, err := postgres.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	//nolint:contextcheck // the link looks after itself until it is closed
	cache, err := redis.Open(o.Config.RedisURL.Reveal(), o.Log, redis.Options{
		InProcess: o.RedisInProcess, Timeout: o.RedisTimeout,
	})
	if err != nil {
		kept.Close()
		return nil, err
	}
	hasher := password.NewHasher(ctx, password.Options{
		Cost: o.HashCost, Workers: o.Config.HashWorkers, Queue: o.Config.HashQueue,
	})
	return &Server{
		store: kept, redis: cache, hasher: hasher, log: o.Log, timeout: o.Config.RequestTimeout.Duration(), end: func() {},
	}, nil
}

// assemble puts the operations together and the door before them.
func (s *Server) assemble(ctx context.Context, o Options, agreed *gate.Contract) error {
	secrets, err := session.NewKeyring(o.Config.SecretKey.Reveal(), reveal(o.Config.SecretKeysPrevious)...)
	if err != nil {
		return err
	}
	metrics := s.measure(ctx, o.Version)
	if s.meta, err = s.outside(metrics); err != nil {
		return err
	}
	access := session.NewAccess(secrets, o.Config.AccessTokenExpire.Duration(), o.Clock.Now)
	s.guard = session.NewGuard(s.store, s.redis, secrets, access.Lifetime(), o.Clock.Now, func(from session.Source) {
		metrics.Revocation(string(from))
	})
	s.sealer = audit.NewSealer(s.store, o.Log, metrics.AuditSealed)
	recorder, cursors := audit.NewRecorder(o.Clock), page.NewCodec(secrets.Cursor())
	s.keeper = &idempotency.Keeper{Store: s.store, Clock: o.Clock, Secrets: secrets.Records()}
	throttled := ratelimit.NewThrottle(s.redis, secrets.Throttle(), throttle(o.Config))
	all, err := domains(
		service.Deps{Store: s.store, Clock: o.Clock, Audit: recorder, Cursors: cursors, Log: o.Log},
		login.Options{
			Hasher: s.hasher, Throttle: throttled, Access: access, Refresh: session.NewRefresh(secrets), Guard: s.guard,
			Metrics: metrics, SessionLifetime: o.Config.RefreshTokenExpire.Duration(),
		},
		agreed,
	)
	if err != nil {
		return err
	}
	all.Meta = s.meta
	door := &gate.Gate{
		Contract: agreed, Access: access, Guard: s.guard, Keeper: s.keeper, Store: s.store, Audit: recorder,
		Metrics: metrics, Log: o.Log,
		Timeout: o.Config.RequestTimeout.Duration(), Pages: docs.Prefix,
		OperatorToken: o.Config.MetricsToken.Reveal(),
		Keys: &apikey.Ring{
			Store: s.store, Clock: o.Clock, Log: o.Log,
		},
	}
	door.Limits, err = gate.NewLimits(s.redis, o.Clock.Now, gate.Rates{
		User: o.Config.RateLimit, Key: o.Config.RateLimitKey, Company: o.Config.RateLimitCompany,
		Address: o.Config.RateLimitAnonymous,
	})
	if err != nil {
		return err
	}
	return s.route(o, all, door, metrics) //nolint:contextcheck // each request brings its own
}

// domains builds the services of all domains. The error names every dependency that is missing.
func domains(deps service.Deps, auth login.Options, agreed *gate.Contract) (operations, error) {
	var all operations
	var errs [12]error
	all.Service, errs[0] = login.New(deps, auth)
	all.Users, errs[1] = users.New(deps, users.Options{
		Hasher: auth.Hasher, Guard: auth.Guard, Permissions: agreed.Permissions,
	})
	keys, err := apikeys.New(deps, apikeys.Options{Contract: agreed})
	all.APIKeys, errs[2] = keys, err
	all.Companies, errs[3] = companies.New(deps, companies.Options{
		Guard: auth.Guard, Scopes: agreed.Scopes(), ShowKey: keys.Show,
	})
	all.Jobs, errs[4] = jobs.New(deps)
	all.Candidates, errs[5] = candidates.New(deps, candidates.Options{CheckPart: agreed.CheckPart})
	all.Applications, errs[6] = applications.New(deps)
	all.Kits, errs[7] = kits.New(deps)
	all.Interviews, errs[8] = interviews.New(deps)
	all.Scores, errs[9] = scores.New(deps)
	all.Reports, errs[10] = reports.New(deps)
	all.AuditLog, errs[11] = auditlog.New(deps)
	return all, errors.Join(errs[:]...)
}

// measure makes the metrics, and lets them look at what this replica holds.
func (s *Server) measure(ctx context.Context, version string) *telemetry.Metrics {
	metrics := telemetry.NewMetrics(version)
	metrics.WatchPool(s.store.Stat)
	metrics.WatchHashing(func() (running, waiting int) { l := s.hasher.Load(); return l.Running, l.Waiting })
	metrics.WatchRedis(func() bool { return s.redis.Up(context.WithoutCancel(ctx)) == nil })
	return metrics
}

// outside makes the room for those who look at the service from outside.
func (s *Server) outside(metrics *telemetry.Metrics) (*meta.Meta, error) {
	documents, err := published()
	if err != nil {
		return nil, err
	}
	latest, err := schema.Latest()
	if err != nil {
		return nil, err
	}
	return &meta.Meta{
		Store: s.store, Redis: s.redis, Metrics: metrics, SchemaVersion: int64(latest), //nolint:gosec // a handful
		Documents: documents,
	}, nil
}

// The embedded specification never changes, so a process reads it once, however many replicas it runs: tests run many.
var (
	// contract is the specification as the gate reads it.
	contract = sync.OnceValues(readContract) //nolint:gochecknoglobals // see above
	// published holds the documents that the service publishes about itself.
	published = sync.OnceValues(meta.Publish) //nolint:gochecknoglobals // see above
	// described is the specification as the reference page reads it.
	described = sync.OnceValues(func() (*reference.Document, error) { //nolint:gochecknoglobals // see above
		return reference.Read(spec.Specification)
	})
)

func readContract() (*gate.Contract, error) {
	specification, err := api.GetSpec()
	if err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	agreed, err := gate.Load(specification)
	if err != nil {
		return nil, fmt.Errorf("the specification has holes:\n%w", err)
	}
	return agreed, nil
}

// route decides the way of a request.
func (s *Server) route(o Options, all operations, door *gate.Gate, metrics *telemetry.Metrics) error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor, e.SchemeExtractor = forwarded(o.Config.TrustedProxies)
	e.HTTPErrorHandler = problem.Handler(o.Log)
	var err error
	if door.Screen, err = screen(o.Config, door.Contract); err != nil {
		return err
	}
	if o.Config.OTLPEndpoint != "" {
		e.Use(otelecho.Middleware(o.Config.OTLPServiceName, otelecho.WithTracerProvider(o.Traces),
			otelecho.WithPropagators(telemetry.Propagator())))
	}
	e.Use((&base{o.Clock, o.Log, metrics}).enter)
	if len(o.Config.CORSOrigins) > 0 {
		e.Use(crossOrigin(o.Config.CORSOrigins))
	}
	e.Use(door.Enter)
	document, err := described()
	if err != nil {
		return err
	}
	pages, err := docs.Handler(docs.Options{
		Document: document, Title: o.Config.AppName, Version: o.Version, SpecURL: "/openapi.json", Status: problem.Status,
		Demo: o.Demo,
	})
	if err != nil {
		return fmt.Errorf("the reference page: %w", err)
	}
	for _, path := range []string{docs.Prefix, docs.Prefix + "/*"} {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, echo.WrapHandler(pages))
	}
	refuseElsewhere(e, door.Contract)
	api.RegisterHandlers(answersHead{e}, api.NewStrictHandler(all, nil))
	s.handler = e
	return nil
}

// screen makes the check of how a request was sent: from which site, and how large.
func screen(o *config.Config, agreed *gate.Contract) (func(echo.Context) error, error) {
	checkSite, err := sameSite(o.CORSOrigins)
	if err != nil {
		return nil, err
	}
	return func(c echo.Context) error {
		r, most := c.Request(), o.MaxBodyBytes
		switch {
		case agreed.Uploads(r, c.Path()):
			most = o.MaxUploadBytes
		case agreed.Bodiless(r, c.Path()):
			most = math.MaxInt64 // it is refused for being there, however large it is, and not read
		}
		if err := limitHeaders(r); err != nil {
			return err
		}
		if err := checkSite(r); err != nil {
			return err
		}
		return limitBody(c, most)
	}, nil
}

// answersHead is a router on which whatever answers GET answers HEAD as well (RFC 9110, section 9.3.2); the connection
// leaves the body out. Which operations may be asked so is the door's to decide.
type answersHead struct{ *echo.Echo }

// GET routes both methods.
func (r answersHead) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	r.HEAD(path, h, m...)
	return r.Echo.GET(path, h, m...)
}

// refuseElsewhere routes every method at every path of the contract, until an operation takes its place, so that a path
// is found by its own name alone: DELETE /auth/sessions/revoke-others is not DELETE /auth/sessions/{session_id} with a
// strange id. The door refuses what no operation has taken.
func refuseElsewhere(e *echo.Echo, agreed *gate.Contract) {
	for _, path := range agreed.Paths() {
		e.Match([]string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		}, path, func(echo.Context) error { return fault.New(fault.MethodNotAllowed) })
	}
}

// start begins what a replica does besides answering.
func (s *Server) start(ctx context.Context) {
	ctx, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.work.Go(func() { s.sealer.Run(ctx) })
	s.work.Go(func() { s.keeper.Forget(ctx, s.log) })
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
	return s.guard.Poll(ctx)
}

// Serve answers on a listener until the context ends. From then on it is not ready; it goes on taking requests for the
// time of drain, so that a load balancer can notice, and then finishes what it has begun within the time of shutdown.
func (s *Server) Serve(ctx context.Context, listener net.Listener, drain, shutdown time.Duration) error {
	const slow = 30 * time.Second
	serving := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: slow, WriteTimeout: s.timeout + slow,
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
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(drain):
	}
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
	s.hasher.Close()
	s.redis.Close()
	s.store.Close()
}

// throttle is how many sign-ins may fail, as the operator wants it.
func throttle(c *config.Config) ratelimit.ThrottlePolicy {
	return ratelimit.ThrottlePolicy{
		PairLimit: c.LoginPerAccountAndIP, PairWindow: c.LoginWindow.Duration(),
		NetworkLimit: c.LoginPerIP, NetworkWindow: c.LoginWindow.Duration(),
		AccountFree: c.LoginPerAccount,
	}
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
