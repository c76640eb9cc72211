// Package server builds the service from its parts. A request passes the base middleware, the cross-origin rules and
// the gate, and then the generated code calls the operation of a domain:
//
//   - package edge/base creates the request's metadata, and handles its errors, log and metrics
//   - package edge/gate authenticates, limits and validates the request
//   - gen/api decodes its parameters and encodes the response
//   - a package of a domain, such as hiring/jobs, runs the operation
package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/contract"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/auditlog"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/edge/meta"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
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
	"github.com/ai-interviewer-platform/interviewer/server/identity/recovery"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/identity/users"
	"github.com/ai-interviewer-platform/interviewer/server/insight/reports"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/events"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

// Options configure a server. Config, Clock, Log and Traces are required.
type Options struct {
	Config *config.Config
	Clock  clock.Source
	Log    *slog.Logger
	// Version is the version of the program, for the reference pages and the metrics.
	Version string
	// Traces creates spans.
	Traces trace.TracerProvider
	// Statements observes every statement that is sent to PostgreSQL, unless traces are exported. It may be nil.
	Statements pgx.QueryTracer
	// RedisInProcess says that Redis is the in-process substitute, which does not support client-side caching.
	RedisInProcess bool
	// RedisTimeout bounds the wait for Redis; 0 means redis.DefaultTimeout.
	RedisTimeout time.Duration
	// Demo says that the demo accounts exist, so that the reference pages mention them.
	Demo bool
	// HashCost is the cost of a password hash; 0 means the default.
	HashCost int
	// HashWait is the longest time that a request waits for a password hash; 0 means the default.
	HashWait time.Duration
	// Contract is the specification that the gate enforces; nil means the published one.
	Contract *gate.Contract
	// MailRoots are the authorities that the certificate of the mail server is verified with; nil for those of the system.
	MailRoots *x509.CertPool
	// Headless makes a replica that only runs background jobs. It answers health checks and scrapes.
	Headless bool
}

// Server is one replica of the service.
type Server struct {
	handler *echo.Echo
	meta    *meta.Meta
	store   *postgres.Store
	redis   *redis.Redis
	hasher  *password.Hasher
	uploads *ratelimit.Leases
	exports *ratelimit.Leases
	guard   *session.Guard
	// admission bounds the requests that run.
	admission *gate.Admission
	keeper    *idempotency.Keeper
	worker    *worker.Worker
	log       *slog.Logger
	timeout   time.Duration
	// path is the base path.
	path string
	// headless is true if the replica answers only health checks and scrapes.
	headless bool
	work     sync.WaitGroup
	end      context.CancelFunc
	// endJobs makes the worker take no more jobs.
	endJobs context.CancelFunc
}

// New builds a replica and starts its background work. It does not listen; see Handler and Serve. It fails if the
// specification has holes, the configuration cannot work, or a dependency is missing.
func New(ctx context.Context, o Options) (*Server, error) {
	contract := o.Contract
	if contract == nil {
		var err error
		if contract, err = embeddedContract(); err != nil {
			return nil, err
		}
	}
	metrics := telemetry.NewMetrics(o.Version)
	s, err := connect(ctx, o, metrics)
	if err != nil {
		return nil, err
	}
	if err := s.assemble(ctx, o, contract, metrics); err != nil {
		s.Close()
		return nil, err
	}
	s.start(ctx)
	return s, nil
}

