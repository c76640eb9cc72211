package config

// Variable describes one variable of the environment, for the help of the command and for the README.
type Variable struct {
	Name string
	// Default is the value used where the variable is unset or empty.
	Default string
	// Example is what an error proposes; the default where this is empty.
	Example string
	// Min and Max bound a whole number; both are 0 where the variable is something else.
	Min, Max int64
	// Meaning is one sentence for the person who operates the service.
	Meaning string
}

// remedy proposes an assignment.
func (v Variable) remedy() string {
	value := v.Example
	if value == "" {
		value = v.Default
	}
	return "set for example " + v.Name + "=" + value
}

// Variables lists every variable the service reads, in the order of Config's fields. It is the only source of their
// names, defaults and bounds.
func Variables() []Variable {
	return []Variable{
		{
			Name: "APP_ENV", Default: "production",
			Meaning: "How strict to be: production, development (private services where none are named) or test.",
		},
		{Name: "APP_NAME", Default: "AI Interviewer Platform", Meaning: "The service's name, as people read it."},
		{Name: "APP_VERSION", Example: "1.4.2", Meaning: "The version to report instead of the one built in."},
		{Name: "DEBUG", Default: "false", Meaning: "Log everything, as LOG_LEVEL=debug does; answers never say more."},
		{Name: "LOG_LEVEL", Default: "info", Meaning: "The least severe level to log: debug, info, warn or error."},

		{
			Name: "HOST", Example: "0.0.0.0",
			Meaning: "The address or host name to listen on; by default all addresses, in development only 127.0.0.1.",
		},
		{Name: "PORT", Default: "8000", Max: 65535, Meaning: "The TCP port to listen on; 0 takes a free one."},
		{
			Name: "TRUSTED_PROXIES", Default: "[]", Example: `["10.0.0.0/8"]`,
			Meaning: "JSON array of the proxies, addresses or CIDR networks, whose forwarding headers are believed.",
		},
		{
			Name: "CORS_ORIGINS", Default: "[]", Example: `["https://app.example.com"]`,
			Meaning: "JSON array of the exact origins whose pages may call the API; https, except on localhost.",
		},
		{
			Name: "REQUEST_TIMEOUT_SECONDS", Default: "15", Min: 1, Max: 300,
			Meaning: "How long the work on one request may take.",
		},
		{
			Name: "SHUTDOWN_TIMEOUT_SECONDS", Default: "25", Min: 1, Max: 300,
			Meaning: "How long a stopping server waits for the requests it has begun.",
		},
		{
			Name: "MAX_BODY_BYTES", Default: "1048576", Min: 1024, Max: 64 << 20,
			Meaning: "The largest request body that is read.",
		},
		{
			Name: "MAX_UPLOAD_BYTES", Default: "268435456", Min: 1 << 20, Max: 16 << 30,
			Meaning: "The largest file that an import reads, as it arrives.",
		},

		{
			Name: "DATABASE_URL", Example: "postgres://interviewer@localhost:5432/interviewer",
			Meaning: "The PostgreSQL to use; required, except in development, which then runs a private one.",
		},
		{
			Name: "MIGRATION_DATABASE_URL", Example: "postgres://owner@localhost:5432/interviewer",
			Meaning: "The login that owns the schema, where it is not the one of DATABASE_URL.",
		},
		{
			Name: "DATABASE_MAX_CONNECTIONS", Default: "16", Min: 1, Max: 1000,
			Meaning: "The most connections to PostgreSQL that this process opens.",
		},
		{Name: "MIGRATE_ON_START", Default: "true", Meaning: "Apply pending migrations before listening."},
		{
			Name: "SEED_DEMO", Example: "false",
			Meaning: "Load the demo data at start; by default only into development's private database.",
		},
		{
			Name: "REDIS_URL", Example: "redis://localhost:6379/0",
			Meaning: "The Redis to use; required, except in development, which then runs a private one.",
		},
		{
			Name: "LOCAL_DIR", Example: "/var/tmp/interviewer",
			Meaning: "Where development keeps its private PostgreSQL, Redis and key; by default the user's own folder.",
		},

		{
			Name: "SECRET_KEY", Example: "$(openssl rand -base64 48)",
			Meaning: "The key, 32 bytes or more, that signs tokens; required, but development makes its own.",
		},
		{
			Name: "SECRET_KEYS_PREVIOUS", Default: "[]", Example: `["THE_FORMER_KEY"]`,
			Meaning: "JSON array of former keys that sign nothing more and still verify, while a key is rotated.",
		},
		{Name: "ALGORITHM", Default: "HS256", Meaning: "How access tokens are signed; only HS256 is accepted."},
		{
			Name: "ACCESS_TOKEN_EXPIRE_MINUTES", Default: "15", Min: 1, Max: 60,
			Meaning: "How long an access token is valid.",
		},
		{
			Name: "REFRESH_TOKEN_EXPIRE_DAYS", Default: "7", Min: 1, Max: 30,
			Meaning: "How long a session lasts from login, however often it is refreshed.",
		},

		{
			Name: "HASH_WORKERS", Default: "0", Max: 256,
			Meaning: "How many passwords are hashed at once; 0 means as many as there are CPUs.",
		},
		{
			Name: "HASH_QUEUE", Default: "64", Min: 1, Max: 10_000,
			Meaning: "How many more may wait for that before the answer is 503.",
		},
		{
			Name: "LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP", Default: "10", Min: 1, Max: 1_000_000,
			Meaning: "Attempts that one address has on one account within the window.",
		},
		{
			Name: "LOGIN_ATTEMPTS_PER_IP", Default: "100", Min: 1, Max: 1_000_000,
			Meaning: "Attempts that one address has on all accounts together within the window.",
		},
		{
			Name: "LOGIN_ATTEMPTS_PER_ACCOUNT", Default: "20", Min: 1, Max: 1_000_000,
			Meaning: "Attempts on one account from everywhere within the window before growing delays begin.",
		},
		{
			Name: "LOGIN_WINDOW_MINUTES", Default: "15", Min: 1, Max: 1440,
			Meaning: "How long an attempt to sign in counts.",
		},
		{
			Name: "RATE_LIMIT_PER_MINUTE", Default: "1200", Max: 60_000,
			Meaning: "Requests a minute that one signed-in caller has; 0 sets no limit.",
		},
		{
			Name: "RATE_LIMIT_KEY_PER_MINUTE", Default: "1200", Max: 60_000,
			Meaning: "Requests a minute that one API key has; 0 sets no limit.",
		},
		{
			Name: "RATE_LIMIT_COMPANY_PER_MINUTE", Default: "30000", Max: 60_000,
			Meaning: "Requests a minute that the people and keys of a company have together; 0 sets no limit.",
		},
		{
			Name: "RATE_LIMIT_ANONYMOUS_PER_MINUTE", Default: "300", Max: 60_000,
			Meaning: "Requests a minute that one address has without signing in; 0 sets no limit.",
		},

		{
			Name: "METRICS_TOKEN", Example: "$(openssl rand -hex 24)",
			Meaning: "The bearer token, 16 characters or more, that reading /metrics takes; without one it is open.",
		},
		{
			Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Example: "http://localhost:4318",
			Meaning: "The base URL of the OpenTelemetry collector to send traces to over HTTP; none turns tracing off.",
		},
		{Name: "OTEL_SERVICE_NAME", Default: "interviewer", Meaning: "The service's name in traces."},
	}
}
