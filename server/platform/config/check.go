package config

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxPreviousKeys limits the keys that a token is verified with.
const maxPreviousKeys = 8

// minMetricsToken is the minimum length of a token that cannot be guessed over the network.
const minMetricsToken = 16

// checker collects the problems of a decoded configuration, at most one per variable.
type checker struct {
	config *Config
	found  Problems
}

// refuse records a problem of a variable, unless it already has one.
func (k *checker) refuse(name, wrong string) {
	k.remedied(name, wrong, variable(name).remedy())
}

// remedied is refuse with a specific remedy.
func (k *checker) remedied(name, wrong, remedy string) {
	if !k.found.has(name) {
		k.found = append(k.found, Problem{Variable: name, Wrong: wrong, Remedy: remedy})
	}
}

// variable returns the description of a variable. It panics for an unknown name: names come from the tags of Config and
// from the rules below.
func variable(name string) Variable {
	for _, v := range Variables() {
		if v.Name == name {
			return v
		}
	}
	panic("config: unknown variable " + name)
}

// check applies every rule.
func (k *checker) check() {
	c := k.config
	if !slices.Contains([]Environment{Production, Development, Test}, c.Environment) {
		k.refuse("APP_ENV", "is not one of production, development, test")
	}
	if !slices.Contains([]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}, c.LogLevel) {
		k.refuse("LOG_LEVEL", levelWanted)
	}
	if c.Algorithm != "HS256" {
		k.refuse("ALGORITHM", "is not HS256")
	}
	if !isHost(c.Host) {
		k.refuse("HOST", "is not an address or host name")
	}
	if n := len(c.MetricsToken); n > 0 && n < minMetricsToken {
		k.refuse("METRICS_TOKEN", fmt.Sprintf("is shorter than %d characters", minMetricsToken))
	}
	if c.Profiles && c.MetricsToken == "" {
		k.remedied("PROFILES", "is set but METRICS_TOKEN is not", "set METRICS_TOKEN, or remove PROFILES")
	}
	k.bounds()
	const timeout, rescue = "JOB_TIMEOUT_SECONDS", "JOB_RESCUE_SECONDS"
	if c.JobRescue <= c.JobTimeout && !k.found.has(timeout) && !k.found.has(rescue) {
		k.refuse(rescue, "is not more than "+timeout)
	}
	if wrong := basePathWrong(c.BasePath); wrong != "" {
		k.refuse("BASE_PATH", wrong)
	}
	k.keys()
	k.services()
	k.mail()
	k.origins()
	k.checkpoints()
}

// bounds checks the bounds of every integer and every Span.
func (k *checker) bounds() {
	for _, s := range k.config.settings() {
		v := variable(s.name)
		if v.Max == 0 {
			continue
		}
		if n := s.value.Int(); n < v.Min || n > v.Max {
			k.refuse(v.Name, v.wanted(s.value.Type()))
		}
	}
}

// keys checks the strength of the keys. Former keys must be as strong, because they still verify tokens.
func (k *checker) keys() {
	c := k.config
	lenient := c.Environment == Development
	if c.SecretKey == "" && c.Environment != Development {
		k.refuse("SECRET_KEY", "is missing")
	}
	if wrong := weakness(c.SecretKey.Reveal()); wrong != "" && !lenient {
		k.refuse("SECRET_KEY", wrong)
	}
	const previous = "SECRET_KEYS_PREVIOUS"
	if len(c.SecretKeysPrevious) > maxPreviousKeys {
		k.remedied(previous, fmt.Sprintf("has more than %d entries", maxPreviousKeys), "remove the oldest")
	}
	for i, key := range c.SecretKeysPrevious {
		wrong := weakness(key.Reveal())
		switch {
		case key == "":
			k.remedied(previous, fmt.Sprintf("has an empty entry %d", i+1), "remove it")
		case key == c.SecretKey:
			k.remedied(previous, fmt.Sprintf("repeats SECRET_KEY in entry %d", i+1), "remove it")
		case wrong != "" && !lenient:
			k.remedied(previous, fmt.Sprintf("has an entry %d that %s", i+1, wrong), "remove it")
		}
	}
}

