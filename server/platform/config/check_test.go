package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// refused expects exactly one problem, of this variable, whose text contains the words.
func refused(t *testing.T, environ []string, variable, words string) {
	t.Helper()
	found := problems(t, environ, "")
	if len(found) != 1 || found[0].Variable != variable || !strings.Contains(found[0].Wrong, words) {
		t.Errorf("the problems are %+v; want one, of %s, with %q", found, variable, words)
	}
}

func TestRefusedValues(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ variable, value, words string }{
		{"APP_ENV", "prod", "is not one of"},
		{"APP_ENV", "Development", "is not one of"},
		{"ALGORITHM", "none", "is not HS256"},
		{"ALGORITHM", "RS256", "is not HS256"},
		{"DEBUG", "yes please", "not true or false"},
		{"MIGRATE_ON_START", "on", "not true or false"},
		{"SEED_DEMO", "maybe", "not true or false"},
		{"LOG_LEVEL", "loud", "is not one of debug"},
		{"LOG_LEVEL", "info+1", "is not one of debug"},
		{"HOST", "http://localhost", "not an address"},
		{"HOST", "localhost:8000", "not an address"},
		{"PORT", "65536", "from 0 to 65535"},
		{"PORT", "-1", "from 0 to 65535"},
		{"PORT", "99999999999999999999", "from 0 to 65535"},
		{"MAX_BODY_BYTES", "1 MiB", "not an integer"},
		{"MAX_BODY_BYTES", "9223372036854775807", "from 1024 to"},
		{"TRUSTED_PROXIES", "10.0.0.0/8", "not a JSON array"},
		{"TRUSTED_PROXIES", `["10.0.0.0/8", "proxy"]`, "entry 2 that is not"},
		{"TRUSTED_PROXIES", `["fe80::1%eth0"]`, "entry 1 that is not"},
		{"TRUSTED_PROXIES", `["0.0.0.0/0"]`, "all addresses"},
		{"TRUSTED_PROXIES", `["::/0"]`, "all addresses"},
		{"TRUSTED_PROXIES", `["10.0.0.1/8"]`, "bits set after its prefix"},
		{"SMTP_URL", "https://mail.example.com", "does not start with smtp:// or smtps://"},
		{"SMTP_URL", "smtp://mail.example.com/path", "is not a scheme"},
		{"SMTP_URL", "smtp://:587", "is not a scheme"},
		{"MAIL_FROM", "hiring", "is not an address"},
		{"MAIL_FROM", "Hiring <hiring@example.com", "is not an address"},
		{"PUBLIC_URL", "http://hiring.example.com", "is not https"},
		{"PUBLIC_URL", "https://hiring.example.com/interviewer", "more than scheme, host and port"},
		{"PUBLIC_URL", "capacitor://localhost", "is not https"},
		{"CORS_ORIGINS", "https://app.example.com", "not a JSON array"},
		{"CORS_ORIGINS", `[1]`, "not a JSON array"},
		{"CORS_ORIGINS", `["https://a.example"] []`, "not a JSON array"},
		{"CORS_ORIGINS", `["*"]`, "is a pattern"},
		{"CORS_ORIGINS", `["https://*.example.com"]`, "is a pattern"},
		{"CORS_ORIGINS", `["https://a.example", "https://b.example/"]`, "entry 2 that has more than"},
		{"CORS_ORIGINS", `["https://a.example/app"]`, "has more than"},
		{"CORS_ORIGINS", `["https://a.example?x"]`, "has more than"},
		{"CORS_ORIGINS", `["https://a.example#x"]`, "has more than"},
		{"CORS_ORIGINS", `["https://user@a.example"]`, "has more than"},
		{"CORS_ORIGINS", `["null"]`, "is null"},
		{"CORS_ORIGINS", `["capacitor://"]`, "is not an origin"},
		{"CORS_ORIGINS", `["capacitor://localhost/"]`, "has more than"},
		{"CORS_ORIGINS", `["file://localhost"]`, "is not an origin"},
		{"CORS_ORIGINS", `["data://localhost"]`, "is not an origin"},
		{"BASE_PATH", "interviewer", "is not a path"},
		{"BASE_PATH", "/", "is not a path"},
		{"BASE_PATH", "/interviewer/", "is not a path"},
		{"BASE_PATH", "//interviewer", "is not a path"},
		{"BASE_PATH", "/a/../b", "is not a path"},
		{"BASE_PATH", "/a b", "is not a path"},
		{"BASE_PATH", "/a\"b", "is not a path"},
		{"BASE_PATH", "https://a.example/interviewer", "is not a path"},
		{"BASE_PATH", "/" + strings.Repeat("a", 64), "longer than 64"},
		{"BASE_PATH", "/api", "a path of the service"},
		{"BASE_PATH", "/api/v1", "a path of the service"},
		{"BASE_PATH", "/api/v1/jobs", "a path of the service"},
		{"BASE_PATH", "/docs", "a path of the service"},
		{"BASE_PATH", "/docs/interviewer", "a path of the service"},
		{"BASE_PATH", "/health", "a path of the service"},
		{"CORS_ORIGINS", `[""]`, "is not an origin"},
		{"CORS_ORIGINS", `["a.example"]`, "is not an origin"},
		{"CORS_ORIGINS", `["file:///etc"]`, "is not an origin"},
		{"CORS_ORIGINS", `["HTTPS://a.example"]`, "has more than"},
		{"CORS_ORIGINS", `["https://A.example"]`, "lower case"},
		{"CORS_ORIGINS", `["https://bücher.example"]`, "punycode"},
		{"CORS_ORIGINS", `["https://a.example:443"]`, "browsers omit"},
		{"CORS_ORIGINS", `["http://localhost:80"]`, "browsers omit"},
		{"CORS_ORIGINS", `["https://a.example:"]`, "browsers omit"},
		{"CORS_ORIGINS", `["http://a.example"]`, "is not https"},
		{"CORS_ORIGINS", `["http://localhost.example"]`, "is not https"},
		{"DATABASE_URL", "postgresql+asyncpg://u:p@db/x", "does not start with postgres://"},
		{"DATABASE_URL", "host=db user=u", "does not start with postgres://"},
		{"DATABASE_URL", "postgres://", "has no host"},
		{"DATABASE_URL", "postgres://u:p%zz@db/x", "is not a URL"},
		{"DATABASE_URL", "postgres://u:a/b@db/x", "is not a URL"},
		{"DATABASE_URL", "postgres://u:1/2@db/x", "percent-encoded"},
		{"DATABASE_URL", "postgres://u:1#2@db/x", "percent-encoded"},
		{"DATABASE_URL", "postgres://u:1?2@db/x", "percent-encoded"},
		{"MIGRATION_DATABASE_URL", "mysql://db/x", "does not start with postgres://"},
		{"DATABASE_POOL_MODE", "statement", "is not session or transaction"},
		{"REDIS_URL", "cache:6379", "does not start with redis://"},
		{"METRICS_TOKEN", "0123456789abcde", "shorter than 16"},
		{"PROFILES", "true", "METRICS_TOKEN is not"},
		{"AUDIT_CHECKPOINT_KEY", "secret", "32 bytes in base64"},
		{"AUDIT_CHECKPOINT_KEY", "c2VjcmV0", "32 bytes in base64"},
		{"AUDIT_CHECKPOINT_TO", "ftp://files", "does not start with file://"},
		{"AUDIT_CHECKPOINT_TO", "file://host/path", "absolute path"},
		{"AUDIT_CHECKPOINT_TO", "file:///", "absolute path"},
		{"AUDIT_CHECKPOINT_TO", "https:///path", "has no host"},
		{"AUDIT_CHECKPOINT_TO", "http://localhost/", "is not https"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "does not start with http://"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http:///v1", "has no host"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:p@collector", "contains credentials"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector?api-key=x", "contains credentials"},
	} {
		t.Run(one.variable+" "+one.value, func(t *testing.T) {
			t.Parallel()
			refused(t, production(one.variable+"="+one.value), one.variable, one.words)
		})
	}
}