// connect opens PostgreSQL and Redis, and starts the queue that bounds password hashing.
func connect(ctx context.Context, o Options, metrics *telemetry.Metrics) (*Server, error) {
	size := sizesOf(o.Config, processors())
	size.requests.Now = o.Clock.Now
	options := postgres.Options{
		URL: o.Config.DatabaseURL.Reveal(), MaxConns: size.connections,
		Stopwatch: metrics.Statements(o.Clock.Now), Tracer: tracer(o),
		CompanyShare: o.Config.CompanyShare, Wait: o.Config.DatabaseWait.Duration(),
		TransactionPool: o.Config.DatabasePoolMode == config.PoolTransaction,
	}
	store, err := postgres.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	cache, err := redis.Open(ctx, o.Config.RedisURL.Reveal(), o.Log, redis.Options{
		InProcess: o.RedisInProcess, Timeout: o.RedisTimeout,
	})
	if err != nil {
		store.Close()
		return nil, err
	}
	hasher := password.NewHasher(password.Options{
		Cost: o.HashCost, Wait: o.HashWait, Workers: size.hashWorkers, Queue: size.hashQueue, Share: size.hashShare,
		Now: o.Clock.Now,
	})
	return &Server{
		admission: gate.NewAdmission(size.requests),
		uploads:   ratelimit.NewLeases(cache, "uploads", o.Config.CompanyUploads, ratelimit.LeaseTime),
		exports:   ratelimit.NewLeases(cache, "exports", o.Config.CompanyExports, ratelimit.LeaseTime),
		store:     store, redis: cache, hasher: hasher, log: o.Log, timeout: o.Config.RequestTimeout.Duration(),
		path: o.Config.BasePath, headless: o.Headless, end: func() {}, endJobs: func() {},
	}, nil
}

// tracer traces or observes statements.
func tracer(o Options) pgx.QueryTracer {
	if o.Config.OTLPEndpoint != "" {
		return otelpgx.NewTracer(otelpgx.WithTracerProvider(o.Traces))
	}
	return o.Statements
}

// assemble builds the domains, the gate and the router.
func (s *Server) assemble(
	ctx context.Context, o Options, contract *gate.Contract, metrics *telemetry.Metrics,
) error {
	secrets, err := session.NewKeyring(o.Config.SecretKey.Reveal(), reveal(o.Config.SecretKeysPrevious)...)
	if err != nil {
		return err
	}
	s.measure(ctx, o, metrics)
	access := session.NewAccess(secrets, o.Config.AccessTokenExpire.Duration(), o.Clock.Now)
	s.guard = session.NewGuard(s.store, s.redis, secrets, access.Lifetime(), o.Clock.Now, func(from session.Source) {
		metrics.Revocation(string(from))
	})
	deps := service.Deps{
		Store: s.store, Clock: o.Clock, Audit: audit.NewRecorder(o.Clock),
		Cursors: page.NewCodec(secrets.Cursors()...), Log: o.Log,
	}
	if s.meta, err = s.describe(deps, metrics); err != nil {
		return err
	}
	metrics.WatchReadiness(ctx, s.meta.Ready)
	if s.keeper, err = idempotency.New(idempotency.Options{
		Store: s.store, Clock: o.Clock, Secrets: secrets.Records(),
	}); err != nil {
		return err
	}
	mails, err := s.mailing(ctx, o, secrets, metrics)
	if err != nil {
		return err
	}
	if err := s.employ(o, mails, metrics); err != nil {
		return err
	}
	refresh := session.NewRefresh(secrets)
	all, err := domains(deps, login.Options{
		Hasher: s.hasher, Throttle: ratelimit.NewThrottle(s.redis, secrets.Throttle(), throttle(o.Config)), Access: access,
		Refresh: refresh, Guard: s.guard, Outbox: mails.outbox, Metrics: metrics,
		SessionLifetime: o.Config.RefreshTokenExpire.Duration(), PlainCookie: o.Config.Environment == config.Development,
	}, recovery.Options{
		Requests: ratelimit.NewThrottle(s.redis, secrets.Throttle(), resetThrottle(o.Config)),
		Links:    mails.sender.Renderer.Links,
		Enqueue:  func(ctx context.Context, args recovery.MailLink) error { return s.worker.EnqueueAlone(ctx, args) },
	}, o.Config.EventRetention.Duration(), contract)
	if err != nil {
		return err
	}
	all.Meta = s.meta
	limits, err := gate.NewLimits(s.redis, o.Clock.Now, gate.Rates{
		User: o.Config.RateLimit, Key: o.Config.RateLimitKey, Company: o.Config.RateLimitCompany,
		Address: o.Config.RateLimitAnonymous,
	})
	if err != nil {
		return err
	}
	admission, err := gate.New(deps, gate.Options{
		Contract: contract, Access: access, Refresh: refresh, Guard: s.guard, Keeper: s.keeper, Metrics: metrics,
		Limits: limits, Admission: s.admission, Uploads: s.uploads, Exports: s.exports,
		Keys:    &apikey.Ring{Store: s.store, Clock: o.Clock, Log: o.Log},
		Timeout: s.timeout, MaxBody: o.Config.MaxBodyBytes, MaxUpload: o.Config.MaxUploadBytes,
		Origins: o.Config.CORSOrigins, Pages: docs.Prefix, OperatorToken: o.Config.MetricsToken.Reveal(),
	})
	if err != nil {
		return err
	}
	s.handler, err = router(o, all, admission, metrics) //nolint:contextcheck // each request has its own
	if err == nil {
		s.routeMail(s.handler, o, all, mails)
	}
	return err
}

