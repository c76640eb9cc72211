// Package config reads and validates the environment. No other package reads it. An invalid configuration is refused
// before anything starts: the error lists all problems, each with the variable and a remedy. Errors never contain
// values, and secrets are never printed.
package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// Environment determines how strict the validation is.
type Environment string

// The environments. The default is production.
const (
	Production  Environment = "production"
	Development Environment = "development"
	Test        Environment = "test"
)

// PoolMode is how connections to the database use the sessions of PostgreSQL.
type PoolMode string

// The modes. The default is PoolSession.
const (
	// PoolSession means that each connection has a session of its own: it is direct, or to a pooler in session mode.
	PoolSession PoolMode = "session"
	// PoolTransaction means that a pooler chooses a session for each transaction.
	PoolTransaction PoolMode = "transaction"
)

// Durations that a variable gives as an integer in one unit.
type (
	// Milliseconds is a number of milliseconds.
	Milliseconds int
	// Seconds is a number of seconds.
	Seconds int
	// Minutes is a number of minutes.
	Minutes int
	// Days is a number of days of 24 hours.
	Days int
)

// Duration returns the time.Duration.
func (m Milliseconds) Duration() time.Duration { return time.Duration(m) * time.Millisecond }

// Duration returns the time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// Duration returns the time.Duration.
func (m Minutes) Duration() time.Duration { return time.Duration(m) * time.Minute }

// Duration returns the time.Duration.
func (d Days) Duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Span is a duration, written as a number with a unit: d for days of 24 hours, h, m or s.
type Span time.Duration

// Duration returns the time.Duration.
func (s Span) Duration() time.Duration { return time.Duration(s) }

// String returns the duration in the largest unit of which it is a multiple.
func (s Span) String() string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if s.Duration()%unit.size == 0 {
			return fmt.Sprintf("%d%s", s.Duration()/unit.size, unit.name)
		}
	}
	return s.Duration().String()
}

