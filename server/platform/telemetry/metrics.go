// Package telemetry is how the service is seen from outside: metrics for Prometheus, logs by slog, and traces for
// OpenTelemetry. It promises that watching costs the watched next to nothing, that no label can grow without bound,
// that attributes named like credentials are not logged, and that nothing of it ever holds up a request, not even a
// collector that hangs. Nothing is registered globally: whoever starts the service passes these values on.
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

// The outcomes of a refresh. Replayed is the previous token within its grace, reused is the same later.
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

// The limits that throttle.
const (
	LimitCaller    = "caller"
	LimitKey       = "key"
	LimitAnonymous = "anonymous"
	LimitLogin     = "login"
)

// The places that the state of a session came from.
const (
	SourceLocal    = "local"
	SourceRedis    = "redis"
	SourcePostgres = "postgres"
)

// other is the label value under which anything is counted that has no value of its own, so that labels stay bounded.
const other = "other"

// Metrics counts what the service does. Its methods are safe for concurrent use, and counting allocates nothing, except
// in Request for a combination it sees for the first time. Every counter whose labels are known beforehand is there, at
// 0, from the start.
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
	deprecated    *deprecated
}

// NewMetrics returns metrics with a registry of their own, which also tells about the Go runtime, the process and the
// build. The version is the one the service reports everywhere.
func NewMetrics(version string) *Metrics {
	r := prometheus.NewRegistry()
	m := &Metrics{
		registry: r,
		requests: newRequests(r),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests that are being answered.",
		}),
		logins: newOutcomes(r, "interviewer_logins_total", "outcome", "Logins by their outcome.",
			LoginSucceeded, LoginRefused, LoginInactive, LoginThrottled, LoginOverloaded, LoginUnavailable),
		refreshes: newOutcomes(r, "interviewer_refreshes_total", "outcome", "Refreshes of a session by their outcome.",
			RefreshRotated, RefreshReplayed, RefreshReused, RefreshInvalid, RefreshRevoked, RefreshUnavailable),
		invalidTokens: newOutcomes(r, "interviewer_invalid_tokens_total", "reason",
			"Access tokens refused, by the reason.",
			TokenMissing, TokenMalformed, TokenSignature, TokenClaims, TokenExpired, TokenRevoked, TokenKey),
		throttled: newOutcomes(r, "interviewer_throttled_total", "limit", "Requests answered 429, by the limit.",
			LimitCaller, LimitKey, LimitAnonymous, LimitLogin),
		revocations: newOutcomes(r, "interviewer_revocation_checks_total", "source",
			"Checks whether a session is revoked, by where its state came from.",
			SourceLocal, SourceRedis, SourcePostgres),
		deprecated: newDeprecated(r),
		sealed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "interviewer_audit_sealed_total", Help: "Audit entries added to their company's hash chain.",
		}),
	}
	r.MustRegister(m.inFlight, m.sealed, buildInfo(version), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers a scrape. It bounds scrapes that run at once and the time of each; who may scrape is not its concern.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	})
}

// InFlight adds to the number of requests that are being answered: 1 when one begins, -1 when it ends.
func (m *Metrics) InFlight(delta int) { m.inFlight.Add(float64(delta)) }

// Login counts a login by its outcome, one of the constants LoginSucceeded and following.
func (m *Metrics) Login(outcome string) { m.logins.count(outcome) }

// Refresh counts a refresh by its outcome, one of the constants RefreshRotated and following.
func (m *Metrics) Refresh(outcome string) { m.refreshes.count(outcome) }

// InvalidToken counts a refused access token by the reason, one of the constants TokenMissing and following.
func (m *Metrics) InvalidToken(reason string) { m.invalidTokens.count(reason) }

// Throttled counts a request that a limit refused, one of the constants LimitCaller and following.
func (m *Metrics) Throttled(limit string) { m.throttled.count(limit) }

// Deprecated counts a request that used something that will go: of which operation, what, and by whom.
func (m *Metrics) Deprecated(operation, what, client string) {
	m.deprecated.count(operation, what, client)
}

// Revocation counts a check of a session by where its state came from, one of the constants SourceLocal and following.
func (m *Metrics) Revocation(source string) { m.revocations.count(source) }

// AuditSealed counts n audit entries that were sealed; n is not negative.
func (m *Metrics) AuditSealed(n int) { m.sealed.Add(float64(n)) }

// outcomes is a counter for each value of one label.
type outcomes map[string]prometheus.Counter

// newOutcomes registers a counter with one label of these values, all at 0, and the value "other" for the rest.
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

// buildInfo is the customary gauge that is always 1 and carries its information in labels.
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
		Name: "interviewer_build_info", Help: "The build that runs.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go_version": runtime.Version()},
	})
	info.Set(1)
	return info
}