// services checks the URLs of the dependencies.
func (k *checker) services() {
	c := k.config
	if c.Environment != Development {
		if c.DatabaseURL == "" {
			k.refuse("DATABASE_URL", "is missing")
		}
		if c.RedisURL == "" {
			k.refuse("REDIS_URL", "is missing")
		}
	}
	if c.MigrationDatabaseURL != "" && c.DatabaseURL == "" {
		k.remedied("MIGRATION_DATABASE_URL", "is set but DATABASE_URL is not", "set both or neither")
	}
	if c.DatabasePoolMode != PoolSession && c.DatabasePoolMode != PoolTransaction {
		k.refuse("DATABASE_POOL_MODE", "is not session or transaction")
	}
	if c.DatabasePoolMode == PoolTransaction && c.MigrateOnStart && c.MigrationDatabaseURL == "" {
		k.remedied("MIGRATION_DATABASE_URL", "is missing, although DATABASE_POOL_MODE is transaction",
			"set it to a direct connection, which migrations need, or set MIGRATE_ON_START=false")
	}
	k.url("DATABASE_URL", c.DatabaseURL.Reveal(), "postgres", "postgresql")
	k.url("MIGRATION_DATABASE_URL", c.MigrationDatabaseURL.Reveal(), "postgres", "postgresql")
	k.url("REDIS_URL", c.RedisURL.Reveal(), "redis", "rediss", "unix")
	k.endpoint()
}

// mail checks what mails need.
func (k *checker) mail() {
	const server, from, public = "SMTP_URL", "MAIL_FROM", "PUBLIC_URL"
	c := k.config
	k.url(server, c.SMTPURL.Reveal(), "smtp", "smtps")
	u, err := url.Parse(c.SMTPURL.Reveal())
	if err == nil && c.SMTPURL != "" && (u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		k.refuse(server, "is not a scheme, a user and a password if needed, a host and a port")
	}
	if c.MailFrom != "" {
		if _, err := mail.ParseAddress(c.MailFrom); err != nil {
			k.refuse(from, "is not an address, or a name and an address in angle brackets")
		}
	}
	if c.PublicURL != "" {
		wrong := originWrong(c.PublicURL, c.Environment != Development)
		if wrong == "" && !strings.HasPrefix(c.PublicURL, "https://") && !strings.HasPrefix(c.PublicURL, "http://") {
			wrong = "is not https"
		}
		if wrong != "" {
			k.refuse(public, wrong)
		}
	}
	if c.SMTPURL == "" || k.found.has(server) {
		return
	}
	if c.MailFrom == "" {
		k.refuse(from, "is missing, although "+server+" is set")
	}
	if c.PublicURL == "" {
		k.refuse(public, "is missing, although "+server+" is set")
	}
}

// url refuses a value that is not a URL with one of the schemes. Other rules check empty values.
func (k *checker) url(name, raw string, schemes ...string) {
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		k.refuse(name, "is not a URL (a password in it must be percent-encoded)")
	case !slices.Contains(schemes, u.Scheme):
		k.refuse(name, "does not start with "+strings.Join(schemes, ":// or ")+"://")
	case ambiguous(u):
		k.refuse(name, "contains a character that must be percent-encoded, such as @, / or # in the password")
	case u.Host == "" && u.Path == "" && u.RawQuery == "":
		k.refuse(name, "has no host")
	}
}

// endpoint also refuses the parts of a URL that the trace exporter would ignore silently.
func (k *checker) endpoint() {
	const name = "OTEL_EXPORTER_OTLP_ENDPOINT"
	k.url(name, k.config.OTLPEndpoint, "http", "https")
	u, err := url.Parse(k.config.OTLPEndpoint)
	if err == nil && (u.User != nil || u.RawQuery != "") {
		k.remedied(name, "contains credentials or a query", "set them in OTEL_EXPORTER_OTLP_HEADERS")
	}
	if err == nil && k.config.OTLPEndpoint != "" && u.Host == "" {
		k.refuse(name, "has no host")
	}
}

