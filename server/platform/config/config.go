// Package config is the one place that reads the environment. What it hands out is typed and already validated, so no
// other package has to doubt a setting; what it refuses, it refuses before anything has started, all at once, naming
// the variable and the remedy. It never prints a value of the environment in an error, and never a secret anywhere.
package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// Environment says how strict the service is with its configuration.
type Environment string

// The environments. Everything that is not expressly development or test is production.
const (
	Production  Environment = "production"
	Development Environment = "development"
	Test        Environment = "test"
)

// Lengths of time that a variable gives as a whole number of one unit.
type (
	// Seconds is a number of seconds.
	Seconds int
	// Minutes is a number of minutes.
	Minutes int
	// Days is a number of days of 24 hours.
	Days int
)

// Duration gives the same length of time.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// Duration gives the same length of time.
func (m Minutes) Duration() time.Duration { return time.Duration(m) * time.Minute }

// Duration gives the same length of time.
func (d Days) Duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Config is the validated configuration. The names, defaults and bounds of the variables stand in Variables; the
// comments here say what the values mean to the code. Config prints and logs itself without secrets.
type Config struct {
	// Environment decides how strict the rules are; only Development may leave out the database, Redis and the key.
	Environment Environment `env:"APP_ENV"`
	// AppName is what people read as the name of the service.
	AppName string `env:"APP_NAME"`
	// AppVersion replaces the version that was built in; empty keeps that one.
	AppVersion string `env:"APP_VERSION"`
	// Debug has set LogLevel to debug. It makes no answer say more than it otherwise would.
	Debug bool `env:"DEBUG"`
	// LogLevel is the least severe level that is logged: debug, info, warn or error.
	LogLevel slog.Level `env:"LOG_LEVEL"`

	// Host is the address or host name to listen on. Unless set, it is every address, and loopback in Development.
	Host string `env:"HOST"`
	// Port is the TCP port to listen on; 0 lets the system choose a free one.
	Port int `env:"PORT"`
	// TrustedProxies are the networks whose forwarding headers are believed; none by default.
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES"`
	// CORSOrigins are the origins, exactly as browsers send them, that may call from a page; none by default.
	CORSOrigins []string `env:"CORS_ORIGINS"`
	// RequestTimeout bounds the work on one request.
	RequestTimeout Seconds `env:"REQUEST_TIMEOUT_SECONDS"`
	// ShutdownTimeout bounds how long a stopping server waits for the requests it has begun.
	ShutdownTimeout Seconds `env:"SHUTDOWN_TIMEOUT_SECONDS"`
	// MaxBodyBytes is the largest request body that is read.
	MaxBodyBytes int64 `env:"MAX_BODY_BYTES"`
	// MaxUploadBytes is the largest file that an import reads; it is never held in memory.
	MaxUploadBytes int64 `env:"MAX_UPLOAD_BYTES"`

	// DatabaseURL is the PostgreSQL to use. Empty, which only Development may be, asks for a private one.
	DatabaseURL SecretURL `env:"DATABASE_URL"`
	// MigrationDatabaseURL is the login that owns the schema; empty when DatabaseURL serves for migrations too.
	MigrationDatabaseURL SecretURL `env:"MIGRATION_DATABASE_URL"`
	// DatabaseMaxConnections bounds the pool of this process.
	DatabaseMaxConnections int `env:"DATABASE_MAX_CONNECTIONS"`
	// MigrateOnStart applies pending migrations before the service listens.
	MigrateOnStart bool `env:"MIGRATE_ON_START"`
	// SeedDemo loads the demo data at start. Unless set, it is true exactly where Development uses a private database.
	SeedDemo bool `env:"SEED_DEMO"`
	// RedisURL is the Redis to use. Empty, which only Development may be, asks for a private one.
	RedisURL SecretURL `env:"REDIS_URL"`
	// LocalDir is where Development keeps its private PostgreSQL, Redis and key; empty leaves that to the launcher.
	LocalDir string `env:"LOCAL_DIR"`

	// SecretKey is what the service signs with. Empty, which only Development may be, asks the launcher to make one.
	// Outside Development it has at least 32 bytes and is not a well-known or obviously weak one.
	SecretKey Secret `env:"SECRET_KEY"`
	// SecretKeysPrevious are former keys, at most 8: they sign nothing, and what they signed is still accepted.
	SecretKeysPrevious []Secret `env:"SECRET_KEYS_PREVIOUS"`
	// Algorithm signs the access tokens; there is one, HS256.
	Algorithm string `env:"ALGORITHM"`
	// AccessTokenExpire is the lifetime of an access token.
	AccessTokenExpire Minutes `env:"ACCESS_TOKEN_EXPIRE_MINUTES"`
	// RefreshTokenExpire is the lifetime of a session, counted from the login.
	RefreshTokenExpire Days `env:"REFRESH_TOKEN_EXPIRE_DAYS"`

	// HashWorkers is how many passwords are hashed at once; 0 means as many as there are CPUs.
	HashWorkers int `env:"HASH_WORKERS"`
	// HashQueue is how many more may wait for a worker before the answer is 503.
	HashQueue int `env:"HASH_QUEUE"`
	// LoginPerAccountAndIP is how many attempts one address has on one account within LoginWindow.
	LoginPerAccountAndIP int `env:"LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP"`
	// LoginPerIP is how many attempts one address has, on all accounts together, within LoginWindow.
	LoginPerIP int `env:"LOGIN_ATTEMPTS_PER_IP"`
	// LoginPerAccount is how many attempts one account takes from everywhere within LoginWindow before delays begin.
	LoginPerAccount int `env:"LOGIN_ATTEMPTS_PER_ACCOUNT"`
	// LoginWindow is how long an attempt counts.
	LoginWindow Minutes `env:"LOGIN_WINDOW_MINUTES"`
	// RateLimit is how many requests a minute one signed-in caller has; 0 sets no limit.
	RateLimit int `env:"RATE_LIMIT_PER_MINUTE"`
	// RateLimitKey is how many requests a minute one API key has; 0 sets no limit.
	RateLimitKey int `env:"RATE_LIMIT_KEY_PER_MINUTE"`
	// RateLimitCompany is how many requests a minute the people and keys of a company have together; 0 sets no limit.
	RateLimitCompany int `env:"RATE_LIMIT_COMPANY_PER_MINUTE"`
	// RateLimitAnonymous is how many requests a minute one address has without signing in; 0 sets no limit.
	RateLimitAnonymous int `env:"RATE_LIMIT_ANONYMOUS_PER_MINUTE"`

	// MetricsToken is the bearer token that reading /metrics takes; empty leaves it open.
	MetricsToken Secret `env:"METRICS_TOKEN"`
	// OTLPEndpoint is the base URL of the collector that traces go to over HTTP; empty turns tracing off.
	OTLPEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// OTLPServiceName is the name of the service in traces.
	OTLPServiceName string `env:"OTEL_SERVICE_NAME"`
}

// setting is one field of a Config, by the name of its variable.
type setting struct {
	name  string
	value reflect.Value
}

// settings lists the fields of a Config in their order.
func (c *Config) settings() []setting {
	v := reflect.ValueOf(c).Elem()
	settings := make([]setting, 0, v.NumField())
	for i := range v.NumField() {
		settings = append(settings, setting{name: v.Type().Field(i).Tag.Get("env"), value: v.Field(i)})
	}
	return settings
}

// String gives a line NAME=value for each setting, without secrets.
func (c *Config) String() string {
	var b strings.Builder
	for _, s := range c.settings() {
		fmt.Fprintf(&b, "%s=%v\n", s.name, s.value.Interface())
	}
	return b.String()
}

// LogValue gives the settings as a group, without secrets.
func (c *Config) LogValue() slog.Value {
	settings := c.settings()
	attrs := make([]slog.Attr, 0, len(settings))
	for _, s := range settings {
		attrs = append(attrs, slog.Any(s.name, s.value.Interface()))
	}
	return slog.GroupValue(attrs...)
}
