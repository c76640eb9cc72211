package config_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

const goodKey = "Zk3vX9pQw7Lr2Tn8Yb5Hc1Jd6Mf4Gs0Ua+Ee/Io=Bq"

// production is the minimal environment for production, with further assignments.
func production(assignments ...string) []string {
	return append([]string{
		"DATABASE_URL=postgres://interviewer@db.internal:5432/interviewer",
		"REDIS_URL=redis://cache.internal:6379/0",
		"SECRET_KEY=" + goodKey,
	}, assignments...)
}

// development is the minimal environment for development, with further assignments.
func development(assignments ...string) []string {
	return append([]string{"APP_ENV=development"}, assignments...)
}

func mustLoad(t *testing.T, environ []string, dotenv string) *config.Config {
	t.Helper()
	c, err := config.Load(environ, dotenv)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

// problems returns the problems that Load finds; it fails the test if there are none.
func problems(t *testing.T, environ []string, dotenv string) config.Problems {
	t.Helper()
	_, err := config.Load(environ, dotenv)
	var found config.Problems
	if !errors.As(err, &found) || len(found) == 0 {
		t.Fatalf("Load returns %v, want problems", err)
	}
	return found
}

// checkpointKey is 32 bytes in base64.
const checkpointKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestDefaults(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, production(), "")
	want := &config.Config{
		Environment: config.Production, AppName: "AI Interviewer Platform", LogLevel: slog.LevelInfo,
		Host: "0.0.0.0", Port: 8000, TrustedProxies: []netip.Prefix{}, CORSOrigins: []string{},
		RequestTimeout: 15, Drain: 3, ShutdownTimeout: 25, MaxBodyBytes: 1 << 20, MaxUploadBytes: 256 << 20,
		DatabaseURL:      "postgres://interviewer@db.internal:5432/interviewer",
		DatabasePoolMode: "session",
		DatabaseWait:     1000, CompanyShare: 50, MigrateOnStart: true,
		RedisURL:  "redis://cache.internal:6379/0",
		SecretKey: goodKey, SecretKeysPrevious: []config.Secret{}, Algorithm: "HS256",
		AccessTokenExpire: 15, RefreshTokenExpire: 7,
		CompanyUploads: 4, CompanyExports: 4, LoginPerAccountAndIP: 10, LoginPerIP: 100, LoginPerAccount: 20, LoginWindow: 15,
		RateLimit: 1200, RateLimitKey: 1200, RateLimitCompany: 30_000, RateLimitAnonymous: 300,
		Workers: 4, WorkerPoll: 5, JobTimeout: 60, JobRescue: 120, JobRetention: 1, JobDiscardedRetention: 30,
		SessionRetention: 30, EventRetention: 30,
		AuditRetention: config.Span(2 * 365 * 24 * time.Hour), AuditCheckpointEvery: config.Span(time.Hour),
		OTLPServiceName: "interviewer",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults are\n%+v\nwant\n%+v", *got, *want)
	}
}