// origins refuses origins that browsers do not send in this form, and those that others on the network can forge.
func (k *checker) origins() {
	for i, origin := range k.config.CORSOrigins {
		if wrong := originWrong(origin, k.config.Environment != Development); wrong != "" {
			k.refuse("CORS_ORIGINS", fmt.Sprintf("has an entry %d that %s", i+1, wrong))
		}
	}
}

// checkpoints checks the key of checkpoints and their destination. Checkpoints prove that the database was not changed,
// so they must not be sent without protection.
func (k *checker) checkpoints() {
	const name, to = "AUDIT_CHECKPOINT_KEY", "AUDIT_CHECKPOINT_TO"
	c := k.config
	if seed, err := base64.StdEncoding.DecodeString(c.AuditCheckpointKey.Reveal()); c.AuditCheckpointKey != "" &&
		(err != nil || len(seed) != ed25519.SeedSize) {
		k.refuse(name, "is not 32 bytes in base64")
	}
	if c.AuditCheckpointTo == "" {
		return
	}
	k.url(to, c.AuditCheckpointTo.Reveal(), "file", "https", "http")
	u, err := url.Parse(c.AuditCheckpointTo.Reveal())
	switch {
	case err != nil: // url has refused it
	case u.Scheme == "file" && (u.Host != "" || len(u.Path) < 2 || u.RawQuery != ""):
		k.refuse(to, "is not file:// with an absolute path")
	case u.Scheme != "file" && u.Host == "":
		k.refuse(to, "has no host")
	case u.Scheme == "http" && (c.Environment == Production || !isLocal(u.Hostname())):
		k.refuse(to, "is not https")
	case c.AuditCheckpointKey == "" && !k.found.has(to):
		k.refuse(name, "is missing, although "+to+" is set")
	}
}

// maxBasePath leaves room in headers whose length the specification bounds.
const maxBasePath = 64

// basePathForm is what a base path must look like. Its characters need no escaping in URLs, headers or HTML.
var basePathForm = regexp.MustCompile(`^(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)

// basePathWrong returns the problem of a base path; empty if there is none.
func basePathWrong(path string) string {
	switch {
	case !basePathForm.MatchString(path):
		return "is not a path such as /interviewer: a slash before each segment, none at the end, and only letters, " +
			"digits and ._~-"
	case len(path) > maxBasePath:
		return fmt.Sprintf("is longer than %d characters", maxBasePath)
	case path == "":
		return ""
	}
	for _, own := range []string{"/api/v1/", "/docs/", "/health/", "/metrics/", "/openapi.json/", "/openapi.yaml/"} {
		if strings.HasPrefix(own, path+"/") || strings.HasPrefix(path+"/", own) {
			return "is also a path of the service itself, below which it could not be found"
		}
	}
	return ""
}

// originWrong returns the problem of an origin; empty if it has the form that browsers and native apps send. With
// secure, http is accepted for the local machine only.
func originWrong(origin string, secure bool) string {
	if strings.Contains(origin, "*") {
		return "is a pattern; list each origin"
	}
	if origin == "null" {
		return "is null, the origin of every local file and sandboxed frame; give the app an origin of its own"
	}
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Host == "" ||
		slices.Contains([]string{"file", "data", "blob", "javascript", "ws", "wss"}, u.Scheme):
		return "is not an origin"
	case origin != u.Scheme+"://"+u.Host:
		return "has more than scheme, host and port, such as a slash at the end"
	case origin != strings.ToLower(origin) || strings.ContainsFunc(origin, notASCII):
		return "is not in lower case and punycode, as browsers send it"
	case strings.HasSuffix(u.Host, ":"),
		u.Scheme == "http" && u.Port() == "80", u.Scheme == "https" && u.Port() == "443":
		return "has the default port, which browsers omit"
	case secure && u.Scheme == "http" && !isLocal(u.Hostname()):
		return "is not https"
	}
	return ""
}

func notASCII(r rune) bool { return r > '~' }

// isLocal reports whether a host is the local machine.
func isLocal(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// isHost reports whether a text is an address, or a name of letters, digits, hyphens and dots.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}
	return host != "" && len(host) <= 253 && !strings.ContainsFunc(host, outside)
}