// Config is the validated configuration. Variables has the names, defaults and bounds; the comments here say what the
// values mean to the code. Config is printed and logged without secrets.
type Config struct {
	// Environment determines the rules; only Development may omit the database, Redis and the key.
	Environment Environment `env:"APP_ENV"`
	// AppName is the display name of the service.
	AppName string `env:"APP_NAME"`
	// AppVersion replaces the built-in version; empty for none.
	AppVersion string `env:"APP_VERSION"`
	// Debug sets LogLevel to debug. It does not change responses.
	Debug bool `env:"DEBUG"`
	// LogLevel is the minimum level that is logged: debug, info, warn or error.
	LogLevel slog.Level `env:"LOG_LEVEL"`

	// Host is the address or host name to listen on. The default is the wildcard address, and loopback in Development.
	Host string `env:"HOST"`
	// Port is the TCP port to listen on; 0 means any free port.
	Port int `env:"PORT"`
	// TrustedProxies are the networks of proxies whose forwarding headers are trusted.
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES"`
	// BasePath precedes all paths in the URLs that clients see; empty, or without a slash at its end.
	BasePath string `env:"BASE_PATH"`
	// PublicURL is the origin of the URLs in mails; BasePath follows. Empty only if SMTPURL is.
	PublicURL string `env:"PUBLIC_URL"`
	// CORSOrigins are the origins, as browsers send them, of the pages that can call the API.
	CORSOrigins []string `env:"CORS_ORIGINS"`
	// RequestTimeout limits one request.
	RequestTimeout Seconds `env:"REQUEST_TIMEOUT_SECONDS"`
	// Drain is how long a stopping server answers requests while it reports that it is not ready.
	Drain Seconds `env:"DRAIN_SECONDS"`
	// ShutdownTimeout limits how long a stopping server waits for running requests.
	ShutdownTimeout Seconds `env:"SHUTDOWN_TIMEOUT_SECONDS"`
	// MaxBodyBytes is the maximum size of a request body.
	MaxBodyBytes int64 `env:"MAX_BODY_BYTES"`
	// MaxUploadBytes is the maximum size of an uploaded file, which is never held in memory.
	MaxUploadBytes int64 `env:"MAX_UPLOAD_BYTES"`

	// DatabaseURL is the database. If it is empty, which only Development permits, the launcher starts PostgreSQL.
	DatabaseURL SecretURL `env:"DATABASE_URL"`
	// MigrationDatabaseURL is the database with the role that owns the schema; empty means DatabaseURL.
	MigrationDatabaseURL SecretURL `env:"MIGRATION_DATABASE_URL"`
	// DatabasePoolMode is how DatabaseURL uses the sessions of PostgreSQL.
	DatabasePoolMode PoolMode `env:"DATABASE_POOL_MODE"`
	// DatabaseMaxConnections is the maximum size of the pool of this process; 0 means one for each CPU, from 16 to 40.
	DatabaseMaxConnections int `env:"DATABASE_MAX_CONNECTIONS"`
	// DatabaseWait is how long a request waits for a lock or for a connection.
	DatabaseWait Milliseconds `env:"DATABASE_WAIT_MILLISECONDS"`
	// CompanyShare is the percentage of connections, and of places in the queue for hashing, that one company can use.
	CompanyShare int `env:"COMPANY_SHARE_PERCENT"`
	// MigrateOnStart applies pending migrations before the service listens.
	MigrateOnStart bool `env:"MIGRATE_ON_START"`
	// SeedDemo loads the demo data at start. The default is true if the launcher starts PostgreSQL.
	SeedDemo bool `env:"SEED_DEMO"`
	// RedisURL is Redis. If it is empty, which only Development permits, the launcher starts one.
	RedisURL SecretURL `env:"REDIS_URL"`
	// LocalDir is the directory for the PostgreSQL, Redis and key of Development; empty for that of the launcher.
	LocalDir string `env:"LOCAL_DIR"`

	// SecretKey signs tokens. If it is empty, which only Development permits, the launcher generates one. Outside of
	// Development it has at least 32 bytes and is not obviously weak.
	SecretKey Secret `env:"SECRET_KEY"`
	// SecretKeysPrevious are former keys, at most 8. They verify tokens, and sign none.
	SecretKeysPrevious []Secret `env:"SECRET_KEYS_PREVIOUS"`
	// Algorithm is the signature algorithm of access tokens, always HS256.
	Algorithm string `env:"ALGORITHM"`
	// AccessTokenExpire is the lifetime of an access token.
	AccessTokenExpire Minutes `env:"ACCESS_TOKEN_EXPIRE_MINUTES"`
	// RefreshTokenExpire is the lifetime of a session from login.
	RefreshTokenExpire Days `env:"REFRESH_TOKEN_EXPIRE_DAYS"`

	// HashWorkers is the number of passwords hashed in parallel; 0 means the number of CPUs.
	HashWorkers int `env:"HASH_WORKERS"`
	// HashQueue is the number of requests that may wait for a worker; further ones are answered with 503. 0 means 64 for
	// each worker.
	HashQueue int `env:"HASH_QUEUE"`
	// CompanyUploads is the maximum number of imports of a company that run at the same time, on all replicas.
	CompanyUploads int `env:"COMPANY_UPLOADS"`
	// CompanyExports is the maximum number of exports of a company that run at the same time, on all replicas.
	CompanyExports int `env:"COMPANY_EXPORTS"`
	// LoginPerAccountAndIP is the maximum number of attempts from one address for one account within LoginWindow.
	LoginPerAccountAndIP int `env:"LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP"`
	// LoginPerIP is the maximum number of attempts from one address for all accounts within LoginWindow.
	LoginPerIP int `env:"LOGIN_ATTEMPTS_PER_IP"`
	// LoginPerAccount is the number of attempts for one account within an hour, whatever LoginWindow is, after which
	// delays apply.
	LoginPerAccount int `env:"LOGIN_ATTEMPTS_PER_ACCOUNT"`
	// LoginWindow is the window of LoginPerAccountAndIP and LoginPerIP.
	LoginWindow Minutes `env:"LOGIN_WINDOW_MINUTES"`
	// RateLimit is the maximum number of requests per minute for one signed-in user; 0 means no limit.
	RateLimit int `env:"RATE_LIMIT_PER_MINUTE"`
	// RateLimitKey is the maximum number of requests per minute for one API key; 0 means no limit.
	RateLimitKey int `env:"RATE_LIMIT_KEY_PER_MINUTE"`
	// RateLimitCompany is the maximum number of requests per minute for all users and keys of a company; 0 means no limit.
	RateLimitCompany int `env:"RATE_LIMIT_COMPANY_PER_MINUTE"`
	// RateLimitAnonymous is the maximum number of unauthenticated requests per minute from one address; 0 means no limit.
	RateLimitAnonymous int `env:"RATE_LIMIT_ANONYMOUS_PER_MINUTE"`

	// SMTPURL is the server that sends mails. Nothing of it is printed. If it is empty, mails are kept and not sent.
	SMTPURL Secret `env:"SMTP_URL"`
	// MailFrom is the sender of mails: an address, or a name with an address in angle brackets.
	MailFrom string `env:"MAIL_FROM"`

	// Workers is the number of background jobs that this process runs at the same time; 0 means that it runs none.
	Workers int `env:"WORKERS"`
	// WorkerPollOnly makes workers look for new jobs every WorkerPoll instead of listening for notifications.
	WorkerPollOnly bool `env:"WORKER_POLL_ONLY"`
	// WorkerPoll is the time between looks for new jobs.
	WorkerPoll Seconds `env:"WORKER_POLL_SECONDS"`
	// JobTimeout limits one run of a job.
	JobTimeout Seconds `env:"JOB_TIMEOUT_SECONDS"`
	// JobRescue is the time after which a job whose process has died is run again. It is longer than JobTimeout.
	JobRescue Seconds `env:"JOB_RESCUE_SECONDS"`
	// JobRetention is how long completed and canceled jobs are kept.
	JobRetention Days `env:"JOB_RETENTION_DAYS"`
	// JobDiscardedRetention is how long jobs are kept that failed in all attempts.
	JobDiscardedRetention Days `env:"JOB_DISCARDED_RETENTION_DAYS"`
	// SessionRetention is how long sessions are kept after their end.
	SessionRetention Days `env:"SESSION_RETENTION_DAYS"`
	// EventRetention is how long events are kept for readers that follow them.
	EventRetention Days `env:"EVENT_RETENTION_DAYS"`

	// AuditRetention is how long entries of the audit log are kept.
	AuditRetention Span `env:"AUDIT_RETENTION"`
	// AuditCheckpointKey is the Ed25519 seed, in base64, that signs checkpoints; empty for none.
	AuditCheckpointKey Secret `env:"AUDIT_CHECKPOINT_KEY"`
	// AuditCheckpointTo is where checkpoints are written, a file or https URL; empty for none.
	AuditCheckpointTo SecretURL `env:"AUDIT_CHECKPOINT_TO"`
	// AuditCheckpointEvery is the time between two checkpoints.
	AuditCheckpointEvery Span `env:"AUDIT_CHECKPOINT_EVERY"`

	// MetricsToken is the bearer token for /metrics; if it is empty, /metrics is public.
	MetricsToken Secret `env:"METRICS_TOKEN"`
	// Profiles serves CPU and memory profiles at /debug/pprof/ to the holder of MetricsToken, which it requires.
	Profiles bool `env:"PROFILES"`
	// OTLPEndpoint is the base URL of the collector for traces over HTTP; empty disables tracing.
	OTLPEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// OTLPServiceName is the name of the service in traces.
	OTLPServiceName string `env:"OTEL_SERVICE_NAME"`
}

// setting is one field of a Config and the name of its variable.
type setting struct {
	name  string
	value reflect.Value
}

// settings returns the fields of a Config in their order.
func (c *Config) settings() []setting {
	v := reflect.ValueOf(c).Elem()
	settings := make([]setting, 0, v.NumField())
	for i := range v.NumField() {
		settings = append(settings, setting{name: v.Type().Field(i).Tag.Get("env"), value: v.Field(i)})
	}
	return settings
}

// String returns a line NAME=value for each setting, without secrets.
func (c *Config) String() string {
	var b strings.Builder
	for _, s := range c.settings() {
		fmt.Fprintf(&b, "%s=%v\n", s.name, s.value.Interface())
	}
	return b.String()
}

// LogValue returns the settings as a group, without secrets.
func (c *Config) LogValue() slog.Value {
	settings := c.settings()
	attrs := make([]slog.Attr, 0, len(settings))
	for _, s := range settings {
		attrs = append(attrs, slog.Any(s.name, s.value.Interface()))
	}
	return slog.GroupValue(attrs...)
}