func TestEveryValueIsRead(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, []string{
		"APP_ENV=test", "APP_NAME=Hiring", "APP_VERSION=9.9", "LOG_LEVEL=Error",
		"HOST=::1", "PORT=0", `TRUSTED_PROXIES=["10.0.0.0/8","192.0.2.7","::ffff:192.0.2.8","2001:db8::/32"]`,
		`CORS_ORIGINS=["https://app.example.com","http://localhost:3000","http://[::1]:5173","capacitor://localhost","tauri://localhost","app://.","chrome-extension://abcdefgh"]`,
		"BASE_PATH=/api/interviewer-2",
		"REQUEST_TIMEOUT_SECONDS=20", "SHUTDOWN_TIMEOUT_SECONDS=30", "DRAIN_SECONDS=0", "MAX_BODY_BYTES=2048", "MAX_UPLOAD_BYTES=1048577",
		"DATABASE_URL=postgresql:///interviewer?host=/run/postgresql",
		"MIGRATION_DATABASE_URL=postgres://owner@db/interviewer",
		"DATABASE_POOL_MODE=transaction", "DATABASE_MAX_CONNECTIONS=4", "DATABASE_WAIT_MILLISECONDS=250", "COMPANY_SHARE_PERCENT=25", "MIGRATE_ON_START=false", "SEED_DEMO=true",
		"REDIS_URL=unix:///run/redis.sock", "LOCAL_DIR=/var/tmp/somewhere",
		"SECRET_KEY=" + goodKey, `SECRET_KEYS_PREVIOUS=["` + goodKey + `?"]`, "ALGORITHM=HS256",
		"ACCESS_TOKEN_EXPIRE_MINUTES=60", "REFRESH_TOKEN_EXPIRE_DAYS=30",
		"HASH_WORKERS=3", "HASH_QUEUE=1", "COMPANY_UPLOADS=6", "COMPANY_EXPORTS=7", "LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP=1", "LOGIN_ATTEMPTS_PER_IP=2",
		"LOGIN_ATTEMPTS_PER_ACCOUNT=3", "LOGIN_WINDOW_MINUTES=4", "RATE_LIMIT_PER_MINUTE=0",
		"RATE_LIMIT_KEY_PER_MINUTE=6", "RATE_LIMIT_COMPANY_PER_MINUTE=7", "RATE_LIMIT_ANONYMOUS_PER_MINUTE=5",
		"WORKERS=6", "WORKER_POLL_ONLY=true", "WORKER_POLL_SECONDS=9", "JOB_TIMEOUT_SECONDS=70", "JOB_RESCUE_SECONDS=80",
		"JOB_RETENTION_DAYS=2", "JOB_DISCARDED_RETENTION_DAYS=40", "SESSION_RETENTION_DAYS=50", "EVENT_RETENTION_DAYS=60",
		"AUDIT_RETENTION=1000h", "AUDIT_CHECKPOINT_KEY=" + checkpointKey,
		"AUDIT_CHECKPOINT_TO=http://localhost:9000/", "AUDIT_CHECKPOINT_EVERY=90s", "METRICS_TOKEN=0123456789abcdef", "PROFILES=true",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318/base", "OTEL_SERVICE_NAME=hiring",
	}, "")
	want := &config.Config{
		Environment: config.Test, AppName: "Hiring", AppVersion: "9.9", LogLevel: slog.LevelError,
		Host: "::1", Port: 0, TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"),
			netip.MustParsePrefix("192.0.2.8/32"), netip.MustParsePrefix("2001:db8::/32"),
		},
		CORSOrigins:    []string{"https://app.example.com", "http://localhost:3000", "http://[::1]:5173", "capacitor://localhost", "tauri://localhost", "app://.", "chrome-extension://abcdefgh"},
		BasePath:       "/api/interviewer-2",
		RequestTimeout: 20, ShutdownTimeout: 30, MaxBodyBytes: 2048, MaxUploadBytes: 1<<20 + 1,
		DatabaseURL:            "postgresql:///interviewer?host=/run/postgresql",
		MigrationDatabaseURL:   "postgres://owner@db/interviewer",
		DatabasePoolMode:       "transaction",
		DatabaseMaxConnections: 4, DatabaseWait: 250, CompanyShare: 25, SeedDemo: true, RedisURL: "unix:///run/redis.sock", LocalDir: "/var/tmp/somewhere",
		SecretKey: goodKey, SecretKeysPrevious: []config.Secret{goodKey + "?"}, Algorithm: "HS256",
		AccessTokenExpire: 60, RefreshTokenExpire: 30,
		HashWorkers: 3, HashQueue: 1, CompanyUploads: 6, CompanyExports: 7, LoginPerAccountAndIP: 1, LoginPerIP: 2, LoginPerAccount: 3, LoginWindow: 4,
		RateLimitKey: 6, RateLimitCompany: 7, RateLimitAnonymous: 5,
		Workers: 6, WorkerPollOnly: true, WorkerPoll: 9, JobTimeout: 70, JobRescue: 80, JobRetention: 2,
		JobDiscardedRetention: 40, SessionRetention: 50, EventRetention: 60,
		AuditRetention: config.Span(1000 * time.Hour), AuditCheckpointKey: checkpointKey,
		AuditCheckpointTo: "http://localhost:9000/", AuditCheckpointEvery: config.Span(90 * time.Second),
		MetricsToken: "0123456789abcdef", Profiles: true,
		OTLPEndpoint: "http://collector:4318/base", OTLPServiceName: "hiring",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Load returns\n%+v\nwant\n%+v", *got, *want)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	if s, m, d := config.Seconds(2), config.Minutes(3), config.Days(4); s.Duration() != 2*time.Second ||
		m.Duration() != 3*time.Minute || d.Duration() != 96*time.Hour {
		t.Errorf("2 s, 3 min and 4 days = %v, %v and %v, want 2s, 3m0s and 96h0m0s", s.Duration(), m.Duration(), d.Duration())
	}
}

