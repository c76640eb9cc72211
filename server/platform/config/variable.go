package config

import "time"

// Variable describes an environment variable, for the help of the command and for the documentation.
type Variable struct {
	Name string
	// Default is the value if the variable is unset or empty.
	Default string
	// Example is the value that error messages propose; the default if it is empty.
	Example string
	// Min and Max are the bounds of an integer, or of a Span; both are 0 for other types.
	Min, Max int64
	// Meaning is one sentence for the operator.
	Meaning string
}

// remedy proposes a value.
func (v Variable) remedy() string {
	value := v.Example
	if value == "" {
		value = v.Default
	}
	return "for example, set " + v.Name + "=" + value
}

// Variables lists the environment variables of the service, in the order of Config's fields. It is the only source of
// their names, defaults and bounds.
func Variables() []Variable {
	return []Variable{
		{
			Name: "APP_ENV", Default: "production",
			Meaning: "The environment: production, test, or development, which starts its own PostgreSQL and Redis.",
		},
		{Name: "APP_NAME", Default: "AI Interviewer Platform", Meaning: "The display name of the service."},
		{Name: "APP_VERSION", Example: "1.4.2", Meaning: "The version to report instead of the built-in one."},
		{Name: "DEBUG", Default: "false", Meaning: "Log at level debug; does not change responses."},
		{Name: "LOG_LEVEL", Default: "info", Meaning: "The minimum level to log: debug, info, warn or error."},

		{
			Name: "HOST", Example: "0.0.0.0",
			Meaning: "The address or host name to listen on; default 0.0.0.0, in development 127.0.0.1.",
		},
		{Name: "PORT", Default: "8000", Max: 65535, Meaning: "The TCP port to listen on; 0 means any free port."},
		{
			Name: "TRUSTED_PROXIES", Default: "[]", Example: `["10.0.0.0/8"]`,
			Meaning: "JSON array of the addresses or CIDR networks of proxies whose forwarding headers are trusted.",
		},
		{
			Name: "BASE_PATH", Example: "/interviewer",
			Meaning: "The path at which a proxy serves the API, whether or not it strips the path from its requests.",
		},
		{
			Name: "PUBLIC_URL", Example: "https://hiring.example.com",
			Meaning: "The origin at which users reach the service, for links in mails; required with SMTP_URL.",
		},
		{
			Name: "CORS_ORIGINS", Default: "[]", Example: `["https://app.example.com"]`,
			Meaning: "JSON array of the exact origins of pages and native apps that may call the API; http on localhost only.",
		},
		{
			Name: "REQUEST_TIMEOUT_SECONDS", Default: "15", Min: 1, Max: 300,
			Meaning: "The time limit for one request, in seconds.",
		},
		{
			Name: "DRAIN_SECONDS", Example: "3", Max: 300,
			Meaning: "How long a stopping service still accepts requests, in seconds; default 3, in development 0.",
		},
		{
			Name: "SHUTDOWN_TIMEOUT_SECONDS", Default: "25", Min: 1, Max: 300,
			Meaning: "The time limit for completing running requests at shutdown, in seconds.",
		},
		{
			Name: "MAX_BODY_BYTES", Default: "1048576", Min: 1024, Max: 64 << 20,
			Meaning: "The maximum size of a request body, in bytes.",
		},
		{
			Name: "MAX_UPLOAD_BYTES", Default: "268435456", Min: 1 << 20, Max: 16 << 30,
			Meaning: "The maximum size of an uploaded file, in bytes.",
		},

		{
			Name: "DATABASE_URL", Example: "postgres://interviewer@localhost:5432/interviewer",
			Meaning: "The URL of the PostgreSQL database; required, except in development, which starts its own.",
		},
		{
			Name: "MIGRATION_DATABASE_URL", Example: "postgres://owner@localhost:5432/interviewer",
			Meaning: "The URL of the database for migrations, with the role that owns the schema; default DATABASE_URL.",
		},
		{
			Name: "DATABASE_POOL_MODE", Default: "session",
			Meaning: "The mode of the pooler of DATABASE_URL, session or transaction; session without a pooler.",
		},
		{
			Name: "DATABASE_MAX_CONNECTIONS", Default: "0", Max: 1000,
			Meaning: "The maximum number of connections to PostgreSQL per process; 0 means one per CPU, from 16 to 40.",
		},
		{
			Name: "DATABASE_WAIT_MILLISECONDS", Default: "1000", Min: 100, Max: 10_000,
			Meaning: "How long a request waits for a lock or a connection before 409 or 503, in milliseconds.",
		},
		{
			Name: "COMPANY_SHARE_PERCENT", Default: "50", Min: 1, Max: 100,
			Meaning: "The percentage of connections and of the hashing queue that one company can use; 100 means no limit.",
		},
		{Name: "MIGRATE_ON_START", Default: "true", Meaning: "Apply pending migrations at start."},
		{
			Name: "SEED_DEMO", Example: "false",
			Meaning: "Load the demo data at start; default true for the database that development starts itself.",
		},
		{
			Name: "REDIS_URL", Example: "redis://localhost:6379/0",
			Meaning: "The URL of Redis; required, except in development, which starts its own.",
		},
		{
			Name: "LOCAL_DIR", Example: "/var/tmp/interviewer",
			Meaning: "The directory for the PostgreSQL, Redis and key of development; default in the user's cache directory.",
		},

		{
			Name: "SECRET_KEY", Example: "$(openssl rand -base64 48)",
			Meaning: "The key that signs tokens, at least 32 bytes; required, except in development, which generates one.",
		},
		{
			Name: "SECRET_KEYS_PREVIOUS", Default: "[]", Example: `["THE_FORMER_KEY"]`,
			Meaning: "JSON array of up to 8 former keys that still verify tokens after a rotation.",
		},
		{Name: "ALGORITHM", Default: "HS256", Meaning: "The signature algorithm of access tokens; must be HS256."},
		{
			Name: "ACCESS_TOKEN_EXPIRE_MINUTES", Default: "15", Min: 1, Max: 60,
			Meaning: "The lifetime of an access token, in minutes.",
		},
		{
			Name: "REFRESH_TOKEN_EXPIRE_DAYS", Default: "7", Min: 1, Max: 30,
			Meaning: "The lifetime of a session from login, in days; refreshing does not extend it.",
		},

		{
			Name: "HASH_WORKERS", Default: "0", Max: 256,
			Meaning: "The number of passwords hashed in parallel; 0 means the number of CPUs.",
		},
		{
			Name: "HASH_QUEUE", Default: "0", Max: 10_000,
			Meaning: "The number of requests that may wait for hashing; others get 503; 0 means 64 for each worker.",
		},
		{
			Name: "COMPANY_UPLOADS", Default: "4", Min: 1, Max: 1000,
			Meaning: "The maximum number of imports of a company at the same time, on all replicas.",
		},
		{
			Name: "COMPANY_EXPORTS", Default: "4", Min: 1, Max: 1000,
			Meaning: "The maximum number of exports of a company at the same time, on all replicas.",
		},
		{
			Name: "LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP", Default: "10", Min: 1, Max: 1_000_000,
			Meaning: "The maximum number of attempts from one address for one account within the window.",
		},
		{
			Name: "LOGIN_ATTEMPTS_PER_IP", Default: "100", Min: 1, Max: 1_000_000,
			Meaning: "The maximum number of attempts from one address for all accounts within the window.",
		},
		{
			Name: "LOGIN_ATTEMPTS_PER_ACCOUNT", Default: "20", Min: 1, Max: 1_000_000,
			Meaning: "The number of attempts for one account within an hour after which increasing delays apply.",
		},
		{
			Name: "LOGIN_WINDOW_MINUTES", Default: "15", Min: 1, Max: 1440,
			Meaning: "The length of the window for attempts from one address, in minutes.",
		},
		{
			Name: "RATE_LIMIT_PER_MINUTE", Default: "1200", Max: 6_000_000,
			Meaning: "The maximum number of requests per minute for one signed-in user; 0 means no limit.",
		},
		{
			Name: "RATE_LIMIT_KEY_PER_MINUTE", Default: "1200", Max: 6_000_000,
			Meaning: "The maximum number of requests per minute for one API key; 0 means no limit.",
		},
		{
			Name: "RATE_LIMIT_COMPANY_PER_MINUTE", Default: "30000", Max: 6_000_000,
			Meaning: "The maximum number of requests per minute for all users and keys of a company; 0 means no limit.",
		},
		{
			Name: "RATE_LIMIT_ANONYMOUS_PER_MINUTE", Default: "300", Max: 6_000_000,
			Meaning: "The maximum number of unauthenticated requests per minute from one address; 0 means no limit.",
		},

		{
			Name: "SMTP_URL", Example: "smtp://interviewer:PASSWORD@smtp.example.com:587",
			Meaning: "The server that sends mails: smtp:// with STARTTLS, or smtps://; without one, no mails are sent.",
		},
		{
			Name: "MAIL_FROM", Example: "'Hiring <hiring@example.com>'",
			Meaning: "The sender of mails: an address, or a name and an address in angle brackets; required with SMTP_URL.",
		},

		{
			Name: "WORKERS", Default: "4", Max: 100,
			Meaning: "The number of background jobs that this process runs at the same time; 0 means that it runs none.",
		},
		{
			Name: "WORKER_POLL_ONLY", Default: "false",
			Meaning: "Poll for jobs instead of listening for notifications; always so with DATABASE_POOL_MODE=transaction.",
		},
		{
			Name: "WORKER_POLL_SECONDS", Default: "5", Min: 1, Max: 60,
			Meaning: "The time between looks for new jobs, in seconds; with notifications, jobs start at once.",
		},
		{
			Name: "JOB_TIMEOUT_SECONDS", Default: "60", Min: 1, Max: 3600,
			Meaning: "The time limit for one run of a job, in seconds.",
		},
		{
			Name: "JOB_RESCUE_SECONDS", Default: "120", Min: 2, Max: 7200,
			Meaning: "The time after which a job of a killed process runs again, in seconds; more than JOB_TIMEOUT_SECONDS.",
		},
		{
			Name: "JOB_RETENTION_DAYS", Default: "1", Min: 1, Max: 365,
			Meaning: "The time that completed and canceled jobs are kept, in days.",
		},
		{
			Name: "JOB_DISCARDED_RETENTION_DAYS", Default: "30", Min: 1, Max: 365,
			Meaning: "The time that jobs are kept that failed in all attempts, in days.",
		},
		{
			Name: "SESSION_RETENTION_DAYS", Default: "30", Min: 1, Max: 3650,
			Meaning: "The time that sessions are kept after they were ended or expired, in days.",
		},
		{
			Name: "EVENT_RETENTION_DAYS", Default: "30", Min: 1, Max: 365,
			Meaning: "The time that events are kept for clients that follow them, in days.",
		},

		{
			Name: "AUDIT_RETENTION", Default: "730d", Min: int64(30 * 24 * time.Hour), Max: int64(36500 * 24 * time.Hour),
			Meaning: "How long entries of the audit log are kept, from 30d to 36500d; whole months are removed.",
		},
		{
			Name: "AUDIT_CHECKPOINT_KEY", Example: "$(openssl rand -base64 32)",
			Meaning: "The key that signs checkpoints of the audit log: 32 bytes in base64; without one, there are none.",
		},
		{
			Name: "AUDIT_CHECKPOINT_TO", Example: "file:///var/lib/interviewer/checkpoints.jsonl",
			Meaning: "Where checkpoints are written: a file:// URL to append to, or an https:// URL to POST to.",
		},
		{
			Name: "AUDIT_CHECKPOINT_EVERY", Default: "1h", Min: int64(time.Minute), Max: int64(7 * 24 * time.Hour),
			Meaning: "The time between two checkpoints, from 1m to 7d.",
		},

		{
			Name: "METRICS_TOKEN", Example: "$(openssl rand -hex 24)",
			Meaning: "The bearer token for /metrics, at least 16 characters; without one, /metrics is public.",
		},
		{
			Name: "PROFILES", Default: "false",
			Meaning: "Serve CPU and memory profiles at /debug/pprof/ with METRICS_TOKEN as the bearer token, which it requires.",
		},
		{
			Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Example: "http://localhost:4318",
			Meaning: "The base URL of the OpenTelemetry collector for traces over HTTP; without one, tracing is disabled.",
		},
		{Name: "OTEL_SERVICE_NAME", Default: "interviewer", Meaning: "The name of the service in traces."},
	}
}
