// Package doctor examines an installation: its configuration, PostgreSQL, Redis and the mail server. It changes
// nothing.
//
// A check is a function that returns what it found. Add one to the list of its subject: configurationChecks,
// postgresChecks, redisChecks or mailChecks.
package doctor

import (
	"context"
	"crypto/x509"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

// State is the result of a check.
type State string

// The states. Only Failed means that the installation does not work. Unknown is a check that could not be made, because
// an earlier one failed.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
	Unknown State = "unknown"
)

// Result is what a check found.
type Result struct {
	State State `json:"state"`
	// Found is a short text without a period.
	Found string `json:"found"`
	// Remedy says what to do; empty if nothing is to be done.
	Remedy string `json:"remedy,omitempty"`
	// Statements are SQL statements for the owner of the database, without semicolons.
	Statements []string `json:"statements,omitempty"`
}

// Finding is the result of one check.
type Finding struct {
	// Check is the name, such as "postgresql: version".
	Check string `json:"check"`
	Result
}

// Options are what is examined.
type Options struct {
	// Config is the configuration of the service.
	Config *config.Config
	// Warnings are about variables of the environment.
	Warnings config.Problems
	// Invalid are the problems of a configuration that cannot be loaded. What depends on a variable with a problem is
	// not checked.
	Invalid config.Problems
	// Now returns the time.
	Now func() time.Time
	// MailRoots verify the certificate of the mail server; nil for the authorities of the system.
	MailRoots *x509.CertPool
}

// check is a check of an installation.
type check struct {
	name string
	run  func(ctx context.Context, x *examination) Result
}

// examination is an installation while it is examined.
type examination struct {
	Options
	// conn is connected as the login of DATABASE_URL, and owner as that of MIGRATION_DATABASE_URL; nil if that failed.
	conn, owner *pgx.Conn
	redis       *redis.Redis
}

// Examine makes all checks in the order of their lists.
func Examine(ctx context.Context, o Options) []Finding {
	x := &examination{Options: o}
	defer x.close(ctx)
	findings := x.all(ctx, Problems(o.Invalid), configurationChecks())
	findings = x.all(ctx, findings, postgresChecks())
	findings = x.all(ctx, findings, redisChecks())
	return x.all(ctx, findings, mailChecks())
}

func (x *examination) all(ctx context.Context, findings []Finding, checks []check) []Finding {
	for _, one := range checks {
		findings = append(findings, Finding{one.name, one.run(ctx, x)})
	}
	return findings
}

func (x *examination) close(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, conn := range []*pgx.Conn{x.conn, x.owner} {
		if conn != nil {
			_ = conn.Close(ctx)
		}
	}
	if x.redis != nil {
		x.redis.Close()
	}
}

// Healthy reports whether no check has failed or is unknown.
func Healthy(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.State == Failed || f.State == Unknown })
}

// Problems returns the findings of a configuration that cannot be loaded.
func Problems(found config.Problems) []Finding {
	findings := make([]Finding, len(found))
	for i, p := range found {
		findings[i] = Finding{"configuration: " + p.Variable, Result{State: Failed, Found: p.Wrong, Remedy: p.Remedy}}
	}
	return findings
}

func ok(found string) Result { return Result{State: OK, Found: found} }
func warning(found, remedy string) Result {
	return Result{State: Warning, Found: found, Remedy: remedy}
}

func failure(found, remedy string) Result  { return Result{State: Failed, Found: found, Remedy: remedy} }
func notChecked(because string) Result     { return Result{State: Unknown, Found: because} }
func (r Result) with(sql ...string) Result { r.Statements = sql; return r }
func unexpected(doing string, err error) Result {
	return failure(doing+": "+err.Error(), "Read the error; the other checks may explain it.")
}

// redisWait is how long the check waits for Redis.
const redisWait = 3 * time.Second