// TestMigrationsNeedADirectConnection sets a pooler without another way to the database.
func TestMigrationsNeedADirectConnection(t *testing.T) {
	t.Parallel()
	const pooled = "DATABASE_POOL_MODE=transaction"
	refused(t, production(pooled), "MIGRATION_DATABASE_URL", "is missing")
	mustLoad(t, production(pooled, "MIGRATION_DATABASE_URL=postgres://owner@db/x"), "")
	mustLoad(t, production(pooled, "MIGRATE_ON_START=false"), "")
	mustLoad(t, production("DATABASE_URL=postgres://u:p@db1:5432,db2:5432/x?target_session_attrs=read-write"), "")
}

// TestCheckpointsNeedAKey sets the destination of checkpoints without a key.
// TestMailNeedsSenderAndOrigin expects that a mail server needs a sender, and an origin for the links of mails.
func TestMailNeedsSenderAndOrigin(t *testing.T) {
	t.Parallel()
	const server, from, public = "SMTP_URL=smtps://u:secret-word@mail.example.com", "MAIL_FROM=Hiring <h@example.com>", "PUBLIC_URL=https://h.example.com"
	refused(t, production(server, public), "MAIL_FROM", "is missing")
	refused(t, production(server, from), "PUBLIC_URL", "is missing")
	c := mustLoad(t, production(server, from, public), "")
	if text := c.String(); strings.Contains(text, "secret-word") || strings.Contains(text, "mail.example.com") {
		t.Errorf("the configuration is printed with the mail server:\n%s", text)
	}
	mustLoad(t, production(from, public), "")
}

func TestCheckpointsNeedAKey(t *testing.T) {
	t.Parallel()
	refused(t, production("AUDIT_CHECKPOINT_TO=file:///x"), "AUDIT_CHECKPOINT_KEY", "is missing")
	mustLoad(t, production("AUDIT_CHECKPOINT_TO=file:///x", "AUDIT_CHECKPOINT_KEY="+checkpointKey), "")
	mustLoad(t, production("AUDIT_CHECKPOINT_TO=https://logs.example/x?token=y", "AUDIT_CHECKPOINT_KEY="+checkpointKey), "")
}