func TestDevelopmentRequiresNothing(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, development(), "")
	if c.DatabaseURL != "" || c.RedisURL != "" || c.SecretKey != "" || !c.SeedDemo {
		t.Errorf("development has %+v; want no database, Redis or key, and the demo data", *c)
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		environ []string
		want    string
	}{
		"development":        {development(), "127.0.0.1"},
		"development, empty": {development("HOST="), "127.0.0.1"},
		"development, set":   {development("HOST=0.0.0.0"), "0.0.0.0"},
		"production":         {production(), "0.0.0.0"},
		"production, set":    {production("HOST=::1"), "::1"},
		"test":               {production("APP_ENV=test"), "0.0.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, one.environ, "").Host; got != one.want {
				t.Errorf("Host is %q, want %q", got, one.want)
			}
		})
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		environ []string
		want    config.Seconds
	}{
		"production":       {production(), 3},
		"production, none": {production("DRAIN_SECONDS=0"), 0},
		"production, set":  {production("DRAIN_SECONDS=20"), 20},
		"development":      {development(), 0},
		"development, set": {development("DRAIN_SECONDS=1"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, one.environ, "").Drain; got != one.want {
				t.Errorf("Drain is %d, want %d", got, one.want)
			}
		})
	}
}

func TestSeedDemo(t *testing.T) {
	t.Parallel()
	named := "DATABASE_URL=postgres://localhost/interviewer"
	for name, one := range map[string]struct {
		environ []string
		want    bool
	}{
		"development, own":         {development(), true},
		"development, own, true":   {development("SEED_DEMO=true"), true},
		"development, own, false":  {development("SEED_DEMO=false"), false},
		"development, other":       {development(named), false},
		"development, other, true": {development(named, "SEED_DEMO=true"), true},
		"production":               {production(), false},
		"production, empty":        {production("SEED_DEMO="), false},
		"production, true":         {production("SEED_DEMO=true"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, one.environ, "").SeedDemo; got != one.want {
				t.Errorf("SeedDemo is %v, want %v", got, one.want)
			}
		})
	}
}

func TestDebugSetsTheLogLevel(t *testing.T) {
	t.Parallel()
	if c := mustLoad(t, development("DEBUG=true", "LOG_LEVEL=error"), ""); c.LogLevel != slog.LevelDebug {
		t.Errorf("with DEBUG the level is %v, want debug", c.LogLevel)
	}
}

func TestDotenv(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".env")
	content := "# a comment\nexport PORT=9000\nHOST='127.0.0.1'\nCORS_ORIGINS=[\"https://a.example\"]\n" +
		"LOCAL_DIR=/from/file\nAPP_NAME=\"File\"\nPATH=/nowhere\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	before := os.Environ()
	c := mustLoad(t, development("PORT=9001", "LOCAL_DIR="), path)
	if c.Port != 9001 {
		t.Errorf("the port is %d, want that of the process, 9001", c.Port)
	}
	if c.LocalDir != "" {
		t.Errorf("LOCAL_DIR is %q, want the empty value of the process", c.LocalDir)
	}
	if c.Host != "127.0.0.1" || c.AppName != "File" || !slices.Equal(c.CORSOrigins, []string{"https://a.example"}) {
		t.Errorf("host, name and origins of the file = %q, %q and %q, want 127.0.0.1, File and https://a.example", c.Host, c.AppName, c.CORSOrigins)
	}
	if !slices.Equal(before, os.Environ()) {
		t.Error("Load changed the environment of the process")
	}
}

func TestMissingDotenv(t *testing.T) {
	t.Parallel()
	mustLoad(t, development(), filepath.Join(t.TempDir(), ".env"))
}

