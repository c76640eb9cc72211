// Package telemetry provides metrics for Prometheus, logs with slog and traces for OpenTelemetry. Recording is cheap,
// the number of label values is bounded, attributes named like credentials are redacted, and no request waits for a
// collector, even one that hangs. Nothing is registered globally.
package telemetry

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The outcomes of a login.
const (
	LoginSucceeded   = "succeeded"
	LoginRefused     = "refused"
	LoginInactive    = "inactive"
	LoginThrottled   = "throttled"
	LoginOverloaded  = "overloaded"
	LoginUnavailable = "unavailable"
)

// The outcomes of a refresh. Replayed is the previous token within its grace period, reused is the same token later.
const (
	RefreshRotated     = "rotated"
	RefreshReplayed    = "replayed"
	RefreshReused      = "reused"
	RefreshInvalid     = "invalid"
	RefreshRevoked     = "revoked"
	RefreshUnavailable = "unavailable"
)

// The reasons for refusing an access token.
const (
	TokenMissing   = "missing"
	TokenMalformed = "malformed"
	TokenSignature = "signature"
	TokenClaims    = "claims"
	TokenExpired   = "expired"
	TokenRevoked   = "revoked"
	TokenKey       = "key"
)

// The rate limits.
const (
	LimitCaller    = "caller"
	LimitKey       = "key"
	LimitAnonymous = "anonymous"
	LimitLogin     = "login"
	LimitReset     = "password_reset"
)

// The sources of the state of a session.
const (
	SourceLocal    = "local"
	SourceRedis    = "redis"
	SourcePostgres = "postgres"
)

// The outcomes of a run of a job. Continued is a job that has more to do and runs again at once, discarded is one that
// has failed in its last attempt.
const (
	JobCompleted = "completed"
	JobContinued = "continued"
	JobFailed    = "failed"
	JobDiscarded = "discarded"
)

// other is the label value for all unknown values, so that labels stay bounded.
const other = "other"

// Metrics counts what the service does. Its methods are safe for concurrent use. Counting does not allocate, except in
// Request for a new combination of labels. Counters with known label values exist, at 0, from the start.
type Metrics struct {
	registry      *prometheus.Registry
	requests      *requests
	inFlight      prometheus.Gauge
	logins        outcomes
	refreshes     outcomes
	invalidTokens outcomes
	throttled     outcomes
	revocations   outcomes
	sealed        prometheus.Counter
	lockTimeouts  prometheus.Counter
	admission     prometheus.Histogram
	deprecated    *deprecated
	jobs          jobs
	mails         *prometheus.CounterVec
	statements    statements
}

// NewMetrics returns metrics with a registry of their own, which includes those of the Go runtime, the process and the
// build. The version is the one that the service reports.
func NewMetrics(version string) *Metrics {
	r := prometheus.NewRegistry()
	m := &Metrics{
		registry: r,
		requests: newRequests(r),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests in progress.",
		}),
		logins: newOutcomes(r, "interviewer_logins_total", "outcome", "Logins by outcome.",
			LoginSucceeded, LoginRefused, LoginInactive, LoginThrottled, LoginOverloaded, LoginUnavailable),
		refreshes: newOutcomes(r, "interviewer_refreshes_total", "outcome", "Refreshes of a session by outcome.",
			RefreshRotated, RefreshReplayed, RefreshReused, RefreshInvalid, RefreshRevoked, RefreshUnavailable),
		invalidTokens: newOutcomes(r, "interviewer_invalid_tokens_total", "reason",
			"Refused access tokens by reason.",
			TokenMissing, TokenMalformed, TokenSignature, TokenClaims, TokenExpired, TokenRevoked, TokenKey),
		throttled: newOutcomes(r, "interviewer_throttled_total", "limit", "Requests answered with 429, by limit.",
			LimitCaller, LimitKey, LimitAnonymous, LimitLogin, LimitReset),
		revocations: newOutcomes(r, "interviewer_revocation_checks_total", "source",
			"Checks whether a session is revoked, by source of its state.",
			SourceLocal, SourceRedis, SourcePostgres),
		deprecated: newDeprecated(r),
		jobs:       newJobs(r),
		mails:      newMails(r),
		statements: newStatements(r),
		sealed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "interviewer_audit_sealed_total", Help: "Audit entries added to their company's hash chain.",
		}),
		lockTimeouts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "interviewer_lock_timeouts_total", Help: "Requests that did not get a lock in PostgreSQL in time.",
		}),
		admission: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "interviewer_admission_wait_seconds", Help: "Time that requests waited until they could run or were refused.",
			Buckets: []float64{.0001, .001, .005, .01, .025, .05, .1, .25, .5, 1},
		}),
	}
	r.MustRegister(m.inFlight, m.sealed, m.lockTimeouts, m.admission, buildInfo(version), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves scrapes: at most 4 at a time and 10 s each. It does not authenticate the client.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	})
}

// InFlight adds to the number of requests in progress: 1 when one begins, -1 when it ends.
func (m *Metrics) InFlight(delta int) { m.inFlight.Add(float64(delta)) }

// Login counts a login by outcome, one of the constants LoginSucceeded and following.
func (m *Metrics) Login(outcome string) { m.logins.count(outcome) }

// Refresh counts a refresh by outcome, one of the constants RefreshRotated and following.
func (m *Metrics) Refresh(outcome string) { m.refreshes.count(outcome) }

// InvalidToken counts a refused access token by reason, one of the constants TokenMissing and following.
func (m *Metrics) InvalidToken(reason string) { m.invalidTokens.count(reason) }

// Throttled counts a request that a rate limit refused, by limit, one of the constants LimitCaller and following.
func (m *Metrics) Throttled(limit string) { m.throttled.count(limit) }

// Deprecated counts a request that used a deprecated part of the API, by operation, part and client.
func (m *Metrics) Deprecated(operation, what, client string) {
	m.deprecated.count(operation, what, client)
}

// Revocation counts a check of a session by source of its state, one of the constants SourceLocal and following.
func (m *Metrics) Revocation(source string) { m.revocations.count(source) }

// LockTimeout counts a request that did not get a lock in time.
func (m *Metrics) LockTimeout() { m.lockTimeouts.Inc() }

// AdmissionWait counts a request that waited for some time until it could run or was refused.
func (m *Metrics) AdmissionWait(d time.Duration) { m.admission.Observe(d.Seconds()) }

// AuditSealed counts n sealed audit entries; n is not negative.
func (m *Metrics) AuditSealed(n int) { m.sealed.Add(float64(n)) }

// outcomes is a counter for each value of one label.
type outcomes map[string]prometheus.Counter

// newOutcomes registers a counter with one label that has these values and "other", all at 0.
func newOutcomes(r prometheus.Registerer, name, label, help string, values ...string) outcomes {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	r.MustRegister(vec)
	o := make(outcomes, len(values)+1)
	for _, value := range append(values, other) {
		o[value] = vec.WithLabelValues(value)
	}
	return o
}

func (o outcomes) count(value string) {
	counter, known := o[value]
	if !known {
		counter = o[other]
	}
	counter.Inc()
}

// buildInfo is a gauge that is always 1 and has the version, revision and Go version as labels.
func buildInfo(version string) prometheus.Collector {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "interviewer_build_info", Help: "The running build.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go_version": runtime.Version()},
	})
	info.Set(1)
	return info
}