// TestJobsAreRescuedAfterTheirTimeout sets a rescue that could run a job twice at the same time.
func TestJobsAreRescuedAfterTheirTimeout(t *testing.T) {
	t.Parallel()
	refused(t, production("JOB_TIMEOUT_SECONDS=90", "JOB_RESCUE_SECONDS=90"), "JOB_RESCUE_SECONDS", "is not more than")
	mustLoad(t, production("JOB_TIMEOUT_SECONDS=90", "JOB_RESCUE_SECONDS=91"), "")
}

func TestBounds(t *testing.T) {
	t.Parallel()
	bounded := 0
	for _, v := range config.Variables() {
		if v.Max == 0 {
			continue
		}
		bounded++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			unit := ""
			if strings.HasPrefix(v.Name, "AUDIT_") {
				unit = "ns"
			}
			// A job may not take longer than its rescue.
			other := map[string][2]string{
				"JOB_RESCUE_SECONDS": {"JOB_TIMEOUT_SECONDS=1"}, "JOB_TIMEOUT_SECONDS": {1: "JOB_RESCUE_SECONDS=7200"},
			}[v.Name]
			mustLoad(t, production(fmt.Sprintf("%s=%d%s", v.Name, v.Min, unit), other[0]), "")
			mustLoad(t, production(fmt.Sprintf("%s=%d%s", v.Name, v.Max, unit), other[1]), "")
			words := fmt.Sprintf("from %d to %d", v.Min, v.Max)
			if unit != "" {
				words = fmt.Sprintf("from %s to %s", config.Span(v.Min), config.Span(v.Max))
			}
			refused(t, production(fmt.Sprintf("%s=%d%s", v.Name, v.Min-1, unit)), v.Name, words)
			refused(t, production(fmt.Sprintf("%s=%d%s", v.Name, v.Max+1, unit)), v.Name, words)
			refused(t, production(v.Name+"=many"), v.Name, words)
		})
	}
	if bounded < 15 {
		t.Errorf("%d variables have bounds, want at least 15", bounded)
	}
}

func TestRequiredVariables(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"DATABASE_URL", "REDIS_URL", "SECRET_KEY"} {
		for _, environment := range []string{"production", "test", ""} {
			t.Run(missing+" "+environment, func(t *testing.T) {
				t.Parallel()
				refused(t, production("APP_ENV="+environment, missing+"="), missing, "is missing")
			})
		}
	}
	t.Run("migrations alone", func(t *testing.T) {
		t.Parallel()
		environ := development("MIGRATION_DATABASE_URL=postgres://db/x")
		refused(t, environ, "MIGRATION_DATABASE_URL", "DATABASE_URL is not")
	})
	t.Run("plain http in development", func(t *testing.T) {
		t.Parallel()
		mustLoad(t, development(`CORS_ORIGINS=["http://frontend.lan:3000"]`), "")
	})
}

func TestWeakKeys(t *testing.T) {
	t.Parallel()
	weak := map[string]string{
		"31 bytes":            goodKey[:31],
		"example":             config.ExampleSecretKey,
		"one character":       strings.Repeat("a", 64),
		"five characters":     "axekraxkreaxrkexarkexraekxaerkxa",
		"two characters":      "abbabaabbaababbabaababbaabbabaababbaababba",
		"word, repeated":      strings.Repeat("changeme", 5),
		"word, cut off":       strings.Repeat("secret", 6)[:33],
		"good, but repeated":  strings.Repeat(goodKey[:17], 2),
		"placeholder":         "your-secret-key-change-this-in-production",
		"placeholder, number": "My-Super-Secret-Key-For-JWT-Please-Change-123",
		"digits":              "123456789012345678901234567890123",
		"alphabet":            "abcdefghijklmnopqrstuvwxyz0123456789",
		"doubled":             "aabbccddeeffgghhiijjkkllmmnnooppqq",
	}
	for name, key := range weak {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, production("SECRET_KEY="+key), "SECRET_KEY", "")
			list, err := json.Marshal([]string{key})
			if err != nil {
				t.Fatal(err)
			}
			refused(t, production("SECRET_KEYS_PREVIOUS="+string(list)), "SECRET_KEYS_PREVIOUS", "entry 1")
			mustLoad(t, development("SECRET_KEY="+key), "")
			refused(t, production("APP_ENV=test", "SECRET_KEY="+key), "SECRET_KEY", "")
		})
	}
}

func TestPreviousKeys(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ value, words string }{
		"no array":    {goodKey, "not a JSON array"},
		"empty entry": {`[""]`, "empty entry 1"},
		"the present": {`["` + goodKey + `"]`, "repeats SECRET_KEY in entry 1"},
		"nine": {
			`["` + strings.Repeat(goodKey+`!","`, 8) + goodKey + `?"]`, "more than 8",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, production("SECRET_KEYS_PREVIOUS="+one.value), "SECRET_KEYS_PREVIOUS", one.words)
		})
	}
}