func TestInvalidDotenv(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ content, want string }{
		"no assignment":   {"PORT=9000\nwhat is this?\nSECRET_KEY=hunter2hunter2\n", "line 2"},
		"open quotation":  {"PORT=9000\n\nSECRET_KEY='hunter2hunter2\n", "line 3"},
		"first line":      {"-SECRET_KEY=hunter2hunter2", "line 1"},
		"space in a name": {"A=1\nB=2\nSECRET-KEY=hunter2hunter2", "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), ".env")
			if err := os.WriteFile(path, []byte(one.content), 0o600); err != nil {
				t.Fatal(err)
			}
			found := problems(t, development(), path)
			if found[0].Variable != path || !strings.Contains(found[0].Wrong, one.want) {
				t.Errorf("the problem is %+v; want the file and %q", found[0], one.want)
			}
			if strings.Contains(found.Error(), "hunter2") {
				t.Errorf("the error quotes the file: %v", found)
			}
		})
	}
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if found := problems(t, development(), dir); found[0].Variable != dir {
			t.Errorf("the problem is %+v; want it to name the directory", found[0])
		}
	})
}

// TestDollarSignsInDotenv writes values with dollar signs, which the parser takes for references to other variables.
func TestDollarSignsInDotenv(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{ // the name, or empty for a problem
		"APP_NAME=pa$WORD":                          "",
		"APP_NAME=pa$1word":                         "",
		"APP_NAME=\"pa${WORD}\"":                    "",
		"APP_NAME=$HOME":                            "",
		"APP_NAME=${METRICS_TOKEN}-${WORD}":         "",
		"APP_NAME='pa$WORD'":                        "pa$WORD",
		"APP_NAME=pa\\$WORD":                        "pa$WORD",
		"APP_NAME=pa$word$":                         "pa$word$",
		"APP_NAME=\"a\\tb $ c\"":                    "atb $ c",
		"POSTGRES_PASSWORD=pa$WORD\nAPP_NAME=a":     "a",
		"POSTGRES_DB=acme\nAPP_NAME=${POSTGRES_DB}": "acme",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), ".env")
			if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if want != "" {
				if c := mustLoad(t, development(), path); c.AppName != want {
					t.Errorf("got %q, want %q", c.AppName, want)
				}
				return
			}
			found := problems(t, development(), path)
			if len(found) != 1 || found[0].Variable != "APP_NAME" || !strings.Contains(found[0].Remedy, "single quotation marks") {
				t.Errorf("got %v, want one problem of APP_NAME", found)
			}
			if strings.Contains(found.Error(), "WORD") {
				t.Errorf("the problem contains a part of the value: %v", found)
			}
		})
	}
}

func TestWhiteSpaceIsTrimmed(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, development("PORT= 9000\r", "LOG_LEVEL=\twarn "), "")
	if c.Port != 9000 || c.LogLevel != slog.LevelWarn {
		t.Errorf("port and level are %d and %v, want 9000 and warn", c.Port, c.LogLevel)
	}
}

func TestAllProblemsAreReported(t *testing.T) {
	t.Parallel()
	found := problems(t, []string{"PORT=http", "DEBUG=perhaps", "CORS_ORIGINS=*", "REQUEST_TIMEOUT_SECONDS=0"}, "")
	var names []string
	for _, p := range found {
		names = append(names, p.Variable)
		line := p.Variable + " " + p.Wrong + "; " + p.Remedy
		if p.Wrong == "" || p.Remedy == "" || !slices.Contains(strings.Split(found.Error(), "\n"), "  "+line) {
			t.Errorf("%+v has no line of its own in:\n%v", p, found)
		}
	}
	slices.Sort(names)
	want := []string{
		"CORS_ORIGINS", "DATABASE_URL", "DEBUG", "PORT", "REDIS_URL", "REQUEST_TIMEOUT_SECONDS", "SECRET_KEY",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the problems are about %v, want %v", names, want)
	}
	if !strings.Contains(found.Error(), "openssl rand -base64 48") {
		t.Errorf("the remedy for SECRET_KEY is missing in:\n%v", found)
	}
}

// FuzzErrorsHideValues checks that no error contains a value.
func FuzzErrorsHideValues(f *testing.F) {
	const marker = "qZxJ7vW"
	for i := range config.Variables() {
		for _, around := range []string{"", `["`, "https://", "postgres://u:", "redis://:%"} {
			f.Add(uint8(i), around, "")
		}
	}
	f.Add(uint8(7), `["`, `"]`)
	f.Add(uint8(8), `["https://user:`, `@host"]`)
	f.Fuzz(func(t *testing.T, which uint8, before, after string) {
		variables := config.Variables()
		name := variables[int(which)%len(variables)].Name
		_, err := config.Load([]string{name + "=" + before + marker + after}, "")
		if err != nil && strings.Contains(err.Error(), marker) {
			t.Errorf("the error for %s contains its value: %v", name, err)
		}
	})
}
