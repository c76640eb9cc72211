package server_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// periodic is the number of the kinds of periodic jobs, if no checkpoints are written.
const periodic = 6

// number returns the number that a query finds.
func number(t *testing.T, i *testkit.Installation, sql string) (n int) {
	t.Helper()
	if err := i.Database.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// expired adds rows to the tables that periodic jobs clean, n of them expired.
func expired(i *testkit.Installation, acme testkit.Company, n int) {
	user := acme.Users[api.RoleHr].ID
	i.Exec(`INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
		SELECT $1, $2, decode(lpad(to_hex(n), 64, '0'), 'hex'), '', now(), now() + CASE WHEN n = 0 THEN 1 ELSE -1 END * interval '1 hour'
		FROM generate_series(0, $3::integer) AS n`, acme.ID, user, n)
	i.Exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
		SELECT $1, gen_random_uuid(), $2, now(), now(), now(), now() - CASE WHEN n = 0 THEN 1 ELSE 31 END * interval '1 day'
		FROM generate_series(0, $3::integer) AS n`, acme.ID, user, n)
}

// TestReplicasDeleteExpiredRows leaves the deletion to three replicas.
func TestReplicasDeleteExpiredRows(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	const rows = 3_000
	expired(i, acme, rows)
	var c *testkit.Client
	for range 3 {
		c = i.Replica().Anonymous(t)
	}
	testkit.Eventually(t, time.Minute, "expired rows are deleted", func() bool {
		return number(t, i, `SELECT (SELECT count(*) FROM idempotency_records) + (SELECT count(*) FROM sessions)`) == 2
	})
	testkit.Eventually(t, time.Minute, "the jobs are completed", func() bool {
		return number(t, i, `SELECT count(*) FROM river.river_job WHERE state = 'completed'`) == periodic
	})
	if n := number(t, i, `SELECT count(*) FROM river.river_job`); n != periodic {
		t.Errorf("got %d jobs for three replicas, want one of each of %d kinds", n, periodic)
	}
	if got := metric(c, `interviewer_audit_pending`); got != "0" {
		t.Errorf("interviewer_audit_pending: got %q, want 0", got)
	}
	if got := metric(c, `interviewer_jobs_oldest_seconds`); got != "0" {
		t.Errorf("interviewer_jobs_oldest_seconds: got %q, want 0", got)
	}
}

// TestAuditLogIsMaintained lets an entry expire, creates a missing partition and writes a checkpoint.
func TestAuditLogIsMaintained(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	i.Config.AuditCheckpointKey = config.Secret(base64.StdEncoding.EncodeToString(private.Seed()))
	i.Config.AuditCheckpointTo = config.SecretURL("file://" + file)
	acme := i.Company("acme")
	old := clock.System()
	old.Now = func() time.Time { return time.Now().AddDate(-3, 0, 0) }
	s := i.Store(2)
	if err := s.InTx(t.Context(), acme.ID, func(tx *postgres.Tx) error {
		return audit.NewRecorder(old).Record(t.Context(), tx, access.System(acme.ID),
			audit.Entry{Action: audit.Login, Resource: audit.User})
	}); err != nil {
		t.Fatal(err)
	}
	if err := audit.NewSealer(s, func(int) {}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := "audit_logs_" + time.Now().UTC().AddDate(0, 0, 1-time.Now().UTC().Day()).AddDate(0, 24, 0).Format("2006_01")
	i.Exec(`DROP TABLE ` + last)
	i.Replica()
	testkit.Eventually(t, time.Minute, "the entry expires", func() bool {
		return number(t, i, `SELECT count(*) FROM audit_logs WHERE created_at < now() - interval '1 year'`) == 0
	})
	if n := number(t, i, `SELECT count(*) FROM audit_logs WHERE action = 'audit.expired'`); n != 1 {
		t.Errorf("got %d entries about the expiry, want 1", n)
	}
	if n := number(t, i, `SELECT count(*) FROM pg_class WHERE relname = '`+last+`'`); n != 1 {
		t.Errorf("the partition %s was not created", last)
	}
	testkit.Eventually(t, time.Minute, "a checkpoint is written", func() bool {
		lines, err := os.Open(file)
		if err != nil {
			return false
		}
		defer func() { _ = lines.Close() }()
		all, _, err := audit.ReadCheckpoints(lines, public)
		return err == nil && len(all) > 0
	})
}

// TestJobsWithoutRedis stops Redis. The jobs that are enqueued afterwards run.
func TestJobsWithoutRedis(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	c := i.Replica().Anonymous(t)
	const completed = `SELECT count(*) FROM river.river_job WHERE state = 'completed'`
	testkit.Eventually(t, time.Minute, "the first jobs are completed", func() bool { return number(t, i, completed) == periodic })
	i.Redis.Kill()
	expired(i, acme, 10)
	i.Exec(`INSERT INTO river.river_job (kind, queue, args, max_attempts) VALUES
		('delete_expired_idempotency_records', 'maintenance', '{}', 1), ('delete_ended_sessions', 'maintenance', '{}', 1)`)
	testkit.Eventually(t, time.Minute, "the jobs are completed", func() bool { return number(t, i, completed) == periodic+2 })
	if n := number(t, i, `SELECT (SELECT count(*) FROM idempotency_records) + (SELECT count(*) FROM sessions)`); n != 2 {
		t.Errorf("got %d rows, want the 2 that have not expired", n)
	}
	for series, want := range map[string]string{
		`interviewer_rows_deleted_total{table="sessions"}`:                                  "10",
		`interviewer_rows_deleted_total{table="idempotency_records"}`:                       "10",
		`interviewer_job_runs_total{kind="delete_ended_sessions",outcome="completed"}`:      "2",
		`interviewer_job_duration_seconds_count{kind="delete_expired_idempotency_records"}`: "2",
	} {
		if got := metric(c, series); got != want {
			t.Errorf("%s: got %q, want %q", series, got, want)
		}
	}
}

// TestWithoutWorkers starts a replica that runs no jobs: it enqueues none, and never seals.
func TestWithoutWorkers(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.Workers = 0
	acme := i.Company("acme")
	idle := i.Replica()
	idle.SignIn(t, acme.Users[api.RoleHr])
	i.Exec(`INSERT INTO river.river_job (kind, queue, args, max_attempts) VALUES ('delete_ended_sessions', 'maintenance', '{}', 1)`)
	const open = `SELECT (SELECT count(*) FROM river.river_job WHERE state <> 'completed') + (SELECT count(*) FROM audit_pending)`
	c := idle.Anonymous(t)
	for series, want := range map[string]string{
		`interviewer_jobs{kind="delete_ended_sessions",state="available"}`: "1",
		`interviewer_audit_pending`:                                        "1",
	} {
		if got := metric(c, series); got != want {
			t.Errorf("%s: got %q, want %q", series, got, want)
		}
	}
	if got := metric(c, `interviewer_jobs_oldest_seconds`); got == "0" || got == "" {
		t.Errorf("age of the oldest job: got %q, want more than 0", got)
	}
	if n := number(t, i, open); n != 2 {
		t.Errorf("got %d waiting jobs and audit entries, want 2", n)
	}
	i.Config.Workers = 1
	i.Replica()
	testkit.Eventually(t, time.Minute, "another replica does the work", func() bool { return number(t, i, open) == 0 })
}

// TestReadinessChecksJobTables needs River's tables in the version that the program was built for.
func TestReadinessChecksJobTables(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	c := i.Replica().Anonymous(t)
	expect := func(status int, want api.CheckStatus) {
		t.Helper()
		readiness := testkit.Decode[api.Readiness](c.Get("/health/ready").Expect(status))
		if readiness.Checks.Migrations != want {
			t.Errorf("migrations: got %s, want %s", readiness.Checks.Migrations, want)
		}
	}
	expect(200, api.CheckStatusUp)
	i.Exec(`UPDATE river.river_migration SET version = version + 7 WHERE version = (SELECT max(version) FROM river.river_migration)`)
	expect(200, api.CheckStatusUp)
	i.Exec(`DELETE FROM river.river_migration WHERE version > 6`)
	expect(503, api.CheckStatusDown)
}