// operations are the operations of all domains. The compiler reports a missing one.
type operations struct {
	*login.Service
	*recovery.Recovery
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
	*events.Events
	*auditlog.AuditLog
	*meta.Meta
}

var _ api.StrictServerInterface[service.Call] = operations{}

// domains builds the services of all domains. The error names every dependency that is missing.
func domains(
	deps service.Deps, auth login.Options, forgotten recovery.Options, eventsKept time.Duration, contract *gate.Contract,
) (operations, error) {
	var all operations
	var errs [14]error
	all.Service, errs[0] = login.New(deps, auth)
	forgotten.Hasher, forgotten.SignIns, forgotten.Guard = auth.Hasher, auth.Throttle, auth.Guard
	forgotten.Outbox, forgotten.Metrics = auth.Outbox, auth.Metrics
	all.Recovery, errs[13] = recovery.New(deps, forgotten)
	all.Users, errs[1] = users.New(deps, users.Options{
		Hasher: auth.Hasher, Guard: auth.Guard, Permissions: contract.Permissions,
	})
	keys, err := apikeys.New(deps, apikeys.Options{Contract: contract})
	all.APIKeys, errs[2] = keys, err
	all.Companies, errs[3] = companies.New(deps, companies.Options{
		Guard: auth.Guard, Scopes: contract.Scopes(), ShowKey: keys.Show,
	})
	all.Jobs, errs[4] = jobs.New(deps)
	all.Candidates, errs[5] = candidates.New(deps, candidates.Options{
		CheckPart: contract.CheckPart, Permit: contract.Permit,
	})
	all.Applications, errs[6] = applications.New(deps)
	all.Kits, errs[7] = kits.New(deps)
	all.Interviews, errs[8] = interviews.New(deps)
	all.Scores, errs[9] = scores.New(deps)
	all.Reports, errs[10] = reports.New(deps)
	all.AuditLog, errs[11] = auditlog.New(deps)
	all.Events, errs[12] = events.New(deps, events.Options{Retention: eventsKept, Holds: contract.Holds})
	return all, errors.Join(errs[:]...)
}

// measure adds the metrics of the replica's own resources.
func (s *Server) measure(ctx context.Context, o Options, metrics *telemetry.Metrics) {
	metrics.WatchPostgres(ctx, o.Clock.Now, s.store.ReadOnly)
	metrics.WatchPool(s.store.Stat)
	metrics.WatchHashing(func() (running, waiting int) { l := s.hasher.Load(); return l.Held, l.Waiting })
	metrics.WatchShares(s.shares)
	metrics.WatchAdmission(func() (running, waiting [2]int) {
		companies, public := s.admission.Load()
		return [2]int{companies.Held, public.Held}, [2]int{companies.Waiting, public.Waiting}
	})
	metrics.WatchRedis(func() bool { return s.redis.Up(context.WithoutCancel(ctx)) == nil })
	s.watchJobs(ctx, o.Clock.Now, metrics)
}

// shares returns the state of what companies share.
func (s *Server) shares() []telemetry.Share {
	connections, hashing := s.store.Load(), s.hasher.Load()
	companies, public := s.admission.Load()
	return []telemetry.Share{
		{Resource: "requests", Waited: companies.Waited, Refused: companies.Refused},
		{Resource: "public_requests", Waited: public.Waited, Refused: public.Refused},
		{Resource: "connections", Waited: connections.Waited, Refused: connections.Refused},
		{Resource: "hashing", Waited: hashing.Waited, Refused: hashing.Refused},
		{Resource: "uploads", Refused: s.uploads.Refused()},
		{Resource: "exports", Refused: s.exports.Refused()},
	}
}

// describe builds the operations that describe the service itself.
func (s *Server) describe(deps service.Deps, metrics *telemetry.Metrics) (*meta.Meta, error) {
	latest, err := schema.Latest()
	if err != nil {
		return nil, err
	}
	jobs, err := schema.LatestJobs()
	if err != nil {
		return nil, err
	}
	return meta.New(deps, meta.Options{
		Redis: s.redis, Metrics: metrics, Documents: publishedDocuments(),
		SchemaVersion: int64(latest), JobSchemaVersion: int64(jobs), //nolint:gosec // a small number
	})
}

// The embedded specification never changes, so a process reads it once, however many replicas it runs: tests run many.
var (
	// embeddedContract is the specification as the gate reads it.
	embeddedContract = sync.OnceValues(readContract) //nolint:gochecknoglobals // see above
	// publishedDocuments holds the documents that the service publishes about itself.
	publishedDocuments = sync.OnceValue(meta.Publish) //nolint:gochecknoglobals // see above
	// referenceDocument is the specification as the reference page reads it.
	referenceDocument = sync.OnceValues(func() (*reference.Document, error) { //nolint:gochecknoglobals // see above
		return reference.Read(spec.Specification)
	})
)

func readContract() (*gate.Contract, error) {
	read, err := gate.Load(contract.Document())
	if err != nil {
		return nil, fmt.Errorf("the specification has holes:\n%w", err)
	}
	return read, nil
}

// start starts the background work.
func (s *Server) start(ctx context.Context) {
	ctx, s.end = context.WithCancel(context.WithoutCancel(ctx))
	working, endJobs := context.WithCancel(ctx)
	s.endJobs = endJobs
	s.work.Go(func() { s.worker.Run(working, s.jobsReady) })
	if s.headless {
		return
	}
	s.work.Go(func() {
		s.guard.Watch(ctx, func(err error) {
			s.log.DebugContext(ctx, "read session changes", slog.Any("error", err))
		})
	})
}

// Close ends the background work and closes the connections. Running jobs may continue for the time limit of a
// shutdown, unless Serve has already waited for them.
func (s *Server) Close() {
	s.end()
	s.work.Wait()
	s.hasher.Close()
	s.redis.Close()
	s.store.Close()
}

// throttle returns the configured limits of failed logins.
func throttle(c *config.Config) ratelimit.ThrottlePolicy {
	return ratelimit.ThrottlePolicy{
		PairLimit: c.LoginPerAccountAndIP, PairWindow: c.LoginWindow.Duration(),
		NetworkLimit: c.LoginPerIP, NetworkWindow: c.LoginWindow.Duration(),
		AccountFree: c.LoginPerAccount,
	}
}

func reveal(secrets []config.Secret) []string {
	texts := make([]string, len(secrets))
	for i, secret := range secrets {
		texts[i] = secret.Reveal()
	}
	return texts
}
